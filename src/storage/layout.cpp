// SPDX-License-Identifier: Apache-2.0
#include "atp/storage/layout.hpp"

#include <algorithm>

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace layout {
namespace {

std::string folder(std::string_view root, const TenantId& tenant) {
  return std::string(root) + "/" + tenant.encoded() + "/";
}

std::string ledger(const TenantId& tenant, std::uint64_t term) {
  return folder("ledger", tenant) + std::to_string(term) + "/";
}

}  // namespace

std::string policies(const TenantId& tenant) { return folder("policies", tenant); }

std::string policy(const TenantId& tenant, std::uint64_t version) {
  return policies(tenant) + format_sequence(version) + ".json";
}

std::string key_epochs(const TenantId& tenant) { return folder("keys", tenant); }

std::string key_epoch(const TenantId& tenant, const std::string& epoch) {
  return key_epochs(tenant) + epoch + "/";
}

std::string key_epoch_document(const TenantId& tenant, const std::string& epoch,
                               std::uint64_t index) {
  return key_epoch(tenant, epoch) + format_sequence(index) + ".json";
}

std::string key_wrap(const TenantId& tenant, const std::string& epoch, const std::string& attempt) {
  return key_epoch(tenant, epoch) + attempt + ".age";
}

std::string packages(const TenantId& tenant) { return folder("segments", tenant); }

std::string package(const TenantId& tenant, const StreamId& stream, const SegmentId& segment,
                    const std::string& attempt) {
  return packages(tenant) + stream.encoded() + "/" + segment.encoded() + "." + attempt +
         ".jsonl.zst.age";
}

std::string manifests(const TenantId& tenant) { return folder("manifests", tenant); }

std::string manifests(const TenantId& tenant, const StreamId& stream) {
  return manifests(tenant) + stream.encoded() + "/";
}

std::string manifest(const TenantId& tenant, const StreamId& stream, std::uint64_t sequence) {
  return manifests(tenant, stream) + format_sequence(sequence) + ".json";
}

std::string list_page(const TenantId& tenant, const Digest& sha256) {
  return folder("lists", tenant) + sha256.hex() + ".json";
}

std::string recovery_points(const TenantId& tenant) { return folder("recovery-points", tenant); }

std::string recovery_point(const TenantId& tenant, const std::string& id) {
  return recovery_points(tenant) + id + ".json";
}

std::string ledger_entries(const TenantId& tenant, std::uint64_t term) {
  return ledger(tenant, term) + "entries/";
}

std::string ledger_entry(const TenantId& tenant, std::uint64_t term, std::uint64_t index) {
  return ledger_entries(tenant, term) + format_sequence(index);
}

std::string ledger_checkpoints(const TenantId& tenant, std::uint64_t term) {
  return ledger(tenant, term) + "checkpoints/";
}

std::string ledger_checkpoint(const TenantId& tenant, std::uint64_t term, std::uint64_t size) {
  return ledger_checkpoints(tenant, term) + format_sequence(size);
}

std::string ledger_tiles(const TenantId& tenant, std::uint64_t term) {
  return folder("tiles", tenant) + std::to_string(term) + "/";
}

std::string ledger_tile(const TenantId& tenant, std::uint64_t term, unsigned level,
                        std::uint64_t number, std::uint64_t width) {
  return ledger_tiles(tenant, term) + std::to_string(level) + "/" + format_sequence(number) + "/" +
         std::to_string(width);
}

std::string entry_bundle(const TenantId& tenant, std::uint64_t term, std::uint64_t number) {
  return ledger_tiles(tenant, term) + "entries/" + format_sequence(number);
}

std::string cosignatures(const TenantId& tenant, std::uint64_t term) {
  return folder("cosignatures", tenant) + std::to_string(term) + "/";
}

std::string cosignatures(const TenantId& tenant, std::uint64_t term, std::uint64_t size) {
  return cosignatures(tenant, term) + format_sequence(size) + "/";
}

std::string cosignature(const TenantId& tenant, std::uint64_t term, std::uint64_t size,
                        const std::string& attempt) {
  return cosignatures(tenant, term, size) + attempt;
}

std::string timestamps(const TenantId& tenant) { return folder("timestamps", tenant); }

std::string timestamps(const TenantId& tenant, const Digest& sha256) {
  return timestamps(tenant) + sha256.hex() + "/";
}

std::string timestamp(const TenantId& tenant, const Digest& sha256, const std::string& attempt) {
  return timestamps(tenant, sha256) + attempt + ".tsr";
}

std::string documents(const TenantId& tenant) { return folder("documents", tenant); }

std::string documents(const TenantId& tenant, const Digest& sha256) {
  return documents(tenant) + sha256.hex() + "/";
}

std::string document(const TenantId& tenant, const Digest& sha256, const std::string& attempt) {
  return documents(tenant, sha256) + attempt + ".json.age";
}

std::string halts(const TenantId& tenant) { return folder("halts", tenant); }

std::string halt(const TenantId& tenant, std::uint64_t number) {
  return halts(tenant) + format_sequence(number) + ".json";
}

std::string_view element(std::string_view key, std::size_t depth) {
  std::string_view rest = key;
  for (std::size_t i = 0; i < depth; ++i) {
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos) {
      throw Error(ErrorKind::invalid_argument, std::string(key), "key has too few elements");
    }
    rest.remove_prefix(slash + 1);
  }
  return rest.substr(0, rest.find('/'));
}

std::optional<std::uint64_t> find_number(std::string_view key, std::size_t depth) {
  try {
    return parse_sequence(element(key, depth));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::invalid_argument) throw;
    return std::nullopt;
  }
}

namespace {

/// The last of the four elements, of a key that begins with `root` and ends with `suffix`.
std::optional<std::string_view> find_last(std::string_view key, std::string_view root,
                                          std::string_view suffix) {
  const bool fits = key.starts_with(root) && key.ends_with(suffix) &&
                    std::ranges::count(key, '/') == 3 && element(key, 3).size() > suffix.size();
  if (!fits) return std::nullopt;
  return element(key.substr(0, key.size() - suffix.size()), 3);
}

}  // namespace

std::optional<ManifestKey> find_manifest(std::string_view key) {
  const auto number = find_last(key, "manifests/", ".json");
  const auto sequence = number ? find_number(*number, 0) : std::nullopt;
  auto stream = sequence ? StreamId::try_decode(element(key, 2)) : std::nullopt;
  if (!stream) return std::nullopt;
  return ManifestKey{std::move(*stream), *sequence};
}

std::optional<PackageKey> find_package(std::string_view key) {
  constexpr std::size_t kAttempt = 1 + 16;  // A dot and the attempt's digits.
  const auto name = find_last(key, "segments/", ".jsonl.zst.age");
  if (!name || name->size() <= kAttempt) return std::nullopt;
  auto stream = StreamId::try_decode(element(key, 2));
  auto segment = SegmentId::try_decode(name->substr(0, name->size() - kAttempt));
  if (!stream || !segment) return std::nullopt;
  return PackageKey{std::move(*stream), std::move(*segment)};
}

}  // namespace layout
}  // namespace v0
}  // namespace atp
