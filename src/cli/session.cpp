// SPDX-License-Identifier: Apache-2.0
#include "cli/session.hpp"

#include <algorithm>
#include <array>
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
  return std::string(as_text(read_file(*environment.files, path, limit)));
}

void require_outside(const Path& path, const Path& vault) {
  std::error_code error;
  const Path inner = std::filesystem::weakly_canonical(absolute_path(path), error);
  if (error) throw Error(ErrorKind::invalid_argument, path.string(), error.message());
  const Path outer = std::filesystem::weakly_canonical(absolute_path(vault), error);
  if (error) throw Error(ErrorKind::invalid_argument, vault.string(), error.message());
  if (std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first != outer.end()) {
    return;
  }
  throw Error(ErrorKind::invalid_argument, path.string(), "is inside the vault");
}

Keys load_keys(const Environment& environment, const Arguments& arguments) {
  if (arguments.keys && !environment.files->status(*arguments.keys / "")) {
    throw Error(ErrorKind::not_found, arguments.keys->string(), "there is no such key folder");
  }
  Keys keys;
  if (arguments.keys) {
    keys = atp::load_keys(*environment.files, *arguments.keys);
  } else if (const auto configuration = find_configuration_folder()) {
    keys = atp::load_keys(*environment.files,
                          default_key_folder(environment, arguments.vault, *configuration));
  }
  if (arguments.trust) keys.trust = load_trust_policy(*environment.files, *arguments.trust);
  return keys;
}

const TrustPolicy& require_trust(const Keys& keys) {
  if (keys.trust) return *keys.trust;
  throw Error(ErrorKind::unauthenticated, "trust policy",
              "there is none at hand (trust.json of the key folder, or --trust FILE)");
}

std::shared_ptr<Vault> open_vault(const Environment& environment, const Arguments& arguments) {
  open_store(environment, arguments.vault);
  return atp::open_vault(environment, arguments.vault, load_keys(environment, arguments));
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
