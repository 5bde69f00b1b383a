// SPDX-License-Identifier: Apache-2.0
#include "atp/verify/stored_point.hpp"

#include <optional>
#include <utility>

#include "atp/crypto/sha256.hpp"
#include "atp/model/signed_document.hpp"
#include "atp/storage/layout.hpp"
#include "verify/checks.hpp"
#include "verify/manifest_chain.hpp"

namespace atp {
inline namespace v0 {
namespace {

Problem integrity(std::string subject, std::string expected, std::string found) {
  return {Problem::Kind::integrity, std::move(subject), std::move(expected), std::move(found)};
}

std::variant<Bytes, Problem> read_stored(ObjectStore& store, const std::string& key) {
  try {
    if (auto bytes = find_object(store, key, kDocumentLimit)) return std::move(*bytes);
    return integrity(key, "an object", "none");
  } catch (const Error& error) {
    if (!verify::is_finding(error)) throw;
    return integrity(key, "a readable object", error.message());
  }
}

/// The first way in which a page is not the one that is referred to; nothing where it is.
std::optional<Problem> mismatch(const std::string& key, const RecoveryPoint& point,
                                const ListReference& reference, const ListPage& page) {
  const TenantId& tenant = *point.header.tenant;
  if (page.vault_id != point.header.vault_id || page.tenant != tenant ||
      page.stream != reference.stream || page.page != reference.page) {
    return integrity(
        key, "page " + std::to_string(reference.page) + " of stream " + reference.stream.str(),
        "page " + std::to_string(page.page) + " of stream " + page.stream.str());
  }
  if (page.descriptors.size() != reference.descriptors) {
    return integrity(key, std::to_string(reference.descriptors) + " descriptors",
                     std::to_string(page.descriptors.size()));
  }
  for (const Descriptor& descriptor : page.descriptors) {
    auto misplaced =
        verify::misplaced_package(tenant, descriptor.stream, descriptor.name, descriptor.key);
    if (misplaced) return integrity(key, std::move(*misplaced), descriptor.key);
  }
  return std::nullopt;
}

}  // namespace

std::variant<StoredPoint, Problem> read_point(ObjectStore& store, const TrustPolicy* trust,
                                              const PointName& name) {
  const std::string key = layout::recovery_point(name.tenant, name.id);
  auto bytes = read_stored(store, key);
  if (auto* problem = std::get_if<Problem>(&bytes)) return std::move(*problem);
  const Bytes& stored = std::get<Bytes>(bytes);
  auto checked = check_document<RecoveryPoint>(as_text(stored), trust, name.tenant);
  if (!checked.document) return problem_of(key, checked);
  if (checked.document->recovery_point_id != name.id) {
    return integrity(key, "point " + name.id, "point " + checked.document->recovery_point_id);
  }
  return StoredPoint{std::move(*checked.document), sha256(stored), std::string(as_text(stored))};
}

StoredPoint require_point(ObjectStore& store, const TrustPolicy& trust, const PointName& name) {
  auto read = read_point(store, &trust, name);
  if (const auto* problem = std::get_if<Problem>(&read)) throw_problem(*problem);
  return std::get<StoredPoint>(std::move(read));
}

std::variant<ListPage, Problem> read_list_page(ObjectStore& store, const RecoveryPoint& point,
                                               const ListReference& reference) {
  const std::string key = layout::list_page(*point.header.tenant, reference.sha256);
  auto bytes = read_stored(store, key);
  if (auto* problem = std::get_if<Problem>(&bytes)) return std::move(*problem);
  const Bytes& stored = std::get<Bytes>(bytes);
  if (const Digest digest = sha256(stored); digest != reference.sha256) {
    return integrity(key, "SHA-256 " + reference.sha256.hex(), "SHA-256 " + digest.hex());
  }
  try {
    ListPage page = parse_list_page(as_text(stored));
    if (auto wrong = mismatch(key, point, reference, page)) return std::move(*wrong);
    return page;
  } catch (const Error& error) {
    if (!verify::is_finding(error)) throw;
    return integrity(key, "a canonical list page", error.message());
  }
}

std::vector<ListPage> require_list_pages(ObjectStore& store, const RecoveryPoint& point) {
  std::vector<ListPage> pages;
  for (const ListReference& reference : point.lists) {
    auto read = read_list_page(store, point, reference);
    if (const auto* problem = std::get_if<Problem>(&read)) throw_problem(*problem);
    pages.push_back(std::get<ListPage>(std::move(read)));
  }
  return pages;
}

}  // namespace v0
}  // namespace atp
