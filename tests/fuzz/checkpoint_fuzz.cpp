// SPDX-License-Identifier: Apache-2.0
// Checkpoints: the note as it comes, and its text signed anew by a known key.
// covers: src/ledger/note.cpp
#include <memory>
#include <string>

#include "atp/ledger/note.hpp"
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
  if (!parsed) return 0;
  atp::fuzz::parse([&] {
    const std::string own = atp::sign_checkpoint(*parsed, signer());
    require(atp::open_checkpoint(own, keys) == parsed, "a signed checkpoint opens");
    const std::string text = own.substr(0, own.find("\n\n") + 1);
    require(note.starts_with(text), "a checkpoint has one text");
  });
  return 0;
}
