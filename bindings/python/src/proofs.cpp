// SPDX-License-Identifier: Apache-2.0
#include "proofs.hpp"

#include <pybind11/stl.h>

#include "atp/ledger/published_ledger.hpp"
#include "atp/verify/ledger_audit.hpp"
#include "atp/verify/record_proof.hpp"
#include "atp/view/exports.hpp"
#include "atp/view/ledgers.hpp"
#include "interruptible.hpp"
#include "reader.hpp"
#include "values.hpp"

namespace py = pybind11;

namespace atp::python {
namespace {

using namespace py::literals;

std::string name_of(const SegmentName& segment) {
  return segment.stream.str() + "/" + segment.segment.str();
}

std::string prove(const Reader& handle, const std::string& id,
                  const std::pair<std::string, std::string>& segment, std::uint64_t number) {
  const RecordPlace place{{StreamId(segment.first), SegmentId(segment.second)}, number};
  return interruptible(py::none(), [&](const Work& work) {
    return prove_record(handle.store(), find_point(handle.store(), id), place, handle.trust(),
                        handle.keys->identities, work.stop);
  });
}

py::dict find(const Reader& handle, const std::string& id, const std::string& record_id,
              const py::object& on_progress) {
  const FoundRecords found = interruptible(on_progress, [&](const Work& work) {
    return find_records(handle.store(), find_point(handle.store(), id), record_id, handle.trust(),
                        handle.keys->identities, work.progress, work.stop);
  });
  std::vector<py::dict> dicts;
  for (const RecordPlace& place : found.places) {
    dicts.push_back(py::dict("segment"_a = name_of(place.segment), "number"_a = place.number));
  }
  return py::dict("places"_a = dicts, "unsearched"_a = found.unsearched);
}

py::dict check(const std::string& proof, const std::string& trust) {
  const CheckedProof checked = interruptible(py::none(), [&](const Work&) {
    return check_record_proof(proof, load_trust_policy(*system_environment().files, trust));
  });
  return with_report(to_json(checked), checked.report);
}

py::dict checkpoint(const Reader& handle, const std::string& tenant) {
  const auto found = interruptible(py::none(), [&](const Work& work) {
    return newest_checkpoint(handle.store(), TenantId(tenant), handle.trust(),
                             {.workers = 0, .stop = work.stop});
  });
  return to_python(to_json(found));
}

py::dict consistency(const Reader& handle, const std::string& tenant, const std::string& old_note) {
  const auto found = interruptible(py::none(), [&](const Work& work) {
    return check_consistency(handle.store(), TenantId(tenant), handle.trust(), old_note,
                             {.workers = 0, .stop = work.stop});
  });
  return with_report(to_json(found), found.report);
}

py::dict audit(const Reader& handle, const std::string& tenant, bool bundles, unsigned workers,
               const py::object& on_progress) {
  const LedgerAudit found = interruptible(on_progress, [&](const Work& work) {
    return audit_ledger(handle.store(), TenantId(tenant), handle.trust(),
                        {.workers = workers,
                         .stop = work.stop,
                         .progress = work.progress,
                         .now = SystemClock().now(),
                         .entries = bundles ? EntriesFrom::bundles : EntriesFrom::objects});
  });
  return with_report(to_json(found), found.report);
}

std::uint64_t publish(const Reader& handle, const std::string& tenant, const std::string& folder,
                      unsigned workers, const py::object& on_progress) {
  return interruptible(on_progress, [&](const Work& work) {
    return publish_ledger(handle.store(), handle.trust(), TenantId(tenant),
                          *handle.environment.files, *handle.environment.random, folder,
                          {.workers = workers, .stop = work.stop, .progress = work.progress})
        .checkpoint.size;
  });
}

}  // namespace

void add_proofs(py::module_& module) {
  module.def("prove_record", &prove, "vault"_a, py::kw_only(), "id"_a, "segment"_a, "number"_a);
  module.def("find_records", &find, "vault"_a, py::kw_only(), "id"_a, "record_id"_a,
             "on_progress"_a);
  module.def("check_record_proof", &check, py::kw_only(), "proof"_a, "trust"_a);
  module.def("newest_checkpoint", &checkpoint, "vault"_a, py::kw_only(), "tenant"_a);
  module.def("check_consistency", &consistency, "vault"_a, py::kw_only(), "tenant"_a, "old_note"_a);
  module.def("audit_ledger", &audit, "vault"_a, py::kw_only(), "tenant"_a, "bundles"_a, "workers"_a,
             "on_progress"_a);
  module.def("publish_ledger", &publish, "vault"_a, py::kw_only(), "tenant"_a, "folder"_a,
             "workers"_a, "on_progress"_a);
}

}  // namespace atp::python
