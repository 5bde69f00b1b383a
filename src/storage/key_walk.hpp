// SPDX-License-Identifier: Apache-2.0
/// The keys in a folder, page by page, in the order of their bytes. Thread-safe.
#pragma once

#include <string>

#include "atp/storage/object_store.hpp"
#include "storage/store_folder.hpp"

namespace atp {
inline namespace v0 {

/// What `ObjectStore::list` answers.
ListPageOfKeys list_page(StoreFolder& folder, const std::string& prefix, const std::string& after,
                         std::size_t limit);

/// What `ObjectStore::list_folders` answers; reads one directory.
FolderPage folder_page(StoreFolder& folder, const std::string& prefix, const std::string& after,
                       std::size_t limit);

}  // namespace v0
}  // namespace atp
