// SPDX-License-Identifier: Apache-2.0
/// Something wrong with what a store holds: found while reading, reported as a check by verify/,
/// thrown by those who need it sound. Value type.
#pragma once

#include <string>

#include "atp/core/error.hpp"
#include "atp/model/signed_document.hpp"

namespace atp {
inline namespace v0 {

struct Problem {
  enum class Kind {
    integrity,  ///< Missing, damaged, reordered, cut off, forked.
    trust,      ///< Not signed by a trusted key.
    version,    ///< Of a later version, of which nobody here can tell whether it is damaged.
  } kind;
  std::string subject;  ///< Key of the object.
  std::string expected;
  std::string found;
};

/// Why a document that came out neither `verified` nor `not_checked` cannot be believed.
template <class T>
Problem problem_of(const std::string& key, const CheckedDocument<T>& checked) {
  const bool trust = checked.state == DocumentState::wrong_vault ||
                     checked.state == DocumentState::untrusted_key ||
                     checked.state == DocumentState::bad_signature;
  const bool version = checked.state == DocumentState::unsupported;
  return {trust     ? Problem::Kind::trust
          : version ? Problem::Kind::version
                    : Problem::Kind::integrity,
          key, "a signed document of type " + std::string(T::type),
          std::string(to_string(checked.state)) + ": " + checked.detail};
}

/// As the kind `corrupt`, `untrusted` or `unsupported`.
[[noreturn]] inline void throw_problem(const Problem& problem) {
  const bool trust = problem.kind == Problem::Kind::trust;
  const bool version = problem.kind == Problem::Kind::version;
  throw Error(trust     ? ErrorKind::untrusted
              : version ? ErrorKind::unsupported
                        : ErrorKind::corrupt,
              problem.subject, "expected " + problem.expected + ", found " + problem.found);
}

/// Whether an error says that what is stored cannot be used: damaged, not to be believed, or gone.
inline bool is_of_damage(const Error& error) {
  return error.kind() == ErrorKind::corrupt || error.kind() == ErrorKind::untrusted ||
         error.kind() == ErrorKind::bad_timestamp || error.kind() == ErrorKind::gap ||
         error.kind() == ErrorKind::not_found;
}

/// Throws what is wrong with such a document.
template <class T>
[[noreturn]] void refuse_document(const std::string& key, const CheckedDocument<T>& checked) {
  throw_problem(problem_of(key, checked));
}

}  // namespace v0
}  // namespace atp
