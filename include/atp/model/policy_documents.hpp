// SPDX-License-Identifier: Apache-2.0
/// What a tenant wants: where its records have their fields, how long they are kept.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "atp/core/export.hpp"
#include "atp/core/time.hpp"
#include "atp/model/document_header.hpp"

namespace atp {
inline namespace v0 {

/// Which record field, as a dotted path, each mapped name is read from.
using FieldMap = std::map<std::string, std::string, std::less<>>;

/// The names that can be mapped: `time`, `action`, `actor.id`, `subject.id`, `subject.email`,
/// `subject.phone` and `id`, the record's own.
ATP_EXPORT std::span<const std::string_view> mapped_names();

/// Each of them but `id`, from the path of its own name.
ATP_EXPORT FieldMap default_field_map();

/// `policies/<tenant>/<20-digit version>.json`; versions count from 1.
struct ATP_EXPORT TenantPolicy {
  static constexpr std::string_view type = "policy";
  DocumentHeader header;
  std::uint64_t version;
  FieldMap field_map;
  CalendarPeriod retention;
  bool operator==(const TenantPolicy&) const = default;
};

}  // namespace v0
}  // namespace atp
