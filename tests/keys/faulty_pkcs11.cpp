// SPDX-License-Identifier: Apache-2.0
#include "keys/faulty_pkcs11.hpp"

#include <dlfcn.h>

#include <cstring>

using atp::test::Faults;

// There where leaks are looked for.
extern "C" __attribute__((weak)) void __lsan_disable();
extern "C" __attribute__((weak)) void __lsan_enable();

namespace {

Faults faults_now;
CK_FUNCTION_LIST* real = nullptr;
CK_FUNCTION_LIST faulty;

CK_RV initialise(void* arguments) {
  faults_now.initialised_with = static_cast<CK_C_INITIALIZE_ARGS*>(arguments)->flags;
  return real->C_Initialize(arguments);
}

CK_RV finalise(void* reserved) {
  ++faults_now.finalised;
  return real->C_Finalize(reserved);
}

CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
  if (faults_now.token_info != CKR_OK) return faults_now.token_info;
  const CK_RV result = real->C_GetTokenInfo(slot, info);
  info->flags |= faults_now.token_flags;
  return result;
}

CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void* application, CK_NOTIFY notify,
                   CK_SESSION_HANDLE* session) {
  ++faults_now.opened;
  return real->C_OpenSession(slot, flags, application, notify, session);
}

CK_RV close_session(CK_SESSION_HANDLE session) {
  ++faults_now.closed;
  return real->C_CloseSession(session);
}

CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, unsigned char* pin, CK_ULONG size) {
  ++faults_now.logins;
  if (faults_now.login != CKR_OK) return faults_now.login;
  return real->C_Login(session, user, pin, size);
}

CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE* pattern, CK_ULONG count) {
  CK_OBJECT_CLASS nothing = CK_UNAVAILABLE_INFORMATION;
  CK_ATTRIBUTE none{CKA_CLASS, &nothing, sizeof(nothing)};
  const bool of_public = *static_cast<CK_OBJECT_CLASS*>(pattern[0].pValue) == CKO_PUBLIC_KEY;
  if (faults_now.no_public_keys && of_public) return real->C_FindObjectsInit(session, &none, 1);
  return real->C_FindObjectsInit(session, pattern, count);
}

CK_RV attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE* attribute,
                      CK_ULONG count) {
  const auto other = faults_now.attributes.find(attribute->type);
  if (other == faults_now.attributes.end())
    return real->C_GetAttributeValue(session, object, attribute, count);
  if (other->second.size() > attribute->ulValueLen) return CKR_BUFFER_TOO_SMALL;
  std::memcpy(attribute->pValue, other->second.data(), other->second.size());
  attribute->ulValueLen = other->second.size();
  return CKR_OK;
}

CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {
  if (faults_now.lost_sessions > 0) {
    --faults_now.lost_sessions;
    real->C_CloseSession(session);
    return faults_now.lost;
  }
  // SoftHSM 2.6 leaks with every use of an Ed25519 key.
  if (__lsan_disable != nullptr) __lsan_disable();
  const CK_RV result = real->C_SignInit(session, mechanism, key);
  if (__lsan_enable != nullptr) __lsan_enable();
  return result;
}

CK_RV sign(CK_SESSION_HANDLE session, unsigned char* data, CK_ULONG data_size,
           unsigned char* signature, CK_ULONG* size) {
  if (faults_now.sign != CKR_OK) return faults_now.sign;
  const CK_RV result = real->C_Sign(session, data, data_size, signature, size);
  if (faults_now.flipped_bit) signature[7] ^= 1;
  if (faults_now.short_signature) --*size;
  return result;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) Faults* faults() { return &faults_now; }

extern "C" __attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST** list) {
  void* softhsm = dlopen(atp::test::kSoftHsm, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (softhsm == nullptr) return CKR_GENERAL_ERROR;
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(dlsym(softhsm, "C_GetFunctionList"));
  const CK_RV result = get(&real);
  if (result != CKR_OK) return result;
  faulty = *real;
  faulty.C_Initialize = initialise;
  faulty.C_Finalize = finalise;
  faulty.C_GetTokenInfo = token_info;
  faulty.C_OpenSession = open_session;
  faulty.C_CloseSession = close_session;
  faulty.C_Login = login;
  faulty.C_FindObjectsInit = find_objects_init;
  faulty.C_GetAttributeValue = attribute_value;
  faulty.C_SignInit = sign_init;
  faulty.C_Sign = sign;
  *list = &faulty;
  return CKR_OK;
}
