// SPDX-License-Identifier: Apache-2.0
/// Names and ids as types of their own, and their one encoding in keys. Value types; functions are
/// thread-safe.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "atp/core/error.hpp"
#include "atp/core/export.hpp"
#include "atp/core/random.hpp"
#include "atp/core/time.hpp"

namespace atp {
inline namespace v0 {

/// `[a-z0-9._-]` literal, every other byte and a leading dot as `=XX` (upper-case hex). Injective,
/// and safe on file systems that fold case or Unicode.
ATP_EXPORT std::string encode_name(std::string_view name);
/// The name that `encode_name` made this of. Throws: invalid_argument where it made none.
ATP_EXPORT std::string decode_name(std::string_view encoded);

/// Throws: invalid_argument unless `name` is non-empty UTF-8 without control characters (U+0000 to
/// U+001F, U+007F) and at most `limit` bytes long once encoded.
ATP_EXPORT void check_name(std::string_view what, std::string_view name, std::size_t limit);

struct TenantTag {
  static constexpr std::string_view what = "tenant";
  static constexpr std::size_t limit = 120;
};
struct StreamTag {
  static constexpr std::string_view what = "stream";
  static constexpr std::size_t limit = 120;
};
struct SegmentTag {
  static constexpr std::string_view what = "segment";
  static constexpr std::size_t limit = 120;
};
struct RegionTag {
  static constexpr std::string_view what = "region";
  static constexpr std::size_t limit = 32;
};

/// A checked name given from outside; names of different things do not mix.
template <class Tag>
class Name {
 public:
  /// Throws: invalid_argument.
  explicit Name(std::string name) : name_(std::move(name)) {
    check_name(Tag::what, name_, Tag::limit);
  }
  static Name decode(std::string_view encoded) { return Name(decode_name(encoded)); }
  /// Nothing for what is no encoded name.
  static std::optional<Name> try_decode(std::string_view encoded) {
    try {
      return decode(encoded);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::invalid_argument) throw;
      return std::nullopt;
    }
  }

  const std::string& str() const { return name_; }
  std::string encoded() const { return encode_name(name_); }
  auto operator<=>(const Name&) const = default;

 private:
  std::string name_;
};

using TenantId = Name<TenantTag>;
using StreamId = Name<StreamTag>;
using SegmentId = Name<SegmentTag>;
using Region = Name<RegionTag>;

/// `<count * 2>` lower-case hex digits from `random`.
ATP_EXPORT std::string random_hex(Random& random, std::size_t count);

/// An id that nobody parses. `RP-<yyyymmddThhmmssZ>-<region>-<tenant>.<8 Crockford base32 digits,
/// lower case>`, names encoded.
ATP_EXPORT std::string make_recovery_point_id(Time created_at, const Region& region,
                                              const TenantId& tenant, Random& random);

/// The same of an export: `EX-...`.
ATP_EXPORT std::string make_export_id(Time created_at, const Region& region, const TenantId& tenant,
                                      Random& random);

/// 20 decimal digits with leading zeros: sequences, indices and sizes in keys.
ATP_EXPORT std::string format_sequence(std::uint64_t number);
/// Exactly 20 decimal digits below 2^53. Throws: invalid_argument.
ATP_EXPORT std::uint64_t parse_sequence(std::string_view text);

}  // namespace v0
}  // namespace atp
