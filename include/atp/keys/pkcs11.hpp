// SPDX-License-Identifier: Apache-2.0
/// Signers whose private key stays in a PKCS#11 token: an HSM, a smart card. A key is named by an
/// RFC 7512 URI:
///
///     pkcs11:token=atp;object=signing;id=%01?module-path=/usr/lib/softhsm/libsofthsm2.so&
///         pin-source=file:/etc/atp/pin                                           (in one line)
///
/// in path:  token, serial, manufacturer, model: what the token says of itself, token or serial at
///           least; object (the label), id: of the private key, one at least; type=private
/// in query: module-path: the module's absolute path, required; pin-source: a file with mode 0600
///           whose one line is the PIN, where the token wants one
///
/// Any other attribute is refused, pin-value among them: a URI stands in configuration.
///
/// A module is the process's: it is initialised once, with CKF_OS_LOCKING_OK, and never finalised
/// nor unloaded. A host that initialises the module itself must let it lock. Tokens take a login
/// for the whole process, so a PIN is checked only while no other signer is logged in there.
#pragma once

#include <memory>
#include <string_view>

#include "atp/core/export.hpp"
#include "atp/core/file_system.hpp"
#include "atp/crypto/signature.hpp"

namespace atp {
inline namespace v0 {

/// Ed25519 (CKM_EDDSA) or ES256 (CKM_ECDSA), by the kind of the key. The public key is the token's,
/// and has verified a signature of the private key.
///
/// The signer verifies every signature before it gives it out, and signs one at a time. It takes up
/// a lost session once a call, with the PIN that it keeps; a PIN that was refused is never tried
/// again. In a process forked from its own it is `unavailable`: open another one there.
///
/// Throws: invalid_argument for a URI of another form, or a PIN file that is not one line;
/// permission_denied for a PIN file that others may read; not_found where module, token, key or
/// public key is not there, or there are several; unauthenticated for a wrong PIN, a missing one,
/// or one that the token would take only one more time; unsupported for another kind of key or of
/// module; corrupt where public and private key are no pair; unavailable for a token that does not
/// answer.
ATP_EXPORT std::shared_ptr<const Signer> open_pkcs11_signer(FileSystem& files,
                                                            std::string_view uri);

/// From a file whose one line is the URI. Throws: as above, and permission_denied for a file that
/// others may write, since it names code to run.
ATP_EXPORT std::shared_ptr<const Signer> load_pkcs11_signer(FileSystem& files, const Path& path);

}  // namespace v0
}  // namespace atp
