// SPDX-License-Identifier: Apache-2.0
// The C2SP/CCTV age cases, each to its own verdict.
#include <zlib.h>

#include <map>
#include <set>

#include "atp/crypto/age_armor.hpp"
#include "atp/crypto/sha256.hpp"
#include "crypto/age_reader.hpp"

namespace atp::age {
namespace {

using test::error_kind;
using test::read_chunks;
using test::read_text;
using test::Released;
using test::vectors_folder;

struct Case {
  std::map<std::string, std::string> fields;
  std::vector<std::string> identities;
  std::vector<std::string> passphrases;
  Bytes file;

  std::string field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? "" : found->second;
  }
};

Bytes inflate(std::string_view compressed) {
  Bytes plain(32 << 20);
  uLongf size = plain.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(plain.data()), &size,
                       reinterpret_cast<const Bytef*>(compressed.data()), compressed.size()),
            Z_OK);
  plain.resize(size);
  return plain;
}

Case load(const std::filesystem::path& path) {
  const std::string text = read_text(path);
  Case loaded;
  std::size_t at = 0;
  for (std::size_t end = text.find('\n'); end != at; end = text.find('\n', at)) {
    const std::string line = text.substr(at, end - at);
    const std::size_t colon = line.find(": ");
    const std::string name = line.substr(0, colon);
    const std::string value = line.substr(colon + 2);
    if (name == "identity")
      loaded.identities.push_back(value);
    else if (name == "passphrase")
      loaded.passphrases.push_back(value);
    else
      loaded.fields[name] = value;
    at = end + 1;
  }
  const std::string_view rest = std::string_view(text).substr(at + 1);
  loaded.file = loaded.field("compressed") == "zlib" ? inflate(rest) : to_bytes(rest);
  return loaded;
}

/// Where the size of a payload is not known, a chunk in the wrong place opens as what it is (the
/// last, or not) and the error comes after it: so it is in the cases. We release no such chunk.
Bytes released_where_the_size_is_unknown(const Opened& opened, ByteView file,
                                         const Released& released) {
  Bytes plain = released.plain;
  if (!released.error) return plain;
  const std::uint64_t index = plain.size() / kChunkSize;
  const ByteView rest = file.subspan(opened.payload_offset() + index * (kChunkSize + kTagSize));
  const ByteView chunk = rest.first(std::min(rest.size(), kChunkSize + kTagSize));
  const bool last = chunk.size() == rest.size();
  Bytes more(kChunkSize);
  const auto error = error_kind([&] { more.resize(opened.open_chunk(index, !last, chunk, more)); });
  if (!error) plain.insert(plain.end(), more.begin(), more.end());
  return plain;
}

/// What our layer says to a case, in the words of the cases, and the plain text of it.
struct Verdict {
  std::string word;
  Bytes plain;
};

std::string word_of(ErrorKind kind, const char* corrupt) {
  if (kind == ErrorKind::unauthenticated) return "no match";
  return kind == ErrorKind::corrupt ? corrupt : std::string(error_kind_info(kind).name);
}

Verdict judge_with_passphrase(const Case& given, const Bytes& file) {
  std::optional<ErrorKind> error;
  for (const std::string& passphrase : given.passphrases) {
    Bytes plain;
    error = error_kind([&] {
      const SecretBytes opened = decrypt_with_passphrase(file, SecretBytes(as_bytes(passphrase)));
      plain.assign(opened.view().begin(), opened.view().end());
    });
    if (!error) return {"success", plain};
    if (error != ErrorKind::unauthenticated) break;
  }
  return {word_of(*error, "header failure"), {}};
}

Verdict judge_with_identities(const Case& given, const Bytes& file) {
  std::vector<Identity> identities;
  for (const std::string& text : given.identities) {
    if (!text.starts_with("AGE-SECRET-KEY-PQ-")) identities.push_back(Identity::parse(text));
  }
  std::optional<Opened> opened;
  if (const auto error = error_kind([&] { opened.emplace(open_header(file, identities)); }))
    return {word_of(*error, "header failure"), {}};
  const Released released = read_chunks(*opened, file);
  EXPECT_TRUE(released.untouched);
  const auto whole = error_kind([&] { decrypt(file, identities); });
  EXPECT_EQ(whole, released.error);
  return {released.error ? word_of(*released.error, "payload failure") : "success",
          released_where_the_size_is_unknown(*opened, file, released)};
}

