// SPDX-License-Identifier: Apache-2.0
/// RFC 3339 times.
#include "atp/core/time.hpp"

#include <algorithm>
#include <array>

#include "atp/core/error.hpp"
#include "core/calendar.hpp"

namespace atp {
inline namespace v0 {
namespace {

constexpr std::size_t kDecimals = 9;

void append_number(std::string& text, std::uint32_t number, std::size_t width) {
  const std::string digits = std::to_string(number);
  text.append(width - std::min(width, digits.size()), '0');
  text += digits;
}

/// Takes the parts of a text one after the other; a part that is not there spoils all that follow.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  std::uint32_t number(std::size_t digits) {
    const std::string_view part = rest_.substr(0, digits);
    good_ = good_ && part.size() == digits && std::all_of(part.begin(), part.end(), is_digit);
    if (!good_) return 0;
    rest_.remove_prefix(digits);
    std::uint32_t value = 0;
    for (const char digit : part) value = value * 10 + static_cast<std::uint32_t>(digit - '0');
    return value;
  }

  bool take(char wanted) {
    if (!good_ || !rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char wanted) { good_ = take(wanted); }

  /// Digits after a decimal point as nanoseconds.
  std::uint32_t fraction() {
    const std::size_t count = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    good_ = good_ && count > 0;
    if (!good_) return 0;
    std::string digits(rest_.substr(0, std::min(count, kDecimals)));
    digits.append(kDecimals - digits.size(), '0');
    rest_.remove_prefix(count);
    return Scanner(digits).number(kDecimals);
  }

  bool at_end() const { return good_ && rest_.empty(); }
  bool good() const { return good_; }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  std::string_view rest_;
  bool good_ = true;
};

std::optional<std::chrono::sys_days> scan_date(Scanner& scanner) {
  const std::uint32_t year = scanner.number(4);
  scanner.expect('-');
  const std::uint32_t month = scanner.number(2);
  scanner.expect('-');
  const std::uint32_t day = scanner.number(2);
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(month), std::chrono::day(day)};
  if (!scanner.good() || !date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

/// `Z` or `+hh:mm` or `-hh:mm`.
std::optional<std::chrono::seconds> scan_offset(Scanner& scanner) {
  if (scanner.take('Z')) return std::chrono::seconds(0);
  const bool west = scanner.take('-');
  if (!west) scanner.expect('+');
  const std::uint32_t hours = scanner.number(2);
  scanner.expect(':');
  const std::uint32_t minutes = scanner.number(2);
  if (!scanner.good() || hours > 23 || minutes > 59) return std::nullopt;
  const std::chrono::seconds offset(hours * 3600 + minutes * 60);
  return west ? -offset : offset;
}

std::optional<std::chrono::seconds> scan_clock(Scanner& scanner) {
  const std::uint32_t hours = scanner.number(2);
  scanner.expect(':');
  const std::uint32_t minutes = scanner.number(2);
  scanner.expect(':');
  const std::uint32_t seconds = scanner.number(2);
  if (!scanner.good() || hours > 23 || minutes > 59 || seconds > 59) return std::nullopt;
  return std::chrono::seconds(hours * 3600 + minutes * 60 + seconds);
}

std::optional<TimeRange> day_range(std::string_view text) {
  Scanner scanner(text);
  const auto day = scan_date(scanner);
  if (!day || !scanner.at_end()) return std::nullopt;
  const auto from = join_time(*day, std::chrono::nanoseconds(0));
  const auto to = join_time(*day + std::chrono::days(1), std::chrono::nanoseconds(0));
  if (!from || !to) return std::nullopt;
  return TimeRange{from, to};
}

}  // namespace

std::string format_time(Time time) {
  const TimeParts parts = split_time(time);
  std::string text;
  append_number(text, static_cast<std::uint32_t>(static_cast<int>(parts.date.year())), 4);
  text += '-';
  append_number(text, static_cast<unsigned>(parts.date.month()), 2);
  text += '-';
  append_number(text, static_cast<unsigned>(parts.date.day()), 2);
  text += 'T';
  const auto second = static_cast<std::uint32_t>(parts.second_of_day.count());
  append_number(text, second / 3600, 2);
  text += ':';
  append_number(text, second / 60 % 60, 2);
  text += ':';
  append_number(text, second % 60, 2);
  text += '.';
  append_number(text, static_cast<std::uint32_t>(parts.nanosecond.count()), kDecimals);
  text += 'Z';
  return text;
}

std::optional<Time> parse_time(std::string_view text) {
  Scanner scanner(text);
  const auto day = scan_date(scanner);
  scanner.expect('T');
  const auto clock = scan_clock(scanner);
  const std::chrono::nanoseconds fraction(scanner.take('.') ? scanner.fraction() : 0);
  const auto offset = scan_offset(scanner);
  if (!day || !clock || !offset || !scanner.at_end()) return std::nullopt;
  return join_time(*day + *clock - *offset, fraction);
}

std::optional<Time> parse_canonical_time(std::string_view text) {
  const auto time = parse_time(text);
  if (!time || format_time(*time) != text) return std::nullopt;
  return time;
}

std::string format_compact_time(Time time) {
  std::string text = format_time(time);
  text.erase(text.find('.'), kDecimals + 1);
  std::erase(text, '-');
  std::erase(text, ':');
  return text;
}

TimeRange parse_time_or_day(std::string_view text) {
  if (const auto day = day_range(text)) return *day;
  const auto time = parse_time(text);
  if (!time || *time == Time::max()) {
    throw Error(ErrorKind::invalid_argument, std::string(text),
                "expected a date or an RFC 3339 date-time from 1677-09-22 to 2262-04-10");
  }
  return {*time, *time + std::chrono::nanoseconds(1)};
}

}  // namespace v0
}  // namespace atp
