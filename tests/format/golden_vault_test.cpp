// SPDX-License-Identifier: Apache-2.0
/// The golden vault: made again byte for byte, printed in docs/format.md, and sound.
#include "format/golden_vault.hpp"

#include <gtest/gtest.h>

#include "atp/model/trust_policy_file.hpp"
#include "atp/storage/memory_store.hpp"
#include "atp/verify/verify.hpp"
#include "format/files.hpp"

namespace atp::test {
namespace {

constexpr std::string_view kBegin = "<!-- vault:begin -->\n```text\n";
constexpr std::string_view kEnd = "```\n<!-- vault:end -->";

/// As `xxd` prints them.
std::string hex_dump(std::string_view bytes) {
  std::string dump;
  for (std::size_t at = 0; at < bytes.size(); at += 16) {
    const std::string_view line = bytes.substr(at, 16);
    const auto offset = static_cast<std::uint32_t>(at);
    const std::byte place[] = {std::byte(offset >> 24), std::byte(offset >> 16),
                               std::byte(offset >> 8), std::byte(offset)};
    std::string digits;
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      digits += (i > 0 && i % 2 == 0 ? " " : "") + to_hex(as_bytes(line.substr(i, 1)));
      text += line[i] > ' ' - 1 && line[i] < 0x7f ? line[i] : '.';
    }
    digits.resize(39, ' ');
    dump += to_hex(place) + ": " + digits + "  " + text + "\n";
  }
  return dump;
}

/// `a/.b.retention` stands behind `a/b`.
std::string place_of(const std::string& name) {
  const auto slash = name.rfind('/') + 1;
  return name[slash] == '.' ? name.substr(0, slash) + name.substr(slash + 1) : name;
}

std::string print(const FileMap& store) {
  std::map<std::string, std::string> names;
  for (const auto& [name, contents] : store) names[place_of(name)] = name;
  std::string text;
  for (const auto& [place, name] : names) {
    const std::string& contents = store.at(name);
    text += "--- " + name + " (" + std::to_string(contents.size()) + " bytes)\n";
    text += name.ends_with(".age") ? hex_dump(contents) : contents;
    if (text.back() != '\n') text += '\n';
  }
  return text;
}

/// JSON over several lines; everything else as it is.
std::string pretty(const Json& json, const std::string& indent = "") {
  const std::string inner = indent + "  ";
  std::string text;
  if (json.is_object() && !json.as_object().empty()) {
    for (const auto& [name, value] : json.as_object()) {
      text += (text.empty() ? "{\n" : ",\n") + inner + Json(name).str() + ": ";
      text += pretty(value, inner);
    }
    return text + "\n" + indent + "}";
  }
  if (json.is_array() && !json.as_array().empty()) {
    for (const Json& value : json.as_array()) {
      text += (text.empty() ? "[\n" : ",\n") + inner + pretty(value, inner);
    }
    return text + "\n" + indent + "]";
  }
  return json.str();
}

std::string open_package(const std::string& key) {
  const GoldenVault& golden = golden_vault();
  const auto vault_key = age::Identity::parse_file(golden.keys.at("vault.key"));
  for (const auto& [name, contents] : golden.store) {
    if (!name.starts_with("keys/") || !name.ends_with(".age")) continue;
    const auto epoch_key =
        age::Identity::parse_file(age::decrypt(as_bytes(contents), {&vault_key, 1}).text());
    const SecretBytes plain = age::decrypt(as_bytes(golden.store.at(key)), {&epoch_key, 1});
    return std::string(plain.text());
  }
  return "no wrap";
}

/// What stands behind `<!-- example: NAME -->`.
std::string example(const std::string& name) {
  constexpr std::string_view kPlain = "plain ";
  if (name.starts_with(kPlain)) return hex_dump(open_package(name.substr(kPlain.size())));
  const GoldenVault& golden = golden_vault();
  const auto found = golden.store.find(name);
  const std::string& contents = found == golden.store.end() ? golden.keys.at(name) : found->second;
  if (contents.front() != '{' || name.ends_with(".retention")) return contents;
  return pretty(parse_json(contents)) + "\n";
}

/// The document with its vault and examples as they are now.
std::string with_examples(std::string document) {
  const auto replace = [&](std::size_t begin, std::string_view end, const std::string& text) {
    const auto stop = document.find(end, begin);
    if (stop == document.npos) throw std::runtime_error("a block of the document has no end");
    document.replace(begin, stop - begin, text);
    return begin + text.size();
  };
  const auto vault = document.find(kBegin);
  if (vault == document.npos) throw std::runtime_error("the document prints no vault");
  std::size_t at = replace(vault + kBegin.size(), kEnd, print(golden_vault().store));
  constexpr std::string_view kExample = "<!-- example: ";
  while ((at = document.find(kExample, at)) != document.npos) {
    const auto from = at + kExample.size();
    const auto name = document.substr(from, document.find(" -->", from) - from);
    const auto line = document.find("```", from);
    at = replace(document.find('\n', line) + 1, "```\n", example(name));
  }
  return document;
}

void expect_same(const FileMap& made, const std::string& folder) {
  const auto path = vectors_path(folder);
  if (regenerating()) {
    if (folder != "keys") std::filesystem::remove_all(path);
    for (const auto& [name, contents] : made) write_text(path / name, contents);
  }
  for (const auto& [name, contents] : made) {
    ASSERT_TRUE(std::filesystem::exists(path / name)) << path / name;
    EXPECT_EQ(read_text(path / name), contents) << name;
  }
}

class StoredVault : public testing::Test {
 protected:
  Report verify(const FileMap& files, const std::string& point) {
    const auto store = memory_store(std::make_shared<ManualClock>());
    for (const auto& [name, contents] : files) {
      if (place_of(name) == name) put_object(*store, name, as_bytes(contents), {});
    }
    return verify_point(*store, find_point(*store, point), &trust_, {&identity_, 1},
                        {.workers = 1});
  }

