// SPDX-License-Identifier: Apache-2.0
#include "atp/storage/layout.hpp"

#include <gtest/gtest.h>

namespace atp {
namespace {

const TenantId kTenant("Acme");
const StreamId kStream("a b");

TEST(Layout, KeysOfManifestsSayWhatTheyAreOf) {
  const auto found = layout::find_manifest(layout::manifest(kTenant, kStream, 17));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->stream, kStream);
  EXPECT_EQ(found->sequence, 17U);
  for (const char* key :
       {"", "manifests/", "manifests/t/s", "manifests/t/s/.json", "manifests/t/s/17.json",
        "manifests/t/s/00000000000000000017", "manifests/t/S/00000000000000000017.json",
        "manifests/t/s/x/00000000000000000017.json", "segments/t/s/00000000000000000017.json"}) {
    EXPECT_FALSE(layout::find_manifest(key)) << key;
  }
}

TEST(Layout, KeysOfPackagesSayWhatTheyAreOf) {
  const SegmentId segment("2024.01.jsonl");
  const auto found =
      layout::find_package(layout::package(kTenant, kStream, segment, "0123456789abcdef"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->stream, kStream);
  EXPECT_EQ(found->segment, segment);
  for (const char* key :
       {"", "segments/t/README", "segments/t/s/README", "segments/t/s/.jsonl.zst.age",
        "segments/t/s/.0123456789abcdef.jsonl.zst.age", "segments/t/s/x0123456789abcdef.jsonl.zst",
        "manifests/t/s/x.0123456789abcdef.jsonl.zst.age"}) {
    EXPECT_FALSE(layout::find_package(key)) << key;
  }
}

}  // namespace
}  // namespace atp
