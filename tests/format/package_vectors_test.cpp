// SPDX-License-Identifier: Apache-2.0
/// Vectors of packages: whole ones, damaged ones, and well-sealed ones that break a rule.
#include "format/vectors.hpp"
#include "segment/packages.hpp"

namespace atp::test {
namespace {

using ManifestChange = std::function<void(SegmentManifest&)>;

constexpr std::string_view kText =
    "{\"time\":\"2026-11-23T07:00:00Z\"}\n{\"time\":\"2026-11-23T09:00:00+01:00\"}\nopaque\n";

/// A decrypted package in its parts.
struct Plain {
  std::vector<Bytes> frames;
  PackageIndex index;

  Bytes bytes() const {
    Bytes all;
    for (const Bytes& frame : frames) all.insert(all.end(), frame.begin(), frame.end());
    const Bytes tail = segment::encode_tail(encode_index(index), index);
    all.insert(all.end(), tail.begin(), tail.end());
    return all;
  }
};

class PackageCases : public Cases {
 public:
  PackageCases() {
    make_good();
    damage_stored_bytes();
    break_rules_in_the_envelope();
    change_manifests();
  }

 private:
  struct Sealed {
    Bytes stored;
    SegmentManifest manifest;
  };

  Sealed write(std::string_view text) {
    TextSource source(text);
    CollectingSink sink;
    const auto summary = std::get<PackageSummary>(
        write_package(source, sink, identity_.recipient(), random_, {.time_path = "time"}));
    SegmentManifest manifest = manifest_of(summary);
    manifest.header = header_of();
    manifest.key = "segments/acme-corp/default/000001.0123456789abcdef.jsonl.zst.age";
    return {std::move(sink.bytes), std::move(manifest)};
  }

  Plain open(const Sealed& sealed) {
    const SecretBytes plain = age::decrypt(sealed.stored, {&identity_, 1});
    const std::uint64_t frames = sealed.manifest.frames;
    const auto size = segment::tail_size(plain.view().last(segment::kLocatorSize), frames);
    Plain parts{{}, decode_index(segment::index_bytes(plain.view().last(size), frames))};
    for (const FrameEntry& entry : parts.index.frames) {
      const ByteView frame = plain.view().subspan(entry.offset, entry.compressed_size);
      parts.frames.emplace_back(frame.begin(), frame.end());
    }
    return parts;
  }

  /// Seals what a writer with the keys could have made, with the digests of it in the manifest.
  Sealed seal(const SegmentManifest& manifest, const Bytes& plain, const PackageIndex& index) {
    const age::Recipient recipient = identity_.recipient();
    Sealed sealed{age::encrypt(plain, {&recipient, 1}, random_), manifest};
    sealed.manifest.stored_bytes = sealed.stored.size();
    sealed.manifest.stored_sha256 = sha256(sealed.stored);
    sealed.manifest.index_sha256 = sha256(encode_index(index));
    return sealed;
  }

  Json::Object input_of(const Sealed& sealed, const age::Identity& identity) const {
    return {{"packageBase64", to_base64(sealed.stored)},
            {"identity", identity.str().text()},
            {"manifest", sign_document(sealed.manifest, *signer_)}};
  }
  void take(const std::string& name, const std::string& desc, std::string_view text) {
    const Sealed sealed = write(text);
    good(name, desc, input_of(sealed, identity_),
         Json::Object{{"sha256", sha256(as_bytes(text)).hex()},
                      {"records", std::uint64_t{split_records(text).size()}}});
  }
  void refuse(const std::string& name, const std::string& desc, const Sealed& sealed,
              const std::string& checks) {
    bad(name, desc, input_of(sealed, identity_), checks);
  }
  void damage(const std::string& name, const std::string& desc,
              const std::function<void(Bytes&)>& how, const std::string& checks) {
    Sealed sealed = write(kText);
    how(sealed.stored);
    refuse(name, desc, sealed, checks);
  }
  void change(const std::string& name, const std::string& desc, const ManifestChange& how,
              const std::string& checks) {
    Sealed sealed = write(kText);
    how(sealed.manifest);
    refuse(name, desc, sealed, checks);
  }

  void make_good() {
    take("happy", "two records with times and an opaque one", kText);
    take("happy-no-bytes", "a segment without a byte", "");
    take("happy-blank-line", "one record of no bytes", "\n");
    take("happy-no-final-line-feed", "a last record without a line feed", "a\nb");
    take("happy-two-frames", "4,097 blank lines", std::string(4097, '\n'));
  }

