// SPDX-License-Identifier: Apache-2.0
/// Proofs of records, and ledgers.
#pragma once

#include <pybind11/pybind11.h>

namespace atp::python {

void add_proofs(pybind11::module_& module);

}  // namespace atp::python
