// SPDX-License-Identifier: Apache-2.0
#include "atp/model/export_documents.hpp"

#include <algorithm>

#include "atp/crypto/sha256.hpp"
#include "model/document_fields.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::string_view kFormat = "jsonl";
constexpr std::string_view kTimestampType = "rfc3161";

/// `counts` and `tsa`, as they stand in JSON.
struct Counts {
  std::uint64_t files;
  std::uint64_t records;
};

struct Token {
  Bytes reply;
};

}  // namespace

template <>
struct Codec<ExportedFile> {
  static Json encode(const ExportedFile& file) {
    FieldWriter out;
    out("file", file.name)("bytes", file.bytes)("sha256", file.sha256);
    return std::move(out).json();
  }
  static ExportedFile decode(const Field& field) {
    FieldReader in(field);
    ExportedFile file{
        .name = in.text("file", kObjectKey), .bytes = in["bytes"], .sha256 = in["sha256"]};
    in.finish();
    return file;
  }
};

template <>
struct Codec<ExportedRange> {
  static Json encode(const ExportedRange& range) {
    FieldWriter out;
    out("stream", range.stream)("fromSeg", range.first)("toSeg", range.last);
    return std::move(out).json();
  }
  static ExportedRange decode(const Field& field) {
    FieldReader in(field);
    ExportedRange range{.stream = in["stream"], .first = in["fromSeg"], .last = in["toSeg"]};
    in.finish();
    return range;
  }
};

template <>
struct Codec<Counts> {
  static Json encode(const Counts& counts) {
    FieldWriter out;
    out("files", counts.files)("rows", counts.records);
    return std::move(out).json();
  }
  static Counts decode(const Field& field) {
    FieldReader in(field);
    const Counts counts{.files = in["files"], .records = in["rows"]};
    in.finish();
    return counts;
  }
};

template <>
struct Codec<Token> {
  static Json encode(const Token& token) {
    FieldWriter out;
    out("type", kTimestampType)("token", token.reply);
    return std::move(out).json();
  }
  static Token decode(const Field& field) {
    FieldReader in(field);
    require(std::string(in["type"]) == kTimestampType, "member `tsa`: expected type rfc3161");
    Token token{in["token"]};
    in.finish();
    return token;
  }
};

namespace {

std::uint64_t bytes_of(const std::vector<ExportedFile>& files) {
  std::uint64_t bytes = 0;
  for (const ExportedFile& file : files) bytes += file.bytes;
  return bytes;
}

template <class T, class Key>
bool is_ascending(const std::vector<T>& values, Key key) {
  return std::ranges::adjacent_find(values, [&](const T& one, const T& next) {
           return !(one.*key < next.*key);
         }) == values.end();
}

}  // namespace

void write_members(FieldWriter& out, const ExportManifest& manifest) {
  out("manifestId", manifest.export_id)("region", manifest.region)("format", kFormat);
  out("recoveryPointId", manifest.recovery_point_id);
  out("counts", Counts{manifest.files.size(), manifest.records});
  out("bytes", bytes_of(manifest.files))("hashes", manifest.files);
  out("proofRefs", manifest.ranges);
  if (manifest.timestamp) out("tsa", Token{*manifest.timestamp});
}

template <>
ExportManifest read_members(FieldReader& in, DocumentHeader header) {
  require(std::string(in["format"]) == kFormat, "member `format`: expected jsonl");
  const Counts counts = in["counts"];
  const std::uint64_t bytes = in["bytes"];
  ExportManifest manifest{.header = std::move(header),
                          .export_id = in.text("manifestId", kPointId),
                          .region = in["region"],
                          .recovery_point_id = in.text("recoveryPointId", kPointId),
                          .records = counts.records,
                          .ranges = in["proofRefs"],
                          .files = in["hashes"]};
  if (auto token = in.optional<Token>("tsa")) manifest.timestamp = std::move(token->reply);
  require(is_ascending(manifest.files, &ExportedFile::name),
          "member `hashes`: expected each file once and in order of names");
  require(is_ascending(manifest.ranges, &ExportedRange::stream),
          "member `proofRefs`: expected each stream once and in order");
  require(counts.files == manifest.files.size(),
          "member `counts`: expected as many files as in `hashes`");
  require(bytes == bytes_of(manifest.files),
          "member `bytes`: expected the sum of those in `hashes`");
  return manifest;
}

Digest export_imprint(std::string_view stored) {
  Json json = parse_json(stored);
  require(json.is_object(), "expected an object, found another value");
  for (const char* name : {"tsa", "signature", "coSignatures"}) json.as_object().erase(name);
  return sha256(as_bytes(json.str()));
}

}  // namespace v0
}  // namespace atp
