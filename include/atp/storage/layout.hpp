// SPDX-License-Identifier: Apache-2.0
/// The one place that knows how keys are spelled. docs/format.md has the tree. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "atp/core/export.hpp"
#include "atp/core/ids.hpp"

namespace atp {
inline namespace v0 {
namespace layout {

/// What tenants' names stand under.
inline constexpr std::array<std::string_view, 12> kTenantRoots{
    "cosignatures/", "documents/", "halts/",           "keys/",     "ledger/",     "lists/",
    "manifests/",    "policies/",  "recovery-points/", "segments/", "timestamps/", "tiles/"};

/// Of these, what is derived from the rest and kept by no retention.
inline constexpr std::string_view kTiles = "tiles/";

inline constexpr std::string_view kVault = "vault.json";

/// `policies/<tenant>/`.
ATP_EXPORT std::string policies(const TenantId& tenant);
ATP_EXPORT std::string policy(const TenantId& tenant, std::uint64_t version);

/// `keys/<tenant>/<epoch>/`.
ATP_EXPORT std::string key_epochs(const TenantId& tenant);
ATP_EXPORT std::string key_epoch(const TenantId& tenant, const std::string& epoch);
ATP_EXPORT std::string key_epoch_document(const TenantId& tenant, const std::string& epoch,
                                          std::uint64_t index);
ATP_EXPORT std::string key_wrap(const TenantId& tenant, const std::string& epoch,
                                const std::string& attempt);

/// `segments/<tenant>/<stream>/<segment>.<16 hex>.jsonl.zst.age`.
ATP_EXPORT std::string packages(const TenantId& tenant);
ATP_EXPORT std::string package(const TenantId& tenant, const StreamId& stream,
                               const SegmentId& segment, const std::string& attempt);

/// `manifests/<tenant>/<stream>/<sequence>.json`.
ATP_EXPORT std::string manifests(const TenantId& tenant);
ATP_EXPORT std::string manifests(const TenantId& tenant, const StreamId& stream);
ATP_EXPORT std::string manifest(const TenantId& tenant, const StreamId& stream,
                                std::uint64_t sequence);

/// `lists/<tenant>/<sha256>.json`.
ATP_EXPORT std::string list_page(const TenantId& tenant, const Digest& sha256);

/// `recovery-points/<tenant>/<id>.json`.
ATP_EXPORT std::string recovery_points(const TenantId& tenant);
ATP_EXPORT std::string recovery_point(const TenantId& tenant, const std::string& id);

/// `ledger/<tenant>/<term>/entries/<index>` and `checkpoints/<size>`.
ATP_EXPORT std::string ledger_entries(const TenantId& tenant, std::uint64_t term);
ATP_EXPORT std::string ledger_entry(const TenantId& tenant, std::uint64_t term,
                                    std::uint64_t index);
ATP_EXPORT std::string ledger_checkpoints(const TenantId& tenant, std::uint64_t term);
ATP_EXPORT std::string ledger_checkpoint(const TenantId& tenant, std::uint64_t term,
                                         std::uint64_t size);

/// `tiles/<tenant>/<term>/<level>/<number>/<width>`: hashes of the ledger's tree, 256 a tile.
ATP_EXPORT std::string ledger_tiles(const TenantId& tenant, std::uint64_t term);
ATP_EXPORT std::string ledger_tile(const TenantId& tenant, std::uint64_t term, unsigned level,
                                   std::uint64_t number, std::uint64_t width);
/// `tiles/<tenant>/<term>/entries/<number>`: the entries of a full tile of the lowest level.
ATP_EXPORT std::string entry_bundle(const TenantId& tenant, std::uint64_t term,
                                    std::uint64_t number);

/// `cosignatures/<tenant>/<term>/<size>/<16 hex>`: of the checkpoint of that size.
ATP_EXPORT std::string cosignatures(const TenantId& tenant, std::uint64_t term);
ATP_EXPORT std::string cosignatures(const TenantId& tenant, std::uint64_t term, std::uint64_t size);
ATP_EXPORT std::string cosignature(const TenantId& tenant, std::uint64_t term, std::uint64_t size,
                                   const std::string& attempt);

/// `timestamps/<tenant>/<sha256>/<16 hex>.tsr`: of the object whose stored bytes have that digest.
ATP_EXPORT std::string timestamps(const TenantId& tenant);
ATP_EXPORT std::string timestamps(const TenantId& tenant, const Digest& sha256);
ATP_EXPORT std::string timestamp(const TenantId& tenant, const Digest& sha256,
                                 const std::string& attempt);

/// `documents/<tenant>/<sha256>/<16 hex>.json.age`: what a statement names, by the digest of what
/// was signed.
ATP_EXPORT std::string documents(const TenantId& tenant);
ATP_EXPORT std::string documents(const TenantId& tenant, const Digest& sha256);
ATP_EXPORT std::string document(const TenantId& tenant, const Digest& sha256,
                                const std::string& attempt);

/// `halts/<tenant>/<number>.json`.
ATP_EXPORT std::string halts(const TenantId& tenant);
ATP_EXPORT std::string halt(const TenantId& tenant, std::uint64_t number);

/// The element of `key` after the `depth`-th slash: `element("a/b/c", 1)` is `b`.
/// Throws: invalid_argument where there is none.
ATP_EXPORT std::string_view element(std::string_view key, std::size_t depth);

/// That element as a number of 20 digits; nothing for a key that is none of ours.
ATP_EXPORT std::optional<std::uint64_t> find_number(std::string_view key, std::size_t depth);

struct ManifestKey {
  StreamId stream;
  std::uint64_t sequence;
};
/// What the key of a manifest says; nothing for a key of something else.
ATP_EXPORT std::optional<ManifestKey> find_manifest(std::string_view key);

struct PackageKey {
  StreamId stream;
  SegmentId segment;
};
/// What the key of a package says; nothing for a key of something else.
ATP_EXPORT std::optional<PackageKey> find_package(std::string_view key);

}  // namespace layout
}  // namespace v0
}  // namespace atp