  void damage_stored_bytes() {
    damage(
        "stored-cut", "the last byte is missing", [](Bytes& b) { b.pop_back(); },
        "envelope index stored_bytes stored_sha256");
    damage(
        "stored-cut-to-header", "only the header is there", [](Bytes& b) { b.resize(100); },
        "envelope stored_bytes stored_sha256");
    damage(
        "stored-empty", "no byte is there", [](Bytes& b) { b.clear(); },
        "envelope stored_bytes stored_sha256");
    damage(
        "stored-zeros", "as many zero bytes", [](Bytes& b) { std::ranges::fill(b, std::byte{}); },
        "envelope stored_sha256");
    damage(
        "stored-trailing-byte", "a byte behind the last chunk", [](Bytes& b) { b.push_back({}); },
        "stored_bytes stored_sha256");
    damage(
        "stored-twice", "the package twice",
        [](Bytes& b) {
          const Bytes copy = b;
          b.insert(b.end(), copy.begin(), copy.end());
        },
        "stored_bytes stored_sha256");
    damage(
        "stored-chunk-flipped", "a bit of the chunk",
        [](Bytes& b) { b[b.size() - 40] ^= std::byte{1}; }, "envelope index stored_sha256");
    damage(
        "stored-nonce-flipped", "a bit of the nonce behind the header",
        [](Bytes& b) {
          const auto end = as_text(b).find("\n--- ");
          b[as_text(b).find('\n', end + 1) + 1] ^= std::byte{1};
        },
        "envelope index stored_sha256");
    damage(
        "stored-mac-flipped", "a bit of the header's mac",
        [](Bytes& b) { b[as_text(b).find("\n--- ") + 6] ^= std::byte{1}; },
        "envelope stored_sha256");
    damage(
        "stored-version-2", "another version of the envelope",
        [](Bytes& b) { b[as_text(b).find('\n') - 1] = std::byte{'2'}; }, "envelope stored_sha256");
    Sealed other = write("other\n");
    other.manifest = write(kText).manifest;
    refuse("stored-of-another", "another package of the same key", other,
           "envelope index stored_bytes stored_sha256");
    const age::Identity stranger = age::Identity::generate(random_);
    bad("identity-of-another", "an identity that fits no recipient",
        input_of(write(kText), stranger), "unauthenticated");
  }

  void break_rules_in_the_envelope() {
    const Sealed plain_sealed = write(kText);

    Plain salts = open(plain_sealed);
    salts.index.salt_seed.mutable_view()[0] ^= std::byte{1};
    refuse("inner-other-salts", "another salt seed",
           seal(plain_sealed.manifest, salts.bytes(), salts.index), "leaves");

    Plain root = open(plain_sealed);
    root.index.frames.front().root.bytes[0] ^= std::byte{1};
    refuse("inner-other-root", "another root of the frame",
           seal(plain_sealed.manifest, root.bytes(), root.index), "leaves merkle_root");

    refuse_swapped_frames();
    refuse_inner_bytes(plain_sealed);
  }

  void refuse_swapped_frames() {
    const auto line = [](char c) { return std::string(3 << 20, c) + "\n"; };
    const Sealed sealed = write(line('a') + line('b'));
    Plain swapped = open(sealed);
    ASSERT_EQ(swapped.frames[0].size(), swapped.frames[1].size());
    std::swap(swapped.frames[0], swapped.frames[1]);
    refuse("inner-frames-swapped", "two frames of equal sizes in each other's place",
           seal(sealed.manifest, swapped.bytes(), swapped.index), "leaves sha256");
    Plain both = open(sealed);
    std::swap(both.frames[0], both.frames[1]);
    std::swap(both.index.frames[0].root, both.index.frames[1].root);
    refuse("inner-frames-and-roots-swapped", "two frames swapped, with their roots",
           seal(sealed.manifest, both.bytes(), both.index), "leaves merkle_root sha256");
  }

