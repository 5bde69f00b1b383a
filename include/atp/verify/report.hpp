// SPDX-License-Identifier: Apache-2.0
/// What a verification found. A report passes only when everything its depth asks for is verified.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/error.hpp"
#include "atp/core/export.hpp"
#include "atp/model/record_range.hpp"

namespace atp {
inline namespace v0 {

enum class CheckState {
  verified,
  failed,
  attested,  ///< Somebody's signature says so; it could not be recomputed.
  not_checked,
};
ATP_EXPORT std::string_view to_string(CheckState state);

/// Which promise a check is about; decides the exit code of a failure.
enum class CheckClass {
  integrity,  ///< Hash, chain, Merkle tree, missing or damaged object: `corrupt`.
  trust,      ///< Signature or key: `untrusted`.
  timestamp,  ///< `bad_timestamp`.
  gap,        ///< `gap`.
  machine,    ///< Not checked, as nothing could be read: `unavailable`.
};

/// As what a failure is thrown, and the row of `kErrorKinds` that has its exit code.
ATP_EXPORT ErrorKind kind_of(CheckClass check_class);

struct Check {
  std::string name;  ///< What was checked, such as `package.sha256`.
  CheckState state;
  CheckClass check_class = CheckClass::integrity;
  std::string subject;  ///< Key of the object.
  std::optional<std::string> stream = {};
  std::optional<std::string> segment = {};
  std::optional<std::uint64_t> frame = {};
  std::optional<RecordRange> records = {};
  std::string expected = {};
  std::string found = {};
  bool operator==(const Check&) const = default;
};

/// Not checked, as an error kept it from being read.
ATP_EXPORT Check unread_check(std::string name, const Error& error);

/// Of a list of checks: failed where one failed, else not_checked where one is, else verified.
/// An empty list is not_checked.
ATP_EXPORT CheckState verdict_of(const std::vector<Check>& checks);

struct ATP_EXPORT Report {
  std::string recovery_point_id;
  std::vector<Check> checks = {};

  CheckState verdict() const { return verdict_of(checks); }
  bool passed() const { return verdict() == CheckState::verified; }
  std::vector<Check> failures() const;
  /// 0 verified, else that of the first class among the failures; where nothing failed, 3 for what
  /// was not checked, that of `unavailable` where the machine was in the way.
  int exit_code() const;
};

}  // namespace v0
}  // namespace atp
