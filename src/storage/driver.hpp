// SPDX-License-Identifier: Apache-2.0
/// What the drivers of this layer share. Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "atp/storage/object_store.hpp"

namespace atp {
inline namespace v0 {

/// Throws: invalid_argument unless these are arguments for `ObjectStore::list`.
void check_listing(std::string_view prefix, std::size_t limit);

/// Throws: on_hold, retained.
void check_removable(const std::string& key, const Immutability& immutability, Time now);

/// What both ask for: the later date, and a hold if either has one.
Immutability stricter(const Immutability& a, const Immutability& b);

/// Throws: corrupt unless they are the same.
void check_written(const std::string& key, const Digest& found, const Digest& expected);

[[noreturn]] void throw_no_object(const std::string& key);
[[noreturn]] void throw_taken(const std::string& key);
/// For a writer that was committed, or broke.
[[noreturn]] void throw_writer_closed(const std::string& key);
/// One of `key` and `other` would have to be both an object and a folder.
[[noreturn]] void throw_no_room(const std::string& key, const std::string& other);

}  // namespace v0
}  // namespace atp
