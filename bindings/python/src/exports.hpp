// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pybind11/pybind11.h>

namespace atp::python {

/// Handing records over, and checking what was handed over.
void add_exports(pybind11::module_& module);

}  // namespace atp::python
