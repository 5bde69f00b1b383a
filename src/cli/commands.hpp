// SPDX-License-Identifier: Apache-2.0
/// The commands, a file of `commands/` each.
#pragma once

namespace atp::cli {

class CommandLine;

void add_init(CommandLine& line);
void add_backup(CommandLine& line);
void add_points(CommandLine& line);
void add_show(CommandLine& line);
void add_verify(CommandLine& line);
void add_restore(CommandLine& line);
void add_catalog(CommandLine& line);
void add_doctor(CommandLine& line);
void add_prove(CommandLine& line);
void add_check_proof(CommandLine& line);
void add_export(CommandLine& line);
void add_verify_export(CommandLine& line);
void add_ledger(CommandLine& line);
void add_keys(CommandLine& line);
void add_trust(CommandLine& line);
void add_witness(CommandLine& line);
void add_approve(CommandLine& line);

}  // namespace atp::cli
