// SPDX-License-Identifier: Apache-2.0
/// Where the shared test vectors are, how they are read, and what the tests of age share.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "atp/core/bytes.hpp"
#include "atp/core/error.hpp"
#include "atp/core/stream.hpp"

namespace atp::test {

inline std::filesystem::path vectors_folder() {
  if (const char* shared = std::getenv("ATP_SHARED"))
    return std::filesystem::path(shared) / "vectors";
  const char* source = std::getenv("ATP_SOURCE_DIR");
  return std::filesystem::path(source ? source : ".") / "../shared/vectors";
}

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

/// What a test does without something it needs: fails where all must be there, else skips.
inline void miss(const std::string& what) {
  if (std::getenv("ATP_CI"))
    FAIL() << what << " is missing";
  else
    GTEST_SKIP() << what << " is missing";
}

class VectorTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(vectors_folder())) miss(vectors_folder().string());
  }
};

/// The kind of the error that `act` throws; nothing where it throws none.
template <class Act>
std::optional<ErrorKind> error_of(Act act) {
  try {
    act();
    return {};
  } catch (const Error& error) {
    return error.kind();
  }
}

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
