// SPDX-License-Identifier: Apache-2.0
/// Test vectors that lie outside the project: `ATP_SHARED`, else `shared` beside the project.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace atp::test {

inline std::filesystem::path project_path() {
  const char* root = std::getenv("ATP_SOURCE_DIR");
  return root != nullptr ? std::filesystem::path(root) : std::filesystem::current_path();
}

inline std::filesystem::path shared_path(const std::filesystem::path& relative) {
  const char* root = std::getenv("ATP_SHARED");
  if (root != nullptr) return std::filesystem::path(root) / relative;
  return project_path().parent_path() / "shared" / relative;
}

/// Where a missing vector is a failure and not a reason to skip.
inline bool in_ci() {
  const char* ci = std::getenv("ATP_CI");
  return ci != nullptr && std::string(ci) == "1";
}

/// What a test does without something it needs: fails in CI, else skips. `return miss("jq")`.
inline void miss(const std::string& what) {
  if (in_ci()) FAIL() << what << " is missing";
  GTEST_SKIP() << what << " is missing";
}

}  // namespace atp::test

/// Ends the test unless the shared file or folder is there: skipped, or failed where ATP_CI=1.
#define ATP_REQUIRE_SHARED(relative)                                   \
  if (!std::filesystem::exists(atp::test::shared_path(relative)))      \
    return atp::test::miss(atp::test::shared_path(relative).string()); \
  static_assert(true, "a semicolon follows")
