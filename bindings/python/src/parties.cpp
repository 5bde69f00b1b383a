// SPDX-License-Identifier: Apache-2.0
#include "parties.hpp"

#include <pybind11/stl.h>

#include "approvals.hpp"
#include "atp/vault/anchor.hpp"
#include "atp/vault/clock.hpp"
#include "atp/vault/halt.hpp"
#include "atp/view/ledgers.hpp"
#include "atp/view/vaults.hpp"
#include "interruptible.hpp"
#include "reader.hpp"
#include "values.hpp"

namespace py = pybind11;

namespace atp::python {
namespace {

using namespace py::literals;

py::dict anchor(const Handle& handle, const std::string& tenant, const py::object& on_progress) {
  return to_python(to_json(interruptible(on_progress, [&](const Work& work) {
    OpenTenant open(*handle.vault, TenantId(tenant));
    return anchor_ledger(open, {.thorough = true, .stop = work.stop, .progress = work.progress});
  })));
}

std::string request(const Handle& handle, const std::string& tenant,
                    const std::optional<std::string>& old_note, const std::string& key,
                    const std::string& valid_for) {
  return interruptible(py::none(), [&](const Work&) {
    return sign_request(handle, plan_resolution(*handle.vault, TenantId(tenant), old_note), key,
                        valid_for);
  });
}

std::string consent(const std::string& request, const std::string& trust, const std::string& key,
                    const std::string& role) {
  return interruptible(py::none(), [&](const Work&) {
    const Environment environment = system_environment();
    return approve(request, load_trust_policy(*environment.files, trust),
                   *load_signer(*environment.files, key), role, environment.clock->now(),
                   *environment.random);
  });
}

py::dict resolve(const Handle& handle, const std::string& tenant,
                 const std::optional<std::string>& old_note,
                 const std::vector<std::string>& approved) {
  const HaltRow halt = interruptible(py::none(), [&](const Work& work) {
    const TenantId id(tenant);
    const auto approval =
        approval_of(handle, approved, [&] { return plan_resolution(*handle.vault, id, old_note); });
    return resolve_halt(*handle.vault, id, old_note, approval, work.stop);
  });
  return to_python(to_json(halt));
}

std::string request_clock(const Handle& handle, const std::string& tenant, const std::string& key,
                          const std::string& valid_for) {
  return interruptible(py::none(), [&](const Work&) {
    return sign_request(handle, plan_clock_correction(*handle.vault, TenantId(tenant)), key,
                        valid_for);
  });
}

py::dict correct(const Handle& handle, const std::string& tenant, bool clock_is_right,
                 const std::vector<std::string>& approved) {
  return to_python(to_json(interruptible(py::none(), [&](const Work&) {
    const TenantId id(tenant);
    const auto approval =
        approval_of(handle, approved, [&] { return plan_clock_correction(*handle.vault, id); });
    return correct_clock(*handle.vault, id, clock_is_right ? ClockTrust::insist : ClockTrust::judge,
                         approval);
  })));
}

void seal(const std::string& folder, const std::optional<std::string>& recipient,
          const std::optional<std::string>& passphrase) {
  interruptible(py::none(), [&](const Work&) {
    const Environment environment = system_environment();
    KeySealing sealing;
    std::optional<SecretBytes> secret;
    if (passphrase) secret = SecretBytes(as_bytes(*passphrase));
    if (recipient) sealing.recipient = age::Recipient::parse(*recipient);
    sealing.passphrase = secret ? &*secret : nullptr;
    seal_keys(*environment.files, *environment.random, folder, sealing);
    return 0;
  });
}

py::dict rotate(const std::string& folder, const std::string& overlap,
                const std::optional<std::string>& unlock,
                const std::optional<std::string>& passphrase) {
  const RotatedKeys rotated = interruptible(py::none(), [&](const Work&) {
    const Environment environment = system_environment();
    const Time now = environment.clock->now();
    return rotate_keys(*environment.files, *environment.random, folder, now,
                       add_period(now, CalendarPeriod::parse(overlap)),
                       key_unlock(unlock, passphrase));
  });
  return to_python(to_json(rotated));
}

}  // namespace

void add_parties(py::module_& module) {
  module.def("anchor_ledger", &anchor, "vault"_a, py::kw_only(), "tenant"_a, "on_progress"_a);
  module.def("request_resolution", &request, "vault"_a, py::kw_only(), "tenant"_a, "old_note"_a,
             "key"_a, "valid_for"_a);
  module.def("approve", &consent, py::kw_only(), "request"_a, "trust"_a, "key"_a, "role"_a);
  module.def("resolve_halt", &resolve, "vault"_a, py::kw_only(), "tenant"_a, "old_note"_a,
             "approved"_a);
  module.def("request_clock_correction", &request_clock, "vault"_a, py::kw_only(), "tenant"_a,
             "key"_a, "valid_for"_a);
  module.def("correct_clock", &correct, "vault"_a, py::kw_only(), "tenant"_a, "clock_is_right"_a,
             "approved"_a);
  module.def("seal_keys", &seal, py::kw_only(), "folder"_a, "recipient"_a, "passphrase"_a);
  module.def("rotate_keys", &rotate, py::kw_only(), "folder"_a, "overlap"_a, "unlock"_a,
             "passphrase"_a);
}

}  // namespace atp::python
