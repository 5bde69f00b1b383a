// SPDX-License-Identifier: Apache-2.0
// Times, days, calendar periods and encoded names: what is accepted prints back to the same value.
// covers: src/core/time.cpp src/core/calendar_period.cpp src/core/ids.cpp
#include "atp/core/ids.hpp"
#include "atp/core/time.hpp"
#include "fuzz.hpp"

using atp::fuzz::parse;
using atp::fuzz::require;

namespace {

void check_times(std::string_view text) {
  if (const auto time = atp::parse_time(text)) {
    const std::string printed = atp::format_time(*time);
    require(atp::parse_time(printed) == *time, "a printed time is the time");
    require(atp::parse_canonical_time(printed) == *time, "a printed time is canonical");
  }
  if (const auto time = atp::parse_canonical_time(text)) {
    require(atp::format_time(*time) == text, "a canonical time prints as it was");
  }
}

void check_day(std::string_view text) {
  const atp::TimeRange range = atp::parse_time_or_day(text);
  require(!range.empty(), "a day or an instant is not empty");
}

void check_period(std::string_view text) {
  const atp::CalendarPeriod period = atp::CalendarPeriod::parse(text);
  require(atp::CalendarPeriod::parse(period.str()) == period, "a printed period is the period");
  const atp::Time start{};
  parse(
      [&] { require(atp::add_period(start, period) > start, "a period is longer than nothing"); });
}

void check_name(std::string_view text) {
  require(atp::decode_name(atp::encode_name(text)) == text, "an encoded name decodes");
  require(atp::encode_name(atp::decode_name(text)) == text, "a name has one encoding");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = atp::as_text(atp::fuzz::input(data, size));
  check_times(text);
  parse([&] { check_day(text); });
  parse([&] { check_period(text); });
  parse([&] { check_name(text); });
  parse([&] { atp::TenantId(std::string(text)); });
  parse([&] { atp::format_sequence(atp::parse_sequence(text)); });
  return 0;
}
