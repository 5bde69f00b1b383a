// SPDX-License-Identifier: Apache-2.0
/// The index of a package in a store, proven to the package's manifest.
#pragma once

#include "atp/model/segment_documents.hpp"
#include "atp/segment/package_index.hpp"
#include "segment/envelope.hpp"

namespace atp {
inline namespace v0 {
namespace segment {

/// By a tail read: its SHA-256, the root over its frames, and that frames and tail fill the package
/// exactly as the format wants it. Throws: corrupt, unsupported.
PackageIndex read_proven_index(const Envelope& envelope, const SegmentManifest& manifest);

}  // namespace segment
}  // namespace v0
}  // namespace atp
