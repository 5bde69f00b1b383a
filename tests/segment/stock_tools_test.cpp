// SPDX-License-Identifier: Apache-2.0
/// A package opens with `age`, `zstd` and `sha256sum`.
#include <cstdlib>
#include <fstream>

#include "segment/packages.hpp"
#include "support/shared_data.hpp"
#include "support/temp_dir.hpp"

namespace atp::test {
namespace {

class StockTools : public PackageTest {
 protected:
  static bool installed() {
    return std::system("command -v age zstd sha256sum >/dev/null 2>&1") == 0;
  }

  void store(const std::string& name, ByteView bytes) {
    const std::string_view text = as_text(bytes);
    std::ofstream(folder_.path() / name, std::ios::binary)
        .write(text.data(), static_cast<std::streamsize>(text.size()));
  }

  /// The output of a command, without its line feed.
  std::string run(const std::string& command) {
    const std::string line = "cd " + folder_.path().string() + " && " + command + " >out";
    if (std::system(line.c_str()) != 0) return "failed: " + command;
    std::ifstream out(folder_.path() / "out");
    std::string text;
    std::getline(out, text);
    return text;
  }

  TempDir folder_;
};

TEST_F(StockTools, DecodeAPackageToTheSegment) {
  if (!installed()) return miss("age, zstd or sha256sum");
  store("key", identity_.str().view());
  for (const std::string& text : {std::string(), std::string("\n"), audit_text(9000, 600)}) {
    const Package package = write(text);
    store("package", package.bytes);
    EXPECT_EQ(run("age -d -i key package | zstd -q -d | sha256sum | cut -c1-64"),
              package.summary.sha256.hex());
  }
}

}  // namespace
}  // namespace atp::test
