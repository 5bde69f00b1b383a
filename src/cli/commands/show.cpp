// SPDX-License-Identifier: Apache-2.0
/// show.
#include "atp/core/error.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/points.hpp"
#include "atp/verify/stored_point.hpp"
#include "atp/view/points.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace atp::cli {
namespace {

struct Arguments : VaultArguments {
  std::string point;
};

RecoveryPoint parse_point(const std::string& key, const std::string& stored, const TenantId& tenant,
                          const TrustPolicy* trust) {
  auto checked = check_document<RecoveryPoint>(stored, trust, tenant);
  if (checked.document) return std::move(*checked.document);
  refuse_document(key, checked);
}

std::vector<ListedPackage> packages_of(ObjectStore& store, const RecoveryPoint& point) {
  std::vector<ListedPackage> packages;
  for (ListPage& page : require_list_pages(store, point)) {
    for (Descriptor& descriptor : page.descriptors) {
      const auto info = store.stat(descriptor.key);
      packages.push_back({.descriptor = std::move(descriptor)});
      if (info) packages.back().kept_until = info->immutability.retain_until;
    }
  }
  return packages;
}

/// From when to when the store lets go of the packages.
std::string kept_text(const std::vector<ListedPackage>& packages) {
  if (packages.empty()) return "no package";
  std::optional<Time> first;
  std::optional<Time> last;
  for (const ListedPackage& each : packages) {
    if (!each.kept_until) return "not known: " + each.descriptor.key;
    first = std::min(first.value_or(*each.kept_until), *each.kept_until);
    last = std::max(last.value_or(*each.kept_until), *each.kept_until);
  }
  return span_text(*first, *last);
}

void print_point(Console& console, const RecoveryPoint& point,
                 const std::vector<ListedPackage>& packages, bool verified) {
  console.line("recovery point " + point.recovery_point_id);
  console.line("  tenant     " + printable(point.header.tenant->str()) + ", region " +
               printable(point.region.str()));
  console.line("  type       " + std::string(to_string(point.backup_type)) +
               (point.parent ? ", on " + point.parent->id : ""));
  console.line("  created    " + format_time(point.header.created_at));
  console.line("  holds      " + counted(point.segments, "segment") + ", " +
               counted(point.records, "record") + ", " +
               human_bytes(static_cast<double>(point.bytes)) + " in " +
               human_bytes(static_cast<double>(point.stored_bytes)));
  console.line("  kept until " + kept_text(packages));
  console.line("  root       " + point.merkle_root.hex());
  console.line("  signature  " + (verified ? console.paint(Colour::good, "verified")
                                           : console.paint(Colour::warn, "not checked")));
  for (const SkippedInput& skipped : point.skipped) {
    console.line("  skipped    " + printable(skipped.name) + ": " + skipped.reason + ", " +
                 printable(skipped.detail));
  }
  for (const AlteredSegment& alarm : point.alarms) {
    console.line("  " + console.paint(Colour::bad, "altered") + "    " +
                 printable(alarm.stream.str()) + "/" + printable(alarm.segment.str()) +
                 ": found others, " + std::to_string(alarm.found_bytes) + " bytes");
  }
  for (const auto& [each, kept_until] : packages) {
    console.line("  " + printable(each.stream.str()) + "/" + printable(each.name) + "  " +
                 counted(each.records, "record") + "  " + each.key);
  }
}

int run(const Session& session, const Arguments& arguments) {
  const Environment environment = system_environment();
  const auto store = open_store(environment, arguments.vault);
  const Keys keys = keys_of(environment, arguments, KeyUse::trust_only);
  const TenantId tenant = find_point(environment, arguments.vault, *store, arguments.point).tenant;
  const std::string key = layout::recovery_point(tenant, arguments.point);
  const Bytes stored = get_object(*store, key, kDocumentLimit);
  const RecoveryPoint point =
      parse_point(key, std::string(as_text(stored)), tenant, keys.trust ? &*keys.trust : nullptr);
  const auto packages = packages_of(*store, point);
  session.console.object(point_json(as_text(stored), packages, keys.trust.has_value()));
  print_point(session.console, point, packages, keys.trust.has_value());
  return 0;
}

}  // namespace

void add_show(CommandLine& line) {
  auto [command, arguments] = line.add(line.app(), "show", "Show a recovery point", run);
  add_point(command, arguments.point);
  add_keys_options(command, arguments);
  add_trust_option(command, arguments);
}

}  // namespace atp::cli
