// SPDX-License-Identifier: Apache-2.0
/// Vectors of canonical JSON, names in keys, and checkpoints.
#include "atp/ledger/note.hpp"
#include "format/vectors.hpp"

namespace atp::test {
namespace {

using namespace std::string_literals;

bool is_storable(const std::string& text) {
  try {
    Json(text).str();
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// `name`, or `nameHex` where JSON of the profile cannot hold the text.
Json::Object text_member(const std::string& name, const std::string& text) {
  if (is_storable(text)) return {{name, text}};
  return {{name + "Hex", to_hex(as_bytes(text))}};
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

class JsonCases : public Cases {
 public:
  JsonCases() {
    make_good();
    refuse_numbers();
    refuse_strings();
    refuse_syntax();
  }

 private:
  void take(const std::string& name, const std::string& desc, const std::string& input,
            const std::string& expect) {
    good(name, desc, text_member("input", input), expect);
  }
  void refuse(const std::string& name, const std::string& desc, const std::string& input) {
    bad(name, desc, text_member("input", input), "invalid_argument");
  }

  void make_good() {
    take("happy-empty-object", "an object without members", "{}", "{}");
    take("happy-empty-array", "an array without elements", "[ ]", "[]");
    take("happy-literals", "the three literals", "[null, true, false]", "[null,true,false]");
    take("happy-white-space", "white space between tokens goes", "{ \"a\" :\t[ 1 ,\r\n2 ] }",
         "{\"a\":[1,2]}");
    take("happy-sorted-keys", "keys stand in order of their bytes",
         "{\"b\":1,\"a\":2,\"B\":3,\"aa\":4}", "{\"B\":3,\"a\":2,\"aa\":4,\"b\":1}");
    take("happy-empty-key", "the empty key is a key", "{\"a\":1,\"\":2}", "{\"\":2,\"a\":1}");
    take("happy-short-escapes", "characters with an escape of two",
         R"("\u0008\u0009\u000a\u000c\u000d\u0022\u005c")", R"("\b\t\n\f\r\"\\")");
    take("happy-long-escapes", "other control characters are \\u00xx in lower case",
         R"("\u0000\u000B\u001F")", R"("\u0000\u000b\u001f")");
    take("happy-solidus", "the solidus is not escaped", R"("\/a")", R"("/a")");
    take("happy-literal-text", "text beyond ASCII is not escaped", R"("\u00e4\u20ac")", "\"ä€\"");
    take("happy-surrogate-pair", "a pair of surrogates is one character", R"("\ud83d\ude00")",
         "\"\xf0\x9f\x98\x80\"");
    take("happy-no-normalisation", "text is not normalised", "\"a\xcc\x88\"", "\"a\xcc\x88\"");
    take("happy-line-separator", "U+2028 is not escaped", "\"\xe2\x80\xa8\"", "\"\xe2\x80\xa8\"");
    take("happy-greatest-integer", "2^53 - 1", "9007199254740991", "9007199254740991");
    take("happy-least-integer", "-(2^53 - 1)", "-9007199254740991", "-9007199254740991");
    take("happy-zero", "zero", "0", "0");
    take("happy-depth-32", "32 levels of nesting", nested(32), nested(32));
  }

  void refuse_numbers() {
    refuse("number-2-to-the-53", "an integer that doubles do not tell apart", "9007199254740992");
    refuse("number-least-minus-1", "-(2^53)", "-9007199254740992");
    refuse("number-beyond-64-bits", "an integer beyond 64 bits", "18446744073709551616");
    refuse("number-fraction", "a fraction", "1.5");
    refuse("number-fraction-of-zero", "a fraction that adds nothing", "1.0");
    refuse("number-exponent", "an exponent", "1e2");
    refuse("number-minus-zero", "minus zero", "-0");
    refuse("number-leading-zero", "a leading zero", "01");
    refuse("number-plus", "a plus sign", "+1");
    refuse("number-hexadecimal", "hexadecimal digits", "0x10");
    refuse("number-infinity", "infinity", "Infinity");
    refuse("number-nan", "not a number", "NaN");
  }

  void refuse_strings() {
    refuse("string-u007f", "U+007F, which jq 1.6 prints otherwise than RFC 8785", "\"\x7f\"");
    refuse("string-u007f-escaped", "U+007F, escaped", R"("\u007f")");
    refuse("string-lone-surrogate", "half of a pair of surrogates", R"("\ud83d")");
    refuse("string-surrogates-reversed", "a pair of surrogates in the wrong order",
           R"("\ude00\ud83d")");
    refuse("string-surrogate-in-utf-8", "a surrogate in UTF-8", "\"\xed\xa0\x80\"");
    refuse("string-overlong-utf-8", "an overlong solidus", "\"\xc0\xaf\"");
    refuse("string-cut-utf-8", "a sequence without its last byte", "\"\xe2\x82\"");
    refuse("string-beyond-unicode", "a code point over U+10FFFF", "\"\xf4\x90\x80\x80\"");
    refuse("string-raw-control", "a control character that is not escaped", "\"a\nb\"");
    refuse("string-unknown-escape", "an escape that JSON lacks", R"("\x41")");
    refuse("string-single-quotes", "single quotes", "'a'");
    refuse("key-not-ascii", "a key beyond ASCII", "{\"ä\":1}");
    refuse("key-control", "a key with a control character", R"({"\n":1})");
    refuse("key-duplicate", "a key that stands twice", R"({"a":1,"a":1})");
    refuse("key-duplicate-escaped", "a key that stands twice, once escaped",
           R"({"a":1,"\u0061":2})");
  }

  void refuse_syntax() {
    refuse("syntax-empty", "nothing", "");
    refuse("syntax-byte-order-mark", "a byte order mark", "\xef\xbb\xbf{}");
    refuse("syntax-trailing-comma", "a comma before the end", "[1,]");
    refuse("syntax-comment", "a comment", "[1/**/]");
    refuse("syntax-second-value", "a second value", "{}{}");
    refuse("syntax-trailing-nul", "a zero byte behind the value", "{}\0"s);
    refuse("syntax-cut", "a text that is cut", "{\"a\":");
    refuse("syntax-depth-33", "33 levels of nesting", nested(33));
  }
};

TEST(CanonicalJsonVectors, GetTheirVerdicts) {
  run_vectors("canonical_json", JsonCases(), [](const Json::Object& body) {
    return verdict_of([&] { return Json(parse_json(any_text_of(body, "input")).str()); });
  });
}

class NameCases : public Cases {
 public:
  NameCases() {
    take("happy-literal", "characters that stand for themselves", "a-z_0.9", "a-z_0.9");
    take("happy-upper-case", "upper case is escaped: some file systems fold it", "Acme", "=41cme");
    take("happy-colon", "a time of day", "2026-11-22T17:00", "2026-11-22=5417=3A00");
    take("happy-equals", "the escape itself", "a=b", "a=3Db");
    take("happy-slash", "a solidus ends no element", "a/b", "a=2Fb");
    take("happy-leading-dot", "a leading dot is escaped", ".a.b", "=2Ea.b");
    take("happy-dot-dot", "no element is a way up", "..", "=2E.");
    take("happy-space", "a space", "a b", "a=20b");
    take("happy-composed", "one character of two bytes", "\xc3\xa4", "=C3=A4");
    take("happy-decomposed", "text is not normalised", "a\xcc\x88", "a=CC=88");
    take("happy-120-bytes", "the longest", std::string(40, 'A'), repeat("=41", 40));
    refuse_name("name-empty", "no name", "");
    refuse_name("name-121-bytes", "one byte too many once encoded", std::string(40, 'A') + "a");
    refuse_name("name-control", "a control character", "a\nb");
    refuse_name("name-u007f", "U+007F", "a\x7f");
    refuse_name("name-nul", "a zero byte", "a\0b"s);
    refuse_name("name-not-utf-8", "a byte that begins no sequence", "\xff");
    refuse_encoded("encoded-lower-case-hex", "lower-case digits in an escape", "=c3=a4");
    refuse_encoded("encoded-needless-escape", "an escape of a character that needs none", "=61");
    refuse_encoded("encoded-upper-case", "a character that is always escaped", "Acme");
    refuse_encoded("encoded-leading-dot", "a leading dot", ".a");
    refuse_encoded("encoded-cut-escape", "an escape without its last digit", "a=4");
    refuse_encoded("encoded-no-digits", "an escape of other characters", "a=GG");
  }

 private:
  static std::string repeat(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  }
  void take(const std::string& name, const std::string& desc, const std::string& text,
            const std::string& encoded) {
    good(name, desc, {{"name", text}}, encoded);
  }
  void refuse_name(const std::string& name, const std::string& desc, const std::string& text) {
    bad(name, desc, text_member("name", text), "invalid_argument");
  }
  void refuse_encoded(const std::string& name, const std::string& desc, const std::string& text) {
    bad(name, desc, {{"encoded", text}}, "invalid_argument");
  }
};

TEST(NameVectors, GetTheirVerdicts) {
  run_vectors("names", NameCases(), [](const Json::Object& body) {
    return verdict_of([&] {
      if (const std::string* encoded = find_text(body, "encoded")) {
        return Json(TenantId::decode(*encoded).str());
      }
      const TenantId name(any_text_of(body, "name"));
      EXPECT_EQ(TenantId::decode(name.encoded()), name);
      return Json(name.encoded());
    });
  });
}

class CheckpointCases : public Cases {
 public:
  CheckpointCases() {
    make_good();
    refuse_signatures();
    refuse_bodies();
    refuse_lines();
  }

 private:
  static std::string golden() {
    return golden_vault().store.at("ledger/acme-corp/0/checkpoints/00000000000000000003");
  }
  /// The golden note with `from` replaced where it first stands.
  static std::string with(const std::string& from, const std::string& to) {
    std::string note = golden();
    return note.replace(note.find(from), from.size(), to);
  }
  static std::string signature_line() { return golden().substr(golden().find("\n\n") + 2); }
  static std::string body() { return golden().substr(0, golden().find("\n\n") + 1); }
  static std::string sign(const std::string& text, const std::string& name,
                          const std::string& key = "ledger.pem") {
    const auto signer = vector_signer(key);
    const std::byte separators[] = {std::byte{'\n'}, std::byte{1}};
    const Digest id = Sha256()
                          .update(as_bytes(name))
                          .update(separators)
                          .update(signer->public_key().point())
                          .finish();
    Bytes bytes(id.bytes.begin(), id.bytes.begin() + 4);
    const Bytes signature = signer->sign(as_bytes(text));
    bytes.insert(bytes.end(), signature.begin(), signature.end());
    return text + "\n— " + name + " " + to_base64(bytes) + "\n";
  }
  static std::string origin() { return golden().substr(0, golden().find('\n')); }
  static std::string root() {
    const std::string text = body();
    const auto end = text.size() - 1;
    const auto begin = text.rfind('\n', end - 1) + 1;
    return text.substr(begin, end - begin);
  }
  static std::string signed_body(const std::string& size, const std::string& root_text) {
    return sign(origin() + "\n" + size + "\n" + root_text + "\n", origin());
  }

  void take(const std::string& name, const std::string& desc, const std::string& note,
            std::uint64_t size = 3) {
    const auto digest = from_base64(root()).value();
    good(name, desc, {{"note", note}},
         Json::Object{{"origin", origin()}, {"size", size}, {"root", to_hex(digest)}});
  }
  void refuse(const std::string& name, const std::string& desc, const std::string& note) {
    bad(name, desc, text_member("note", note), "refused");
  }

  void make_good() {
    take("happy", "the golden vault's last checkpoint", golden());
    take("happy-other-signature-behind", "a witness has signed as well",
         golden() + "— witness.example AAAAAAQAAAA=\n");
    take("happy-other-signature-before", "a witness has signed first",
         body() + "\n— witness.example AAAAAAQAAAA=\n" + signature_line());
    take("happy-large-size", "a log of many entries", signed_body("9007199254740991", root()),
         9007199254740991);
  }

  void refuse_signatures() {
    refuse("signature-missing", "no signature", body() + "\n");
    refuse("signature-of-witness-only", "no signature of a trusted key",
           body() + "\n— witness.example AAAAAAQAAAA=\n");
    refuse("signature-of-document-key", "signed by a trusted key of another role",
           sign(body(), origin(), "signing.pem"));
    refuse("signature-under-other-name", "a trusted key's signature under a name not the origin's",
           sign(body(), "vault.example/other/0"));
    refuse("signature-other-text", "the signature of another text", with("\n3\n", "\n2\n"));
    refuse("signature-without-padding", "base64 without padding",
           golden().substr(0, golden().find('=', golden().find("\n\n"))) + "\n");
    refuse("signature-hyphen", "a hyphen in the place of the em dash", with("—", "-"));
    refuse("signature-key-hash-only", "a signature of no bytes",
           body() + "\n— " + origin() + " AAAAAA==\n");
  }

  void refuse_bodies() {
    refuse("size-leading-zero", "a size with a leading zero", signed_body("03", root()));
    refuse("size-plus", "a size with a sign", signed_body("+3", root()));
    refuse("size-empty", "no size", signed_body("", root()));
    refuse("size-over-64-bits", "a size over 64 bits", signed_body("18446744073709551616", root()));
    refuse("root-31-bytes", "a root that is too short", signed_body("3", to_base64(Bytes(31))));
    refuse("root-url-safe", "base64 of the other alphabet",
           signed_body("3", "--" + to_base64(Bytes(32)).substr(2)));
    refuse("root-trailing-bits", "base64 that is not canonical",
           signed_body("3", std::string(42, 'A') + "B="));
    refuse("extension-line", "a line behind the root, which this format lacks",
           sign(body() + "extension\n", origin()));
    refuse("origin-empty", "no origin", sign("\n3\n" + root() + "\n", origin()));
    refuse("origin-with-space", "an origin with a space",
           sign("vault example\n3\n" + root() + "\n", "vault example"));
  }

  void refuse_lines() {
    refuse("line-feed-missing", "no line feed at the end", golden().substr(0, golden().size() - 1));
    refuse("blank-line-missing", "no blank line before the signatures", body() + signature_line());
    refuse("carriage-returns", "lines that end in CR LF",
           sign(origin() + "\r\n3\r\n" + root() + "\r\n", origin()));
    refuse("trailing-text", "a line that is no signature", golden() + "text\n");
    refuse("empty", "nothing", "");
  }
};

TEST(CheckpointVectors, GetTheirVerdicts) {
  const std::vector<PublicKey> keys = vector_trust().keys_of(KeyRole::ledger);
  run_vectors("checkpoint", CheckpointCases(), [&](const Json::Object& body) -> Verdict {
    const auto checkpoint = open_checkpoint(any_text_of(body, "note"), keys);
    if (!checkpoint) return {{}, "refused"};
    return {Json::Object{{"origin", checkpoint->origin},
                         {"size", checkpoint->size},
                         {"root", checkpoint->root.hex()}},
            ""};
  });
}

}  // namespace
}  // namespace atp::test
