// SPDX-License-Identifier: Apache-2.0
/// Whether this build checks every access to memory, which makes it slow and large.
#pragma once

namespace atp::test {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace atp::test
