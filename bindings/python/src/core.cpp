// SPDX-License-Identifier: Apache-2.0
/// atp_backup._core: the verbs as functions of plain values. The package around it (Python) makes
/// the classes that users see.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "arrow.hpp"
#include "atp/backup/take_backup.hpp"
#include "atp/core/version.hpp"
#include "atp/restore/restore.hpp"
#include "atp/storage/layout.hpp"
#include "atp/vault/doctor.hpp"
#include "atp/vault/points.hpp"
#include "atp/vault/rebuild.hpp"
#include "atp/verify/open_segment.hpp"
#include "atp/verify/stored_point.hpp"
#include "atp/view/points.hpp"
#include "atp/view/vaults.hpp"
#include "exports.hpp"
#include "interruptible.hpp"
#include "parties.hpp"
#include "proofs.hpp"
#include "reader.hpp"
#include "stores.hpp"
#include "values.hpp"

namespace py = pybind11;

namespace atp::python {
namespace {

using namespace py::literals;

py::dict create(const std::string& folder, const std::string& region,
                const std::optional<std::string>& domain, const std::optional<std::string>& keys,
                const std::string& configuration, const std::optional<std::string>& recipient,
                const std::optional<std::string>& passphrase) {
  CreateVaultOptions options{
      .region = Region(region), .domain = domain, .configuration = configuration};
  if (keys) options.keys = Path(*keys);
  std::optional<SecretBytes> secret;
  if (passphrase) secret = SecretBytes(as_bytes(*passphrase));
  if (recipient) options.sealing.recipient = age::Recipient::parse(*recipient);
  options.sealing.passphrase = secret ? &*secret : nullptr;
  return to_python(interruptible(py::none(), [&](const Work&) {
    return create_vault(system_environment(), folder, options);
  }));
}

Handle open(const std::string& folder, const std::optional<std::string>& keys,
            const std::optional<std::string>& trust, const std::string& configuration,
            const std::optional<std::string>& unlock,
            const std::optional<std::string>& passphrase) {
  return interruptible(py::none(), [&](const Work&) {
    const Environment environment = system_environment();
    const Path key_folder =
        keys ? Path(*keys) : default_key_folder(environment, folder, configuration);
    if (keys && !environment.files->status(key_folder / "")) {
      throw Error(ErrorKind::not_found, *keys, "there is no such key folder");
    }
    Keys found = load_keys(*environment.files, key_folder, key_unlock(unlock, passphrase));
    if (trust) found.trust = load_trust_policy(*environment.files, *trust);
    const auto vault = open_vault(environment, folder, std::move(found));
    const std::shared_ptr<const Keys> of_vault(vault, &vault->keys());
    return Handle{{environment, open_store(environment, folder), of_vault}, vault};
  });
}

/// A vault's objects in any store.
Reader open_objects(const std::shared_ptr<ObjectStore>& objects,
                    const std::optional<std::string>& keys, const std::optional<std::string>& trust,
                    const std::optional<std::string>& unlock,
                    const std::optional<std::string>& passphrase) {
  return interruptible(py::none(), [&](const Work&) {
    const Environment environment = system_environment();
    Keys found;
    if (keys) found = load_keys(*environment.files, *keys, key_unlock(unlock, passphrase));
    if (trust) found.trust = load_trust_policy(*environment.files, *trust);
    return Reader{environment, objects, std::make_shared<Keys>(std::move(found))};
  });
}

py::dict backup(const Handle& handle, const std::string& source, const std::string& tenant,
                const std::optional<std::string>& type, const std::optional<FieldMap>& field_map,
                const std::optional<std::string>& retention, bool allow_empty, bool reread,
                bool clock_is_right, unsigned workers, const py::object& on_progress) {
  BackupOptions options{.tenant = TenantId(tenant), .field_map = field_map, .workers = workers};
  if (type) options.type = require_backup_type(*type);
  if (retention) options.retention = CalendarPeriod::parse(*retention);
  if (allow_empty) options.empty_segments = EmptySegments::take;
  if (reread) options.known_files = KnownFiles::reread;
  if (clock_is_right) options.clock = ClockTrust::insist;
  return to_python(to_json(interruptible(on_progress, [&](const Work& work) {
    options.stop = work.stop;
    options.progress = work.progress;
    const auto folder = segment_folder(handle.environment.files, source);
    return take_backup(*handle.vault, *folder, options);
  })));
}

/// The verified manifests of a tenant's points, as stored.
std::vector<std::string> points(const Handle& handle, const std::string& tenant) {
  return interruptible(py::none(), [&](const Work&) {
    const TenantId id(tenant);
    std::vector<std::string> manifests;
    for (const PointRow& row : list_points(*handle.vault, id)) {
      require_document<RecoveryPoint>(row.recovery_point_id, row.manifest, handle.vault->trust(),
                                      id);
      manifests.push_back(row.manifest);
    }
    return manifests;
  });
}

std::vector<std::string> tenants(const Reader& handle) {
  return interruptible(py::none(), [&](const Work&) {
    std::vector<std::string> names;
    for (const TenantId& tenant : list_tenants(handle.store())) names.push_back(tenant.str());
    return names;
  });
}

/// The verified manifest of a point, as stored, and the canonical text of each of its descriptors.
std::pair<std::string, std::vector<std::string>> show(const Reader& handle, const std::string& id) {
  return interruptible(py::none(), [&](const Work&) {
    StoredPoint found =
        require_point(handle.store(), handle.trust(), find_point(handle.store(), id));
    std::vector<std::string> descriptors;
    for (const ListPage& page : require_list_pages(handle.store(), found.point)) {
      for (const Descriptor& descriptor : page.descriptors) {
        descriptors.push_back(canonical(descriptor));
      }
    }
    return std::pair(std::move(found.stored), std::move(descriptors));
  });
}

py::dict verify(const Reader& handle, const std::string& id, const std::string& depth,
                const std::optional<std::pair<std::string, std::string>>& segment, unsigned workers,
                const py::object& on_progress) {
  VerifyOptions options;
  options.depth = parse_depth(depth);
  options.workers = workers;
  options.now = SystemClock().now();
  if (segment) options.segment = {StreamId(segment->first), SegmentId(segment->second)};
  return to_python(to_json(interruptible(on_progress, [&](const Work& work) {
    options.stop = work.stop;
    options.progress = work.progress;
    return verify_point(handle.store(), find_point(handle.store(), id), handle.known_trust(),
                        handle.keys->identities, options);
  })));
}

py::dict restore(const Reader& handle, const std::string& id, const std::string& folder,
                 const std::optional<std::string>& stream,
                 const std::optional<std::pair<std::string, std::string>>& segment,
                 const std::optional<std::string>& from, const std::optional<std::string>& to,
                 unsigned workers, const py::object& on_progress) {
  RestoreOptions options;
  options.workers = workers;
  if (stream) options.stream = StreamId(*stream);
  if (segment) {
    options.segment_stream = StreamId(segment->first);
    options.segment = SegmentId(segment->second);
  }
  if (from) options.time.from = parse_instant(*from);
  if (to) options.time.to = parse_instant(*to);
  return to_python(interruptible(on_progress, [&](const Work& work) {
    options.stop = work.stop;
    options.progress = work.progress;
    return restore_point(handle.store(), *handle.environment.files, *handle.environment.random,
                         find_point(handle.store(), id), folder, handle.trust(),
                         handle.keys->identities, options);
  }));
}

/// A segment, open for range reads, and what it reads from.
struct Segment {
  std::shared_ptr<ObjectStore> objects;
  PackageReader reader;
};

Segment open_one_segment(const Reader& handle, const std::string& id,
                         const std::pair<std::string, std::string>& segment) {
  return interruptible(py::none(), [&](const Work& work) {
    const SegmentName name{StreamId(segment.first), SegmentId(segment.second)};
    return Segment{handle.objects,
                   open_segment(handle.store(), find_point(handle.store(), id), name,
                                handle.trust(), handle.keys->identities, work.stop)};
  });
}

std::vector<py::bytes> read_records(const Segment& segment, std::uint64_t from, std::uint64_t to) {
  const auto records = interruptible(py::none(), [&](const Work& work) {
    std::vector<std::string> found;
    segment.reader.read(
        from, to, [&](std::uint64_t, ByteView record) { found.emplace_back(as_text(record)); },
        work.stop);
    return found;
  });
  return {records.begin(), records.end()};
}

/// Where each frame of the segment begins, and the end: ranges that cost no record twice.
std::vector<std::uint64_t> frame_bounds(const Segment& segment) {
  std::vector<std::uint64_t> bounds;
  for (const FrameEntry& frame : segment.reader.index().frames)
    bounds.push_back(frame.first_record);
  bounds.push_back(segment.reader.manifest().records);
  return bounds;
}

py::dict rebuild(const Handle& handle, const py::object& on_progress) {
  return to_python(interruptible(on_progress, [&](const Work& work) {
    return rebuild_catalog(*handle.vault, work.stop, work.progress);
  }));
}

std::vector<py::dict> doctor(const Handle& handle, bool mend, bool take_over) {
  const ExamineOptions options{.mending = mend ? Mending::mend : Mending::report_only,
                               .take_over = take_over};
  const auto findings =
      interruptible(py::none(), [&](const Work&) { return examine(*handle.vault, options); });
  std::vector<py::dict> dicts;
  for (const Finding& finding : findings) dicts.push_back(to_python(to_json(finding)));
  return dicts;
}

}  // namespace
}  // namespace atp::python

