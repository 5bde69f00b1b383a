// SPDX-License-Identifier: Apache-2.0
#include "catalog/sqlite.hpp"

#include <algorithm>
#include <limits>

namespace atp {
inline namespace v0 {
namespace sqlite {
namespace {

/// Two processes may write: long enough for the other one's largest transaction.
constexpr int kBusyMilliseconds = 30'000;

Error translate(int result, const std::string& subject, const std::string& message) {
  using enum ErrorKind;
  const std::string text = "sqlite: " + message + " (" + std::to_string(result) + ")";
  if (result == SQLITE_READONLY_DBMOVED) {
    return Error(not_found, subject, "the open file was removed or replaced");
  }
  if (result == SQLITE_READONLY_ROLLBACK) {
    return Error(unavailable, subject, "a writer died while it was open", Error::Retry::temporary);
  }
  switch (result & 0xff) {
    case SQLITE_FULL:
      return Error(no_space, subject, text);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(unavailable, subject, text, Error::Retry::temporary);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Error(corrupt, subject, text);
    // The file itself did open, so its header asks for what no catalog has: WAL mode.
    case SQLITE_CANTOPEN:
      return Error(corrupt, subject, text);
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Error(permission_denied, subject, text);
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      return Error(invalid_argument, subject, text);
    default:
      return Error(unavailable, subject, text);
  }
}

}  // namespace

Connection::Connection(const std::string& subject) : subject_(subject) {
  open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
}

Connection::Connection(std::shared_ptr<FileSystem> files, std::shared_ptr<Random> random,
                       const Path& path, CatalogAccess access)
    : subject_(path.string()) {
  vfs_.emplace(std::move(files), std::move(random));
  const int mode =
      access == CatalogAccess::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  open(path.c_str(), mode | SQLITE_OPEN_NOMUTEX, vfs_->name());
  harden();
}

void Connection::open(const char* name, int flags, const char* vfs) {
  sqlite3* database = nullptr;
  const int result = sqlite3_open_v2(name, &database, flags, vfs);
  database_.reset(database);
  check(result);
  check(sqlite3_extended_result_codes(database, 1));
}

/// The file is not trusted to be what we wrote.
void Connection::harden() {
  check(sqlite3_busy_timeout(handle(), kBusyMilliseconds));
  check(sqlite3_db_config(handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr));
  check(sqlite3_db_config(handle(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr));
  check(sqlite3_db_config(handle(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr));
  check(sqlite3_db_config(handle(), SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr));
  execute("PRAGMA cell_size_check = ON");
  execute("PRAGMA foreign_keys = ON");
  execute("PRAGMA temp_store = MEMORY");
  execute("PRAGMA journal_mode = DELETE");
  execute("PRAGMA synchronous = EXTRA");
}

std::exception_ptr Connection::take_exception() { return vfs_ ? vfs_->take_exception() : nullptr; }

void Connection::check(int result) {
  const std::exception_ptr exception = take_exception();
  broken_ = broken_ || exception || (result & 0xff) == SQLITE_IOERR ||
            result == SQLITE_READONLY_DBMOVED || result == SQLITE_READONLY_ROLLBACK;
  unreported_ = exception;
  if (result == SQLITE_OK || result == SQLITE_ROW || result == SQLITE_DONE) return;
  if (exception) std::rethrow_exception(exception);
  throw translate(result, subject_, handle() ? sqlite3_errmsg(handle()) : sqlite3_errstr(result));
}

void Connection::execute(const char* sql) {
  check(sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr));
}

Bytes Connection::serialize() {
  struct Free {
    void operator()(unsigned char* bytes) const { sqlite3_free(bytes); }
  };
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, Free> bytes(sqlite3_serialize(handle(), "main", &size, 0));
  if (!bytes) check(SQLITE_NOMEM);
  const ByteView view = std::as_bytes(std::span(bytes.get(), static_cast<std::size_t>(size)));
  return {view.begin(), view.end()};
}

void Connection::roll_back() noexcept {
  if (sqlite3_get_autocommit(handle()) != 0) return;
  const int result = sqlite3_exec(handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  broken_ = broken_ || take_exception() || result != SQLITE_OK;
}

Statement::Statement(Connection& connection, const char* sql) : connection_(connection) {
  connection_.check(sqlite3_prepare_v2(connection_.handle(), sql, -1, &statement_, nullptr));
}

bool Statement::step() {
  column_ = 0;
  const int result = sqlite3_step(statement_);
  connection_.check(result);
  return result == SQLITE_ROW;
}

void Statement::bind_value(int parameter, std::string_view text) {
  connection_.check(sqlite3_bind_text64(statement_, parameter, text.data(), text.size(),
                                        SQLITE_TRANSIENT, SQLITE_UTF8));
}

/// A null pointer would bind NULL.
void Statement::bind_value(int parameter, ByteView blob) {
  const void* const data = blob.empty() ? "" : static_cast<const void*>(blob.data());
  connection_.check(
      sqlite3_bind_blob64(statement_, parameter, data, blob.size(), SQLITE_TRANSIENT));
}

void Statement::bind_value(int parameter, std::int64_t integer) {
  connection_.check(sqlite3_bind_int64(statement_, parameter, integer));
}

void Statement::bind_value(int parameter, std::uint64_t number) {
  if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw Error(ErrorKind::invalid_argument, "number",
                "expected a number below 2^63, found " + std::to_string(number));
  }
  bind_value(parameter, static_cast<std::int64_t>(number));
}

void Statement::bind_value(int parameter, Time time) {
  bind_value(parameter, std::int64_t{time.time_since_epoch().count()});
}

int Statement::take_column(int type) {
  const int column = column_++;
  const int found = sqlite3_column_type(statement_, column);
  if (found == type) return column;
  throw connection_.corrupt("expected a value of sqlite type " + std::to_string(type) +
                            " in column " + std::to_string(column) + ", found " +
                            std::to_string(found));
}

std::string Statement::text() {
  const int column = take_column(SQLITE_TEXT);
  const auto* const data = sqlite3_column_text(statement_, column);
  if (data == nullptr) connection_.check(SQLITE_NOMEM);
  return {reinterpret_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string Statement::blob() {
  const int column = take_column(SQLITE_BLOB);
  const auto* const data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  if (size == 0) return {};
  if (data == nullptr) connection_.check(SQLITE_NOMEM);
  return {data, size};
}

std::int64_t Statement::integer() {
  return sqlite3_column_int64(statement_, take_column(SQLITE_INTEGER));
}

std::uint64_t Statement::number() {
  const std::int64_t found = integer();
  if (found >= 0) return static_cast<std::uint64_t>(found);
  throw connection_.corrupt("expected a number from 0, found " + std::to_string(found));
}

Time Statement::time() { return Time(std::chrono::nanoseconds(integer())); }

Digest Statement::digest() {
  const std::string bytes = blob();
  Digest digest;
  if (bytes.size() != digest.bytes.size()) {
    throw connection_.corrupt("expected a digest of 32 bytes, found " +
                              std::to_string(bytes.size()));
  }
  std::copy_n(as_bytes(bytes).begin(), digest.bytes.size(), digest.bytes.begin());
  return digest;
}

Transaction::Transaction(Connection& connection, Kind kind) : connection_(connection) {
  connection_.execute(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN");
}

}  // namespace sqlite
}  // namespace v0
}  // namespace atp
