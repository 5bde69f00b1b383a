// SPDX-License-Identifier: Apache-2.0
/// What the tests of the rules for time-stamps share: an authority, and sound replies to spoil.
#pragma once

#include "crypto/timestamp_authority.hpp"
#include "crypto/timestamp_forge.hpp"

namespace atp::test {

inline const Digest kImprint = sha256(as_bytes("what is stamped"));
inline const Digest kOther = sha256(as_bytes("something else"));

inline Time at(std::string_view text) { return parse_time(text).value(); }

class TimestampRules : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!OpensslAuthority::is_there()) return;
    openssl_ = new OpensslAuthority();
    certificate_ = new Bytes(openssl_->certificate("tsa"));
    intermediate_ = new Bytes(openssl_->certificate("ca"));
    authority_ = new TimestampAuthority(openssl_->authority());
  }
  static void TearDownTestSuite() {
    delete openssl_;
    delete certificate_;
    delete intermediate_;
    delete authority_;
  }
  void SetUp() override {
    if (openssl_ == nullptr) miss("the openssl command");
  }

  /// A sound reply of `signer`, with the intermediate in the bag.
  static Reply sound(const std::string& signer = "tsa") {
    Reply reply = sound_reply(kImprint, openssl_->certificate(signer));
    reply.certificates = join({reply.certificates, *intermediate_});
    return reply;
  }
  static Bytes signed_by(const std::string& signer, const Reply& reply) {
    return sign_reply(reply, *signer_from_pem(openssl_->key_pem(signer)));
  }
  static CheckedTimestamp check(ByteView reply) {
    return check_timestamp(reply, kImprint, {authority_, 1}, {}, {});
  }
  static CheckedTimestamp check(const Reply& reply) { return check(signed_by("tsa", reply)); }
  /// The sound reply, one part of it put in the place of another.
  static CheckedTimestamp check_with(Bytes Reply::*part, const Bytes& value) {
    Reply reply = sound();
    reply.*part = value;
    return check(reply);
  }
  /// The verdict on a sound token of a signer whose certificate is as `options` say, and pinned;
  /// `bag` lies beside it.
  static CheckedTimestamp check_signer(const std::string& name, const CertificateOptions& options,
                                       const Bytes& bag = *intermediate_) {
    openssl_->certify(name, options);
    const TimestampAuthority pinning = openssl_->authority({name});
    Reply reply = sound_reply(kImprint, openssl_->certificate(name));
    reply.certificates = join({reply.certificates, bag});
    return check_timestamp(signed_by(name, reply), kImprint, {&pinning, 1}, {}, {});
  }

  static inline const OpensslAuthority* openssl_ = nullptr;
  static inline const Bytes* certificate_ = nullptr;
  static inline const Bytes* intermediate_ = nullptr;
  static inline const TimestampAuthority* authority_ = nullptr;
};

}  // namespace atp::test
