// SPDX-License-Identifier: Apache-2.0
/// A vault as the library makes it, in memory, small enough to damage everywhere: tenant
/// `acme-corp` with a full point (stream `default`: 000001, of two frames where it has over 4,096
/// records; stream `api`: 000001) and an incremental one (`api`: 000002), and tenant `acme` with
/// one point. Its objects can be copied, damaged and put into a store of their own.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "atp/backup/take_backup.hpp"
#include "atp/model/json.hpp"
#include "atp/storage/memory_store.hpp"
#include "atp/vault/vault_folder.hpp"
#include "support/manual_clock.hpp"
#include "support/sequence_random.hpp"
#include "support/simulated_file_system.hpp"

namespace atp::test {

using Objects = std::map<std::string, Bytes>;

inline std::string numbered_records(std::uint64_t from, std::uint64_t to) {
  std::string text;
  for (std::uint64_t i = from; i < to; ++i) {
    text += "{\"n\":" + std::to_string(i) +
            ",\"time\":\"2026-01-01T00:00:" + std::string(i % 60 < 10 ? "0" : "") +
            std::to_string(i % 60) + "Z\"}\n";
  }
  return text;
}

class SmallVault {
 public:
  const TenantId tenant{"acme-corp"};
  const TenantId other_tenant{"acme"};
  PointName name_of(const std::string& id) const {
    return {id == other_point ? other_tenant : tenant, id};
  }

  std::shared_ptr<ManualClock> clock = std::make_shared<ManualClock>();
  std::shared_ptr<SimulatedFileSystem> files = std::make_shared<SimulatedFileSystem>(clock);
  std::shared_ptr<Vault> vault;
  std::string full;
  std::string incremental;
  std::string other_point;
  /// What is sealed, decoded, by `<stream>/<segment>`.
  std::map<std::string, std::string> segments = {};

  /// Vaults of two times have the same keys, and mostly the same names for their objects.
  explicit SmallVault(std::uint64_t records = 4100, Time start = ManualClock().now()) {
    clock->set(start);
    const Environment environment{files, clock, std::make_shared<SequenceRandom>(7)};
    const CreatedVault created =
        create_vault(environment, "/vault", {.region = Region("west"), .configuration = "/config"});
    vault = open_vault(environment, "/vault",
                       load_keys(*files, created.keys.signing_key.parent_path()));
    put("default/000001", "/source/000001.jsonl", numbered_records(0, records));
    put("api/000001", "/source/api/000001.jsonl",
        numbered_records(0, 2) + "no JSON at all\n\n" + "{\"time\":\"2026-01-02T00:00:00Z\"}");
    full = backup(tenant, "/source");
    put("api/000002", "/source/api/000002.jsonl", "{\"time\":\"2026-03-01T00:00:00Z\"}\n");
    incremental = backup(tenant, "/source");
    write("/other/000001.jsonl", "{\"time\":\"2026-03-01T00:00:00Z\"}\n");
    other_point = backup(other_tenant, "/other");
    for_each_key(vault->store(), "", [&](const std::string& key) {
      objects_.emplace(key, get_object(vault->store(), key, 64 << 20));
    });
  }

  const TrustPolicy& trust() const { return vault->trust(); }
  std::span<const age::Identity> identities() const { return vault->keys().identities; }
  /// By key.
  const Objects& objects() const { return objects_; }

  std::shared_ptr<ObjectStore> store_of(const Objects& objects) const {
    auto store = memory_store(clock);
    for (const auto& [key, bytes] : objects) put_object(*store, key, bytes, {});
    return store;
  }
  /// With one object in another's place, or without it.
  std::shared_ptr<ObjectStore> store_with(const std::string& key,
                                          const std::optional<Bytes>& bytes) const {
    Objects changed = objects_;
    changed.erase(key);
    if (bytes) changed.emplace(key, *bytes);
    return store_of(changed);
  }

  /// The one key that begins with `prefix` and holds `part`.
  std::string key_of(const std::string& prefix, const std::string& part = "") const {
    for (const auto& [key, bytes] : objects_) {
      if (key.starts_with(prefix) && key.find(part) != std::string::npos) return key;
    }
    return "";
  }

  /// A stored document with changed members, signed as the vault would.
  Bytes resigned(const std::string& key, const Json::Object& members) const {
    Json json = parse_json(as_text(objects_.at(key)));
    for (const auto& [name, value] : members) json.as_object().insert_or_assign(name, value);
    json.as_object().erase("signature");
    const Bytes signature = vault->signers().current().sign(as_bytes(json.str()));
    json.as_object().emplace("signature", to_base64(signature));
    return to_bytes(json.str());
  }

 private:
  void write(const Path& path, const std::string& text) {
    create_directories(*files, path.parent_path());
    files->open(path, OpenMode::create_new)->write_at(0, as_bytes(text));
  }
  void put(const std::string& name, const Path& path, const std::string& text) {
    segments.emplace(name, text);
    write(path, text);
  }
  std::string backup(const TenantId& of, const Path& folder) {
    clock->advance(std::chrono::minutes(1));
    const auto source = segment_folder(files, folder);
    // Some records are months ahead of the clock.
    return take_backup(*vault, *source, {.tenant = of, .clock = ClockTrust::insist, .workers = 1})
        .recovery_point_id;
  }

  Objects objects_;
};

/// Made once a process; nothing changes it.
inline const SmallVault& small_vault() {
  static const SmallVault vault;
  return vault;
}

}  // namespace atp::test
