// SPDX-License-Identifier: Apache-2.0
/// Modules and sessions of PKCS#11, for this layer's sources only.
#pragma once

#include <p11-kit/pkcs11.h>

#include <optional>
#include <string>

#include "atp/core/bytes.hpp"
#include "keys/pkcs11_uri.hpp"

namespace atp {
inline namespace v0 {
namespace pkcs11 {

/// A loaded module, as one user of it sees it. Thread-safe.
class Module {
 public:
  /// `subject` is what errors are about. Throws: not_found, unsupported.
  Module(const std::string& path, std::string subject);

  const CK_FUNCTION_LIST& functions() const { return *functions_; }
  const std::string& subject() const { return subject_; }
  /// Throws: what `result`, of the function `call`, means, unless it is CKR_OK.
  void require(CK_RV result, std::string_view call) const;
  /// Does nothing where the process has done it.
  void initialise() const;
  /// False in a process that was forked from the one that loaded it.
  bool is_of_this_process() const;

 private:
  CK_FUNCTION_LIST* functions_ = nullptr;
  std::string subject_;
  std::uint64_t process_;
};

/// What an object must have; what is empty here may be anything.
struct Pattern {
  CK_OBJECT_CLASS kind;
  std::optional<CK_KEY_TYPE> type = {};
  std::string label;
  std::string id;
};

struct Token {
  CK_SLOT_ID slot;
  CK_FLAGS flags;
};

/// A session that is logged in, with the one key that a URI names. Not thread-safe. In a forked
/// process nothing is closed: the parent's session may be at the other end.
class Session {
 public:
  /// An empty `pin` is none. Throws: not_found, unauthenticated, unavailable.
  Session(const Module& module, const Uri& uri, const SecretBytes& pin);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  CK_OBJECT_HANDLE key() const { return key_; }
  /// Throws: not_found where there are several; `what` says of what.
  std::optional<CK_OBJECT_HANDLE> find(const Pattern& pattern, const std::string& what) const;
  /// Nothing where the object has none, or does not show it.
  std::optional<Bytes> attribute(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;
  Bytes sign(CK_MECHANISM_TYPE mechanism, ByteView input) const;

 private:
  /// Once this one is through, the destructor closes what it opened.
  Session(const Module& module, const Token& token);
  Session(const Module& module, const Token& token, const Uri& uri, const SecretBytes& pin);
  void login(const Token& token, const SecretBytes& pin) const;

  const Module& module_;
  CK_SESSION_HANDLE handle_ = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE key_ = CK_INVALID_HANDLE;
};

}  // namespace pkcs11
}  // namespace v0
}  // namespace atp
