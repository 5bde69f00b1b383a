// SPDX-License-Identifier: Apache-2.0
#include "cli/inputs.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <iostream>
#include <system_error>

#include "atp/core/error.hpp"

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
  try {
    return std::string(as_text(read_file(*environment.files, path, limit)));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt) throw;
    throw Error(ErrorKind::invalid_argument, error.subject(), error.message());
  }
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
