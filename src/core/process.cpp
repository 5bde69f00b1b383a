// SPDX-License-Identifier: Apache-2.0
#include "core/process.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <system_error>

#include "atp/core/error.hpp"

namespace atp {
inline namespace v0 {
namespace {

/// Of the last failed call of this thread.
std::string loader_message() {
  const char* message = ::dlerror();
  return message != nullptr ? message : "no reason given";
}

}  // namespace

std::uint64_t process_id() { return static_cast<std::uint64_t>(::getpid()); }

std::uint32_t user_id() { return ::geteuid(); }

void* load_symbol(const Path& library, const std::string& symbol) {
  std::error_code error;
  if (!std::filesystem::exists(library, error))
    throw Error(ErrorKind::not_found, library.string(), "there is no such library");
  void* loaded = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (loaded == nullptr)
    throw Error(ErrorKind::unsupported, library.string(),
                "expected a shared library: " + loader_message());
  void* found = ::dlsym(loaded, symbol.c_str());
  if (found == nullptr)
    throw Error(ErrorKind::unsupported, library.string(),
                "expected a library with " + symbol + ": " + loader_message());
  return found;
}

}  // namespace v0
}  // namespace atp
