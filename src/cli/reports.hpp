// SPDX-License-Identifier: Apache-2.0
/// Results of several commands, for people.
#pragma once

#include <string>

#include "atp/ledger/note.hpp"
#include "atp/model/documents.hpp"
#include "atp/vault/anchor.hpp"
#include "atp/verify/report.hpp"
#include "cli/console.hpp"

namespace atp::cli {

/// `damaged`, or what else keeps something from being looked at, painted.
std::string finding_word(Console& console, ErrorKind kind);

/// 20 where a witness has seen another ledger, 3 where something is pending that must not be.
int anchors_exit_code(const Anchors& anchors);

/// What witnesses and authorities have added, and what is pending; nothing where nobody is asked.
void print_anchors(Console& console, const Anchors& anchors);

/// The checks that did not verify, up to a number, and the verdict on `subject`.
void print_report(Console& console, const std::string& subject, const Report& report);

/// What a bundle has, for people.
void print_manifest(Console& console, const ExportManifest& manifest, const Digest& sha256,
                    const Checkpoint& checkpoint);

}  // namespace atp::cli
