// SPDX-License-Identifier: Apache-2.0
#include "atp/storage/open_store.hpp"

#include <algorithm>
#include <string>

#include "atp/core/error.hpp"
#include "atp/storage/memory_store.hpp"
#include "atp/storage/read_only_store.hpp"

namespace atp {
inline namespace v0 {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_of_scheme(char c) {
  return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

/// With its colon (RFC 3986, section 3.1); empty where there is none.
std::string_view scheme_of(std::string_view address) {
  const auto colon = address.find(':');
  if (colon == address.npos || colon == 0 || !is_letter(address.front())) return {};
  const std::string_view name = address.substr(0, colon);
  return std::all_of(name.begin(), name.end(), is_of_scheme) ? address.substr(0, colon + 1)
                                                             : std::string_view();
}

[[noreturn]] void refuse(std::string_view scheme, const std::string& why) {
  throw Error(ErrorKind::invalid_argument, std::string(scheme), why);
}

Path folder_of(std::string_view scheme, std::string_view path) {
  if (!scheme.empty() && path.find_first_of("%?#") != path.npos) {
    refuse(scheme, "expected a path without %, ? and #; give it without the scheme");
  }
  if (!scheme.empty() && path.starts_with("//")) {
    path.remove_prefix(2);
    if (!path.starts_with('/')) refuse(scheme, "expected an address without a host");
  }
  if (path.empty() || path.find('\0') != path.npos) refuse(scheme, "expected a path");
  return Path(path);
}

std::shared_ptr<ObjectStore> open_memory(std::string_view scheme, std::string_view rest,
                                         const StoreEnvironment& environment, StoreAccess access) {
  if (!rest.empty()) refuse(scheme, "expected nothing after the colon");
  auto store = memory_store(environment.clock);
  return access == StoreAccess::read_only ? read_only_store(std::move(store)) : store;
}

}  // namespace

std::shared_ptr<ObjectStore> open_store_at(std::string_view address,
                                           const StoreEnvironment& environment,
                                           StoreAccess access) {
  const std::string_view scheme = scheme_of(address);
  const std::string_view rest = address.substr(scheme.size());
  if (scheme == "mem:") return open_memory(scheme, rest, environment, access);
  if (scheme.empty() || scheme == "file:") {
    return filesystem_store(environment.files, folder_of(scheme, rest), environment.clock,
                            environment.random, access);
  }
  throw Error(ErrorKind::unsupported, std::string(scheme),
              "expected a store at file:, mem: or a path (./ before one with a colon)");
}

}  // namespace v0
}  // namespace atp
