// SPDX-License-Identifier: Apache-2.0
#include "exports.hpp"

#include <pybind11/stl.h>

#include <tuple>

#include "approvals.hpp"
#include "atp/discovery/export_records.hpp"
#include "interruptible.hpp"
#include "reader.hpp"
#include "values.hpp"

namespace py = pybind11;

namespace atp::python {
namespace {

using namespace py::literals;

/// Stream and segment, then the first and the last record, or neither.
using Selected =
    std::tuple<std::string, std::string, std::optional<std::pair<std::uint64_t, std::uint64_t>>>;

std::vector<ExportSelection> selection_of(const std::vector<Selected>& records) {
  std::vector<ExportSelection> selection;
  for (const auto& [stream, segment, range] : records) {
    selection.push_back({{StreamId(stream), SegmentId(segment)}, {}});
    if (range) selection.back().records = RecordRange{range->first, range->second};
  }
  return selection;
}

py::dict manifest_dict(const ExportManifest& manifest, const Digest& sha256, bool timestamped) {
  py::list files;
  for (const ExportedFile& file : manifest.files) {
    files.append(
        py::dict("name"_a = file.name, "bytes"_a = file.bytes, "sha256"_a = file.sha256.hex()));
  }
  return py::dict("id"_a = manifest.export_id, "tenant"_a = manifest.header.tenant->str(),
                  "recovery_point_id"_a = manifest.recovery_point_id,
                  "created_at"_a = format_time(manifest.header.created_at),
                  "records"_a = manifest.records, "files"_a = files, "sha256"_a = sha256.hex(),
                  "timestamped"_a = timestamped);
}

std::string request(const Handle& handle, const std::string& id,
                    const std::vector<Selected>& records, const std::string& key,
                    const std::string& valid_for) {
  return interruptible(py::none(), [&](const Work& work) {
    return sign_request(handle, plan_export(*handle.vault, id, selection_of(records), work.stop),
                        key, valid_for);
  });
}

py::dict hand_over(const Handle& handle, const std::string& id,
                   const std::vector<Selected>& records, const std::string& folder,
                   const std::vector<std::string>& approved, bool clock_is_right,
                   const py::object& on_progress) {
  const ExportResult exported = interruptible(on_progress, [&](const Work& work) {
    const auto selection = selection_of(records);
    const auto plan = [&] { return plan_export(*handle.vault, id, selection, work.stop); };
    return export_records(*handle.vault,
                          {.recovery_point_id = id,
                           .selection = selection,
                           .folder = folder,
                           .approval = approval_of(handle, approved, plan),
                           .clock = clock_is_right ? ClockTrust::insist : ClockTrust::judge,
                           .stop = work.stop,
                           .progress = work.progress});
  });
  py::list pending;
  for (const PendingAnchor& each : exported.pending) pending.append(to_python(each));
  return py::dict("manifest"_a = manifest_dict(exported.manifest, exported.manifest_sha256,
                                               exported.manifest.timestamp.has_value()),
                  "checkpoint"_a = to_python(exported.checkpoint), "pending"_a = pending,
                  "anchors"_a = to_python(exported.anchors));
}

py::dict check(const std::string& folder, const std::string& trust, const py::object& on_progress) {
  const CheckedExport checked = interruptible(on_progress, [&](const Work& work) {
    const Environment environment = system_environment();
    return verify_export(*environment.files, folder, load_trust_policy(*environment.files, trust),
                         {.stop = work.stop, .progress = work.progress});
  });
  py::object manifest = py::none();
  py::object checkpoint = py::none();
  if (checked.manifest) {
    manifest = manifest_dict(*checked.manifest, checked.manifest_sha256, checked.timestamped());
  }
  if (checked.checkpoint) checkpoint = to_python(*checked.checkpoint);
  return py::dict("report"_a = to_python(checked.report), "manifest"_a = manifest,
                  "checkpoint"_a = checkpoint);
}

}  // namespace

void add_exports(py::module_& module) {
  module.def("request_export", &request, "vault"_a, py::kw_only(), "id"_a, "records"_a, "key"_a,
             "valid_for"_a);
  module.def("export_records", &hand_over, "vault"_a, py::kw_only(), "id"_a, "records"_a,
             "folder"_a, "approved"_a, "clock_is_right"_a, "on_progress"_a);
  module.def("verify_export", &check, py::kw_only(), "folder"_a, "trust"_a, "on_progress"_a);
}

}  // namespace atp::python