  const FileMap files_ = read_folder(vectors_path("vault/store"));
  const age::Identity identity_ =
      age::Identity::parse_file(read_text(vectors_path("keys") / "vault.key"));
  const TrustPolicy trust_ = parse_trust_policy(read_text(vectors_path("keys") / "trust.json"));
};

TEST(GoldenVault, IsMadeAgainByteForByte) {
  expect_same(golden_vault().keys, "keys");
  expect_same(golden_vault().store, "vault/store");
  EXPECT_EQ(read_folder(vectors_path("vault/store")).size(), golden_vault().store.size());
}

TEST(GoldenVault, StandsInTheFormatDocument) {
  const auto path = project_path() / "docs" / "format.md";
  const std::string document = read_text(path);
  const std::string expected = with_examples(document);
  if (regenerating()) return write_text(path, expected);
  EXPECT_EQ(document, expected);
}

TEST_F(StoredVault, IsVerifiedToTheLastRecord) {
  for (const auto& point : {golden_vault().full_point, golden_vault().incremental_point}) {
    const Report report = verify(files_, point);
    EXPECT_TRUE(report.passed());
    for (const Check& check : report.failures()) ADD_FAILURE() << check.name << " " << check.found;
  }
}

TEST_F(StoredVault, IsNotVerifiedWithOneByteChanged) {
  for (const auto& [name, contents] : files_) {
    if (place_of(name) != name) continue;
    for (const std::size_t at : {std::size_t{0}, contents.size() / 2, contents.size() - 1}) {
      FileMap changed = files_;
      changed[name][at] = static_cast<char>(changed[name][at] ^ 1);
      EXPECT_FALSE(verify(changed, golden_vault().incremental_point).passed())
          << name << " at " << at;
    }
  }
}

TEST_F(StoredVault, IsNotVerifiedWithoutOneObject) {
  for (const auto& [name, contents] : files_) {
    if (place_of(name) != name) continue;
    FileMap changed = files_;
    changed.erase(name);
    const bool middle_checkpoint = name.ends_with("checkpoints/00000000000000000002");
    EXPECT_EQ(verify(changed, golden_vault().incremental_point).passed(), middle_checkpoint)
        << name;
  }
}

}  // namespace
}  // namespace atp::test
