// SPDX-License-Identifier: Apache-2.0
/// What the command prints: one JSON object or text on standard output, messages and the progress
/// bar on standard error.
#pragma once

#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>

#include "atp/core/error.hpp"
#include "atp/core/progress.hpp"
#include "atp/core/time.hpp"
#include "atp/model/json.hpp"

namespace atp::cli {

enum class Colour { plain, good, warn, bad };

/// `text` as a terminal may show it: as `json_text`, and control characters become `=XX` as well.
std::string printable(std::string_view text);

/// `2.15 GB`: powers of ten.
std::string human_bytes(double bytes);

/// `1 segment`, `2 segments`.
std::string counted(std::uint64_t count, std::string_view noun);

/// One instant, or the first and the last.
std::string span_text(Time first, Time last);

/// The bar in at most `width` columns; what does not fit is left out whole.
std::string progress_line(const Progress& progress, double seconds, std::size_t width);

class Console final : public ProgressSink {
 public:
  struct Options {
    bool json = false;
    bool quiet = false;
  };
  explicit Console(Options options);
  ~Console() override;

  bool json() const { return options_.json; }
  /// One line of JSON on standard output, in JSON mode only.
  void object(const Json::Object& object);
  /// One line of text on standard output, in text mode only.
  void line(std::string_view text);
  /// On standard error, unless quiet.
  void note(std::string_view text);
  /// On standard error, also where quiet: what the exit code is about.
  void warn(std::string_view text);
  /// The error as an object or on standard error.
  void error(const Error& error);
  /// Likewise, where the program itself is wrong.
  void bug(std::string_view what);
  /// `word` in colour where standard output is a terminal and NO_COLOR is unset.
  std::string paint(Colour colour, std::string_view word) const;

  void update(const Progress& progress) override;
  /// Takes the progress bar away.
  void end_progress();

 private:
  using Steady = std::chrono::steady_clock;
  void fail(Json::Object failure, std::string_view text);

  Options options_;
  bool colour_;
  bool bar_;
  bool drawn_ = false;
  std::mutex mutex_;
  std::uint64_t done_ = 0;
  Steady::time_point begun_ = Steady::now();
  Steady::time_point last_{};
};

}  // namespace atp::cli
