// SPDX-License-Identifier: Apache-2.0
/// verify.
#include "atp/verify/verify.hpp"

#include "atp/core/error.hpp"
#include "atp/vault/points.hpp"
#include "atp/vault/rebuild.hpp"
#include "atp/view/checks.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/exit_codes.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"
#include "cli/reports.hpp"

namespace atp::cli {
namespace {

struct Arguments : VaultArguments {
  std::optional<std::string> point;
  bool all = false;
  std::optional<std::string> segment;
  std::string depth = "content";
  unsigned jobs = 0;
};

/// What a run of verify looks at, in order.
struct ToVerify {
  TenantId tenant;
  std::optional<std::string> point;  ///< Absent for a tenant without any: its ledger alone.
};

/// Every point, or each tenant's newest; no tenant is passed over.
std::vector<ToVerify> all_to_verify(ObjectStore& store, bool newest_only) {
  std::vector<ToVerify> wanted;
  for (const TenantId& tenant : list_tenants(store)) {
    auto points = list_points(store, tenant);
    if (points.empty()) wanted.push_back({tenant, std::nullopt});
    if (newest_only && points.size() > 1) points.erase(points.begin(), points.end() - 1);
    for (PointName& point : points) wanted.push_back({point.tenant, std::move(point.id)});
  }
  return wanted;
}

/// Verifies point after point; those of one tenant have in common what was read.
class Verifier {
 public:
  Verifier(ObjectStore& store, const Keys& keys, const VerifyOptions& options)
      : store_(store), keys_(keys), options_(options) {}

  Report operator()(const PointName& point) {
    if (!points_ || tenant_ != point.tenant) {
      tenant_ = point.tenant;
      points_.emplace(store_, point.tenant, trust(), keys_.identities, options_);
    }
    return points_->verify(point.id);
  }
  /// Nothing for a point without the segment that is asked for.
  std::optional<Report> if_holding(const PointName& point) {
    try {
      return (*this)(point);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found || !options_.segment) throw;
      return std::nullopt;
    }
  }
  Report ledger_of(const TenantId& tenant) const {
    return verify_ledger(store_, tenant, trust(), options_.stop, options_.now);
  }

 private:
  const TrustPolicy* trust() const { return keys_.trust ? &*keys_.trust : nullptr; }

  ObjectStore& store_;
  const Keys& keys_;
  const VerifyOptions& options_;
  std::optional<TenantId> tenant_;
  std::optional<PointVerifier> points_;
};

VerifyOptions verify_options(const Session& session, const Arguments& arguments, Time now) {
  VerifyOptions options;
  options.depth = arguments.depth == "stored" ? VerifyDepth::stored : VerifyDepth::content;
  if (arguments.segment) options.segment = parse_segment_name(*arguments.segment);
  options.workers = arguments.jobs;
  options.stop = session.stop;
  options.progress = &session.console;
  options.now = now;
  return options;
}

void print_verified(Console& console, const ToVerify& what, const Report& report) {
  console.end_progress();
  Json::Object object = to_json(report);
  object["recoveryPointId"] = what.point ? Json(*what.point) : Json();
  if (!what.point) object.emplace("tenantId", what.tenant.str());
  console.object(object);
  print_report(console,
               what.point.value_or("ledger of " + printable(what.tenant.str()) +
                                   ", which has no recovery point"),
               report);
}

int run(const Session& session, const Arguments& arguments) {
  const Environment environment = system_environment();
  const auto store = open_store(environment, arguments.vault);
  const Keys keys = keys_of(environment, arguments,
                            arguments.depth == "stored" ? KeyUse::trust_only : KeyUse::secrets);
  const VerifyOptions options = verify_options(session, arguments, environment.clock->now());
  Verifier verify(*store, keys, options);
  int exit_code = 0;
  const auto take_in = [&](const ToVerify& what, const Report& report) {
    print_verified(session.console, what, report);
    exit_code = graver(exit_code, report.exit_code());
  };
  if (arguments.point) {
    const PointName point = find_point(environment, arguments.vault, *store, *arguments.point);
    take_in({point.tenant, point.id}, verify(point));
    return exit_code;
  }
  bool any = false;
  const auto verify_one = [&](const ToVerify& what) -> std::optional<Report> {
    if (!what.point) return verify.ledger_of(what.tenant);
    return verify.if_holding({what.tenant, *what.point});
  };
  for (const ToVerify& what : all_to_verify(*store, !arguments.all)) {
    try {
      const auto report = verify_one(what);
      if (!report) continue;
      take_in(what, *report);
      any = any || what.point || !options.segment;
    } catch (const Error& error) {
      if (!is_of_one_tenant(error)) throw;
      // What cannot be read of one tenant keeps nobody from verifying the others.
      take_in(what, {what.point.value_or(""), {unread_check("documents", error)}});
      any = true;
    }
  }
  if (any) return exit_code;
  throw Error(ErrorKind::not_found, arguments.segment.value_or("recovery point"),
              arguments.segment ? "is in none of the points that were looked at"
                                : "there is none yet in " + arguments.vault.string());
}

}  // namespace

void add_verify(CommandLine& line) {
  auto [command, arguments] = line.add(
      line.app(), "verify", "Verify recovery points (each tenant's newest, unless told)", run);
  auto* point = command.add_option("POINT", arguments.point, "Id of the recovery point");
  command.add_flag("--all", arguments.all, "Every recovery point")->excludes(point);
  command.add_option("--segment", arguments.segment, "STREAM/SEGMENT: only this package");
  command
      .add_option("--depth", arguments.depth,
                  "stored: digests and signatures; content: every record too (default)")
      ->check(CLI::IsMember({"stored", "content"}));
  add_keys_options(command, arguments);
  add_trust_option(command, arguments);
  add_jobs(command, arguments.jobs);
}

}  // namespace atp::cli
