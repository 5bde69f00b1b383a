// SPDX-License-Identifier: Apache-2.0
#include "atp/verify/open_segment.hpp"

#include "atp/storage/layout.hpp"
#include "restore/restoring.hpp"

namespace atp {
namespace {

using test::error_kind;
using test::is_of_changed_bytes;
using test::RestoreTest;

class OpenSegment : public RestoreTest {
 protected:
  PackageReader open(ObjectStore& store, const std::string& stream, const std::string& segment) {
    return open_segment(store, find_point(store, vault_.incremental),
                        {StreamId(stream), SegmentId(segment)}, vault_.trust(),
                        vault_.identities());
  }
};

TEST_F(OpenSegment, OfAPointOrItsParentGivesItsRecords) {
  const PackageReader parents = open(*store_, "default", "000001");
  EXPECT_EQ(parents.manifest().records, 4100U);
  std::string text;
  parents.read(0, 4100, [&](std::uint64_t, ByteView record) {
    text += std::string(as_text(record)) + "\n";
  });
  EXPECT_EQ(text, vault_.segments.at("default/000001"));
  EXPECT_EQ(open(*store_, "api", "000002").manifest().records, 1U);
}

TEST_F(OpenSegment, ThatThePointLacksIsNotFound) {
  for (const auto& [stream, segment] : std::map<std::string, std::string>{
           {"api", "000003"}, {"ap", "000001"}, {"default", "00000"}}) {
    EXPECT_EQ(
        error_kind([&, &stream = stream, &segment = segment] { open(*store_, stream, segment); }),
        ErrorKind::not_found);
  }
  EXPECT_EQ(error_kind([&] {
              open_segment(*store_, find_point(*store_, "RP-none"),
                           {StreamId("api"), SegmentId("000001")}, vault_.trust(),
                           vault_.identities());
            }),
            ErrorKind::not_found);
}

TEST_F(OpenSegment, NeedsAnIdentity) {
  EXPECT_EQ(error_kind([&] {
              open_segment(*store_, find_point(*store_, vault_.full),
                           {StreamId("api"), SegmentId("000001")}, vault_.trust(), {});
            }),
            ErrorKind::unauthenticated);
}

TEST_F(OpenSegment, BelievesNoChangedDocument) {
  for (const std::string& key :
       {vault_.key_of("recovery-points/acme-corp/"), vault_.key_of("lists/acme-corp/"),
        vault_.key_of("manifests/acme-corp/api/"), layout::ledger_entry(vault_.tenant, 0, 2)}) {
    Bytes changed = vault_.objects().at(key);
    changed[changed.size() / 2] ^= std::byte{1};
    const auto store = vault_.store_with(key, changed);
    EXPECT_TRUE(is_of_changed_bytes(error_kind([&] { open(*store, "api", "000001"); }))) << key;
  }
}

}  // namespace
}  // namespace atp
