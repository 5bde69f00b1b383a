// SPDX-License-Identifier: Apache-2.0
#include "conformance/object_store_contract.hpp"

#include "atp/storage/filesystem_store.hpp"
#include "atp/storage/memory_store.hpp"
#include "support/faulty_store.hpp"
#include "support/sequence_random.hpp"
#include "support/simulated_file_system.hpp"
#include "support/temp_dir.hpp"

namespace atp::test {
namespace {

std::shared_ptr<ObjectStore> on_disk(std::shared_ptr<ManualClock> clock) {
  const auto folder = std::make_shared<TempDir>();
  auto store = filesystem_store(posix_file_system(), folder->path(), std::move(clock),
                                std::make_shared<SequenceRandom>());
  // The folder goes with the store.
  return {store.get(), [store, folder](ObjectStore*) {}};
}

std::shared_ptr<ObjectStore> on_simulated_disk(std::shared_ptr<ManualClock> clock) {
  return filesystem_store(std::make_shared<SimulatedFileSystem>(clock), "/", clock,
                          std::make_shared<SequenceRandom>());
}

std::shared_ptr<ObjectStore> faulty_without_faults(std::shared_ptr<ManualClock> clock) {
  return std::make_shared<FaultyStore>(memory_store(std::move(clock)));
}

INSTANTIATE_TEST_SUITE_P(Stores, ObjectStoreContract,
                         ::testing::Values(StoreKind{"Memory", memory_store},
                                           StoreKind{"Filesystem", on_disk},
                                           StoreKind{"SimulatedFilesystem", on_simulated_disk},
                                           StoreKind{"Faulty", faulty_without_faults}),
                         name_of_kind);

}  // namespace
}  // namespace atp::test
