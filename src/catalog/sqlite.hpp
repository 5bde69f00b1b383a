// SPDX-License-Identifier: Apache-2.0
/// SQLite with owners and exceptions. One connection and all that belongs to it is for one thread
/// at a time.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "atp/catalog/catalog.hpp"
#include "atp/core/error.hpp"
#include "atp/core/ids.hpp"
#include "catalog/sqlite_vfs.hpp"

namespace atp {
inline namespace v0 {
namespace sqlite {

/// Every call throws what the file system threw, where that is why it failed; else corrupt,
/// no_space, permission_denied, not_found (the file lost its name), unavailable.
class Connection {
 public:
  /// An empty database in memory.
  explicit Connection(const std::string& subject);
  /// The database in a file, which exists.
  Connection(std::shared_ptr<FileSystem> files, std::shared_ptr<Random> random, const Path& path,
             CatalogAccess access = CatalogAccess::read_write);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void execute(const char* sql);
  /// Throws unless `result` is one of success.
  void check(int result);
  /// How many rows the last statement changed.
  int changes() const { return sqlite3_changes(database_.get()); }
  /// How many rows all statements changed.
  std::int64_t total_changes() const { return sqlite3_total_changes64(database_.get()); }
  /// The database as the bytes of a file.
  Bytes serialize();
  void roll_back() noexcept;

  /// Throws what the file system threw in the last call that SQLite answered with success all the
  /// same: a check of the contents tells of pages that could not be read as of damaged ones.
  void rethrow_unreported() const {
    if (unreported_) std::rethrow_exception(unreported_);
  }

  /// The file system failed: what was going on is rolled back by a new connection.
  bool broken() const { return broken_; }
  Error corrupt(const std::string& message) const {
    return Error(ErrorKind::corrupt, subject_, message);
  }
  sqlite3* handle() { return database_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
  };

  void open(const char* name, int flags, const char* vfs);
  void harden();
  std::exception_ptr take_exception();

  std::string subject_;
  std::optional<SqliteVfs> vfs_;
  std::unique_ptr<sqlite3, Close> database_;
  bool broken_ = false;
  std::exception_ptr unreported_;
};

/// A statement; its text is a constant, all values are bound.
class Statement {
 public:
  Statement(Connection& connection, const char* sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  /// Starts anew with these parameters.
  template <class... Values>
  void bind(const Values&... values) {
    sqlite3_reset(statement_);
    int parameter = 0;
    (bind_value(++parameter, values), ...);
  }
  /// To the next row; false after the last.
  bool step();
  template <class... Values>
  void run(const Values&... values) {
    bind(values...);
    step();
  }

  // The columns of the row, one after the other. Throw: corrupt for what cannot stand there.
  std::string text();
  std::string blob();
  std::int64_t integer();
  std::uint64_t number();
  Time time();
  Digest digest();
  template <class Id>
  Id name() {
    try {
      return Id(text());
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::invalid_argument) throw;
      throw connection_.corrupt(error.what());
    }
  }

 private:
  void bind_value(int parameter, std::string_view text);
  void bind_value(int parameter, ByteView blob);
  void bind_value(int parameter, std::int64_t integer);
  /// Throws: invalid_argument from 2^63.
  void bind_value(int parameter, std::uint64_t number);
  void bind_value(int parameter, Time time);
  void bind_value(int parameter, const Digest& digest) { bind_value(parameter, digest.view()); }
  template <class Tag>
  void bind_value(int parameter, const Name<Tag>& name) {
    bind_value(parameter, std::string_view(name.str()));
  }
  int take_column(int type);

  Connection& connection_;
  sqlite3_stmt* statement_ = nullptr;
  int column_ = 0;
};

/// Rolls back unless committed.
class Transaction {
 public:
  enum class Kind { read, write };

  Transaction(Connection& connection, Kind kind);
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() { connection_.roll_back(); }

  /// Durable when it returns. After an error it may have happened or not.
  void commit() { connection_.execute("COMMIT"); }

 private:
  Connection& connection_;
};

}  // namespace sqlite
}  // namespace v0
}  // namespace atp
