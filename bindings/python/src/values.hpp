// SPDX-License-Identifier: Apache-2.0
/// Results as Python values: their JSON (atp/view), whose members `Value.of` of
/// atp_backup/_value.py reads. Only a path is handed over as it is, since JSON has it for people to
/// see.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "atp/backup/take_backup.hpp"
#include "atp/restore/restore.hpp"
#include "atp/vault/rebuild.hpp"
#include "atp/vault/vault_folder.hpp"
#include "atp/verify/verify.hpp"
#include "atp/view/checks.hpp"

namespace atp::python {

/// Raises the class of atp_backup.errors that the error's kind names.
[[noreturn]] void raise(const Error& error);

/// Throws: invalid_argument.
BackupType require_backup_type(const std::string& text);
VerifyDepth parse_depth(const std::string& text);
Time parse_instant(const std::string& text);

pybind11::object to_python(const Json& json);
pybind11::dict to_python(const Json::Object& object);
/// With all checks, as `report`.
pybind11::dict with_report(const Json::Object& object, const Report& report);

pybind11::dict to_python(const CreatedVault& created);
pybind11::dict to_python(const RestoreResult& result);
pybind11::dict to_python(const RebuildResult& result);

}  // namespace atp::python
