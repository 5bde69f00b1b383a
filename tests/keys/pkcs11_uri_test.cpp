// SPDX-License-Identifier: Apache-2.0
#include "keys/pkcs11_uri.hpp"

#include <gtest/gtest.h>

#include "support/error_kind.hpp"

namespace atp {
namespace {

using pkcs11::parse_uri;
using pkcs11::Uri;
using test::error_kind;

const std::string kGood = "pkcs11:token=t;object=o?module-path=/m.so";

TEST(Pkcs11Uri, EveryKnownAttributeIsDecoded) {
  const Uri uri = parse_uri(
      "pkcs11:token=a%20b;serial=1;manufacturer=Soft%3bHSM;model=m;object=o&p;id=%00%fF;"
      "type=private?module-path=/usr/lib/a%26b?.so&pin-source=file:/etc/pin");
  EXPECT_EQ(uri, (Uri{.token = "a b",
                      .serial = "1",
                      .manufacturer = "Soft;HSM",
                      .model = "m",
                      .object = "o&p",
                      .id = std::string("\0\xff", 2),
                      .type = "private",
                      .module_path = "/usr/lib/a&b?.so",
                      .pin_source = "/etc/pin"}));
}

TEST(Pkcs11Uri, APinFileIsAnAbsolutePathWithOrWithoutFile) {
  const auto source = [](const std::string& text) {
    return parse_uri(kGood + "&pin-source=" + text).pin_source;
  };
  for (const char* text : {"/etc/pin", "file:/etc/pin", "file:///etc/pin"})
    EXPECT_EQ(source(text), "/etc/pin");
  for (const char* text : {"pin", "file:pin", "file://host/pin", "//host/pin", "|/bin/pin",
                           "https://host/pin", "file:", ""}) {
    EXPECT_EQ(error_kind([&] { source(text); }), ErrorKind::invalid_argument) << text;
  }
}

TEST(Pkcs11Uri, T062_WhatIsNotKnownIsRefused) {
  EXPECT_EQ(error_kind([] { parse_uri(kGood); }), std::nullopt);
  for (const char* text : {
           "",
           "pkcs11:",
           "PKCS11:token=t;object=o?module-path=/m",
           "file:token=t;object=o",
           "pkcs11:token=t;object=o",                                // no module
           "pkcs11:token=t;object=o?module-path=m.so",               // looked up
           "pkcs11:token=t;object=o?module-name=softhsm2",           // looked up
           "pkcs11:object=o?module-path=/m",                         // any token
           "pkcs11:token=t?module-path=/m",                          // any key
           "pkcs11:token=t;object=o;type=public?module-path=/m",     //
           "pkcs11:token=t;object=o;slot-id=1?module-path=/m",       //
           "pkcs11:token=t;object=o;Token=u?module-path=/m",         //
           "pkcs11:token=t;object=o;x-vendor=1?module-path=/m",      //
           "pkcs11:token=t;token=t;object=o?module-path=/m",         // twice
           "pkcs11:token=t;object=o?module-path=/m&module-path=/m",  //
           "pkcs11:token=t;object=o;module-path=/m",                 // in the other part
           "pkcs11:object=o?module-path=/m&token=t",                 //
           "pkcs11:token=;serial=1;object=o?module-path=/m",         // empty
           "pkcs11:token=t;object=o;?module-path=/m",                //
           "pkcs11:token=t;object=o?",                               //
           "pkcs11:token=t;object?module-path=/m",                   //
           "pkcs11:token=t t;object=o?module-path=/m",               // not encoded
           "pkcs11:token=t;object=o/p?module-path=/m",               //
           "pkcs11:token=t;object=o?module-path=/m#x",               //
           "pkcs11:token=t;object=%4?module-path=/m",                // cut short
           "pkcs11:token=t;object=%?module-path=/m",                 //
           "pkcs11:token=t;object=%-1?module-path=/m",               //
           "pkcs11:token=t;object=%0x?module-path=/m",               //
           "pkcs11:token=t;object=%00?module-path=/m",               //
           "pkcs11:token=t;object=o?module-path=/m%00.so",           //
       }) {
    EXPECT_EQ(error_kind([&] { parse_uri(text); }), ErrorKind::invalid_argument) << text;
  }
  EXPECT_EQ(error_kind([] { parse_uri(kGood + std::string(4096, 'm')); }),
            ErrorKind::invalid_argument);
}

TEST(Pkcs11Uri, T042_APinInTheUriIsRefusedAndNotRepeated) {
  for (const char* more : {"&pin-value=s3cret", "&pin-value=s3cret&pin-source=/etc/pin",
                           "&pin-source=s3cret", "&pin-source=%s3cret", "&pin-source=s3 cret"}) {
    try {
      parse_uri(kGood + more);
      FAIL() << more;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::invalid_argument);
      EXPECT_EQ(std::string(error.what()).find("cret"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace atp
