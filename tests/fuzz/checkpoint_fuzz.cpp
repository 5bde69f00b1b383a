// SPDX-License-Identifier: Apache-2.0
// Checkpoints: the note as it comes, its text signed and cosigned anew by a known key, and asked of
// a witness.
// covers: src/ledger/note.cpp src/ledger/signed_note.cpp src/ledger/cosignature.cpp
#include <memory>
#include <string>

#include "atp/ledger/cosignature.hpp"
#include "atp/ledger/note.hpp"
#include "atp/ledger/witness.hpp"
#include "fuzz.hpp"
#include "support/sequence_random.hpp"

using atp::fuzz::require;

namespace {

const atp::Signer& signer() {
  static const auto made = [] {
    atp::test::SequenceRandom random;
    return atp::signer_from_pem(atp::generate_ed25519_pem(random));
  }();
  return *made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view note = atp::as_text(atp::fuzz::input(data, size));
  const std::span<const atp::PublicKey> keys(&signer().public_key(), 1);
  const auto parsed = atp::parse_checkpoint(note);
  const auto opened = atp::open_checkpoint(note, keys);
  require(!opened || opened == parsed, "an opened checkpoint is the one that was parsed");
  if (const auto request = atp::parse_witness_request(note)) {
    require(atp::print_witness_request(*request) == note, "a request has one form");
  }
  if (!parsed) return 0;
  const atp::TrustPolicy trust{
      .keys = {{signer().public_key(), atp::KeyRole::witness, {}, {}, "w1"}}};
  atp::cosignatures_of(note, trust);
  const std::string line = atp::cosign_checkpoint(note, "w1", signer(), atp::Time{});
  const std::string cosigned = atp::with_signatures(std::string(note), line);
  require(cosigned == note || atp::cosignatures_of(cosigned, trust).size() == 1,
          "a cosignature counts");
  atp::fuzz::parse([&] {
    const std::string own = atp::sign_checkpoint(*parsed, signer());
    require(atp::open_checkpoint(own, keys) == parsed, "a signed checkpoint opens");
    const std::string text = own.substr(0, own.find("\n\n") + 1);
    require(note.starts_with(text), "a checkpoint has one text");
  });
  return 0;
}
