// SPDX-License-Identifier: Apache-2.0
/// The vocabulary of made-up audit records, as it stands inside JSON strings: some words bring
/// escapes, some letters outside ASCII, and places bring their country's member along.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace atp::bench {

using Word = std::string_view;
template <std::size_t count>
using Words = std::array<Word, count>;

template <std::size_t count>
Word pick(const Words<count>& words, std::uint64_t number) {
  return words[number % count];
}

constexpr Words<24> kGivenNames{"ada",   "bruno", "celia", "dario",  "edda",  "felix",
                                "greta", "hugo",  "irena", "jonas",  "kaia",  "luca",
                                "mira",  "nils",  "orla",  "pavel",  "quinn", "rosa",
                                "samir", "tessa", "uma",   "viktor", "wanda", "yara"};
constexpr Words<20> kFamilyNames{"abel",  "birch", "castle", "dale",  "ember", "field", "grove",
                                 "hill",  "isle",  "jasper", "knoll", "lake",  "marsh", "north",
                                 "ocean", "pond",  "quarry", "ridge", "stone", "vale"};
constexpr Words<6> kDomains{"example.com",      "example.net",      "example.org",
                            "mail.example.com", "post.example.net", "team.example.org"};
constexpr Words<8> kAgents{"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                           "Mozilla/5.0 (Windows NT 10.0; Win64; x64) ExampleBrowser/21.4",
                           "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) ExampleBrowser/21.3",
                           "Mozilla/5.0 (Linux; Android 14) ExampleBrowser/21.4 Mobile",
                           "audit-client/4.2.0 (+https://client.example.com/about)",
                           "sync-agent/2.11.3",
                           "curl/7.88.1",
                           "report-job/1.6"};
constexpr Words<10> kFields{"state",    "title",  "owner",   "label",  "deadline",
                            "reviewer", "amount", "comment", "access", "category"};
constexpr Words<12> kValues{"open",     "closed",  "pending", "accepted", "declined", "internal",
                            "external", "private", "expired", "urgent",   "normal",   "none"};
constexpr Words<6> kNotes{"planned review of access",
                          "customer called: \\\"please check my file\\\"",
                          "first line\\nsecond line",
                          "see \\\\\\\\files\\\\cases and caf\\u00e9 list",
                          "R\u00fcckfrage gekl\u00e4rt \u2013 erledigt",
                          "regular export for the auditors"};
constexpr Words<8> kPlaces{"Aarhus\",\"country\":\"DK", "Bras\u00edlia\",\"country\":\"BR",
                           "Cork\",\"country\":\"IE",   "K\u00f6ln\",\"country\":\"DE",
                           "Lyon\",\"country\":\"FR",   "Nagoya\",\"country\":\"JP",
                           "Porto\",\"country\":\"PT",  "Z\u00fcrich\",\"country\":\"CH"};
constexpr Words<6> kFolders{"agreements", "bills",      "people/files",
                            "care/notes", "plans/2025", "meetings/minutes"};
constexpr Words<5> kFindings{"A01 seasonal cold", "B12 sprained ankle", "C07 raised blood pressure",
                             "D33 routine check", "E20 mild allergy"};

enum class Shape { view, change, session, care, payment, transfer, role };

struct Action {
  std::uint64_t percent;
  Word name;
  Word resource;
  Shape shape;
};
constexpr std::array<Action, 14> kActions{{
    {21, "File.Viewed", "file", Shape::view},
    {14, "File.Changed", "file", Shape::change},
    {8, "File.Shared", "file", Shape::change},
    {6, "File.Added", "file", Shape::view},
    {15, "Session.Opened", "session", Shape::session},
    {4, "Session.Refused", "session", Shape::session},
    {4, "Session.Closed", "session", Shape::session},
    {8, "Chart.Viewed", "chart", Shape::care},
    {6, "Charge.Settled", "charge", Shape::payment},
    {3, "Export.Requested", "export", Shape::transfer},
    {2, "Export.Downloaded", "export", Shape::transfer},
    {4, "Rule.Changed", "rule", Shape::change},
    {3, "Role.Granted", "role", Shape::role},
    {2, "Role.Revoked", "role", Shape::role},
}};

}  // namespace atp::bench
