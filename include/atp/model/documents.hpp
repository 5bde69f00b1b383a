// SPDX-License-Identifier: Apache-2.0
/// The documents a vault stores, as values: all headers `<subject>_documents.hpp` in one.
/// docs/format.md has each document byte by byte; JSON names are the fields' names in camel case.
/// Signing and checking them is in signed_document.hpp.
///
/// Texts are within the profile of json.hpp: whoever takes one from a file system (a skipped
/// input's name) escapes other bytes first; to sign or print a document with others throws
/// invalid_argument.
#pragma once

#include "atp/model/approval_documents.hpp"
#include "atp/model/document_header.hpp"
#include "atp/model/export_documents.hpp"
#include "atp/model/halt_documents.hpp"
#include "atp/model/key_epoch_documents.hpp"
#include "atp/model/point_documents.hpp"
#include "atp/model/policy_documents.hpp"
#include "atp/model/segment_documents.hpp"
#include "atp/model/statement_documents.hpp"
#include "atp/model/vault_documents.hpp"
