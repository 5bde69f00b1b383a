// SPDX-License-Identifier: Apache-2.0
/// Sealed segments told from everything else in a folder, by names and types alone.
#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <tuple>

#include "atp/core/error.hpp"
#include "atp/core/progress.hpp"
#include "atp/source/segment_source.hpp"
#include "source/segment_input.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::array<std::string_view, 2> kUnsealedSuffixes{".open", ".tmp"};

struct EncodingSuffix {
  std::string_view suffix;
  InputEncoding encoding;
};
constexpr std::array<EncodingSuffix, 3> kSegmentSuffixes{{
    {".jsonl", InputEncoding::none},
    {".jsonl.gz", InputEncoding::gzip},
    {".jsonl.zst", InputEncoding::zstd},
}};

bool is_unsealed(std::string_view name) {
  return std::any_of(kUnsealedSuffixes.begin(), kUnsealedSuffixes.end(),
                     [&](std::string_view suffix) { return name.ends_with(suffix); });
}

const EncodingSuffix* find_suffix(std::string_view name) {
  const auto found =
      std::find_if(kSegmentSuffixes.begin(), kSegmentSuffixes.end(),
                   [&](const EncodingSuffix& known) { return name.ends_with(known.suffix); });
  return found == kSegmentSuffixes.end() ? nullptr : &*found;
}

/// Nothing where `name` makes no id.
template <class Id>
std::optional<Id> try_id(const std::string& name, std::string* reason = nullptr) {
  try {
    return Id(name);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_argument) throw;
    if (reason != nullptr) *reason = error.message();
    return std::nullopt;
  }
}

struct AnyLength {
  static constexpr std::string_view what = "name";
  static constexpr std::size_t limit = std::string::npos;
};

/// Text that a signed document can hold: what is no text has its bytes outside printable ASCII as
/// `=XX`.
std::string printable(const std::string& name) {
  if (try_id<Name<AnyLength>>(name)) return name;
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      text += c;
      continue;
    }
    text += {'=', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

std::string describe(FileType type) {
  if (type == FileType::directory) return "a folder below a stream's";
  if (type == FileType::symlink) return "a symbolic link, which is never followed";
  return "neither a file nor a folder";
}

/// One listing under way.
class Scan {
 public:
  Scan(FileSystem& files, const Path& folder, const std::stop_token& stop)
      : files_(files), folder_(folder), stop_(stop) {}

  SourceListing run() {
    for (const DirectoryEntry& entry : entries_of(folder_)) {
      if (entry.name == kUnfinishedRestore) {
        throw Error(ErrorKind::invalid_argument, folder_.string(), "is an unfinished restore");
      }
      if (entry.type == FileType::directory) {
        add_stream(entry.name);
      } else {
        add_file(StreamId(std::string(kDefaultStream)), folder_ / entry.name, entry.name,
                 entry.name);
      }
    }
    const auto order = [](const SegmentFile& a, const SegmentFile& b) {
      return std::tie(a.stream, a.segment) < std::tie(b.stream, b.segment);
    };
    std::stable_sort(listing_.files.begin(), listing_.files.end(), order);
    refuse_doubles();
    return std::move(listing_);
  }

 private:
  /// Without dot files.
  std::vector<DirectoryEntry> entries_of(const Path& folder) {
    throw_if_stopped(stop_);
    std::vector<DirectoryEntry> entries = files_.list(folder);
    std::erase_if(entries, [](const DirectoryEntry& entry) { return entry.name.starts_with('.'); });
    return entries;
  }

  void add_stream(const std::string& name) {
    if (name == kDefaultStream) {
      throw Error(ErrorKind::invalid_argument, (folder_ / name).string(),
                  "expected the stream `default` as flat files, found a folder of that name");
    }
    std::string reason;
    const auto stream = try_id<StreamId>(name, &reason);
    if (!stream) return skip(name, "bad_name", reason);
    try {
      for (const DirectoryEntry& entry : entries_of(folder_ / name)) {
        add_file(*stream, folder_ / name / entry.name, name + "/" + entry.name, entry.name);
      }
    } catch (const Error& error) {
      const bool gone = error.kind() == ErrorKind::not_found;
      if (!gone && error.kind() != ErrorKind::permission_denied) throw;
      skip(name, "unreadable", error.message());
    }
  }

  void add_file(const StreamId& stream, const Path& path, const std::string& name,
                const std::string& file_name) {
    throw_if_stopped(stop_);
    const auto status = files_.status(path);
    if (!status) return;
    if (status->type != FileType::regular) {
      return skip(name, "not_a_segment", describe(status->type));
    }
    if (is_unsealed(file_name)) return skip(name, "not_sealed", "still being written by its name");
    const EncodingSuffix* const known = find_suffix(file_name);
    if (known == nullptr) {
      return skip(name, "not_a_segment", "expected a name in .jsonl, .jsonl.gz or .jsonl.zst");
    }
    std::string reason;
    const auto segment =
        try_id<SegmentId>(file_name.substr(0, file_name.size() - known->suffix.size()), &reason);
    if (!segment) return skip(name, "bad_name", reason);
    listing_.files.push_back({.stream = stream,
                              .segment = *segment,
                              .name = name,
                              .path = path,
                              .encoding = known->encoding,
                              .status = *status});
  }

  void skip(const std::string& name, std::string reason, std::string detail) {
    listing_.skipped.push_back({printable(name), std::move(reason), std::move(detail)});
  }

  void refuse_doubles() const {
    const auto same = [](const SegmentFile& a, const SegmentFile& b) {
      return a.stream == b.stream && a.segment == b.segment;
    };
    const auto found = std::adjacent_find(listing_.files.begin(), listing_.files.end(), same);
    if (found == listing_.files.end()) return;
    throw Error(ErrorKind::invalid_argument, found->name,
                "expected one file of a segment, found `" + std::next(found)->name + "` as well");
  }

  FileSystem& files_;
  const Path& folder_;
  const std::stop_token& stop_;
  SourceListing listing_;
};

class SegmentFolder final : public SegmentSource {
 public:
  SegmentFolder(std::shared_ptr<FileSystem> files, Path folder)
      : files_(std::move(files)), folder_(std::move(folder)) {}

  SourceListing list(const std::stop_token& stop) override {
    const auto status = files_->status(folder_);
    if (!status) throw Error(ErrorKind::not_found, folder_.string(), "no such folder");
    if (status->type != FileType::directory) {
      throw Error(ErrorKind::invalid_argument, folder_.string(),
                  "expected a folder, found a file or a symbolic link");
    }
    return Scan(*files_, folder_, stop).run();
  }

  std::unique_ptr<SegmentInput> open(const SegmentFile& file) override {
    return open_segment_input(files_, file);
  }

 private:
  std::shared_ptr<FileSystem> files_;
  Path folder_;
};

}  // namespace

std::shared_ptr<SegmentSource> segment_folder(std::shared_ptr<FileSystem> files, Path folder) {
  return std::make_shared<SegmentFolder>(std::move(files), std::move(folder));
}

}  // namespace v0
}  // namespace atp
