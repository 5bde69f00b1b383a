// SPDX-License-Identifier: Apache-2.0
/// atp-generate: writes segments of made-up audit records. Segment k of a stream depends only on
/// the seed, the stream's name and k, to the byte, on every machine; a larger size only adds
/// records at its end. People and addresses are invented; domains and networks are the reserved
/// ones.
#include <CLI/CLI.hpp>
#include <array>
#include <chrono>
#include <cstdio>
#include <exception>
#include <initializer_list>
#include <string>
#include <variant>
#include <vector>

#include "atp/core/error.hpp"
#include "atp/core/file_system.hpp"
#include "atp/core/ids.hpp"
#include "audit_words.hpp"
#include "dice.hpp"

namespace atp::bench {
namespace {

using std::uint64_t;

constexpr uint64_t kFirstTime = 1'735'689'600'000;    // 2025-01-01T00:00:00Z in milliseconds
constexpr uint64_t kSegmentSpan = 2 * 86'400'000ULL;  // from the start of one segment to the next's
constexpr uint64_t kLongestGap = 3'600;               // between two records
constexpr uint64_t kSubjects = 40'000;
constexpr uint64_t kActors = 3'000;
constexpr uint64_t kResources = 15'000;
constexpr std::size_t kPiece = 1 << 20;

const Action& pick_action(Dice& dice) {
  uint64_t roll = dice.below(100);
  const Action* action = kActions.data();
  while (roll >= action->percent) roll -= (action++)->percent;
  return *action;
}

/// Text under construction.
class Text {
 public:
  /// Braces have their parts computed in order, on every compiler; arguments do not.
  void add(std::initializer_list<std::variant<Word, uint64_t>> parts) {
    for (const auto& part : parts) std::visit([&](auto value) { append(value); }, part);
  }
  void padded(uint64_t number, std::size_t width) { digits(number, width, 10, "0123456789"); }
  void hex(uint64_t number, std::size_t width) { digits(number, width, 16, "0123456789abcdef"); }
  void base32(uint64_t number, std::size_t width) {
    digits(number, width, 32, "0123456789ABCDEFGHJKMNPQRSTVWXYZ");
  }
  void time(uint64_t milliseconds) {
    using namespace std::chrono;
    const uint64_t day = milliseconds / 86'400'000;
    if (day != day_) {
      day_ = day;
      const year_month_day date{sys_days(days(day))};
      std::array<char, 16> buffer{};
      std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02uT", int(date.year()),
                    unsigned(date.month()), unsigned(date.day()));
      date_ = buffer.data();
    }
    const uint64_t rest = milliseconds % 86'400'000;
    append(date_);
    padded(rest / 3'600'000, 2);
    append(":");
    padded(rest / 60'000 % 60, 2);
    append(":");
    padded(rest / 1'000 % 60, 2);
    append(".");
    padded(rest % 1'000, 3);
    append("Z");
  }

  const std::string& str() const { return text_; }
  void cut(std::size_t size) { text_.resize(size); }

 private:
  void append(Word text) { text_.append(text); }
  void append(uint64_t number) {
    std::size_t width = 1;
    for (uint64_t rest = number / 10; rest > 0; rest /= 10) ++width;
    padded(number, width);
  }
  void digits(uint64_t number, std::size_t width, uint64_t base, const char* symbols) {
    std::array<char, 24> buffer;
    for (std::size_t i = width; i-- > 0; number /= base) buffer[i] = symbols[number % base];
    text_.append(buffer.data(), width);
  }

  std::string text_;
  std::string date_;
  uint64_t day_ = ~uint64_t{0};
};

/// Everything that is the same for all segments.
struct World {
  Zipf subjects{kSubjects};
  Zipf actors{kActors};
  Zipf resources{kResources};
};

/// The records of one segment, one after the other.
class Records {
 public:
  Records(const World& world, std::string stream, uint64_t seed, uint64_t segment)
      : world_(world),
        stream_(std::move(stream)),
        dice_(seed),
        time_(kFirstTime + segment * kSegmentSpan) {
    for (const char c : stream_) dice_ = Dice(dice_.roll() ^ static_cast<unsigned char>(c));
    dice_ = Dice(dice_.roll() ^ mixed(segment));
  }

  void add_to(Text& text) {
    next_event();
    const Action& action = pick_action(dice_);
    text.add({"{\"id\":\""});
    text.base32(time_, 10);
    text.base32(dice_.roll(), 12);
    text.base32(dice_.roll(), 4);
    text.add({"\",\"tenantId\":\"tenant-one\",\"stream\":\"", stream_, "\",\"time\":\""});
    text.time(time_);
    text.add({"\",\"action\":\"", action.name, "\","});
    add_actor(text);
    add_subject(text);
    add_resource(text, action.resource);
    text.add({"\"payload\":{"});
    add_payload(text, action.shape);
    text.add({"},\"outcome\":\"", dice_.one_in(16) ? "refused" : "success",
              "\",\"correlation\":{\"traceId\":\""});
    text.hex(trace_, 16);
    text.hex(mixed(trace_), 16);
    text.add({"\",\"spanId\":\""});
    text.hex(dice_.roll(), 16);
    text.add({"\",\"step\":", left_, "}}\n"});
  }

 private:
  /// One to three records belong together.
  void next_event() {
    time_ += dice_.below(kLongestGap);
    if (left_ == 0) {
      left_ = 1 + dice_.below(3);
      trace_ = dice_.roll();
      actor_ = world_.actors.pick(dice_);
      subject_ = world_.subjects.pick(dice_);
    }
    --left_;
    if (dice_.one_in(2)) subject_ = world_.subjects.pick(dice_);
    actor_traits_ = mixed(actor_ + 1'000'003);
    subject_traits_ = mixed(subject_ + 2'000'003);
  }

  static void add_email(Text& text, uint64_t number, uint64_t traits) {
    text.add({pick(kGivenNames, traits >> 8), ".", pick(kFamilyNames, traits >> 16), number, "@",
              pick(kDomains, traits >> 24)});
  }

  void add_actor(Text& text) {
    text.add({"\"actor\":{\"id\":\"user-"});
    text.padded(actor_, 6);
    text.add({"\",\"email\":\""});
    add_email(text, actor_ + 500'000, actor_traits_);
    text.add({"\",\"ip\":\""});
    const uint64_t host = dice_.one_in(8) ? actor_traits_ + dice_.below(64) : actor_traits_;
    if (actor_traits_ >> 32 & 15) {
      constexpr Words<4> kNetworks{"192.0.2.", "198.51.100.", "203.0.113.", "10.20.30."};
      text.add({pick(kNetworks, host >> 8), host % 256});
    } else {
      text.add({"2001:db8:"});
      text.hex(host >> 16, 4);
      text.add({"::"});
      text.hex(host, 4);
    }
    text.add({"\",\"userAgent\":\"", pick(kAgents, actor_traits_ >> 40), "\"},"});
  }

  void add_subject(Text& text) {
    text.add({"\"subject\":{\"id\":\"person-"});
    text.hex(subject_traits_, 10);
    text.add({"\",\"email\":\""});
    add_email(text, subject_, subject_traits_);
    text.add({"\",\"phone\":\"+", 10 + subject_traits_ % 80, "555"});
    text.padded(subject_traits_ >> 12, 7);
    text.add({"\"},"});
  }

  void add_resource(Text& text, Word type) {
    const uint64_t number = world_.resources.pick(dice_);
    const uint64_t traits = mixed(number + 3'000'017);
    text.add({"\"resource\":{\"type\":\"", type, "\",\"id\":\"", type, "-"});
    text.hex(traits, 10);
    text.add({"\",\"path\":\"/", pick(kFolders, traits >> 8), "/", type, "/", number, "/",
              pick(kFields, traits >> 24), ".json\"},"});
  }

  void add_payload(Text& text, Shape shape) {
    switch (shape) {
      case Shape::view:
        return add_view(text);
      case Shape::change:
        return add_changes(text);
      case Shape::session:
        return add_session(text);
      case Shape::care:
        return add_care(text);
      case Shape::payment:
        return add_payment(text);
      case Shape::transfer:
        return add_transfer(text);
      case Shape::role:
        return add_role(text);
    }
  }

  void add_view(Text& text) {
    text.add({"\"etag\":\""});
    text.hex(dice_.roll(), 12);
    text.add({"\",\"bytes\":", 512 * (1 + dice_.below(4'000)),
              ",\"revision\":", 1 + dice_.below(30), ",\"client\":{\"build\":\"2025.",
              1 + dice_.below(6), "\",\"locale\":\"en-IE\"}"});
  }

  void add_changes(Text& text) {
    text.add({"\"revision\":", 1 + dice_.below(30), ",\"changes\":["});
    const uint64_t count = 1 + dice_.below(3);
    for (uint64_t i = 0; i < count; ++i) {
      text.add({i > 0 ? "," : "", "{\"field\":\"", pick(kFields, dice_.below(10)), "\",\"from\":\"",
                pick(kValues, dice_.below(12)), "\",\"to\":\"", pick(kValues, dice_.below(12)),
                "\"}"});
    }
    text.add({"],\"note\":\"", pick(kNotes, dice_.below(6)), "\""});
  }

  void add_session(Text& text) {
    text.add({"\"method\":\"", actor_traits_ >> 50 & 1 ? "sso" : "password", "\",\"secondFactor\":",
              actor_traits_ >> 51 & 3 ? "true" : "false", ",\"session\":\""});
    text.hex(trace_ >> 7, 8);
    text.add({"\",\"place\":{\"city\":\"", pick(kPlaces, actor_traits_ >> 44), "\"},\"risk\":0."});
    text.padded(dice_.below(100), 2);
  }

  void add_care(Text& text) {
    text.add({"\"note\":\"", pick(kNotes, dice_.below(6)), "\",\"private\":{\"chart\":\"CH"});
    text.padded(subject_traits_ >> 5, 8);
    text.add({"\",\"born\":\"", 1935 + subject_traits_ % 70, "-"});
    text.padded(1 + (subject_traits_ >> 9) % 12, 2);
    text.add({"-"});
    text.padded(1 + (subject_traits_ >> 13) % 28, 2);
    text.add({"\",\"finding\":\"", pick(kFindings, subject_traits_ >> 33),
              "\"},\"emergency\":", dice_.one_in(40) ? "true" : "false"});
  }

  void add_payment(Text& text) {
    text.add({"\"amount\":", 1 + dice_.below(1'500), "."});
    text.padded(dice_.below(100), 2);
    text.add({",\"currency\":\"", subject_traits_ >> 52 & 1 ? "EUR" : "CHF",
              "\",\"private\":{\"card\":\"************"});
    text.padded(subject_traits_ >> 3, 4);
    text.add({"\",\"account\":\"XX00"});
    text.padded(subject_traits_ >> 4, 16);
    text.add({"\"},\"instalments\":null"});
  }

  void add_transfer(Text& text) {
    text.add({"\"format\":\"", dice_.one_in(2) ? "jsonl" : "csv",
              "\",\"rows\":", dice_.below(80'000), ",\"query\":\"subject.email == '"});
    add_email(text, subject_, subject_traits_);
    text.add({"' AND time >= 2025-01-01\",\"note\":\"", pick(kNotes, dice_.below(6)), "\""});
  }

  void add_role(Text& text) {
    text.add({"\"role\":\"", pick(kFields, dice_.below(10)), "-reader\",\"grantedBy\":\"user-"});
    text.padded(world_.actors.pick(dice_), 6);
    text.add({"\",\"until\":null,\"scopes\":[\"records:read\",\"exports:ask\"]"});
  }

  const World& world_;
  std::string stream_;
  Dice dice_;
  uint64_t time_;
  uint64_t trace_ = 0;
  uint64_t left_ = 0;
  uint64_t actor_ = 0;
  uint64_t subject_ = 0;
  uint64_t actor_traits_ = 0;
  uint64_t subject_traits_ = 0;
};

struct Options {
  std::string out;
  std::vector<std::string> streams;
  uint64_t segments = 1;
  uint64_t first = 0;
  uint64_t segment_bytes = 64 << 20;
  uint64_t seed = 1;
};

struct Totals {
  uint64_t records = 0;
  uint64_t bytes = 0;
};

/// Whole records, at most `limit` bytes of them, under a final name only when complete.
void write_segment(FileSystem& files, const Path& path, Records records, uint64_t limit,
                   Totals& totals) {
  const Path unsealed = path.string() + ".tmp";
  const auto file = files.open(unsealed, OpenMode::create_or_open);
  file->truncate(0);
  Text text;
  uint64_t written = 0;
  for (;;) {
    const std::size_t before = text.str().size();
    records.add_to(text);
    const bool full = written + text.str().size() > limit;
    if (full) text.cut(before);
    if (full || text.str().size() >= kPiece) {
      file->write_at(written, as_bytes(text.str()));
      written += text.str().size();
      text.cut(0);
    }
    if (full) break;
    ++totals.records;
  }
  totals.bytes += written;
  files.rename_new(unsealed, path);
}

/// A stream's name as a folder's and inside a JSON string. Throws: invalid_argument.
std::string plain_stream(const std::string& name) {
  if (StreamId(name).encoded() == name) return name;
  throw Error(ErrorKind::invalid_argument, "stream", "expected [a-z0-9._-] without a leading dot");
}

void generate(const Options& options) {
  const auto files = posix_file_system();
  const World world;
  Totals totals;
  const auto add_stream = [&](const Path& folder, const std::string& stream) {
    create_directories(*files, folder);
    for (uint64_t k = options.first; k < options.first + options.segments; ++k) {
      std::array<char, 32> name{};
      std::snprintf(name.data(), name.size(), "%06llu.jsonl", static_cast<unsigned long long>(k));
      write_segment(*files, folder / name.data(), Records(world, stream, options.seed, k),
                    options.segment_bytes, totals);
    }
  };
  if (options.streams.empty()) add_stream(options.out, "default");
  for (const std::string& stream : options.streams) {
    add_stream(Path(options.out) / plain_stream(stream), stream);
  }
  std::printf("%llu records, %llu bytes\n", static_cast<unsigned long long>(totals.records),
              static_cast<unsigned long long>(totals.bytes));
}

}  // namespace
}  // namespace atp::bench

int main(int argc, char** argv) {
  atp::bench::Options options;
  CLI::App app{"Writes segments of made-up audit records."};
  app.add_option("--out", options.out, "Folder to write to")->required();
  app.add_option("--stream", options.streams, "A stream's folder, repeated; flat files without");
  app.add_option("--segments", options.segments, "Segments a stream");
  app.add_option("--segment-bytes", options.segment_bytes, "Largest size: 65536, 4M")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--first", options.first, "Number of the first segment");
  app.add_option("--seed", options.seed, "Other seeds give other records");
  CLI11_PARSE(app, argc, argv);
  try {
    atp::bench::generate(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "atp-generate: %s\n", error.what());
    return 1;
  }
  return 0;
}
