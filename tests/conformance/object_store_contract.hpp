// SPDX-License-Identifier: Apache-2.0
/// What every store does, as tests. The test of a driver or a front links `atp_conformance` and, in
/// as many of its sources as it likes, says
///
///     INSTANTIATE_TEST_SUITE_P(Azure, ObjectStoreContract,
///                              ::testing::Values(StoreKind{"Azurite", azurite_store}),
///                              name_of_kind);
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "atp/storage/object_store.hpp"
#include "support/manual_clock.hpp"

namespace atp::test {

struct StoreKind {
  std::string name;
  /// An empty store that reads this clock. What it needs lives as long as the store.
  std::function<std::shared_ptr<ObjectStore>(std::shared_ptr<ManualClock>)> make = {};
};

inline std::ostream& operator<<(std::ostream& out, const StoreKind& kind) {
  return out << kind.name;
}

inline std::string name_of_kind(const ::testing::TestParamInfo<StoreKind>& info) {
  return info.param.name;
}

class ObjectStoreContract : public ::testing::TestWithParam<StoreKind> {
 protected:
  void put(const std::string& key, std::string_view text = "text", const PutOptions& options = {});
  std::string get(const std::string& key, const ByteRange& range = {});
  std::vector<std::string> keys(const std::string& prefix = {});
  /// Of the error that `remove` throws.
  std::optional<ErrorKind> removal(const std::string& key);

  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  std::shared_ptr<ObjectStore> store = GetParam().make(clock);
  const Time later = clock->now() + std::chrono::hours(24);
};

}  // namespace atp::test
