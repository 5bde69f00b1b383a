// SPDX-License-Identifier: Apache-2.0
#include "storage/driver.hpp"

#include <algorithm>

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {

void check_key(std::string_view key) {
  if (is_stored_key(key)) return;
  throw Error(ErrorKind::invalid_argument, std::string(key.substr(0, kStoredKeyLimit)),
              "expected a key of elements of [A-Za-z0-9._=-], none beginning with a dot, each at "
              "most 200 bytes, " +
                  std::to_string(kKeyLimit) + " in all");
}

void check_listing(std::string_view prefix, std::size_t limit) {
  if (limit == 0) {
    throw Error(ErrorKind::invalid_argument, std::string(prefix),
                "expected a limit of at least 1, found 0");
  }
  if (prefix.empty()) return;
  if (prefix.back() != '/') {
    throw Error(ErrorKind::invalid_argument, std::string(prefix),
                "expected a prefix that is empty or ends in '/'");
  }
  check_key(prefix.substr(0, prefix.size() - 1));
}

void check_removable(const std::string& key, const Immutability& immutability, Time now) {
  if (immutability.legal_hold) throw Error(ErrorKind::on_hold, key, "under a legal hold");
  const auto& until = immutability.retain_until;
  if (until && now < *until) {
    throw Error(ErrorKind::retained, key, "retained until " + format_time(*until));
  }
}

Immutability stricter(const Immutability& a, const Immutability& b) {
  return {.retain_until = std::max(a.retain_until, b.retain_until),
          .legal_hold = a.legal_hold || b.legal_hold};
}

void check_written(const std::string& key, const Digest& found, const Digest& expected) {
  if (found == expected) return;
  throw Error(ErrorKind::corrupt, key,
              "expected sha256 " + expected.hex() + " of what was written, found " + found.hex());
}

void throw_no_object(const std::string& key) {
  throw Error(ErrorKind::not_found, key, "no such object");
}

void throw_taken(const std::string& key) {
  throw Error(ErrorKind::already_exists, key, "the key is taken");
}

void throw_writer_closed(const std::string& key) {
  throw Error(ErrorKind::precondition_failed, key, "the writer was committed or has failed");
}

void throw_no_room(const std::string& key, const std::string& other) {
  throw Error(ErrorKind::invalid_argument, key,
              "expected no object at a part of another's key, found '" + other + "'");
}

Error about_key(const std::string& key, const Error& error) {
  if (error.subject() == key) return error;
  return {error.kind(), key, error.what(),
          error.temporary() ? Error::Retry::temporary : Error::Retry::permanent};
}

}  // namespace v0
}  // namespace atp
