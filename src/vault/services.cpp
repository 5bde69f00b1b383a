// SPDX-License-Identifier: Apache-2.0
#include "vault/services.hpp"

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/ledger/cosignature.hpp"
#include "atp/ledger/witness.hpp"
#include "atp/merkle/tree.hpp"
#include "ledger/lines.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::string_view kSizeType = "text/x.tlog.size";

[[noreturn]] void refuse(const Service& service, const HttpResponse& response) {
  constexpr std::size_t kShown = 200;
  std::string said = response.body.substr(0, kShown);
  std::ranges::replace_if(
      said, [](char c) { return c < ' ' || c > '~'; }, ' ');
  throw Error(ErrorKind::unavailable, service.address.name,
              "answered with status " + std::to_string(response.status) +
                  (said.empty() ? "" : ": " + said));
}

/// Parameters behind the type do not matter.
bool has_type(const HttpResponse& response, std::string_view type) {
  const std::string* found = find_header(response.headers, "content-type");
  return found != nullptr && std::string_view(*found).substr(0, found->find(';')) == type;
}

/// The size that a witness has cosigned last, where it says that another was expected.
std::uint64_t cosigned_size(const Service& service, const HttpResponse& response, Ledger& ledger,
                            std::uint64_t asked) {
  std::string_view body = response.body;
  const auto line = ledger::take_line(body);
  const auto found = line && body.empty() ? ledger::parse_decimal(*line) : std::nullopt;
  if (!has_type(response, kSizeType) || !found) refuse(service, response);
  const std::uint64_t size = *found;
  if (size > ledger.size()) {
    throw Error(ErrorKind::corrupt, service.address.name,
                "claims to have cosigned " + std::to_string(size) + " entries of " +
                    ledger.origin() + ", which has " + std::to_string(ledger.size()) +
                    ": its tail was cut off, or the store is an older copy");
  }
  if (size == asked) {
    throw Error(ErrorKind::corrupt, service.address.name,
                "claims to have cosigned another checkpoint of " + std::to_string(size) +
                    " entries of " + ledger.origin() + ": the ledger has forked");
  }
  return size;
}

merkle::Proof consistency_since(Ledger& ledger, std::uint64_t size) {
  if (size == 0 || size == ledger.size()) return {};
  return ledger.consistency_proof(size);
}

HttpResponse add_checkpoint(const Service& service, Ledger& ledger, std::uint64_t old_size) {
  const WitnessRequest request{.old_size = old_size,
                               .proof = consistency_since(ledger, old_size),
                               .note = ledger.newest_note()};
  const std::string& prefix = service.address.url;
  return service.http.send(prefix + (prefix.ends_with('/') ? "" : "/") + "add-checkpoint",
                           {.method = "POST",
                            .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
                            .body = print_witness_request(request),
                            .repeatable = true},
                           service.stop);
}

/// The asked witness's own, if it counts; what else it sends is not kept.
std::string line_of(const Service& service, const HttpResponse& response, Ledger& ledger,
                    const TrustPolicy& trust) {
  if (response.body.size() > kCheckpointLimit) return "";
  TrustPolicy of_witness = trust;
  std::erase_if(of_witness.keys, [&](const TrustedKey& key) {
    return key.role != KeyRole::witness || key.name != service.address.name;
  });
  return counting_lines(ledger.newest_note(), response.body, of_witness);
}

}  // namespace

std::string ask_witness(const Service& service, Ledger& ledger, const TrustPolicy& trust,
                        std::uint64_t known_size) {
  HttpResponse response = add_checkpoint(service, ledger, known_size);
  if (response.status == 409) {
    const std::uint64_t size = cosigned_size(service, response, ledger, known_size);
    response = add_checkpoint(service, ledger, size);
    if (response.status == 409) cosigned_size(service, response, ledger, size);
  }
  if (response.status == 422) {  // Our proof is sound: it knows another ledger.
    throw Error(ErrorKind::corrupt, service.address.name,
                "says that " + ledger.origin() +
                    " does not go on from what it had cosigned: it was rewritten, or has forked");
  }
  if (response.status != 200) refuse(service, response);
  const std::string lines = line_of(service, response, ledger, trust);
  if (!lines.empty()) return lines;
  throw Error(ErrorKind::untrusted, service.address.name,
              "answered without a cosignature by a key that the trust policy has for it");
}

Bytes ask_authority(const Service& service, const TimestampAuthority& authority,
                    const Digest& sha256, Random& random, Time now) {
  const TimestampRequest request =
      make_timestamp_request(sha256, authority.policies.front(), random);
  const HttpResponse response =
      service.http.send(service.address.url,
                        {.method = "POST",
                         .headers = {{"Content-Type", "application/timestamp-query"}},
                         .body = std::string(as_text(request.der)),
                         .repeatable = true},
                        service.stop);
  if (response.status != 200 || !has_type(response, "application/timestamp-reply")) {
    refuse(service, response);
  }
  Bytes reply = to_bytes(response.body);
  const CheckedTimestamp checked =
      check_timestamp(reply, sha256, std::span(&authority, 1), request.nonce, now);
  if (checked.state == TimestampState::verified) return reply;
  throw Error(ErrorKind::untrusted, service.address.name,
              "answered with a time-stamp that does not hold: " +
                  std::string(to_string(checked.state)) + ", " + checked.detail);
}

}  // namespace v0
}  // namespace atp
