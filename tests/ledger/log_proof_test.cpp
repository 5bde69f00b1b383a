// SPDX-License-Identifier: Apache-2.0
#include "atp/ledger/log_proof.hpp"

#include <gtest/gtest.h>

#include "atp/crypto/sha256.hpp"
#include "support/error_kind.hpp"

namespace atp::test {
namespace {

const LogProof kProof{.extra = "any bytes",
                      .index = 5,
                      .path = {sha256(as_bytes("a")), sha256(as_bytes("b"))},
                      .checkpoint = "a note\n"};

/// C2SP tlog-proof.md, "Format".
TEST(LogProof, HasTheLinesOfTheSpecification) {
  EXPECT_EQ(format_log_proof(kProof), "c2sp.org/tlog-proof@v1\nextra YW55IGJ5dGVz\nindex 5\n" +
                                          to_base64(kProof.path[0].view()) + "\n" +
                                          to_base64(kProof.path[1].view()) + "\n\na note\n");
  EXPECT_EQ(format_log_proof({.index = 0, .checkpoint = "n\n"}),
            "c2sp.org/tlog-proof@v1\nindex 0\n\nn\n");
}

TEST(LogProof, IsReadAsItWasWritten) {
  EXPECT_EQ(parse_log_proof(format_log_proof(kProof)), kProof);
  const LogProof least{.index = 0, .checkpoint = ""};
  EXPECT_EQ(parse_log_proof(format_log_proof(least)), least);
}

TEST(LogProof, OfAnyOtherFormIsRefusedWithItsLine) {
  const std::string hash = to_base64(kProof.path[0].view());
  for (const auto& [text, line] : std::map<std::string, std::string>{
           {"", "line 1"},
           {"c2sp.org/tlog-proof@v1", "line 1"},
           {"c2sp.org/tlog-proof@v2\nindex 0\n\n", "line 1"},
           {"c2sp.org/tlog-proof@v1\r\nindex 0\n\n", "line 1"},
           {"c2sp.org/tlog-proof@v1\n\nindex 0\n\n", "line 2"},
           {"c2sp.org/tlog-proof@v1\nindex 00\n\n", "line 2"},
           {"c2sp.org/tlog-proof@v1\nindex 01\n\n", "line 2"},
           {"c2sp.org/tlog-proof@v1\nindex -1\n\n", "line 2"},
           {"c2sp.org/tlog-proof@v1\nindex 18446744073709551616\n\n", "line 2"},
           {"c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n", "line 2"},
           {"c2sp.org/tlog-proof@v1\nextra Zh==\nindex 0\n\n", "line 2"},
           {"c2sp.org/tlog-proof@v1\nindex 0\nextra Zg==\n\n", "line 3"},
           {"c2sp.org/tlog-proof@v1\nindex 0\n" + hash + "=\n\n", "line 3"},
           {"c2sp.org/tlog-proof@v1\nindex 0\n" + hash + "\n", "line 4"},
           {"c2sp.org/tlog-proof@v1\nindex 0\n" + hash + " \n\n", "line 3"}}) {
    try {
      parse_log_proof(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::corrupt);
      EXPECT_TRUE(error.message().starts_with(line + ":")) << text << "\n" << error.message();
    }
  }
}

TEST(LogProof, T044_HasAtMost64Hashes) {
  LogProof proof = kProof;
  proof.path.assign(64, Digest{});
  EXPECT_EQ(parse_log_proof(format_log_proof(proof)), proof);
  proof.path.emplace_back();
  EXPECT_EQ(error_kind([&] { parse_log_proof(format_log_proof(proof)); }), ErrorKind::corrupt);
}

}  // namespace
}  // namespace atp::test