  void refuse_inner_bytes(const Sealed& sealed) {
    const Plain plain = open(sealed);
    const Bytes whole = plain.bytes();
    const std::size_t frames = plain.frames.front().size();
    const auto inner = [&](const char* name, const char* desc, const Bytes& bytes,
                           const char* checks) {
      refuse(name, desc, seal(sealed.manifest, bytes, plain.index), checks);
    };
    const Bytes empty_frame = from_hex("502a4d1800000000").value();
    Bytes extra = whole;
    extra.insert(extra.begin() + static_cast<std::ptrdiff_t>(frames), empty_frame.begin(),
                 empty_frame.end());
    inner("inner-extra-frame", "a skippable frame between data and index", extra, "index");
    Bytes behind = whole;
    behind.insert(behind.end(), empty_frame.begin(), empty_frame.end());
    inner("inner-frame-behind", "a skippable frame behind the seek table", behind, "index");
    Bytes magic = whole;
    magic[frames] ^= std::byte{1};
    inner("inner-index-magic", "the index in a skippable frame of another number", magic, "index");
    Bytes checksums = whole;
    checksums[checksums.size() - 5] = std::byte{0x80};
    inner("inner-seek-checksums", "a seek table that claims checksums", checksums, "index");
    Bytes entry = whole;
    entry[entry.size() - 17 - 8] ^= std::byte{1};
    inner("inner-seek-entry", "a seek table that differs from the index", entry, "index");
    Bytes flipped = whole;
    flipped[frames - 1] ^= std::byte{1};
    inner("inner-frame-flipped", "a bit of a frame", flipped, "frame");
    inner("inner-no-index", "frames alone", {whole.begin(), whole.begin() + 20}, "index");
    inner("inner-empty", "nothing", {}, "index");
  }

  void change_manifests() {
    change(
        "manifest-index-digest", "another index", [](auto& m) { m.index_sha256 = {}; }, "index");
    change(
        "manifest-sha256", "other raw bytes", [](auto& m) { m.sha256 = {}; }, "sha256");
    change(
        "manifest-bytes", "one raw byte more", [](auto& m) { ++m.bytes; }, "bytes");
    change(
        "manifest-records", "one record more", [](auto& m) { ++m.records; }, "records");
    change(
        "manifest-opaque", "one opaque record less", [](auto& m) { --m.opaque_records; },
        "opaque_records");
    change(
        "manifest-frames", "one frame more", [](auto& m) { ++m.frames; }, "index");
    change(
        "manifest-time", "a later last time",
        [](auto& m) { *m.last_time += std::chrono::nanoseconds(1); }, "times");
    change(
        "manifest-root", "another root", [](auto& m) { m.merkle_root = {}; }, "merkle_root");
    change(
        "manifest-final-newline", "no final line feed", [](auto& m) { m.final_newline = false; },
        "final_newline");
    change(
        "manifest-stored-bytes", "one stored byte less", [](auto& m) { --m.stored_bytes; },
        "envelope index stored_bytes");
    change(
        "manifest-stored-sha256", "other stored bytes", [](auto& m) { m.stored_sha256 = {}; },
        "stored_sha256");
    change(
        "manifest-leaf-scheme-2", "leaves of a later scheme", [](auto& m) { m.leaf_scheme = 2; },
        "unsupported");
  }

  const std::shared_ptr<const Signer> signer_ = vector_signer("signing.pem");
  SequenceRandom random_{7};
  const age::Identity identity_ = age::Identity::generate(random_);
};

Verdict scan(const Json::Object& body) {
  const TrustPolicy trust = vector_trust();
  const SegmentManifest manifest =
      require_document<SegmentManifest>("manifest", text_of(body, "manifest"), trust, kTenant);
  const age::Identity identity = age::Identity::parse(text_of(body, "identity"));
  const auto store = memory_store(std::make_shared<ManualClock>());
  put_object(*store, manifest.key, from_base64(text_of(body, "packageBase64")).value(), {});
  CollectingFrames frames;
  std::set<std::string> found;
  for (const PackageDamage& each : scan_package(*store, manifest, {&identity, 1}, &frames, {})) {
    found.insert(each.check);
  }
  return {Json::Object{{"sha256", sha256(as_bytes(frames.text)).hex()},
                       {"records", std::uint64_t{split_records(frames.text).size()}}},
          join(found)};
}

TEST(PackageVectors, GetTheirVerdicts) {
  run_vectors("package", PackageCases(), [](const Json::Object& body) -> Verdict {
    try {
      return scan(body);
    } catch (const Error& error) {
      return {{}, std::string(error_kind_info(error.kind()).name)};
    }
  });
}

}  // namespace
}  // namespace atp::test
