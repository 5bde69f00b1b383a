// SPDX-License-Identifier: Apache-2.0
/// Preloaded into `atp` by kill_test.py: counts the calls that change the file system, notes each
/// in a file and kills the process with SIGKILL right after the one asked for. One call at a time,
/// so that exactly the noted calls were made. Environment:
///   KILL_TRACE  file that gets a line `<call> <path>` for each call that succeeded
///   KILL_AFTER  number of the call, from 1, after which the process dies; never where absent
///   KILL_TORN   where set, that call writes only half of its bytes if it is a write
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdlib>
#include <mutex>
#include <string>

namespace {

std::mutex& mutex() {
  static std::mutex one;
  return one;
}

long last_call() {
  const char* text = std::getenv("KILL_AFTER");
  return text == nullptr ? LONG_MAX : std::strtol(text, nullptr, 10);
}

long count = 0;

template <class Function>
Function next(Function, const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

std::string path_of(int descriptor) {
  std::array<char, PATH_MAX> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t size = readlink(link.c_str(), path.data(), path.size());
  return size < 0 ? "?" : std::string(path.data(), static_cast<std::size_t>(size));
}

/// The kernel's calls and not the library's: those are the ones replaced here.
void note(const char* call, const std::string& path) {
  static const long trace = syscall(SYS_openat, AT_FDCWD, std::getenv("KILL_TRACE"),
                                    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string line = std::string(call) + " " + path + "\n";
  if (syscall(SYS_write, trace, line.data(), line.size()) < 0) _exit(99);
  if (++count != last_call()) return;
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

/// Makes the call; the one after which the process is to die does not return.
template <class Call, class Path>
auto counted(const char* name, const Call& call, const Path& path) {
  const std::lock_guard lock(mutex());
  const auto result = call();
  if (result < 0) return result;
  const int number = errno;
  note(name, path(result));
  errno = number;
  return result;
}

int open_counted(const char* name, const char* path, int flags, mode_t mode) {
  const auto real = next(&::open, name);
  if ((flags & O_CREAT) == 0) return real(path, flags, mode);
  return counted(
      "create", [&] { return real(path, flags, mode); }, [&](int) { return std::string(path); });
}

ssize_t write_counted(const char* name, int descriptor, const void* bytes, size_t size,
                      off_t offset) {
  const auto real = next(&::pwrite, name);
  const auto call = [&] {
    const bool torn = count + 1 == last_call() && std::getenv("KILL_TORN") != nullptr;
    return real(descriptor, bytes, torn ? size / 2 : size, offset);
  };
  return counted("write", call, [&](ssize_t) { return path_of(descriptor); });
}

}  // namespace

extern "C" {

#define VISIBLE __attribute__((visibility("default")))

VISIBLE int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return open_counted("open", path, flags, mode);
}

VISIBLE int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return open_counted("open64", path, flags, mode);
}

VISIBLE ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t offset) {
  return write_counted("pwrite", descriptor, bytes, size, offset);
}

VISIBLE ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off_t offset) {
  return write_counted("pwrite64", descriptor, bytes, size, offset);
}

VISIBLE int fsync(int descriptor) {
  const auto real = next(&::fsync, "fsync");
  return counted(
      "fsync", [&] { return real(descriptor); }, [&](int) { return path_of(descriptor); });
}

VISIBLE int ftruncate(int descriptor, off_t size) noexcept {
  const auto real = next(&::ftruncate, "ftruncate");
  return counted(
      "truncate", [&] { return real(descriptor, size); }, [&](int) { return path_of(descriptor); });
}

VISIBLE int mkdir(const char* path, mode_t mode) noexcept {
  const auto real = next(&::mkdir, "mkdir");
  return counted(
      "mkdir", [&] { return real(path, mode); }, [&](int) { return std::string(path); });
}

VISIBLE int remove(const char* path) noexcept {
  const auto real = next(&::remove, "remove");
  return counted(
      "remove", [&] { return real(path); }, [&](int) { return std::string(path); });
}

VISIBLE int rename(const char* from, const char* to) noexcept {
  const auto real = next(&::rename, "rename");
  return counted(
      "rename", [&] { return real(from, to); }, [&](int) { return std::string(to); });
}

VISIBLE int renameat2(int from_folder, const char* from, int to_folder, const char* to,
                      unsigned flags) noexcept {
  const auto real = next(&::renameat2, "renameat2");
  return counted(
      "rename", [&] { return real(from_folder, from, to_folder, to, flags); },
      [&](int) { return std::string(to); });
}
}
