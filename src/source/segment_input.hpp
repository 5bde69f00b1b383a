// SPDX-License-Identifier: Apache-2.0
/// A listed segment file as a stream of decoded bytes.
#pragma once

#include <memory>

#include "atp/source/segment_source.hpp"

namespace atp {
inline namespace v0 {

std::unique_ptr<SegmentInput> open_segment_input(std::shared_ptr<FileSystem> files,
                                                 const SegmentFile& file);

}  // namespace v0
}  // namespace atp
