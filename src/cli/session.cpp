// SPDX-License-Identifier: Apache-2.0
#include "cli/session.hpp"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <system_error>

namespace atp::cli {
namespace {

std::string read_standard_input(std::size_t limit) {
  std::string text;
  std::array<char, 64 << 10> buffer{};
  while (std::cin.read(buffer.data(), buffer.size()) || std::cin.gcount() > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(std::cin.gcount()));
    if (text.size() <= limit) continue;
    throw Error(ErrorKind::invalid_argument, "standard input",
                "expected at most " + std::to_string(limit) + " bytes, found more");
  }
  return text;
}

/// Without the line feed that editors put behind it.
SecretBytes passphrase_in(const Environment& environment, const Path& path) {
  const SecretBytes contents = read_secret_file(*environment.files, path);
  const std::string_view text = contents.text();
  return SecretBytes(as_bytes(text.substr(0, std::min(text.find('\n'), text.size()))));
}

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

SecretBytes ask_passphrase(const std::string& question) {
  const SilentTerminal terminal;
  terminal.say(question);
  return terminal.read_line();
}

/// From the file, or asked for twice.
SecretBytes new_passphrase(const Environment& environment, const Arguments& arguments) {
  SecretBytes passphrase = arguments.passphrase_file
                               ? passphrase_in(environment, *arguments.passphrase_file)
                               : ask_passphrase("New passphrase: ");
  if (passphrase.empty()) {
    throw Error(ErrorKind::invalid_argument, "passphrase", "expected one, found nothing");
  }
  if (arguments.passphrase_file) return passphrase;
  if (ask_passphrase("Again: ").text() == passphrase.text()) return passphrase;
  throw Error(ErrorKind::invalid_argument, "passphrase", "expected the same twice, found another");
}

}  // namespace

/// The XDG Base Directory Specification has relative folders ignored.
std::optional<Path> find_configuration_folder() {
  const auto absolute = [](const char* name) {
    const char* folder = std::getenv(name);
    return folder != nullptr && *folder == '/' ? std::optional<Path>(folder) : std::nullopt;
  };
  if (auto folder = absolute("XDG_CONFIG_HOME")) return folder;
  if (const auto home = absolute("HOME")) return *home / ".config";
  return std::nullopt;
}

Path configuration_folder() {
  if (const auto folder = find_configuration_folder()) return *folder;
  throw Error(ErrorKind::invalid_argument, "--keys",
              "neither XDG_CONFIG_HOME nor HOME is an absolute path: say where the keys are");
}

Path absolute_path(const Path& path) {
  std::error_code error;
  const Path absolute = std::filesystem::absolute(path, error);
  if (!error) return absolute.lexically_normal();
  throw Error(ErrorKind::invalid_argument, path.empty() ? "path" : path.string(),
              path.empty() ? "expected a path, found nothing" : error.message());
}

std::string read_input(const Environment& environment, const Path& path, std::size_t limit) {
  if (path == "-") return read_standard_input(limit);
  try {
    return std::string(as_text(read_file(*environment.files, path, limit)));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    throw Error(ErrorKind::invalid_argument, error.subject(), error.message());
  }
}

std::optional<Path> find_key_folder(const Environment& environment, const Arguments& arguments) {
  if (arguments.keys) {
    if (environment.files->status(*arguments.keys / "")) return arguments.keys;
    throw Error(ErrorKind::not_found, arguments.keys->string(), "there is no such key folder");
  }
  const auto configuration = find_configuration_folder();
  if (!configuration) return std::nullopt;
  return default_key_folder(environment, arguments.vault, *configuration);
}

Path key_folder(const Environment& environment, const Arguments& arguments) {
  if (auto folder = find_key_folder(environment, arguments)) return *std::move(folder);
  return configuration_folder();  // Says what is missing.
}

KeyUnlock key_unlock(const Environment& environment, const Arguments& arguments) {
  return {.identity = arguments.unlock, .passphrase = [&environment, &arguments](const Path& path) {
            if (arguments.passphrase_file) {
              return passphrase_in(environment, *arguments.passphrase_file);
            }
            return ask_passphrase("Passphrase of " + printable(path.string()) + ": ");
          }};
}

Sealing::Sealing(const Environment& environment, const Arguments& arguments) {
  if (arguments.recipient) recipient_ = age::Recipient::parse(*arguments.recipient);
  if (arguments.passphrase) passphrase_ = new_passphrase(environment, arguments);
}

std::shared_ptr<const Signer> load_person_key(const Environment& environment, const Path& path) {
  if (path.empty()) {
    throw Error(ErrorKind::invalid_argument, "--key", "expected a private key in pem, found none");
  }
  return load_signer(*environment.files, path);
}

Keys load_keys(const Environment& environment, const Arguments& arguments, KeyUse use) {
  Keys keys;
  if (const auto folder = find_key_folder(environment, arguments)) {
    if (use == KeyUse::secrets) {
      keys = atp::load_keys(*environment.files, *folder, key_unlock(environment, arguments));
    } else if (!arguments.trust) {
      keys.trust = find_trust_policy(*environment.files, *folder);
    }
  }
  if (arguments.trust) keys.trust = load_trust_policy(*environment.files, *arguments.trust);
  return keys;
}

const TrustPolicy& require_trust(const Keys& keys) {
  if (keys.trust) return *keys.trust;
  throw Error(ErrorKind::unauthenticated, "trust policy",
              "there is none at hand (trust.json of the key folder, or --trust FILE)");
}

std::shared_ptr<Vault> open_vault(const Environment& environment, const Arguments& arguments,
                                  KeyUse use, VaultAccess access) {
  open_store(environment, arguments.vault);
  return atp::open_vault(environment, arguments.vault, load_keys(environment, arguments, use),
                         arguments.dry_run ? VaultAccess::read_only : access);
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  if (std::from_chars(text.data(), end, number) != std::from_chars_result{end, {}}) return {};
  return number;
}

SegmentName parse_segment_name(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) {
    throw Error(ErrorKind::invalid_argument, text,
                "expected STREAM/SEGMENT (default/SEGMENT for flat files)");
  }
  return {StreamId(text.substr(0, slash)), SegmentId(text.substr(slash + 1))};
}

}  // namespace atp::cli
