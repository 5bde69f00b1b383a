// SPDX-License-Identifier: Apache-2.0
/// Vectors of how long packages are kept, and of which entries tell the time.
#include "atp/ledger/ledger_clock.hpp"
#include "atp/model/acts.hpp"
#include "atp/policy/retention.hpp"
#include "format/vectors.hpp"

namespace atp::test {
namespace {

std::string full(const std::string& day) { return day + "T12:00:00.000000001Z"; }

class RetentionCases : public Cases {
 public:
  RetentionCases() {
    const std::string now = "2026-11-23";
    take("happy-file", "from the file's time", now, "2026-11-22", "", "P7Y", "2033-11-22");
    take("happy-record", "from the newest record where the file is older", now, "1970-01-01",
         "2026-11-20", "P7Y", "2033-11-20");
    take("happy-older-record", "from the file where the records are older", now, "2026-11-22",
         "2001-01-01", "P7Y", "2033-11-22");
    take("happy-record-ahead", "no date counts that is later than the package", now, "2026-11-22",
         "2200-01-01", "P7Y", "2033-11-23");
    take("happy-epoch", "a file of 1970 is kept a year", now, "1970-01-01", "", "P10Y",
         "2027-11-23");
    take("happy-last-month", "so is one whose period ends sooner", now, "2017-01-01", "", "P10Y",
         "2027-11-23");
    take("happy-short", "a shorter retention was asked for", now, "1970-01-01", "", "P30D",
         "2026-12-23");
    take("happy-leap-day", "a day that the year lacks is the next month's first", "2024-02-29",
         "2024-02-29", "", "P1Y", "2025-03-01");
  }

 private:
  void take(const std::string& name, const std::string& desc, const std::string& created,
            const std::string& sealed, const std::string& last, const std::string& retention,
            const std::string& until) {
    Json::Object manifest{{"createdAt", full(created)}, {"sealedAt", full(sealed)}};
    if (!last.empty()) manifest.emplace("lastTime", full(last));
    good(name, desc, {{"manifest", std::move(manifest)}, {"retention", retention}}, full(until));
  }
};

TEST(RetentionVectors, GetTheirVerdicts) {
  run_vectors("retention", RetentionCases(), [](const Json::Object& body) {
    return verdict_of([&]() -> Json {
      const Json::Object& manifest = body.find("manifest")->second.as_object();
      const auto time = [&](const char* name) { return *parse_time(text_of(manifest, name)); };
      SegmentDates dates{time("createdAt"), time("sealedAt"), {}};
      if (find_text(manifest, "lastTime")) dates.newest_record = time("lastTime");
      return format_time(
          segment_term(dates, CalendarPeriod::parse(text_of(body, "retention"))).until);
    });
  });
}

struct Entry {
  std::string day;
  std::string action = "checked";
  std::string subject = {};
};

class LedgerClockCases : public Cases {
 public:
  LedgerClockCases() {
    const std::string act(acts::kClockCorrected.action);
    take("happy-none", "a ledger without entries tells no time", {}, {});
    take("happy-latest", "the latest counts, wherever it stands",
         {{"2026-01-01"}, {"2026-03-01"}, {"2026-02-01"}}, 1);
    take("happy-corrected", "what a correction names does not count",
         {{"2026-01-01"}, {"2040-01-01"}, {"2026-01-02", act, "1"}}, 2);
    take("happy-behind-the-correction", "what is behind the named entry counts",
         {{"2040-01-01"}, {"2035-01-01"}, {"2026-01-02", act, "0"}, {"2026-01-03"}}, 1);
    take("happy-corrected-again", "a correction of a lower time corrects the first",
         {{"2040-01-01"}, {"2030-01-01", act, "0"}, {"2026-01-02", act, "1"}}, 2);
    for (const std::string wrong : {"1", "2", "00", "-1", "x", ""}) {
      take("no-correction-" + (wrong.empty() ? "empty" : wrong), "it names no entry before itself",
           {{"2040-01-01"}, {"2026-01-02", act, wrong}}, 0);
    }
    take("no-correction-other-action", "another act corrects nothing",
         {{"2040-01-01"}, {"2026-01-02", "halt.resolved", "0"}}, 0);
  }

 private:
  void take(const std::string& name, const std::string& desc, const std::vector<Entry>& entries,
            const std::optional<std::uint64_t>& newest) {
    Json::Array array;
    for (const Entry& entry : entries) {
      array.push_back(Json::Object{
          {"createdAt", full(entry.day)}, {"action", entry.action}, {"subjectId", entry.subject}});
    }
    good(name, desc, {{"entries", std::move(array)}}, newest ? Json(*newest) : Json());
  }
};

TEST(LedgerClockVectors, GetTheirVerdicts) {
  run_vectors("ledger_clock", LedgerClockCases(), [](const Json::Object& body) {
    std::vector<LedgerEntry> entries;
    for (const Json& each : body.find("entries")->second.as_array()) {
      DocumentHeader header{};
      header.created_at = *parse_time(text_of(each.as_object(), "createdAt"));
      entries.push_back({{.header = std::move(header),
                          .index = entries.size(),
                          .action = text_of(each.as_object(), "action"),
                          .subject_id = text_of(each.as_object(), "subjectId")},
                         {}});
    }
    const auto newest = newest_plausible(entries);
    return Verdict{newest ? Json(newest->index) : Json(), ""};
  });
}

}  // namespace
}  // namespace atp::test
