// SPDX-License-Identifier: Apache-2.0
#include "storage/key_walk.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/model/object_key.hpp"

namespace atp {
inline namespace v0 {
namespace {

class Walk {
 public:
  Walk(StoreFolder& folder, const std::string& after, std::size_t limit)
      : folder_(folder), after_(after), limit_(limit) {}

  /// False when there are more keys than wanted.
  bool visit(const std::string& prefix) {
    for (const std::string& name : sorted_names(prefix)) {
      const std::string key = prefix + name;
      if (key.back() == '/' ? !visit_folder(key) : !visit_object(key)) return false;
    }
    return true;
  }

  ListPageOfKeys page() {
    ListPageOfKeys page;
    if (keys_.size() > limit_) {
      keys_.pop_back();
      page.next = keys_.back();
    }
    page.keys = std::move(keys_);
    return page;
  }

 private:
  /// Folders end in `/`: so `a-b` is before all of `a/`, and `a0` after it.
  std::vector<std::string> sorted_names(const std::string& prefix) {
    std::vector<std::string> names;
    const auto entries = folder_.list(prefix);
    if (!entries) return names;
    for (const DirectoryEntry& entry : *entries) {
      if (entry.name.front() == '.') continue;
      const bool plain = entry.type == FileType::regular || entry.type == FileType::directory;
      if (!plain || !is_key(prefix + entry.name)) {
        throw Error(ErrorKind::corrupt, folder_.path_of(prefix + entry.name).string(),
                    "expected an object or a folder of objects, found something else");
      }
      names.push_back(entry.type == FileType::directory ? entry.name + "/" : entry.name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  bool visit_folder(const std::string& prefix) {
    const bool all_before = prefix < after_ && !after_.starts_with(prefix);
    return all_before || visit(prefix);
  }

  bool visit_object(const std::string& key) {
    if (key <= after_) return true;
    keys_.push_back(key);
    return keys_.size() <= limit_;
  }

  StoreFolder& folder_;
  const std::string& after_;
  std::size_t limit_;
  std::vector<std::string> keys_;
};

}  // namespace

ListPageOfKeys list_page(StoreFolder& folder, const std::string& prefix, const std::string& after,
                         std::size_t limit) {
  Walk walk(folder, after, limit);
  walk.visit(prefix);
  return walk.page();
}

}  // namespace v0
}  // namespace atp
