// SPDX-License-Identifier: Apache-2.0
#include "atp/storage/probe.hpp"

#include <chrono>

#include "atp/core/error.hpp"
#include "atp/core/ids.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::string_view kProbes = "probes/";
constexpr std::chrono::minutes kCanaryRetention{1};

[[noreturn]] void refuse(const ObjectStore& store, const std::string& what) {
  throw Error(ErrorKind::unsupported, store.describe(), "is not WORM: it " + what);
}

bool refuses(ErrorKind expected, const std::function<void()>& act) {
  try {
    act();
    return false;
  } catch (const Error& error) {
    if (error.kind() != expected) throw;
    return true;
  }
}

void remove_expired(ObjectStore& store) {
  for_each_key(store, std::string(kProbes), [&](const std::string& key) {
    try {
      store.remove(key);
    } catch (const Error& error) {  // Kept for a while yet, or another probe was faster.
      if (error.kind() != ErrorKind::retained && error.kind() != ErrorKind::not_found) throw;
    }
  });
}

}  // namespace

void probe_immutability(ObjectStore& store, const Clock& clock, Random& random) {
  require_capabilities(store, {.immutability = true});
  remove_expired(store);
  const std::string key = std::string(kProbes) + random_hex(random, 8);
  const Time until = clock.now() + kCanaryRetention;
  put_object(store, key, as_bytes("canary\n"), {.retain_until = until});
  const auto info = store.stat(key);
  if (!info || info->immutability.retain_until < until) refuse(store, "did not keep the date");
  if (!refuses(ErrorKind::already_exists,
               [&] { put_object(store, key, as_bytes("other\n"), {}); })) {
    refuse(store, "let a retained object be overwritten");
  }
  if (!refuses(ErrorKind::retained, [&] { store.remove(key); })) {
    refuse(store, "let a retained object be removed");
  }
}

}  // namespace v0
}  // namespace atp
