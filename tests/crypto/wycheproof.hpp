// SPDX-License-Identifier: Apache-2.0
/// Runs the cases of a Wycheproof file.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "crypto/vectors.hpp"

namespace atp::test {

inline Bytes hex_at(const boost::json::object& object, const char* name) {
  return hex(std::string(object.at(name).as_string()));
}

inline bool is_valid(const boost::json::object& test) {
  return test.at("result").as_string() == "valid";
}

/// Calls `run(group, case)` for each; how many there were.
template <class Run>
std::size_t for_each_case(const char* file, Run run) {
  const auto document = boost::json::parse(read_text(vectors_folder() / "wycheproof" / file));
  std::size_t count = 0;
  for (const auto& group : document.at("testGroups").as_array()) {
    for (const auto& value : group.at("tests").as_array()) {
      const boost::json::object& test = value.as_object();
      SCOPED_TRACE(std::string(file) + " case " + boost::json::serialize(test.at("tcId")) + " " +
                   std::string(test.at("comment").as_string()));
      run(group.as_object(), test);
      ++count;
    }
  }
  return count;
}

}  // namespace atp::test
