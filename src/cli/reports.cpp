// SPDX-License-Identifier: Apache-2.0
#include "cli/reports.hpp"

#include "cli/exit_codes.hpp"

namespace atp::cli {
namespace {

constexpr std::size_t kFailuresShown = 20;

/// A check that did not verify: what and where, then what was expected and found.
void print_check(Console& console, const Check& check) {
  const bool failed = check.state == CheckState::failed;
  std::string head = console.paint(failed ? Colour::bad : Colour::warn, to_string(check.state)) +
                     "  " + check.name;
  if (check.stream && check.segment) {
    head += "  segment " + printable(*check.stream) + "/" + printable(*check.segment);
    if (check.frame) head += ", frame " + std::to_string(*check.frame);
    if (check.records) {
      head += ", records " + std::to_string(check.records->first) + " to " +
              std::to_string(check.records->last);
    }
  }
  console.line("  " + head);
  console.line("    object    " + printable(check.subject));
  if (!check.expected.empty()) console.line("    expected  " + printable(check.expected));
  if (!check.found.empty()) {
    console.line((failed ? "    found     " : "    because   ") + printable(check.found));
  }
}

}  // namespace

std::string finding_word(Console& console, ErrorKind kind) {
  return console.paint(Colour::bad, is_of_contents(kind) ? "damaged" : error_kind_info(kind).name);
}

int anchors_exit_code(const Anchors& anchors) {
  if (anchors.contradicted()) return kExitIntegrity;
  return anchors.complete ? 0 : kExitPartial;
}

void print_anchors(Console& console, const Anchors& anchors) {
  for (const Cosignature& each : anchors.cosignatures) {
    console.line(console.paint(Colour::good, "cosigned") + "  by " + each.witness + " at " +
                 format_time(each.time));
  }
  if (anchors.timestamps_added > 0) {
    console.line(console.paint(Colour::good, "stamped") + "   " +
                 counted(anchors.timestamps_added, "object"));
  }
  for (const PendingAnchor& each : anchors.pending) {
    const bool bad = each.contradicts || !anchors.complete;
    console.line(console.paint(bad ? Colour::bad : Colour::warn,
                               each.contradicts ? "contradicted" : "pending") +
                 (each.contradicts ? "  " : "   ") + each.subject + ": " + each.service + " " +
                 printable(each.problem));
  }
}

void print_report(Console& console, const std::string& subject, const Report& report) {
  std::size_t shown = 0;
  for (const Check& check : report.checks) {
    if (check.state == CheckState::verified) continue;
    if (++shown > kFailuresShown) continue;
    print_check(console, check);
  }
  if (shown > kFailuresShown) {
    console.line("  and " + std::to_string(shown - kFailuresShown) + " more (--json has all)");
  }
  const CheckState verdict = report.verdict();
  const Colour colour = verdict == CheckState::verified ? Colour::good
                        : verdict == CheckState::failed ? Colour::bad
                                                        : Colour::warn;
  console.line(console.paint(colour, to_string(verdict)) + "  " + subject + "  (" +
               counted(report.checks.size(), "check") + ")");
}

void print_manifest(Console& console, const ExportManifest& manifest, const Digest& sha256,
                    const Checkpoint& checkpoint) {
  console.line("  export      " + manifest.export_id + ", made " +
               format_time(manifest.header.created_at));
  console.line("  SHA-256     " + sha256.hex() + " of its manifest");
  console.line("  records     " + std::to_string(manifest.records) + " of " +
               printable(manifest.header.tenant->str()) + ", of point " +
               manifest.recovery_point_id);
  console.line("  checkpoint  size " + std::to_string(checkpoint.size) + ", root " +
               to_base64(checkpoint.root.view()));
}

}  // namespace atp::cli
