// SPDX-License-Identifier: Apache-2.0
/// The exchanges with witnesses and time-stamping authorities. What they answer is checked here;
/// nothing is stored.
#pragma once

#include <stop_token>
#include <string>

#include "atp/core/random.hpp"
#include "atp/crypto/timestamp.hpp"
#include "atp/ledger/ledger.hpp"
#include "atp/net/http_client.hpp"

namespace atp {
inline namespace v0 {

/// How a service is reached.
struct Service {
  HttpClient& http;
  const ServiceAddress& address;
  std::stop_token stop = {};
};

/// The signature line that a witness gives for the newest checkpoint of `ledger`; it counts.
/// `known_size` is of a checkpoint that it may have cosigned before, 0 for none.
/// Throws: unavailable where it does not answer, or not as the protocol says; untrusted where it
/// gives none that holds; corrupt where it says to have seen a longer ledger, or another one.
std::string ask_witness(const Service& service, Ledger& ledger, const TrustPolicy& trust,
                        std::uint64_t known_size);

/// A reply of the authority for `sha256` that holds now. Throws: unavailable, untrusted.
Bytes ask_authority(const Service& service, const TimestampAuthority& authority,
                    const Digest& sha256, Random& random, Time now);

}  // namespace v0
}  // namespace atp
