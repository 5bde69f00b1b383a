// SPDX-License-Identifier: Apache-2.0
/// Prints some records of a segment: read_records VAULT KEYS POINT STREAM SEGMENT FROM TO
#include <iostream>
#include <string>

#include "atp/core/error.hpp"
#include "atp/vault/vault_folder.hpp"
#include "atp/verify/open_segment.hpp"

int main(int argc, char** argv) {
  if (argc != 8) {
    std::cerr << "usage: read_records VAULT KEYS POINT STREAM SEGMENT FROM TO\n";
    return 2;
  }
  try {
    const atp::Environment environment = atp::system_environment();
    const auto store = atp::open_store(environment, argv[1]);
    const atp::Keys keys = atp::load_keys(*environment.files, argv[2]);
    if (!keys.trust) throw atp::Error(atp::ErrorKind::unauthenticated, argv[2], "no trust policy");

    const atp::SegmentName segment{atp::StreamId(argv[4]), atp::SegmentId(argv[5])};
    const atp::PackageReader reader = atp::open_segment(*store, atp::find_point(*store, argv[3]),
                                                        segment, *keys.trust, keys.identities);
    reader.read(std::stoull(argv[6]), std::stoull(argv[7]),
                [](std::uint64_t number, atp::ByteView record) {
                  std::cout << number << " " << atp::as_text(record) << "\n";
                });
    return 0;
  } catch (const atp::Error& error) {
    std::cerr << "read_records: " << error.what() << "\n";
    return atp::error_kind_info(error.kind()).exit_code;
  }
}
