// SPDX-License-Identifier: Apache-2.0
/// The test vectors of transparency-dev/merkle, read in place.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "atp/crypto/sha256.hpp"
#include "atp/merkle/proof.hpp"
#include "support/shared_data.hpp"

namespace atp::merkle {
namespace {

using H = Rfc9162Hasher;
namespace fs = std::filesystem;

struct Case {
  std::string kind;
  std::string name;
  boost::json::object fields;

  std::uint64_t number(std::string_view field) const {
    return fields.at(field).to_number<std::uint64_t>();
  }
  std::string text(std::string_view field) const {
    return std::string(fields.at(field).as_string());
  }
  bool refused() const { return fields.at("wantErr").as_bool(); }
};

constexpr std::string_view kFolder = "vectors/merkle-transparency-dev/testdata";

std::vector<Case> load_cases() {
  const fs::path folder = atp::test::shared_path(kFolder);
  std::vector<Case> cases;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream file(entry.path());
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const fs::path name = entry.path().lexically_relative(folder);
    cases.push_back({name.begin()->string(), name.string(), boost::json::parse(text).as_object()});
  }
  return cases;
}

/// The parsing edge. A `Digest` has 32 bytes, so a hash of another length gets no further. The
/// vectors have the words "don't care 1" and "don't care 2" where any hash would do, in four of the
/// cases to be accepted: the SHA-256 of the words stands for them, equal for equal words.
std::optional<Digest> parse_hash(std::string_view text) {
  const auto bytes = from_base64(text);
  if (!bytes) return std::nullopt;
  if (as_text(*bytes).starts_with("don't care ")) return sha256(*bytes);
  Digest digest;
  if (bytes->size() != digest.bytes.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), digest.bytes.begin());
  return digest;
}

std::optional<std::vector<Digest>> parse_proof(const boost::json::value& value) {
  std::vector<Digest> proof;
  if (value.is_null()) return proof;
  for (const auto& element : value.as_array()) {
    const auto digest = parse_hash(std::string_view(element.as_string()));
    if (!digest) return std::nullopt;
    proof.push_back(*digest);
  }
  return proof;
}

bool accepts_inclusion(const Case& c, const std::vector<Digest>& proof) {
  const auto leaf_hash = parse_hash(c.text("leafHash"));
  const auto root = parse_hash(c.text("root"));
  if (!leaf_hash || !root) return false;
  const std::uint64_t index = c.number("leafIdx");
  if (c.kind == "inclusion") {
    return verify_inclusion<H>(index, c.number("treeSize"), *leaf_hash, proof, *root);
  }
  return verify_subtree_inclusion<H>(index, {c.number("start"), c.number("end")}, *leaf_hash, proof,
                                     *root);
}

bool accepts_consistency(const Case& c, const std::vector<Digest>& proof) {
  const auto first = parse_hash(c.text("root1"));
  const auto second = parse_hash(c.text("root2"));
  if (!first || !second) return false;
  if (c.kind == "consistency") {
    return verify_consistency<H>(c.number("size1"), c.number("size2"), proof, *first, *second);
  }
  return verify_subtree_consistency<H>({c.number("start"), c.number("end")}, c.number("size"),
                                       proof, *first, *second);
}

bool accepts(const Case& c) {
  const auto proof = parse_proof(c.fields.at("proof"));
  if (!proof) return false;
  const bool inclusion = c.kind == "inclusion" || c.kind == "subtreeinclusion";
  return inclusion ? accepts_inclusion(c, *proof) : accepts_consistency(c, *proof);
}

class MerkleVectors : public testing::Test {
 protected:
  void SetUp() override {
    ATP_REQUIRE_SHARED(kFolder);
    cases_ = load_cases();
  }

  std::vector<Case> cases_;
};

TEST_F(MerkleVectors, T043_All518CasesGetTheirVerdict) {
  std::map<std::string, int> total;
  std::map<std::string, int> refused;
  for (const Case& c : cases_) {
    ++total[c.kind];
    refused[c.kind] += c.refused() ? 1 : 0;
    EXPECT_EQ(accepts(c), !c.refused()) << c.name;
  }
  EXPECT_EQ(cases_.size(), 518U);
  EXPECT_EQ(total, (std::map<std::string, int>{{"consistency", 98},
                                               {"inclusion", 98},
                                               {"subtreeconsistency", 118},
                                               {"subtreeinclusion", 204}}));
  EXPECT_EQ(refused, (std::map<std::string, int>{{"consistency", 92},
                                                 {"inclusion", 92},
                                                 {"subtreeconsistency", 106},
                                                 {"subtreeinclusion", 192}}));
}

TEST_F(MerkleVectors, T044_HashesOfOtherLengthsAreRefusedWhileParsing) {
  EXPECT_FALSE(parse_hash(""));
  EXPECT_FALSE(parse_hash(to_base64(Bytes(31))));
  EXPECT_FALSE(parse_hash(to_base64(Bytes(33))));
  EXPECT_TRUE(parse_hash(to_base64(Bytes(32))));
  int empty_twice = 0;
  for (const Case& c : cases_) {
    if (!c.fields.contains("leafHash")) continue;
    if (!c.text("leafHash").empty() || !c.text("root").empty()) continue;
    ++empty_twice;
    EXPECT_FALSE(accepts(c)) << c.name;
  }
  EXPECT_GT(empty_twice, 0);
}

}  // namespace
}  // namespace atp::merkle
