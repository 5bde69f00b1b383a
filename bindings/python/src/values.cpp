// SPDX-License-Identifier: Apache-2.0
#include "values.hpp"

#include <pybind11/stl.h>

#include "atp/core/error.hpp"
#include "atp/view/points.hpp"
#include "atp/view/text.hpp"
#include "atp/view/vaults.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace atp::python {
namespace {

[[noreturn]] void refuse(const char* what, const std::string& found, const char* expected) {
  throw Error(ErrorKind::invalid_argument, what,
              std::string("expected ") + expected + ", found " + found);
}

/// As `os.fsdecode` has it: a path must lead to its file, whatever its bytes.
py::str file_name(const std::string& name) {
  PyObject* const text =
      PyUnicode_DecodeFSDefaultAndSize(name.data(), static_cast<py::ssize_t>(name.size()));
  if (text == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::str>(text);
}

py::list list_of(const Json::Array& array) {
  py::list list;
  for (const Json& each : array) list.append(to_python(each));
  return list;
}

}  // namespace

void raise(const Error& error) {
  const std::string kind(error_kind_info(error.kind()).name);
  const py::object type = py::module_::import("atp_backup.errors").attr("BY_KIND")[kind.c_str()];
  const py::object made = type(json_text(error.message()), "subject"_a = json_text(error.subject()),
                               "temporary"_a = error.temporary());
  PyErr_SetObject(type.ptr(), made.ptr());
  throw py::error_already_set();
}

BackupType require_backup_type(const std::string& text) {
  if (const auto type = parse_backup_type(text)) return *type;
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

py::object to_python(const Json& json) {
  if (json.is_null()) return py::none();
  if (json.is_bool()) return py::bool_(json.as_bool());
  if (json.is_integer()) return py::int_(json.as_integer());
  if (json.is_string()) return py::str(json.as_string());
  if (json.is_array()) return list_of(json.as_array());
  return to_python(json.as_object());
}

py::dict to_python(const Json::Object& object) {
  py::dict dict;
  for (const auto& [name, value] : object) dict[py::str(name)] = to_python(value);
  return dict;
}

py::dict with_report(const Json::Object& object, const Report& report) {
  py::dict dict = to_python(object);
  dict["report"] = to_python(to_json(report));
  return dict;
}

py::dict to_python(const CreatedVault& created) {
  py::dict dict = to_python(to_json(created));
  dict["store"] = file_name(created.paths.store);
  dict["catalog"] = file_name(created.paths.catalog);
  dict["identity"] = file_name(created.keys.identity);
  dict["signingKey"] = file_name(created.keys.signing_key);
  dict["ledgerKey"] = file_name(created.keys.ledger_key);
  dict["trust"] = file_name(created.keys.trust);
  return dict;
}

py::dict to_python(const RestoreResult& result) {
  py::dict dict = with_report(to_json(result), result.report);
  dict["folder"] = file_name(result.folder);
  return dict;
}

py::dict to_python(const RebuildResult& result) {
  py::dict dict = to_python(to_json(result));
  if (result.kept) dict["kept"] = file_name(*result.kept);
  return dict;
}

}  // namespace atp::python
