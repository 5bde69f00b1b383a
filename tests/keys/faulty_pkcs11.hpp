// SPDX-License-Identifier: Apache-2.0
/// A PKCS#11 module that is SoftHSM with faults: what it does wrong, and what it has seen. Loaded
/// as a module; `faults` is found in it by name.
#pragma once

#include <p11-kit/pkcs11.h>

#include <map>
#include <string>

namespace atp::test {

constexpr const char* kSoftHsm = "/usr/lib/softhsm/libsofthsm2.so";

struct Faults {
  unsigned lost_sessions = 0;  ///< So many C_SignInit close their session, and say `lost`.
  CK_RV lost = CKR_SESSION_HANDLE_INVALID;
  CK_RV login = CKR_OK;       ///< Instead of trying the PIN, where it is another.
  CK_RV token_info = CKR_OK;  ///< Likewise, of every token.
  CK_RV sign = CKR_OK;
  CK_FLAGS token_flags = 0;  ///< Set beside those of the token.
  bool flipped_bit = false;  ///< In every signature.
  bool short_signature = false;
  bool no_public_keys = false;
  std::map<CK_ATTRIBUTE_TYPE, std::string> attributes = {};  ///< Of every object.

  unsigned logins = 0;
  unsigned opened = 0;
  unsigned closed = 0;
  unsigned finalised = 0;
  CK_FLAGS initialised_with = 0;
};

}  // namespace atp::test
