// SPDX-License-Identifier: Apache-2.0
/// tests/vectors/<artefact>/<case>.json: one case a file, `{desc, input..., expect | wantErr}`. The
/// verdict stands in the code that makes the case, never comes from the library.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <utility>

#include "atp/model/json.hpp"
#include "atp/model/trust_policy_file.hpp"
#include "format/files.hpp"

namespace atp::test {

/// The cases of one artefact while they are made.
class Cases {
 public:
  void good(const std::string& name, const std::string& desc, Json::Object input, Json expect) {
    input.insert_or_assign("expect", std::move(expect));
    add(name, desc, std::move(input));
  }
  void bad(const std::string& name, const std::string& desc, Json::Object input,
           const std::string& want_err) {
    input.insert_or_assign("wantErr", want_err);
    add(name, desc, std::move(input));
  }

  const FileMap& files() const { return files_; }

 private:
  void add(const std::string& name, const std::string& desc, Json::Object body) {
    body.insert_or_assign("desc", desc);
    std::string text = "{";
    for (const auto& [member, value] : body) {
      text += text.size() > 1 ? ",\n" : "\n";
      text += "  " + Json(member).str() + ": " + value.str();
    }
    const bool is_new = files_.emplace(name + ".json", text + "\n}\n").second;
    EXPECT_TRUE(is_new) << name;
  }

  FileMap files_;
};

/// What the library says of a case: what it made of the input, or how it refused it.
struct Verdict {
  Json expect;
  std::string error;
};

using CheckCase = std::function<Verdict(const Json::Object&)>;

/// The stored cases are those that `made` holds, and each gets its verdict.
inline void run_vectors(const std::string& artefact, const Cases& made, const CheckCase& check) {
  const auto folder = vectors_path(artefact);
  if (regenerating()) {
    std::filesystem::remove_all(folder);
    for (const auto& [name, text] : made.files()) write_text(folder / name, text);
  }
  const FileMap stored = read_folder(folder);
  for (const auto& [name, text] : made.files()) {
    ASSERT_TRUE(stored.contains(name)) << artefact << "/" << name;
    EXPECT_EQ(stored.at(name), text) << artefact << "/" << name;
  }
  for (const auto& [name, text] : stored) {
    SCOPED_TRACE(artefact + "/" + name);
    EXPECT_TRUE(made.files().contains(name)) << "nothing makes this case";
    const Json body = parse_json(text);
    const Verdict verdict = check(body.as_object());
    const auto expected = body.as_object().find("expect");
    const auto refused = body.as_object().find("wantErr");
    ASSERT_NE(expected == body.as_object().end(), refused == body.as_object().end());
    if (refused != body.as_object().end()) {
      EXPECT_EQ(verdict.error, refused->second.as_string());
    } else {
      EXPECT_EQ(verdict.error, "");
      EXPECT_EQ(verdict.expect, expected->second);
    }
  }
}

inline const std::string* find_text(const Json::Object& body, std::string_view name) {
  const auto found = body.find(name);
  return found == body.end() ? nullptr : &found->second.as_string();
}

inline const std::string& text_of(const Json::Object& body, std::string_view name) {
  return body.find(name)->second.as_string();
}

inline Bytes hex_of(const Json::Object& body, std::string_view name) {
  return from_hex(text_of(body, name)).value();
}

/// `name`, or the bytes of `nameHex` where the text is none that JSON of the profile holds.
inline std::string any_text_of(const Json::Object& body, const std::string& name) {
  if (const std::string* text = find_text(body, name)) return *text;
  return std::string(as_text(hex_of(body, name + "Hex")));
}

/// The verdict of `act`, whose error is named by its kind.
inline Verdict verdict_of(const std::function<Json()>& act) {
  try {
    return {act(), ""};
  } catch (const Error& error) {
    return {{}, std::string(error_kind_info(error.kind()).name)};
  }
}

/// How a case changes a document.
using Change = std::function<void(Json::Object&)>;

inline Change set(const std::string& name, Json value) {
  return [=](Json::Object& object) { object.insert_or_assign(name, value); };
}

/// Names once each and in order, with spaces between them.
inline std::string join(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

/// The golden vault's keys: what they sign, every vector's default trust policy trusts.
inline std::shared_ptr<const Signer> vector_signer(const std::string& file) {
  return signer_from_pem(SecretBytes(as_bytes(read_text(vectors_path("keys") / file))));
}
inline Json trust_json(const TrustPolicy& trust) { return parse_json(print_trust_policy(trust)); }
inline TrustPolicy vector_trust() {
  return parse_trust_policy(read_text(vectors_path("keys") / "trust.json"));
}

/// A root for time-stamps, made for these vectors; nobody has its key.
inline constexpr std::string_view kTimestampRoot =
    "MIIBkzCCATmgAwIBAgIURokWmAILGekDzWZKT/BrFXeL/s0wCgYIKoZIzj0EAwIwFjEUMBIGA1UEAwwLdmVjdG9y"
    "IHJvb3QwIBcNMjYxMTI2MTEzODQ4WhgPMjEyNjExMDIxMTM4NDhaMBYxFDASBgNVBAMMC3ZlY3RvciByb290MFkw"
    "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEbAXEOdaKijGWt+xKdqEvtoVKaiWS7dbnZtEAYYYpaEhP1mSEtM/azHZX"
    "Hss7ree4Exii3AUcU5CfqFWImxNCAqNjMGEwHQYDVR0OBBYEFJreNU++hyUxCVl5nTYlhBJ/EeIEMB8GA1UdIwQY"
    "MBaAFJreNU++hyUxCVl5nTYlhBJ/EeIEMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMAoGCCqGSM49"
    "BAMCA0gAMEUCIQCYvivjpklRfUnLK8W50N0Io0GNCjGWkEXaLCC1rcHwMAIgFpzAkX+6+Vekj3Uz7c8pdk1EL7ed"
    "Zb2IhNg5tTu/1y8=";

/// The same with an authority for time-stamps.
inline TrustPolicy timestamping_trust(bool required) {
  TrustPolicy trust = vector_trust();
  trust.timestamps = TimestampPolicy{.required = required,
                                     .authorities = {{.name = "tsa",
                                                      .root = *from_base64(kTimestampRoot),
                                                      .signers = {Digest{}},
                                                      .policies = {"1.3.6.1.4.1.99999.1"}}}};
  return trust;
}

}  // namespace atp::test
