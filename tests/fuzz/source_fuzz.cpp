// SPDX-License-Identifier: Apache-2.0
// Source files: the first byte says the encoding, or that the rest is a file's name.
// covers: src/source/segment_folder.cpp src/source/segment_input.cpp src/source/gzip_decoder.cpp
// covers: src/source/zstd_decoder.cpp
#include <array>
#include <memory>
#include <string>

#include "atp/source/segment_source.hpp"
#include "fuzz.hpp"
#include "support/simulated_file_system.hpp"

using atp::ByteView;
using atp::fuzz::parse;
using atp::fuzz::require;

namespace {

/// Of decoded bytes that are looked at: a bomb goes on and on.
constexpr std::size_t kReadLimit = 1 << 20;

std::shared_ptr<atp::SegmentSource> source_of(const std::string& name, ByteView contents) {
  const auto files = std::make_shared<atp::test::SimulatedFileSystem>();
  files->create_directory("/source");
  files->open(atp::Path("/source") / name, atp::OpenMode::create_new)->write_at(0, contents);
  return atp::segment_folder(files, "/source");
}

void check_contents(const std::string& name, ByteView contents) {
  const auto source = source_of(name, contents);
  const atp::SourceListing listing = source->list({});
  require(listing.files.size() == 1 && listing.skipped.empty(), "a segment is listed");
  const auto input = source->open(listing.files.front());
  std::string text;
  atp::Bytes buffer(1 << 14);
  while (text.size() < kReadLimit) {
    const std::size_t count = input->read(buffer);
    if (count == 0) break;
    text += atp::as_text(ByteView(buffer).first(count));
  }
  require(input->still_sealed(), "reading changes nothing");
  require(input->input_bytes() <= contents.size(), "no more is read than there is");
  if (name.ends_with(".jsonl") && contents.size() < kReadLimit) {
    require(text == atp::as_text(contents), "plain bytes come as they are");
  }
}

void check_name(const std::string& name) {
  const bool possible = !name.empty() && name.size() < 255 && name != "." && name != ".." &&
                        name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
  if (!possible) return;
  const atp::SourceListing listing = source_of(name, {})->list({});
  require(listing.files.size() + listing.skipped.size() == (name.front() == '.' ? 0 : 1),
          "a file is a segment or skipped by name");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView contents = atp::fuzz::input(data, size).subspan(1);
  constexpr std::array<const char*, 3> kNames{"1.jsonl", "1.jsonl.gz", "1.jsonl.zst"};
  const std::size_t kind = data[0] % (kNames.size() + 1);
  parse([&] {
    if (kind < kNames.size()) {
      check_contents(kNames[kind], contents);
    } else {
      check_name(std::string(atp::as_text(contents)));
    }
  });
  return 0;
}
