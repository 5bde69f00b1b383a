// SPDX-License-Identifier: Apache-2.0
/// Where the shared test vectors are, how they are read, and what the tests of age share.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "atp/core/bytes.hpp"
#include "atp/core/stream.hpp"
#include "support/error_kind.hpp"
#include "support/shared_data.hpp"

namespace atp::test {

inline std::filesystem::path vectors_folder() { return shared_path("vectors"); }

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  ASSERT_TRUE(file.flush().good()) << path;
}

class VectorTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(vectors_folder())) miss(vectors_folder().string());
  }
};

inline Bytes hex(std::string_view text) {
  const std::optional<Bytes> bytes = from_hex(text);
  EXPECT_TRUE(bytes) << text;
  return bytes.value_or(Bytes());
}

/// Bytes that differ from place to place, the same on every run.
inline Bytes pattern(std::size_t size) {
  Bytes bytes(size);
  std::uint32_t state = 1;
  for (std::byte& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

class MemorySink final : public ByteSink {
 public:
  void write(ByteView more) override { bytes.insert(bytes.end(), more.begin(), more.end()); }
  Bytes bytes;
};

}  // namespace atp::test
