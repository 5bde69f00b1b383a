// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <string_view>

#include "atp/core/error.hpp"

namespace atp::cli {
namespace {

/// The terminal, without echo while this lives. Its keys come one by one and send no signals, so
/// that an interrupt ends the question and the echo comes back.
class SilentTerminal {
 public:
  SilentTerminal() : file_(open("/dev/tty", O_RDWR | O_CLOEXEC)) {
    if (file_ < 0 || tcgetattr(file_, &before_) != 0) {
      if (file_ >= 0) close(file_);
      throw Error(ErrorKind::unauthenticated, "passphrase",
                  "there is no terminal to ask on: give it with --passphrase-file");
    }
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
    silent.c_cc[VMIN] = 1;
    silent.c_cc[VTIME] = 0;
    tcsetattr(file_, TCSAFLUSH, &silent);
  }
  ~SilentTerminal() {
    say("\n");
    tcsetattr(file_, TCSAFLUSH, &before_);
    close(file_);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

  void say(std::string_view text) const {
    [[maybe_unused]] const auto written = write(file_, text.data(), text.size());
  }

  SecretBytes read_line() const {
    SecretBytes line(kPassphraseLimit);
    std::size_t size = 0;
    char c = 0;
    while (read(file_, &c, 1) == 1 && c != '\n' && !is(c, VEOF)) {
      if (is(c, VINTR) || is(c, VQUIT)) throw Error(ErrorKind::cancelled, "passphrase", "stopped");
      if (is(c, VKILL)) {
        size = 0;
      } else if (is(c, VERASE) || c == '\b') {
        size = without_last(line, size);
      } else if (size < line.size()) {
        line.mutable_view()[size++] = static_cast<std::byte>(c);
      }
    }
    return SecretBytes(line.view().first(size));
  }

 private:
  static constexpr std::size_t kPassphraseLimit = 1024;

  bool is(char c, int key) const { return static_cast<cc_t>(c) == before_.c_cc[key]; }

  /// The size without the last code point (UTF-8).
  static std::size_t without_last(const SecretBytes& line, std::size_t size) {
    const auto is_continuation = [&](std::size_t at) {
      return (std::to_integer<unsigned>(line.view()[at]) & 0xc0U) == 0x80U;
    };
    while (size > 0 && is_continuation(size - 1)) --size;
    return size > 0 ? size - 1 : 0;
  }

  int file_;
  termios before_{};
};

}  // namespace

SecretBytes ask_passphrase(const std::string& question) {
  const SilentTerminal terminal;
  terminal.say(question);
  return terminal.read_line();
}

}  // namespace atp::cli
