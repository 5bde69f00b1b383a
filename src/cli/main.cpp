// SPDX-License-Identifier: Apache-2.0
/// The `atp` command: signals, exit codes.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <iostream>
#include <new>
#include <system_error>
#include <thread>

#include "cli/command_line.hpp"
#include "cli/exit_codes.hpp"

namespace atp::cli {
namespace {

/// Keys must not end up in a core file, nor be read by a debugger of the same user.
void keep_secrets() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);
}

/// A file opened as descriptor 0, 1 or 2 would be read or written by whoever means the terminal.
void fill_standard_descriptors() {
  int opened = open("/dev/null", O_RDWR);
  while (opened >= 0 && opened <= STDERR_FILENO) opened = open("/dev/null", O_RDWR);
  if (opened < 0) _exit(error_kind_info(ErrorKind::unavailable).exit_code);
  close(opened);
}

/// Turns SIGINT, SIGTERM and SIGHUP (unless it is ignored, as under nohup) into a stop request; a
/// second one ends the process at once.
class SignalWatch {
 public:
  SignalWatch() {
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);  // The write then fails as on a full disk.
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    struct sigaction before {};
    if (sigaction(SIGHUP, nullptr, &before) == 0 && before.sa_handler != SIG_IGN) {
      sigaddset(&set_, SIGHUP);
    }
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    watcher_ = std::jthread([this](const std::stop_token& done) { watch(done); });
  }
  ~SignalWatch() {
    watcher_.request_stop();
    pthread_kill(watcher_.native_handle(), SIGTERM);  // It waits for a signal.
  }
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  /// 128 and the signal's number; 0 where none came.
  int exit_code() const { return exit_code_; }

 private:
  void watch(const std::stop_token& done) {
    int signal_number = 0;
    while (sigwait(&set_, &signal_number) == 0 && !done.stop_requested()) {
      if (exit_code_ != 0) _exit(exit_code_);
      exit_code_ = 128 + signal_number;
      stop_.request_stop();
    }
  }

  sigset_t set_{};
  std::stop_source stop_;
  std::atomic<int> exit_code_{0};
  std::jthread watcher_;
};

/// Exit codes that say more than the error's kind.
int exit_code_of(const Error& error, const Path& vault) {
  if (error.kind() == ErrorKind::not_found && error.subject() == vault.string()) {
    return kExitNoVault;
  }
  if (error.kind() == ErrorKind::unauthenticated && error.subject().ends_with(".age")) {
    return kExitWrongKey;
  }
  return error_kind_info(error.kind()).exit_code;
}

/// What was printed is lost, whatever was done.
int complain_of_output() {
  const Error error(ErrorKind::unavailable, "standard output", "cannot be written");
  Console({}).error(error);
  return error_kind_info(error.kind()).exit_code;
}

int run_watched(const Chosen& chosen, Console& console) {
  const SignalWatch signals;
  try {
    const int code = chosen.run({console, signals.token()});
    return std::cout.flush() ? code : complain_of_output();
  } catch (const Error& error) {
    console.error(error);
    const int interrupted = error.kind() == ErrorKind::cancelled ? signals.exit_code() : 0;
    return interrupted != 0 ? interrupted : exit_code_of(error, chosen.vault);
  }
}

int complain_of_machine(Console& console, const char* lacking, const std::string& message) {
  const Error error(ErrorKind::unavailable, lacking, message);
  console.error(error);
  return error_kind_info(error.kind()).exit_code;
}

int run_main(int argc, char** argv) {
  fill_standard_descriptors();
  keep_secrets();
  CommandLine line;
  int exit_code = 0;
  const Chosen& chosen = line.parse(argc, argv, exit_code);
  if (!chosen.run) return exit_code;
  Console console({.json = chosen.json, .quiet = chosen.quiet});
  try {
    return run_watched(chosen, console);
  } catch (const std::bad_alloc&) {
    return complain_of_machine(console, "memory", "not enough memory");
  } catch (const std::system_error& error) {  // Threads, mostly.
    return complain_of_machine(console, "system", error.what());
  } catch (const std::exception& bug) {
    console.bug(std::string("this is a bug: ") + bug.what());
    return kExitBug;
  }
}

}  // namespace
}  // namespace atp::cli

int main(int argc, char** argv) { return atp::cli::run_main(argc, argv); }
