// SPDX-License-Identifier: Apache-2.0
/// Values of the library as dicts of plain Python values, and the other way round. Members have the
/// names of the dataclasses in atp_backup/values.py.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "atp/backup/take_backup.hpp"
#include "atp/restore/restore.hpp"
#include "atp/vault/anchor.hpp"
#include "atp/vault/completion.hpp"
#include "atp/vault/doctor.hpp"
#include "atp/vault/halt.hpp"
#include "atp/vault/rebuild.hpp"
#include "atp/vault/vault.hpp"
#include "atp/verify/verify.hpp"

namespace atp::python {

/// Raises the class of atp_backup.errors that the error's kind names.
[[noreturn]] void raise(const Error& error);

/// Throws: invalid_argument.
BackupType parse_backup_type(const std::string& text);
VerifyDepth parse_depth(const std::string& text);
Time parse_instant(const std::string& text);

pybind11::dict to_python(const CreatedVault& created);
pybind11::dict to_python(const Checkpoint& checkpoint);
pybind11::dict to_python(const PendingAnchor& pending);
pybind11::dict to_python(const Anchors& anchors);
pybind11::dict to_python(const BackupResult& result);
pybind11::dict to_python(const Report& report);
pybind11::dict to_python(const RestoreResult& result);
pybind11::dict to_python(const RebuildResult& result);
pybind11::dict to_python(const Finding& finding);

}  // namespace atp::python
