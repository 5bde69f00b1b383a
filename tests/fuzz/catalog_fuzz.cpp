// SPDX-License-Identifier: Apache-2.0
// The catalog's file. The first byte says what the rest is: the file itself, changes to a sound one
// (four bytes each: where, how many bits, which byte), or a journal beside a sound one.
// covers: src/catalog/sqlite_catalog.cpp src/catalog/sqlite.cpp src/catalog/sqlite_vfs.cpp
// covers: src/catalog/rows.cpp
#include <memory>
#include <string>

#include "atp/catalog/catalog.hpp"
#include "fuzz.hpp"
#include "support/sequence_random.hpp"
#include "support/simulated_file_system.hpp"

using atp::Bytes;
using atp::ByteView;
using atp::fuzz::parse;
using atp::fuzz::require;

namespace {

const std::string kVaultId = "00112233445566778899aabbccddeeff";
const atp::Path kPath = "/catalog.db";
constexpr std::uint64_t kLimit = 1 << 20;

std::shared_ptr<atp::Random> random_bytes() {
  return std::make_shared<atp::test::SequenceRandom>();
}

/// A catalog with a row in every table.
Bytes make_sound() {
  const auto files = std::make_shared<atp::test::SimulatedFileSystem>();
  const atp::TenantId tenant("acme-corp");
  const atp::StreamId stream("default");
  const atp::SegmentId segment("000001");
  const auto catalog = atp::create_sqlite_catalog(files, random_bytes(), kPath, kVaultId);
  catalog->begin_job({.job_id = std::string(32, '1'),
                      .tenant = tenant,
                      .kind = "backup",
                      .state = atp::JobState::running,
                      .recovery_point_id = "RP-1"});
  catalog->record_segments({{tenant, stream, 0, segment, {}, "a manifest"}});
  catalog->record_ledger({{tenant, 1, "RP-1", {}, {}, "a point"}},
                         {tenant, 0, "origin", 2, {}, {atp::Digest{}, atp::Digest{}}});
  catalog->record_stats({{tenant, stream, segment, "/source/000001.jsonl", 1, {}, {}, 7, {}}});
  catalog->halt({tenant, {}, "ledger/acme/0/entries/1", "expected this, found that"});
  return atp::read_file(*files, kPath, kLimit);
}

const Bytes& sound() {
  static const Bytes bytes = make_sound();
  return bytes;
}

Bytes changed(ByteView orders) {
  Bytes bytes = sound();
  for (; orders.size() >= 4; orders = orders.subspan(4)) {
    const auto number = [&](std::size_t i) { return std::to_integer<std::size_t>(orders[i]); };
    const std::size_t at = (number(0) << 8 | number(1)) % bytes.size();
    for (std::size_t i = 0; i <= number(2) % 8 && at + i < bytes.size(); ++i) {
      bytes[at + i] = orders[3];
    }
  }
  return bytes;
}

void write(atp::FileSystem& files, const std::string& path, ByteView bytes) {
  files.open(path, atp::OpenMode::create_new)->write_at(0, bytes);
}

void use(atp::Catalog& catalog) {
  const atp::TenantId tenant("acme-corp");
  parse([&] { require(catalog.vault_id() == kVaultId, "a catalog is of its vault"); });
  parse([&] { catalog.derived(); });
  parse([&] { catalog.segments(tenant); });
  parse([&] { catalog.points(std::nullopt); });
  parse([&] { catalog.ledger_head(tenant); });
  parse([&] { catalog.running_jobs(); });
  parse([&] { catalog.job(std::string(32, '1')); });
  parse([&] { catalog.stats(tenant); });
  parse([&] {
    catalog.record_segments({{tenant, atp::StreamId("api"), 0, atp::SegmentId("1"), {}, "x"}});
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView rest = atp::fuzz::input(data, size).subspan(1);
  const unsigned kind = data[0] % 3;
  const auto files = std::make_shared<atp::test::SimulatedFileSystem>();
  write(*files, kPath,
        kind == 0 ? Bytes(rest.begin(), rest.end()) : changed(kind == 1 ? rest : ByteView()));
  if (kind == 2) write(*files, kPath.string() + "-journal", rest);
  parse([&] {
    const auto catalog = atp::open_sqlite_catalog(files, random_bytes(), kPath, kVaultId);
    use(*catalog);
  });
  return 0;
}
