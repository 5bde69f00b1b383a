// SPDX-License-Identifier: Apache-2.0
/// Tables for other libraries, without any of them: the Arrow C stream interface
/// (arrow.apache.org/docs/format/CStreamInterface.html), a record batch a page.
#pragma once

#include <pybind11/pybind11.h>

#include <string>
#include <utility>
#include <vector>

namespace atp::python {

/// A capsule `arrow_array_stream`. `columns` are names and formats: `u` (text or None), `l` (64-bit
/// integers), `tsu:UTC` (microseconds since 1970, or None). `pages` iterates over lists of columns,
/// each a list of values; it is asked for a page when the consumer asks for a batch.
pybind11::capsule arrow_stream(std::vector<std::pair<std::string, std::string>> columns,
                               pybind11::iterator pages);

}  // namespace atp::python
