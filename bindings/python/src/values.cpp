// SPDX-License-Identifier: Apache-2.0
#include "values.hpp"

#include <pybind11/stl.h>

#include "atp/core/error.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace atp::python {
namespace {

[[noreturn]] void refuse(const char* what, const std::string& found, const char* expected) {
  throw Error(ErrorKind::invalid_argument, what,
              std::string("expected ") + expected + ", found " + found);
}

/// Names of files may be no text: as `os.fsdecode` has them.
py::str file_name(const std::string& name) {
  PyObject* const text =
      PyUnicode_DecodeFSDefaultAndSize(name.data(), static_cast<py::ssize_t>(name.size()));
  if (text == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(text);
}

/// What a damaged vault says of itself may be no text, either.
py::str shown(const std::string& text) {
  PyObject* const decoded =
      PyUnicode_DecodeUTF8(text.data(), static_cast<py::ssize_t>(text.size()), "backslashreplace");
  if (decoded == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(decoded);
}

template <class Text>
py::object optional_text(const std::optional<Text>& text) {
  return text ? py::object(shown(*text)) : py::none();
}

py::dict check_dict(const Check& check) {
  py::object records = py::none();
  if (check.records) records = py::make_tuple(check.records->first, check.records->last);
  return py::dict("name"_a = check.name, "state"_a = std::string(to_string(check.state)),
                  "subject"_a = shown(check.subject), "stream"_a = optional_text(check.stream),
                  "segment"_a = optional_text(check.segment), "frame"_a = check.frame,
                  "records"_a = records, "expected"_a = shown(check.expected),
                  "found"_a = shown(check.found));
}

}  // namespace

void raise(const Error& error) {
  const std::string kind(error_kind_info(error.kind()).name);
  const py::object type = py::module_::import("atp_backup.errors").attr("BY_KIND")[kind.c_str()];
  const py::object made = type(shown(error.message()), "subject"_a = shown(error.subject()),
                               "temporary"_a = error.temporary());
  PyErr_SetObject(type.ptr(), made.ptr());
  throw py::error_already_set();
}

BackupType parse_backup_type(const std::string& text) {
  if (text == "full") return BackupType::full;
  if (text == "incremental") return BackupType::incremental;
  refuse("type", text, "full or incremental");
}

VerifyDepth parse_depth(const std::string& text) {
  if (text == "stored") return VerifyDepth::stored;
  if (text == "content") return VerifyDepth::content;
  refuse("depth", text, "stored or content");
}

Time parse_instant(const std::string& text) {
  if (const auto time = parse_time(text)) return *time;
  refuse("time", text, "a time from 1677-09-21 to 2262-04-11");
}

py::dict to_python(const CreatedVault& created) {
  return py::dict("vault_id"_a = created.vault_id, "store"_a = file_name(created.paths.store),
                  "catalog"_a = file_name(created.paths.catalog),
                  "identity"_a = file_name(created.keys.identity),
                  "signing_key"_a = file_name(created.keys.signing_key),
                  "ledger_key"_a = file_name(created.keys.ledger_key),
                  "trust"_a = file_name(created.keys.trust));
}

py::dict to_python(const Checkpoint& checkpoint) {
  return py::dict("origin"_a = checkpoint.origin, "size"_a = checkpoint.size,
                  "root"_a = checkpoint.root.hex());
}

py::dict to_python(const PendingAnchor& pending) {
  return py::dict("service"_a = pending.service, "subject"_a = pending.subject,
                  "problem"_a = shown(pending.problem), "contradicts"_a = pending.contradicts);
}

py::dict to_python(const Anchors& anchors) {
  py::object checkpoint = py::none();
  if (anchors.checkpoint) checkpoint = to_python(*anchors.checkpoint);
  py::list cosignatures;
  for (const Cosignature& each : anchors.cosignatures) {
    cosignatures.append(py::dict("witness"_a = each.witness, "time"_a = format_time(each.time)));
  }
  py::list pending;
  for (const PendingAnchor& each : anchors.pending) pending.append(to_python(each));
  return py::dict("checkpoint"_a = checkpoint, "cosignatures"_a = cosignatures,
                  "timestamps_added"_a = anchors.timestamps_added, "pending"_a = pending,
                  "complete"_a = anchors.complete);
}

py::object kept_dict(const std::optional<KeptSegments>& kept) {
  if (!kept) return py::none();
  const py::object first_overdue =
      kept->first_overdue ? py::object(py::str(format_time(*kept->first_overdue))) : py::none();
  return py::dict("first"_a = format_time(kept->first), "last"_a = format_time(kept->last),
                  "overdue"_a = kept->overdue, "first_overdue"_a = first_overdue);
}

py::dict to_python(const BackupResult& result) {
  py::list skipped;
  for (const SkippedInput& each : result.skipped) {
    skipped.append(py::dict("name"_a = shown(each.name), "reason"_a = each.reason,
                            "detail"_a = shown(each.detail)));
  }
  py::list alarms;
  for (const AlteredSegment& each : result.alarms) {
    alarms.append(py::dict("stream"_a = each.stream.str(), "segment"_a = each.segment.str(),
                           "sequence"_a = each.sequence, "found_bytes"_a = each.found_bytes,
                           "found_changed_at"_a = format_time(each.found_changed_at)));
  }
  return py::dict(
      "recovery_point_id"_a = result.recovery_point_id, "tenant"_a = result.tenant.str(),
      "region"_a = result.region.str(),
      "type"_a = result.backup_type == BackupType::full ? "full" : "incremental",
      "status"_a = std::string(to_string(result.status)), "segments_new"_a = result.segments_new,
      "segments_unchanged"_a = result.segments_unchanged, "records"_a = result.records,
      "bytes"_a = result.bytes, "stored_bytes"_a = result.stored_bytes,
      "merkle_root"_a = result.merkle_root.hex(), "skipped"_a = skipped, "alarms"_a = alarms,
      "kept"_a = kept_dict(result.kept), "clock_warning"_a = result.clock_warning,
      "anchors"_a = to_python(result.anchors), "gone"_a = result.gone);
}

py::dict to_python(const Report& report) {
  py::list checks;
  for (const Check& check : report.checks) checks.append(check_dict(check));
  return py::dict("recovery_point_id"_a = report.recovery_point_id,
                  "verdict"_a = std::string(to_string(report.verdict())), "checks"_a = checks);
}

py::dict to_python(const RestoreResult& result) {
  return py::dict("recovery_point_id"_a = result.recovery_point_id,
                  "folder"_a = file_name(result.folder), "segments"_a = result.segments,
                  "segments_resumed"_a = result.segments_resumed, "records"_a = result.records,
                  "bytes"_a = result.bytes, "report"_a = to_python(result.report));
}

py::dict to_python(const RebuildResult& result) {
  py::list damaged;
  for (const RebuildResult::Damaged& each : result.damaged) {
    damaged.append(py::dict("tenant"_a = each.tenant.str(),
                            "kind"_a = error_kind_info(each.kind).name,
                            "subject"_a = shown(each.subject), "message"_a = shown(each.message)));
  }
  return py::dict("tenants"_a = result.tenants, "segments"_a = result.segments,
                  "points"_a = result.points, "damaged"_a = damaged,
                  "kept"_a = result.kept ? py::object(file_name(*result.kept)) : py::none());
}

py::dict to_python(const Finding& finding) {
  return py::dict("name"_a = finding.name, "state"_a = std::string(to_string(finding.state)),
                  "subject"_a = shown(finding.subject), "detail"_a = shown(finding.detail));
}

}  // namespace atp::python
