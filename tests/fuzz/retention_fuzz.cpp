// SPDX-License-Identifier: Apache-2.0
// The file beside an object that says how long it is kept: on doubt, for ever.
// covers: src/storage/retention_file.cpp src/storage/store_folder.cpp
#include <memory>
#include <string>

#include "atp/storage/filesystem_store.hpp"
#include "fuzz.hpp"
#include "storage/retention_file.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"
#include "support/simulated_file_system.hpp"

using atp::fuzz::require;

namespace {

bool can_remove(atp::ObjectStore& store, const std::string& key) {
  try {
    store.remove(key);
    return true;
  } catch (const atp::Error& error) {
    require(error.kind() == atp::ErrorKind::retained || error.kind() == atp::ErrorKind::on_hold,
            "what is kept is retained or on hold");
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = atp::as_text(atp::fuzz::input(data, size));
  const auto parsed = atp::parse_retention(text);
  require(!parsed || atp::format_retention(*parsed) == text, "a retention has one text");

  const auto clock = std::make_shared<atp::test::ManualClock>();
  const auto files = std::make_shared<atp::test::SimulatedFileSystem>(clock);
  files->create_directory("/store");
  const auto store =
      atp::filesystem_store(files, "/store", clock, std::make_shared<atp::test::SequenceRandom>());
  atp::put_object(*store, "key", atp::as_bytes("bytes"), {});
  const auto file = files->open("/store/.key.retention", atp::OpenMode::read_write);
  file->truncate(0);
  file->write_at(0, atp::as_bytes(text));
  const atp::Immutability found = store->stat("key")->immutability;
  require(found == parsed.value_or(atp::kRetainedForEver), "a damaged retention is for ever");
  const bool free =
      !found.legal_hold && (!found.retain_until || *found.retain_until <= clock->now());
  require(can_remove(*store, "key") == free, "only what is free goes");
  return 0;
}
