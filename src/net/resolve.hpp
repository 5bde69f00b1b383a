// SPDX-License-Identifier: Apache-2.0
/// Addresses of a host, in time: the system's look-up cannot be interrupted, so it is left behind.
/// For this layer's sources and tests only.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace atp {
inline namespace v0 {
namespace net {

using Deadline = std::chrono::steady_clock::time_point;
using Addresses = std::vector<boost::asio::ip::address>;
/// Throws: unavailable.
using LookUp = std::function<Addresses(const std::string& host)>;

/// Asks the system; returns when it likes.
Addresses look_up(const std::string& host);

/// Addresses are returned as they are. Otherwise `look_up` runs on a thread that outlives this call
/// where that ends first. Throws: unavailable (temporary), cancelled.
Addresses resolve(const std::string& host, Deadline deadline, const std::stop_token& stop,
                  const LookUp& look_up);

}  // namespace net
}  // namespace v0
}  // namespace atp
