// SPDX-License-Identifier: Apache-2.0
/// Restoring copies of the small vault onto a simulated file system.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "atp/restore/restore.hpp"
#include "atp/source/segment_source.hpp"
#include "support/error_kind.hpp"
#include "support/small_vault.hpp"

namespace atp::test {

inline RestoreOptions everything(unsigned workers = 1) { return {.workers = workers}; }

inline RestoreResult restore(ObjectStore& store, FileSystem& files,
                             const RestoreOptions& options = everything(),
                             const Path& to = "/restored",
                             const std::string& id = small_vault().incremental) {
  const SmallVault& vault = small_vault();
  static SequenceRandom random;
  return restore_point(store, files, random, vault.name_of(id), to, vault.trust(),
                       vault.identities(), options);
}

/// Every file below `folder`, by path below it.
inline std::map<std::string, std::string> tree(FileSystem& files, const Path& folder,
                                               const Path& below = {}) {
  std::map<std::string, std::string> result = {};
  if (!files.status(folder)) return result;
  for (const DirectoryEntry& entry : files.list(folder / below)) {
    const Path name = below / entry.name;
    if (entry.type == FileType::directory) {
      result.merge(tree(files, folder, name));
    } else {
      result[name.string()] = as_text(read_file(files, folder / name, 64 << 20));
    }
  }
  return result;
}

/// What the whole incremental point restores to.
inline std::map<std::string, std::string> whole_tree() {
  const auto& segments = small_vault().segments;
  return {{"000001.jsonl", segments.at("default/000001")},
          {"api/000001.jsonl", segments.at("api/000001")},
          {"api/000002.jsonl", segments.at("api/000002")}};
}

/// Of what is in `folder`, only what has its final name.
inline std::map<std::string, std::string> visible_tree(FileSystem& files, const Path& folder) {
  auto result = tree(files, folder);
  std::erase_if(result,
                [](const auto& each) { return each.first.starts_with(kUnfinishedRestore); });
  return result;
}

inline void overwrite(FileSystem& files, const Path& path, std::string_view text) {
  const auto file = files.open(path, OpenMode::create_or_open);
  file->truncate(0);
  file->write_at(0, as_bytes(text));
}

class RestoreTest : public testing::Test {
 protected:
  const SmallVault& vault_ = small_vault();
  std::shared_ptr<ObjectStore> store_ = vault_.store_of(vault_.objects());
  std::shared_ptr<SimulatedFileSystem> files_ = std::make_shared<SimulatedFileSystem>();
};

}  // namespace atp::test
