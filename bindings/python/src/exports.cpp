// SPDX-License-Identifier: Apache-2.0
#include "exports.hpp"

#include <pybind11/stl.h>

#include <tuple>

#include "approvals.hpp"
#include "atp/discovery/export_records.hpp"
#include "atp/vault/points.hpp"
#include "atp/view/exports.hpp"
#include "atp/view/ledgers.hpp"
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

/// Python shows the files themselves, not how many they are.
void set_files(const py::dict& result, const ExportManifest& manifest) {
  py::list files;
  for (const ExportedFile& file : manifest.files) files.append(to_python(to_json(file)));
  result["manifest"]["files"] = files;
}

std::string request(const Handle& handle, const std::string& id,
                    const std::vector<Selected>& records, const std::string& key,
                    const std::string& valid_for) {
  return interruptible(py::none(), [&](const Work& work) {
    return sign_request(
        handle,
        plan_export(*handle.vault, find_point(*handle.vault, id), selection_of(records), work.stop),
        key, valid_for);
  });
}

py::dict hand_over(const Handle& handle, const std::string& id,
                   const std::vector<Selected>& records, const std::string& folder,
                   const std::vector<std::string>& approved, bool clock_is_right,
                   const py::object& on_progress) {
  const ExportResult exported = interruptible(on_progress, [&](const Work& work) {
    const auto selection = selection_of(records);
    const PointName point = find_point(*handle.vault, id);
    const auto plan = [&] { return plan_export(*handle.vault, point, selection, work.stop); };
    return export_records(*handle.vault,
                          {.point = point,
                           .selection = selection,
                           .folder = folder,
                           .approval = approval_of(handle, approved, plan),
                           .clock = clock_is_right ? ClockTrust::insist : ClockTrust::judge,
                           .stop = work.stop,
                           .progress = work.progress});
  });
  py::dict result = to_python(to_json(exported));
  set_files(result, exported.manifest);
  py::list pending;
  for (const PendingAnchor& each : exported.pending) pending.append(to_python(to_json(each)));
  result["pending"] = pending;
  return result;
}

py::dict check(const std::string& folder, const std::string& trust, const py::object& on_progress) {
  const CheckedExport checked = interruptible(on_progress, [&](const Work& work) {
    const Environment environment = system_environment();
    return verify_export(*environment.files, folder, load_trust_policy(*environment.files, trust),
                         {.stop = work.stop, .progress = work.progress});
  });
  py::dict result = with_report(to_json(checked), checked.report);
  if (checked.manifest) set_files(result, *checked.manifest);
  return result;
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
