// SPDX-License-Identifier: Apache-2.0
/// Bytes, digests, secrets and their text forms. Value types; functions are thread-safe.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "atp/core/export.hpp"

namespace atp {
inline namespace v0 {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;
using MutableByteView = std::span<std::byte>;

inline ByteView as_bytes(std::string_view text) {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

/// Lower-case hexadecimal.
ATP_EXPORT std::string to_hex(ByteView bytes);
/// Accepts lower case only; nothing for anything else.
ATP_EXPORT std::optional<Bytes> from_hex(std::string_view text);

/// Standard base64 with padding (RFC 4648, section 4).
ATP_EXPORT std::string to_base64(ByteView bytes);
/// Refuses white space, missing padding and non-zero trailing bits; nothing then.
ATP_EXPORT std::optional<Bytes> from_base64(std::string_view text);

/// A SHA-256 digest: 32 bytes, never a string.
struct ATP_EXPORT Digest {
  std::array<std::byte, 32> bytes{};

  ByteView view() const { return bytes; }
  std::string hex() const { return to_hex(bytes); }
  /// 64 lower-case hexadecimal digits; nothing for anything else.
  static std::optional<Digest> from_hex(std::string_view text);
  auto operator<=>(const Digest&) const = default;
};

/// Bytes that are wiped when they go, kept out of core dumps and swap where the system lets us.
/// Move-only; never printed.
class ATP_EXPORT SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t size);
  /// Copies `bytes`; the caller wipes the original.
  explicit SecretBytes(ByteView bytes);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  SecretBytes clone() const { return SecretBytes(view()); }
  ByteView view() const { return {data_, size_}; }
  MutableByteView mutable_view() { return {data_, size_}; }
  std::string_view text() const { return as_text(view()); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Overwrites memory in a way the compiler keeps.
ATP_EXPORT void wipe(MutableByteView bytes);

}  // namespace v0
}  // namespace atp
