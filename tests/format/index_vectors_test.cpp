// SPDX-License-Identifier: Apache-2.0
/// Vectors of the index in a package, and of leaves, frame roots and segment roots.
#include "atp/merkle/tree.hpp"
#include "atp/segment/package_index.hpp"
#include "format/vectors.hpp"
#include "segment/frame_hasher.hpp"
#include "segment/little_endian.hpp"
#include "segment/packages.hpp"

namespace atp::test {
namespace {

using segment::put_number;

constexpr std::size_t kTable = 8 + 8 + 32 + 8;  ///< Where the first frame entry begins.

struct Entry {
  std::uint32_t compressed = 60;
  std::uint32_t raw = 100;
  std::uint32_t records = 1;
  std::uint32_t opaque = 0;
  std::uint64_t first = 1000;
  std::uint64_t last = 2000;
};

/// Written without the library's encoder.
Bytes index_of(const std::vector<Entry>& entries) {
  Bytes out = to_bytes("ATPINDX1");
  put_number(out, std::uint32_t{1});
  put_number(out, std::uint32_t{32});
  for (std::uint8_t i = 0; i < 32; ++i) put_number(out, i);
  put_number(out, std::uint32_t{2});
  put_number(out, static_cast<std::uint32_t>(64 * entries.size()));
  for (const Entry& entry : entries) {
    put_number(out, entry.compressed);
    put_number(out, entry.raw);
    put_number(out, entry.records);
    put_number(out, entry.opaque);
    put_number(out, entry.first);
    put_number(out, entry.last);
    const Digest root = sha256(as_bytes("root " + std::to_string(entry.records)));
    out.insert(out.end(), root.bytes.begin(), root.bytes.end());
  }
  return out;
}

Bytes with_block(Bytes index, std::uint32_t type, const std::string& contents) {
  put_number(index, type);
  put_number(index, static_cast<std::uint32_t>(contents.size()));
  const Bytes bytes = to_bytes(contents);
  index.insert(index.end(), bytes.begin(), bytes.end());
  return index;
}

Json describe(const PackageIndex& index) {
  Json::Array frames;
  for (const FrameEntry& entry : index.frames) {
    Json::Object frame{{"offset", entry.offset},
                       {"compressedSize", std::uint64_t{entry.compressed_size}},
                       {"rawSize", std::uint64_t{entry.raw_size}},
                       {"firstRecord", entry.first_record},
                       {"records", std::uint64_t{entry.records}},
                       {"opaqueRecords", std::uint64_t{entry.opaque_records}},
                       {"root", entry.root.hex()}};
    if (entry.first_time) frame.emplace("firstTime", format_time(*entry.first_time));
    if (entry.last_time) frame.emplace("lastTime", format_time(*entry.last_time));
    frames.push_back(std::move(frame));
  }
  return Json::Object{{"saltSeed", to_hex(index.salt_seed.view())},
                      {"frames", std::move(frames)},
                      {"merkleRoot", merkle_root(index).hex()}};
}

class IndexCases : public Cases {
 public:
  IndexCases() {
    make_good();
    refuse_blocks();
    refuse_entries();
  }

 private:
  void refuse(const std::string& name, const std::string& desc, const Bytes& index,
              const std::string& kind = "corrupt") {
    bad(name, desc, {{"indexHex", to_hex(index)}}, kind);
  }

