// SPDX-License-Identifier: Apache-2.0
/// What takes more than one party: anchors, approvals, keys that change.
#pragma once

#include <pybind11/pybind11.h>

namespace atp::python {

void add_parties(pybind11::module_& module);

}  // namespace atp::python
