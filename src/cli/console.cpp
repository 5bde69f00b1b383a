// SPDX-License-Identifier: Apache-2.0
#include "cli/console.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <utility>

#include "atp/core/ids.hpp"
#include "atp/view/text.hpp"

namespace atp::cli {
namespace {

constexpr std::chrono::milliseconds kRedrawInterval{100};
constexpr std::size_t kShortBar = 12;
constexpr std::size_t kLongBar = 16;
constexpr std::size_t kWideTerminal = 60;
/// Before that nobody can tell how long the rest takes.
constexpr double kSecondsToGuess = 1;

constexpr char kDelete = '\x7f';

std::string escaped(char c) { return encode_name(std::string_view(&c, 1)); }

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string clock_text(double seconds) {
  const auto whole = std::lround(seconds);
  std::array<char, 32> text{};
  if (whole >= 3600) {
    std::snprintf(text.data(), text.size(), "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60,
                  whole % 60);
  } else {
    std::snprintf(text.data(), text.size(), "%ld:%02ld", whole / 60, whole % 60);
  }
  return text.data();
}

/// How many bytes at the start of `text` are one character that shows nothing, or changes how
/// others are shown: controls, marks of direction (U+200E, U+202A...), zero width, line separators.
std::size_t unshown(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < ' ' || first == kDelete) return 1;
  const auto second = text.size() > 1 ? static_cast<unsigned char>(text[1]) : 0;
  if (first == 0xC2) return second < 0xA0 || second == 0xAD ? 2 : 0;
  const auto third = text.size() > 2 ? static_cast<unsigned char>(text[2]) : 0;
  if (first == 0xE2 && second == 0x80) {
    return (third >= 0x8B && third <= 0x8F) || (third >= 0xA8 && third <= 0xAE) ? 3 : 0;
  }
  if (first == 0xE2 && second == 0x81) return third >= 0xA0 && third <= 0xAF ? 3 : 0;
  return first == 0xEF && second == 0xBB && third == 0xBF ? 3 : 0;
}

}  // namespace

std::string printable(std::string_view text) {
  const std::string utf8 = json_text(text);
  std::string safe;
  for (std::size_t i = 0; i < utf8.size();) {
    const std::size_t bytes = unshown(std::string_view(utf8).substr(i));
    for (std::size_t j = 0; j < bytes; ++j) safe += escaped(utf8[i + j]);
    if (bytes == 0) safe += utf8[i];
    i += std::max<std::size_t>(bytes, 1);
  }
  return safe;
}

std::string human_bytes(double bytes) {
  constexpr std::array<std::string_view, 5> units{"B", "kB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < units.size()) {
    bytes /= 1000;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.2f %s", bytes,
                std::string(units[unit]).c_str());
  return text.data();
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string span_text(Time first, Time last) {
  return format_time(first) + (first == last ? "" : " to " + format_time(last));
}

std::string progress_line(const Progress& progress, double seconds, std::size_t width) {
  const bool by_bytes = progress.bytes_total > 0;
  const auto done = static_cast<double>(by_bytes ? progress.bytes_done : progress.items_done);
  const auto total = static_cast<double>(by_bytes ? progress.bytes_total : progress.items_total);
  const double part = total > 0 ? std::min(1.0, done / total) : 0.0;
  std::array<char, 8> percent{};
  std::snprintf(percent.data(), percent.size(), " %3d%%", static_cast<int>(part * 100));
  const std::string stage = std::string(progress.stage) + " ";
  const std::string amount = by_bytes ? "  " + human_bytes(done) + " of " + human_bytes(total)
                                      : "  " + std::to_string(progress.items_done) + " of " +
                                            std::to_string(progress.items_total);
  const std::string rate =
      by_bytes && seconds > 0 ? "  " + human_bytes(done / seconds) + "/s" : std::string();
  const bool can_guess = part > 0 && part < 1 && seconds >= kSecondsToGuess;
  const std::string left =
      can_guess ? "  " + clock_text(seconds / part - seconds) + " left" : std::string();

  // Of one length all the time: a bar that jumps is hard to read.
  const std::size_t bar = width < kWideTerminal ? kShortBar : kLongBar;
  const std::size_t least = stage.size() + bar + 2 + std::strlen(percent.data());
  if (least > width) return (stage + (percent.data() + 1)).substr(0, width);
  std::size_t room = width - least;
  const auto fitting = [&room](const std::string& piece) {
    if (piece.size() > room) return std::string();
    room -= piece.size();
    return piece;
  };
  const std::string shown_left = fitting(left);  // The most wanted first.
  const std::string shown_amount = fitting(amount);
  const std::string shown_rate = shown_amount.empty() ? std::string() : fitting(rate);
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(bar));
  return stage + "[" + std::string(filled, '#') + std::string(bar - filled, '.') + "]" +
         percent.data() + shown_amount + shown_rate + shown_left;
}

Console::Console(Options options)
    : options_(options),
      colour_(isatty(options.json ? STDERR_FILENO : STDOUT_FILENO) != 0 &&
              std::getenv("NO_COLOR") == nullptr),
      bar_(!options.quiet && isatty(STDERR_FILENO) != 0) {}

Console::~Console() { end_progress(); }

void Console::object(const Json::Object& object) {
  if (options_.json) std::cout << Json(object).str() << std::endl;
}

void Console::line(std::string_view text) {
  if (options_.json) return note(text);
  std::cout << text << std::endl;
}

void Console::note(std::string_view text) {
  if (!options_.quiet) warn(text);
}

void Console::warn(std::string_view text) {
  end_progress();
  std::cerr << text << std::endl;
}

void Console::error(const Error& error) {
  const std::string named =
      error.subject().empty() ? std::string() : printable(error.subject()) + ": ";
  fail(to_json(error), named + printable(error.message()));
}

void Console::bug(std::string_view what) {
  fail({{"kind", "bug"}, {"subject", ""}, {"message", json_text(what)}}, printable(what));
}

void Console::fail(Json::Object failure, std::string_view text) {
  end_progress();
  if (options_.json) return object({{"error", std::move(failure)}});
  std::cerr << "atp: " << text << std::endl;
}

std::string Console::paint(Colour colour, std::string_view word) const {
  if (!colour_ || colour == Colour::plain) return std::string(word);
  const char* code = colour == Colour::good ? "32" : colour == Colour::warn ? "33" : "31";
  return std::string("\033[") + code + "m" + std::string(word) + "\033[0m";
}

void Console::update(const Progress& progress) {
  if (!bar_) return;
  const std::lock_guard lock(mutex_);
  const auto now = Steady::now();
  const std::uint64_t done = progress.bytes_done + progress.items_done;
  if (std::exchange(done_, done) > done) begun_ = now;  // Another point's turn.
  if (now - last_ < kRedrawInterval) return;
  last_ = now;
  const double seconds = std::chrono::duration<double>(now - begun_).count();
  std::cerr << "\r\033[K" << progress_line(progress, seconds, terminal_width() - 1) << std::flush;
  drawn_ = true;
}

void Console::end_progress() {
  const std::lock_guard lock(mutex_);
  if (drawn_) std::cerr << "\r\033[K" << std::flush;
  drawn_ = false;
}

}  // namespace atp::cli