  void make_good() {
    Json::Object seed{
        {"saltSeed", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"}};
    Json::Object none = seed;
    none["frames"] = Json::Array{};
    none["merkleRoot"] = Rfc9162Hasher::empty().hex();
    good("happy-no-frames", "a segment without a byte", {{"indexHex", to_hex(index_of({}))}}, none);
    const Digest four = sha256(as_bytes("root 4"));
    const Digest three = sha256(as_bytes("root 3"));
    Json::Object two = seed;
    two["frames"] = Json::Array{Json::Object{{"offset", 0},
                                             {"compressedSize", 60},
                                             {"rawSize", 100},
                                             {"firstRecord", 0},
                                             {"records", 4},
                                             {"opaqueRecords", 0},
                                             {"root", four.hex()},
                                             {"firstTime", "1970-01-01T00:00:00.000001000Z"},
                                             {"lastTime", "1970-01-01T00:00:00.000002000Z"}},
                                Json::Object{{"offset", 60},
                                             {"compressedSize", 60},
                                             {"rawSize", 100},
                                             {"firstRecord", 4},
                                             {"records", 3},
                                             {"opaqueRecords", 3},
                                             {"root", three.hex()}}};
    two["merkleRoot"] = Rfc9162Hasher::node(four, three).hex();
    const Bytes index =
        index_of({{.records = 4}, {.records = 3, .opaque = 3, .first = 0, .last = 0}});
    good("happy-two-frames", "the last frame is short and its records are opaque",
         {{"indexHex", to_hex(index)}}, two);
    good("happy-optional-blocks", "blocks of later writers are passed over",
         {{"indexHex", to_hex(with_block(with_block(index, 0x80000001, "later"), 0x80000007, ""))}},
         two);
  }

  void refuse_blocks() {
    const Bytes index = index_of({{}});
    Bytes other = index;
    other[7] = std::byte{'2'};
    refuse("magic-other", "another magic", other);
    refuse("empty", "nothing", {});
    refuse("cut", "the last byte is missing", {index.begin(), index.end() - 1});
    Bytes more = index;
    more.push_back({});
    refuse("trailing-byte", "a byte behind the last block", more);
    refuse("block-unknown", "an unknown block that is not optional", with_block(index, 3, "later"),
           "unsupported");
    refuse("block-twice", "the frame table twice", with_block(index, 2, ""));
    refuse("block-optional-twice", "an optional block twice",
           with_block(with_block(index, 0x80000001, ""), 0x80000001, ""));
    refuse("block-optional-order", "optional blocks out of order",
           with_block(with_block(index, 0x80000002, ""), 0x80000001, ""));
    Bytes table_first(index.begin(), index.begin() + 8);
    table_first.insert(table_first.end(), index.begin() + 48, index.end());
    table_first.insert(table_first.end(), index.begin() + 8, index.begin() + 48);
    refuse("block-order", "the frame table before the salt seed", table_first);
    Bytes no_table(index.begin(), index.begin() + 48);
    refuse("block-missing", "no frame table", no_table);
    Bytes long_block = index;
    long_block[kTable - 4] = std::byte{0xff};
    refuse("block-too-long", "a table that reaches beyond the index", long_block);
    Bytes short_seed = to_bytes("ATPINDX1");
    short_seed = with_block(short_seed, 1, std::string(31, 's'));
    refuse("seed-31-bytes", "a salt seed that is too short", with_block(short_seed, 2, ""));
    Bytes part = index;
    part[kTable - 4] = std::byte{63};
    part.pop_back();
    refuse("table-part-of-entry", "a table of 63 bytes", part);
  }

  void refuse_entries() {
    const auto entry = [&](const char* name, const char* desc, const std::vector<Entry>& entries) {
      refuse(name, desc, index_of(entries));
    };
    entry("records-0", "a frame without records", {{.records = 0}});
    entry("records-4097", "a frame over 2^12 records", {{.raw = 5000, .records = 4097}});
    entry("records-short-before-last", "a short frame that is not the last",
          {{.records = 3}, {.records = 1}});
    entry("records-misaligned", "two records from record 1", {{.records = 1}, {.records = 2}});
    entry("records-over-bytes", "fewer bytes than records", {{.raw = 3, .records = 4}});
    entry("raw-over-4-mib", "a frame of two over 4 MiB", {{.raw = (4 << 20) + 1, .records = 2}});
    entry("raw-over-16-mib", "a record over 16 MiB", {{.raw = (16 << 20) + 2, .records = 1}});
    entry("compressed-0", "a frame of no bytes", {{.compressed = 0}});
    entry("compressed-over-bound", "more than zstd makes of it", {{.compressed = 1125}});
    entry("opaque-over-records", "more opaque records than records", {{.records = 1, .opaque = 2}});
    entry("times-reversed", "a first time after the last", {{.first = 2, .last = 1}});
    entry("times-of-opaque", "times where every record is opaque", {{.records = 1, .opaque = 1}});
  }
};

TEST(IndexVectors, GetTheirVerdicts) {
  run_vectors("index", IndexCases(), [](const Json::Object& body) {
    return verdict_of([&] { return describe(decode_index(hex_of(body, "indexHex"))); });
  });
}

/// A segment's bytes to the leaves and roots over them, as docs/format.md says it, step by step.
class MerkleCases : public Cases {
 public:
  MerkleCases() {
    take("happy-no-bytes", "a segment without a byte has no record", "", {});
    take("happy-blank-line", "a blank line is a record of no bytes", "\n", {1});
    take("happy-three-records", "one frame, which is not full", "a\nb\nc\n", {3});
    take("happy-no-final-line-feed", "a last piece without a line feed is a record", "a\nb", {2});
    take("happy-final-line-feed", "the line feed is no part of the leaf", "a\nb\n", {2});
    take("happy-carriage-returns", "a carriage return belongs to its record", "a\r\nb\r\n", {2});
    take("happy-byte-order-mark", "a byte order mark belongs to its record", "\xef\xbb\xbf{}\n",
         {1});
    take("happy-zero-bytes", "only 0x0A ends a record", std::string("a\0b\x0b\n", 5), {1});
    take("happy-five-records", "a tree that is not balanced", "0\n1\n2\n3\n4\n", {5});
    take("happy-two-frames", "4,097 blank lines: a full frame and a short one",
         std::string(4097, '\n'), {4096, 1});
    take("happy-large-frames", "two records of 3 MiB are two frames",
         std::string(3 << 20, 'a') + "\n" + std::string(3 << 20, 'b') + "\n", {1, 1}, 3 << 20);
  }

 private:
  /// Long runs of one character stand in the case as their length, for `repeat` over 0.
  void take(const std::string& name, const std::string& desc, const std::string& raw,
            const std::vector<std::uint64_t>& frames, std::uint64_t repeat = 0) {
    const Bytes seed = seed_bytes();
    const std::vector<Digest> leaves = plain_leaves(raw, seed);
    Json::Array roots;
    std::size_t first = 0;
    for (const std::uint64_t records : frames) {
      const auto span = std::span(leaves).subspan(first, records);
      roots.push_back(merkle::root<Rfc9162Hasher>(span).hex());
      first += records;
    }
    Json::Object expect{{"records", std::uint64_t{leaves.size()}},
                        {"frameRoots", std::move(roots)},
                        {"merkleRoot", merkle::root<Rfc9162Hasher>(leaves).hex()}};
    if (leaves.size() <= 8) {
      Json::Array hashes;
      for (const Digest& leaf : leaves) hashes.push_back(leaf.hex());
      expect.emplace("leaves", std::move(hashes));
    }
    Json::Object input{{"saltSeedHex", to_hex(seed)}};
    if (repeat > 0) {
      input.emplace("repeat", repeat);
      input.emplace("rawHex", to_hex(as_bytes("a\nb\n")));
    } else {
      input.emplace("rawHex", to_hex(as_bytes(raw)));
    }
    good(name, desc, std::move(input), std::move(expect));
  }

  static Bytes seed_bytes() {
    Bytes seed(32);
    SequenceRandom(5).fill(seed);
    return seed;
  }
};

/// `rawHex`, where `repeat` says so with every byte that is no line feed that many times.
std::string raw_of(const Json::Object& body) {
  const std::string raw(as_text(hex_of(body, "rawHex")));
  const auto repeat = body.find("repeat");
  if (repeat == body.end()) return raw;
  std::string all;
  for (const char c : raw) {
    all += std::string(c == '\n' ? 1 : static_cast<std::size_t>(repeat->second.as_integer()), c);
  }
  return all;
}

/// The first bytes drawn are the salt seed.
class SeedFirst final : public Random {
 public:
  explicit SeedFirst(Bytes seed) : seed_(std::move(seed)) {}
  void fill(MutableByteView out) override {
    if (seed_.empty()) return rest_.fill(out);
    ASSERT_EQ(out.size(), seed_.size());
    std::ranges::copy(seed_, out.begin());
    seed_.clear();
  }

 private:
  Bytes seed_;
  SequenceRandom rest_;
};

TEST(MerkleVectors, GetTheirVerdicts) {
  SequenceRandom random;
  const age::Identity identity = age::Identity::generate(random);
  run_vectors("merkle", MerkleCases(), [&](const Json::Object& body) -> Verdict {
    const Bytes seed = hex_of(body, "saltSeedHex");
    const std::string raw = raw_of(body);
    TextSource source(raw);
    CollectingSink sink;
    SeedFirst seeded(seed);
    const auto summary = std::get<PackageSummary>(
        write_package(source, sink, identity.recipient(), seeded, {.time_path = "time"}));
    const SecretBytes plain = age::decrypt(sink.bytes, {&identity, 1});
    const auto size = segment::tail_size(plain.view().last(segment::kLocatorSize), summary.frames);
    const PackageIndex index =
        decode_index(segment::index_bytes(plain.view().last(size), summary.frames));
    Json::Object found{{"records", summary.records}, {"merkleRoot", summary.merkle_root.hex()}};
    Json::Array roots;
    for (const FrameEntry& entry : index.frames) roots.push_back(entry.root.hex());
    found.emplace("frameRoots", std::move(roots));
    if (summary.records <= 8) {
      Json::Array leaves;
      segment::FrameHasher hasher(seed);
      for (const std::string_view record : split_records(raw)) {
        const std::string line = std::string(record) + "\n";
        const std::size_t end = line.size();
        leaves.push_back(hasher.root(as_bytes(line), leaves.size(), {&end, 1})->hex());
      }
      found.emplace("leaves", std::move(leaves));
    }
    return {std::move(found), ""};
  });
}

}  // namespace
}  // namespace atp::test
