// SPDX-License-Identifier: Apache-2.0
#include "storage/key_walk.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/core/ids.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// As it stands below the root. Folders end in `/`: so `a-b` is before all of `a/`, and `a0` after
/// it.
struct Entry {
  std::string name;
  FileType type;
  bool operator<(const Entry& other) const { return name < other.name; }
};

bool is_folder(const Entry& entry) { return entry.type == FileType::directory; }

/// Files and folders whose names are keys; all else is foreign.
bool is_ours(const Entry& entry) {
  if (entry.type != FileType::regular && !is_folder(entry)) return false;
  return is_stored_key(
      std::string_view(entry.name).substr(0, entry.name.size() - is_folder(entry)));
}

std::string what_is(const Entry& entry) {
  if (entry.type == FileType::symlink) return "a symbolic link";
  if (entry.type == FileType::other) return "neither a file nor a folder";
  return is_folder(entry) ? "a folder whose name is no key" : "a file whose name is no key";
}

std::string printable(std::string_view name) {
  std::string text;
  for (const char c : name) {
    text += c > ' ' && c <= '~' ? std::string(1, c) : encode_name(std::string_view(&c, 1));
  }
  return text;
}

/// False where all in it comes before `after`.
bool reaches_beyond(const std::string& name, const std::string& after) {
  return name > after || (name.back() == '/' && after.starts_with(name));
}

/// What is in the folder `prefix` and not all before `after`, in no order, without the store's own
/// files.
std::vector<Entry> entries_of(StoreFolder& folder, const std::string& prefix,
                              const std::string& after) {
  // Of a large folder most is before `after`: its names are neither kept nor sorted.
  const bool is_begun = after.starts_with(prefix);
  const std::string_view rest = std::string_view(after).substr(is_begun ? prefix.size() : 0);
  const auto may_reach_beyond = [&](std::string_view name) {
    return name.front() != '.' && (!is_begun || name >= rest || rest.starts_with(name));
  };
  std::vector<Entry> found;
  const auto entries = folder.list(prefix, may_reach_beyond);
  if (!entries) return found;
  for (const DirectoryEntry& entry : *entries) {
    std::string name = prefix + entry.name;
    if (entry.type == FileType::directory) name += '/';
    if (reaches_beyond(name, after)) found.push_back({std::move(name), entry.type});
  }
  return found;
}

class Walk {
 public:
  Walk(StoreFolder& folder, const std::string& after, std::size_t limit)
      : folder_(folder), after_(after), limit_(limit) {}

  /// False when there are more keys than wanted.
  bool visit(const std::string& prefix) {
    return visit_sorted(entries_of(folder_, prefix, after_));
  }

  ListPageOfKeys take_page() { return std::move(page_); }

 private:
  /// Sorts no more than is visited, since of a large folder often one key is asked for.
  bool visit_sorted(std::vector<Entry> entries) {
    auto next = entries.begin();
    for (std::size_t chunk = std::min(limit_, entries.size()) + 1; next != entries.end();
         chunk *= 2) {
      const std::size_t left = static_cast<std::size_t>(entries.end() - next);
      const auto end = next + static_cast<std::ptrdiff_t>(std::min(chunk, left));
      if (end != entries.end()) std::nth_element(next, end, entries.end());
      std::sort(next, end);
      for (; next != end; ++next) {
        if (!visit_entry(*next)) return false;
      }
    }
    return true;
  }

  bool visit_entry(const Entry& entry) {
    if (!is_ours(entry)) return pass_over(entry.name, what_is(entry));
    return is_folder(entry) ? visit_folder(entry.name) : visit_object(entry.name);
  }

  bool visit_folder(const std::string& prefix) {
    std::vector<Entry> entries;
    try {
      entries = entries_of(folder_, prefix, after_);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::permission_denied) throw;
      return pass_over(prefix, "a folder that may not be read");
    }
    return visit_sorted(std::move(entries));
  }

  bool visit_object(const std::string& key) {
    if (page_.keys.size() == limit_) {
      page_.next = page_.keys.back();
      page_.foreign.resize(named_before_last_);
      page_.foreign_unnamed = unnamed_before_last_;
      return false;
    }
    page_.keys.push_back(key);
    named_before_last_ = page_.foreign.size();
    unnamed_before_last_ = page_.foreign_unnamed;
    return true;
  }

  bool pass_over(const std::string& name, std::string what) {
    if (name <= after_) return true;
    if (page_.foreign.size() == kForeignNamesPerPage) {
      ++page_.foreign_unnamed;
    } else {
      page_.foreign.push_back({printable(name), std::move(what)});
    }
    return true;
  }

  StoreFolder& folder_;
  const std::string& after_;
  std::size_t limit_;
  ListPageOfKeys page_;
  /// What stood in the page before its last key: what comes after that is the next page's.
  std::size_t named_before_last_ = 0;
  std::uint64_t unnamed_before_last_ = 0;
};

}  // namespace

ListPageOfKeys list_page(StoreFolder& folder, const std::string& prefix, const std::string& after,
                         std::size_t limit) {
  Walk walk(folder, after, limit);
  walk.visit(prefix);
  return walk.take_page();
}

FolderPage folder_page(StoreFolder& folder, const std::string& prefix, const std::string& after,
                       std::size_t limit) {
  FolderPage page;
  for (Entry& entry : entries_of(folder, prefix, after)) {
    const bool wanted = is_folder(entry) && is_ours(entry) && entry.name > after;
    if (wanted) page.folders.push_back(std::move(entry.name));
  }
  std::sort(page.folders.begin(), page.folders.end());
  if (page.folders.size() > limit) {
    page.folders.resize(limit);
    page.next = page.folders.back();
  }
  return page;
}

}  // namespace v0
}  // namespace atp