PYBIND11_MODULE(_core, module) {
  using namespace atp::python;
  module.attr("__version__") = atp::kVersion;
  py::register_exception_translator([](std::exception_ptr raised) {
    try {
      if (raised) std::rethrow_exception(raised);
    } catch (const atp::Error& error) {
      raise(error);
    }
  });
  py::list kinds;
  for (const atp::ErrorKindInfo& info : atp::kErrorKinds) {
    kinds.append(py::make_tuple(info.name, info.python_class));
  }
  module.attr("ERROR_KINDS") = py::tuple(kinds);

  py::class_<Reader>(module, "Reader");
  py::class_<Handle, Reader>(module, "Vault")
      .def_property_readonly("id", [](const Handle& self) { return self.vault->id(); })
      .def_property_readonly("region",
                             [](const Handle& self) { return self.vault->region().str(); })
      .def_property_readonly(
          "folder", [](const Handle& self) { return py::bytes(self.vault->home().string()); })
      .def_property_readonly("catalog_problem",
                             [](const Handle& self) { return self.vault->catalog_problem(); });
  py::class_<Segment>(module, "Segment")
      .def_property_readonly("bounds", &frame_bounds)
      .def("read", &read_records, py::kw_only(), "start"_a, "stop"_a);
  module.def("open_segment", &open_one_segment, "vault"_a, py::kw_only(), "id"_a, "segment"_a);
  module.def("create_vault", &create, py::kw_only(), "folder"_a, "region"_a, "domain"_a, "keys"_a,
             "configuration"_a, "recipient"_a, "passphrase"_a);
  module.def("open_vault", &open, py::kw_only(), "folder"_a, "keys"_a, "trust"_a, "configuration"_a,
             "unlock"_a, "passphrase"_a);
  module.def("open_reader", &open_objects, py::kw_only(), "store"_a, "keys"_a, "trust"_a,
             "unlock"_a, "passphrase"_a);
  module.def("take_backup", &backup, "vault"_a, py::kw_only(), "source"_a, "tenant"_a, "type"_a,
             "field_map"_a, "retention"_a, "allow_empty"_a, "reread"_a, "clock_is_right"_a,
             "workers"_a, "on_progress"_a);
  module.def("stop_all", [] { running_work()->stop_all(); });
  module.def("after_fork", &forget_running_work);
  module.def("arrow_stream", &arrow_stream, "columns"_a, "pages"_a);
  add_stores(module);
  add_proofs(module);
  add_parties(module);
  add_exports(module);
  module.def("tenants", &tenants, "vault"_a);
  module.def("points", &points, "vault"_a, py::kw_only(), "tenant"_a);
  module.def("show_point", &show, "vault"_a, py::kw_only(), "id"_a);
  module.def("verify_point", &verify, "vault"_a, py::kw_only(), "id"_a, "depth"_a, "segment"_a,
             "workers"_a, "on_progress"_a);
  module.def("restore_point", &restore, "vault"_a, py::kw_only(), "id"_a, "folder"_a, "stream"_a,
             "segment"_a, "since"_a, "until"_a, "workers"_a, "on_progress"_a);
  module.def("rebuild_catalog", &rebuild, "vault"_a, py::kw_only(), "on_progress"_a);
  module.def("examine", &doctor, "vault"_a, py::kw_only(), "mend"_a, "take_over"_a);
}
