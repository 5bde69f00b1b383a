// SPDX-License-Identifier: Apache-2.0
/// The stored vectors as files. ATP_REGENERATE=1 writes them anew; nothing else ever does.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "format/golden_vault.hpp"
#include "support/shared_data.hpp"

namespace atp::test {

inline bool regenerating() {
  const char* value = std::getenv("ATP_REGENERATE");
  return value != nullptr && std::string(value) == "1";
}

inline std::filesystem::path vectors_path(const std::string& name) {
  return project_path() / "tests" / "vectors" / name;
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

/// Every file below `folder`.
inline FileMap read_folder(const std::filesystem::path& folder) {
  FileMap found;
  if (!std::filesystem::exists(folder)) return found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    found[entry.path().lexically_relative(folder).string()] = read_text(entry.path());
  }
  return found;
}

}  // namespace atp::test
