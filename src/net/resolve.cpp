// SPDX-License-Identifier: Apache-2.0
#include "net/resolve.hpp"

#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

#include "atp/core/error.hpp"
#include "atp/core/progress.hpp"
#include "net/stream.hpp"

namespace atp {
inline namespace v0 {
namespace net {
namespace {

using Tcp = boost::asio::ip::tcp;

[[noreturn]] void throw_unresolved(const std::string& host, const std::string& found) {
  throw Error(ErrorKind::unavailable, host, "expected an address of the host, found: " + found,
              Error::Retry::temporary);
}

/// What the thread that looks up and the one that waits share.
struct Question {
  std::mutex mutex;
  std::condition_variable_any answered;
  bool done = false;
  Addresses addresses;
  std::exception_ptr failure;
};

void answer(Question& question, const std::string& host, const LookUp& look_up) {
  Addresses addresses;
  std::exception_ptr failure;
  try {
    addresses = look_up(host);
  } catch (...) {
    failure = std::current_exception();
  }
  const std::lock_guard lock(question.mutex);
  question.addresses = std::move(addresses);
  question.failure = failure;
  question.done = true;
  question.answered.notify_all();
}

void ask(const std::shared_ptr<Question>& question, const std::string& host,
         const LookUp& look_up) {
  try {
    std::thread([question, host, look_up] { answer(*question, host, look_up); }).detach();
  } catch (const std::system_error& error) {
    throw_unresolved(host, error.what());
  }
}

}  // namespace

Addresses look_up(const std::string& host) {
  boost::system::error_code error;
  const auto found = with_machine(host, [&] {
    boost::asio::io_context io;
    return Tcp::resolver(io).resolve(host, "", Tcp::resolver::flags(), error);
  });
  if (error) throw_unresolved(host, error.message());
  Addresses addresses;
  for (const auto& entry : found) addresses.push_back(entry.endpoint().address());
  return addresses;
}

Addresses resolve(const std::string& host, Deadline deadline, const std::stop_token& stop,
                  const LookUp& look_up) {
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(host, no_address);
  if (!no_address) return {address};

  const auto question = std::make_shared<Question>();
  ask(question, host, look_up);
  std::unique_lock lock(question->mutex);
  question->answered.wait_until(lock, stop, deadline, [&] { return question->done; });
  throw_if_stopped(stop);
  if (!question->done) throw_unresolved(host, "no answer in time");
  if (question->failure) std::rethrow_exception(question->failure);
  return question->addresses;
}

}  // namespace net
}  // namespace v0
}  // namespace atp
