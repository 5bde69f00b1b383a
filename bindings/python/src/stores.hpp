// SPDX-License-Identifier: Apache-2.0
/// Object stores on both sides: those of the library for Python, and those written in Python for
/// the library.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>

#include "atp/storage/object_store.hpp"

namespace atp::python {

/// A store whose methods are those of `object` (an `atp_backup.storage.ObjectStore`). Each call
/// takes the GIL. A `BackupError` raised there is the `Error` of its kind; anything else is
/// unavailable, and says what it was.
std::shared_ptr<ObjectStore> store_of_python(pybind11::object object);

/// Adds the classes `Store` and `Writer`, and the functions that open the library's stores.
void add_stores(pybind11::module_& module);

}  // namespace atp::python
