// SPDX-License-Identifier: Apache-2.0
// JSON of stored documents, and canonical text of any JSON: what is accepted has one text.
// covers: src/model/json.cpp src/model/json_boost.cpp src/model/json_text.cpp
#include <string>

#include "atp/model/json.hpp"
#include "fuzz.hpp"

using atp::fuzz::parse;
using atp::fuzz::require;

namespace {

void check_stored(std::string_view text) {
  const atp::Json json = atp::parse_json(text);
  const std::string printed = json.str();
  require(atp::parse_json(printed) == json, "printed JSON is the JSON");
  require(atp::canonical_json(text) == printed, "both printers agree");
}

void check_any(std::string_view text) {
  const std::string printed = atp::canonical_json(text);
  require(atp::canonical_json(printed) == printed, "canonical text is canonical");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = atp::as_text(atp::fuzz::input(data, size));
  parse([&] { check_stored(text); });
  parse([&] { check_any(text); });
  return 0;
}