Verdict judge(const Case& given) {
  Bytes file = given.file;
  if (given.field("armored") == "yes") {
    if (const auto error = error_kind([&] { file = decode_armor(as_text(given.file)); }))
      return {word_of(*error, "armor failure"), {}};
  }
  return given.passphrases.empty() ? judge_with_identities(given, file)
                                   : judge_with_passphrase(given, file);
}

/// The verdict that a layer without ML-KEM must come to where the file's own is not possible.
std::string expected(const std::string& name, const Case& given) {
  const std::set<std::string> unsupported = {"version_unsupported", "scrypt_work_factor_23",
                                             "scrypt_work_factor_overflow"};
  if (unsupported.contains(name)) return "unsupported";
  const std::string word = given.field("expect");
  // An error that names the wrong MAC would say the same: damaged.
  if (word == "HMAC failure") return "header failure";
  return word;
}

class AgeVectors : public test::VectorTest {};

TEST_F(AgeVectors, T007_All143CasesGetTheirVerdict) {
  std::map<std::string, int> verdicts;
  int cases = 0;
  int hybrid = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(vectors_folder() / "cctv-age" / "testdata")) {
    const std::string name = entry.path().filename();
    SCOPED_TRACE(name);
    const Case given = load(entry.path());
    ++cases;
    if (name.starts_with("hybrid") || name == "armor_hybrid") {
      ++hybrid;
      continue;
    }
    const Verdict verdict = judge(given);
    EXPECT_EQ(verdict.word, expected(name, given));
    const Digest released = sha256(verdict.plain);
    EXPECT_EQ(released.hex(),
              given.fields.contains("payload") ? given.field("payload") : sha256({}).hex());
    ++verdicts[verdict.word];
  }
  EXPECT_EQ(cases, 143);
  EXPECT_EQ(hybrid, 19);
  for (const auto& [word, count] : verdicts) RecordProperty(word, count);
}

TEST_F(AgeVectors, PostQuantumFilesAreUnsupportedWhereNothingElseIsWrong) {
  int cases = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(vectors_folder() / "cctv-age" / "testdata")) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("hybrid") && name != "armor_hybrid") continue;
    SCOPED_TRACE(name);
    ++cases;
    const Case given = load(entry.path());
    for (const std::string& text : given.identities) {
      if (text.starts_with("AGE-SECRET-KEY-PQ-")) {
        EXPECT_EQ(error_kind([&] { Identity::parse(text); }), ErrorKind::unsupported);
      }
    }
    const std::map<std::string, std::string> seen_without_ml_kem = {
        {"hybrid_and_x25519", "no match"},  // The identity of its X25519 stanza is not given.
        {"hybrid_uppercase", "no match"},
        {"hybrid_x25519_arg", "header failure"},
        {"hybrid_not_canonical_body", "header failure"},
    };
    const auto other = seen_without_ml_kem.find(name);
    const Verdict verdict = judge(given);
    EXPECT_EQ(verdict.word, other == seen_without_ml_kem.end() ? "unsupported" : other->second);
    EXPECT_TRUE(verdict.plain.empty());
  }
  EXPECT_EQ(cases, 19);
}

TEST_F(AgeVectors, APostQuantumFileOpensForItsX25519Recipient) {
  const Case given = load(vectors_folder() / "cctv-age/testdata/hybrid_and_x25519");
  const Identity identity =
      Identity::parse("AGE-SECRET-KEY-143WN7DCXU4G8R5AXQSSYD9AEPYDNT3HXSLWSPK36CDU6E8M59SSSAGZ3KG");
  const SecretBytes plain = decrypt(given.file, {&identity, 1});
  EXPECT_EQ(sha256(plain.view()).hex(), given.field("payload"));
}

}  // namespace
}  // namespace atp::age
