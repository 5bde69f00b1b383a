// SPDX-License-Identifier: Apache-2.0
#include "keys/pkcs11_session.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include "core/process.hpp"
#include "keys/pkcs11_error.hpp"

namespace atp {
inline namespace v0 {
namespace pkcs11 {
namespace {

constexpr std::size_t kAttributeLimit = 1024;
constexpr std::size_t kOutputLimit = 1024;

CK_BYTE* data(MutableByteView bytes) { return reinterpret_cast<CK_BYTE*>(bytes.data()); }
/// PKCS#11 takes input by pointers that are not const, and only reads it; tokens refuse a null one,
/// even where nothing is to be read.
CK_BYTE* data(ByteView bytes) {
  static constexpr CK_BYTE kNothing{};
  const auto* start = reinterpret_cast<const CK_BYTE*>(bytes.data());
  return const_cast<CK_BYTE*>(bytes.empty() ? &kNothing : start);
}

/// Whether `field`, padded with spaces, is what the URI says, if it says anything.
template <std::size_t N>
bool fits(const unsigned char (&field)[N], const std::string& wanted) {
  if (wanted.empty()) return true;
  std::string_view text(reinterpret_cast<const char*>(field), N);
  return text.substr(0, text.find_last_not_of(' ') + 1) == wanted;
}

bool fits(const CK_TOKEN_INFO& token, const Uri& uri) {
  return fits(token.label, uri.token) && fits(token.serialNumber, uri.serial) &&
         fits(token.manufacturerID, uri.manufacturer) && fits(token.model, uri.model);
}

std::vector<CK_SLOT_ID> slots_with_tokens(const Module& module) {
  CK_ULONG count = 0;
  const auto& functions = module.functions();
  module.require(functions.C_GetSlotList(CK_TRUE, nullptr, &count), "C_GetSlotList");
  std::vector<CK_SLOT_ID> slots(count);
  module.require(functions.C_GetSlotList(CK_TRUE, slots.data(), &count), "C_GetSlotList");
  slots.resize(std::min<std::size_t>(count, slots.size()));
  return slots;
}

/// A token that does not answer is not taken for one that is not there.
Token find_token(const Module& module, const Uri& uri) {
  std::vector<Token> found;
  CK_RV failed = CKR_OK;
  for (const CK_SLOT_ID slot : slots_with_tokens(module)) {
    CK_TOKEN_INFO info{};
    const CK_RV result = module.functions().C_GetTokenInfo(slot, &info);
    if (result != CKR_OK) {
      failed = result;
    } else if (fits(info, uri)) {
      found.push_back({slot, info.flags});
    }
  }
  if (found.empty()) module.require(failed, "C_GetTokenInfo");
  if (found.size() == 1) return found.front();
  throw Error(ErrorKind::not_found, module.subject(),
              "expected one token of this name, found " + std::to_string(found.size()));
}

}  // namespace

Module::Module(const std::string& path, std::string subject)
    : subject_(std::move(subject)), process_(process_id()) {
  const auto list = reinterpret_cast<CK_C_GetFunctionList>(load_symbol(path, "C_GetFunctionList"));
  require(list(&functions_), "C_GetFunctionList");
  initialise();
}

void Module::require(CK_RV result, std::string_view call) const {
  if (result != CKR_OK) throw token_error(result, subject_, call);
}

void Module::initialise() const {
  // The module is the process's, not ours, and need not bear two of these calls at once.
  static std::mutex initialising;
  const std::scoped_lock lock(initialising);
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  const CK_RV result = functions_->C_Initialize(&arguments);
  if (result != CKR_CRYPTOKI_ALREADY_INITIALIZED) require(result, "C_Initialize");
}

bool Module::is_of_this_process() const { return process_id() == process_; }

Session::Session(const Module& module, const Token& token) : module_(module) {
  module_.require(
      module_.functions().C_OpenSession(token.slot, CKF_SERIAL_SESSION, nullptr, nullptr, &handle_),
      "C_OpenSession");
}

Session::Session(const Module& module, const Uri& uri, const SecretBytes& pin)
    : Session(module, find_token(module, uri), uri, pin) {}

Session::Session(const Module& module, const Token& token, const Uri& uri, const SecretBytes& pin)
    : Session(module, token) {
  login(token, pin);
  const auto key = find({CKO_PRIVATE_KEY, {}, uri.object, uri.id}, "private key");
  if (!key) {
    throw Error(ErrorKind::not_found, module_.subject(),
                "expected a private key of this name in the token, found none");
  }
  key_ = *key;
}

Session::~Session() {
  if (module_.is_of_this_process()) module_.functions().C_CloseSession(handle_);
}

/// Before the try that may lock the token a human has to look.
void Session::login(const Token& token, const SecretBytes& pin) const {
  const auto refuse = [&](const char* message) {
    throw Error(ErrorKind::unauthenticated, module_.subject(), message);
  };
  if (pin.empty()) {
    if ((token.flags & CKF_LOGIN_REQUIRED) != 0)
      refuse("expected a pin-source, since the token wants a pin, found none");
    return;
  }
  if ((token.flags & CKF_USER_PIN_LOCKED) != 0) refuse("expected a token that is not locked");
  if ((token.flags & CKF_USER_PIN_FINAL_TRY) != 0)
    refuse("one more wrong pin locks the token: it is not tried, log in once by hand");
  const CK_RV result = module_.functions().C_Login(handle_, CKU_USER, data(pin.view()), pin.size());
  if (result != CKR_USER_ALREADY_LOGGED_IN) module_.require(result, "C_Login");
}

std::optional<CK_OBJECT_HANDLE> Session::find(const Pattern& pattern,
                                              const std::string& what) const {
  Pattern wanted = pattern;
  std::vector<CK_ATTRIBUTE> attributes{{CKA_CLASS, &wanted.kind, sizeof(wanted.kind)}};
  if (wanted.type) attributes.push_back({CKA_KEY_TYPE, &*wanted.type, sizeof(*wanted.type)});
  for (auto& [type, value] :
       {std::pair<CK_ATTRIBUTE_TYPE, std::string&>{CKA_LABEL, wanted.label}, {CKA_ID, wanted.id}}) {
    if (!value.empty()) attributes.push_back({type, value.data(), value.size()});
  }
  const auto& functions = module_.functions();
  module_.require(functions.C_FindObjectsInit(handle_, attributes.data(), attributes.size()),
                  "C_FindObjectsInit");
  std::array<CK_OBJECT_HANDLE, 2> found{};
  CK_ULONG count = 0;
  const CK_RV result = functions.C_FindObjects(handle_, found.data(), found.size(), &count);
  module_.require(functions.C_FindObjectsFinal(handle_), "C_FindObjectsFinal");
  module_.require(result, "C_FindObjects");
  if (count > 1) {
    throw Error(ErrorKind::not_found, module_.subject(),
                "expected one " + what + " of this name in the token, found several");
  }
  return count == 1 ? std::optional(found.front()) : std::nullopt;
}

std::optional<Bytes> Session::attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
  Bytes value(kAttributeLimit);
  CK_ATTRIBUTE attribute{type, value.data(), value.size()};
  const CK_RV result = module_.functions().C_GetAttributeValue(handle_, object, &attribute, 1);
  if (result == CKR_ATTRIBUTE_TYPE_INVALID || result == CKR_ATTRIBUTE_SENSITIVE)
    return std::nullopt;
  module_.require(result, "C_GetAttributeValue");
  if (attribute.ulValueLen > value.size()) return std::nullopt;
  value.resize(attribute.ulValueLen);
  return value;
}

Bytes Session::sign(CK_MECHANISM_TYPE type, ByteView input) const {
  const auto& functions = module_.functions();
  CK_MECHANISM mechanism{type, nullptr, 0};
  module_.require(functions.C_SignInit(handle_, &mechanism, key_), "C_SignInit");
  Bytes signature(kOutputLimit);
  CK_ULONG size = signature.size();
  module_.require(
      functions.C_Sign(handle_, data(input), input.size(), data(MutableByteView(signature)), &size),
      "C_Sign");
  signature.resize(std::min<std::size_t>(size, signature.size()));
  return signature;
}

}  // namespace pkcs11
}  // namespace v0
}  // namespace atp
