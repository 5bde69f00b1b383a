// SPDX-License-Identifier: Apache-2.0
/// The index of a vault, its table of jobs, and what its runs remember. It decides nothing.
/// Thread-safe, and several processes may have one catalog open.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "atp/catalog/derived_index.hpp"
#include "atp/catalog/job_table.hpp"
#include "atp/catalog/run_memory.hpp"
#include "atp/catalog/source_stats.hpp"
#include "atp/core/clock.hpp"
#include "atp/core/export.hpp"
#include "atp/core/file_system.hpp"
#include "atp/core/random.hpp"

namespace atp {
inline namespace v0 {

/// The whole of it. Every method throws corrupt for a damaged catalog, not_found for one whose file
/// was removed or replaced meanwhile, no_space, permission_denied, unavailable. Writes are durable
/// when they return; after an error they happened as a whole or not at all, and may be tried again.
class ATP_EXPORT Catalog : public DerivedIndex,
                           public JobTable,
                           public RunMemory,
                           public SourceStats {
 public:
  virtual std::string vault_id() = 0;

  /// Reads every page. Throws: corrupt where one is damaged, which otherwise only those notice who
  /// need its rows.
  virtual void check() = 0;
};

enum class CatalogAccess {
  read_write,
  /// Also on a medium that is only read. The half transaction of a writer who died is rolled back
  /// all the same: without that there are no rows to believe.
  read_only,
};

/// An embedded catalog in one SQLite file on `files`. `create` makes a new one; `open` never
/// creates, and reads all of it only where its last writer did not end in order. Throws:
/// already_exists, also for the journal of a catalog that is lost; not_found where there is no
/// file; corrupt where it is no catalog, is seen to be damaged or of another vault; unsupported for
/// a newer schema. Trouble of the machine is never corrupt.
ATP_EXPORT std::shared_ptr<Catalog> create_sqlite_catalog(std::shared_ptr<FileSystem> files,
                                                          std::shared_ptr<Random> random,
                                                          const Path& path,
                                                          const std::string& vault_id);
/// An empty `vault_id` opens any vault's.
ATP_EXPORT std::shared_ptr<Catalog> open_sqlite_catalog(
    std::shared_ptr<FileSystem> files, std::shared_ptr<Random> random, const Path& path,
    const std::string& vault_id, CatalogAccess access = CatalogAccess::read_write);

/// The place of a vault's catalog, which may be lost or damaged while the vault is read all the
/// same.
class ATP_EXPORT CatalogPlace {
 public:
  virtual ~CatalogPlace() = default;

  /// For people.
  virtual std::string describe() const = 0;
  /// Throws: as `open_sqlite_catalog`.
  virtual std::shared_ptr<Catalog> open(const std::string& vault_id, CatalogAccess access) = 0;
  struct Renewed {
    std::shared_ptr<Catalog> catalog;
    std::optional<std::string> kept;  ///< What was there before is kept under this name.
  };
  /// Puts an empty catalog there. Nobody else may be at work in the vault.
  virtual Renewed renew(const std::string& vault_id) = 0;
};

/// The file at `path`. Where it is renewed, the old one stays beside it.
ATP_EXPORT std::shared_ptr<CatalogPlace> sqlite_catalog_place(std::shared_ptr<FileSystem> files,
                                                              std::shared_ptr<const Clock> clock,
                                                              std::shared_ptr<Random> random,
                                                              const Path& path);

}  // namespace v0
}  // namespace atp
