// SPDX-License-Identifier: Apache-2.0
#include "stores.hpp"

#include <pybind11/stl.h>

#include <algorithm>

#include "atp/core/error.hpp"
#include "atp/storage/open_store.hpp"
#include "values.hpp"

namespace py = pybind11;
using namespace py::literals;

namespace atp::python {
namespace {

py::bytes to_bytes_object(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

py::object optional_time(const std::optional<Time>& time) {
  return time ? py::object(py::str(format_time(*time))) : py::none();
}

std::optional<Time> time_of(const py::object& text) {
  if (text.is_none()) return std::nullopt;
  return parse_instant(text.cast<std::string>());
}

py::dict info_dict(const ObjectInfo& info) {
  return py::dict("key"_a = info.key, "size"_a = info.size,
                  "modified"_a = format_time(info.modified),
                  "retain_until"_a = optional_time(info.immutability.retain_until),
                  "legal_hold"_a = info.immutability.legal_hold);
}

ObjectInfo info_of(const py::dict& dict) {
  return {.key = dict["key"].cast<std::string>(),
          .size = dict["size"].cast<std::uint64_t>(),
          .modified = *time_of(dict["modified"]),
          .immutability = {.retain_until = time_of(dict["retain_until"]),
                           .legal_hold = dict["legal_hold"].cast<bool>()}};
}

Digest digest_of(const std::string& hex) {
  if (const auto digest = Digest::from_hex(hex)) return *digest;
  throw Error(ErrorKind::invalid_argument, "SHA-256", "expected 64 lower-case hexadecimal digits");
}

Error error_of(const py::error_already_set& raised) {
  const py::object base = py::module_::import("atp_backup.errors").attr("BackupError");
  if (!raised.matches(base)) return {ErrorKind::unavailable, "store in Python", raised.what()};
  const py::object& value = raised.value();
  const auto name = value.attr("kind").cast<std::string>();
  const auto kind = std::find_if(kErrorKinds.begin(), kErrorKinds.end(),
                                 [&](const ErrorKindInfo& info) { return info.name == name; });
  ErrorKind known = kind == kErrorKinds.end() ? ErrorKind::unavailable : kind->kind;
  // A store knows of bytes alone, not of who has signed them.
  const bool of_documents =
      known == ErrorKind::untrusted || known == ErrorKind::bad_timestamp || known == ErrorKind::gap;
  if (of_documents) known = ErrorKind::corrupt;
  return {known, value.attr("subject").cast<std::string>(),
          value.attr("message").cast<std::string>(),
          value.attr("temporary").cast<bool>() ? Error::Retry::temporary : Error::Retry::permanent};
}

/// `call` with the GIL; what Python raises becomes an `Error`.
template <class Call>
auto in_python(const Call& call) {
  const py::gil_scoped_acquire acquire;
  try {
    return call();
  } catch (const py::error_already_set& raised) {
    throw error_of(raised);
  } catch (const py::cast_error& error) {
    throw Error(ErrorKind::unavailable, "store in Python", error.what());
  }
}

/// The same of a call about an object, which every error then names.
template <class Call>
auto in_python_about(const std::string& key, const Call& call) {
  return about(key, [&] { return in_python(call); });
}

/// An object that any thread may let go of.
class Held {
 public:
  explicit Held(py::object object) : object_(std::move(object)) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    const py::gil_scoped_acquire acquire;
    object_.release().dec_ref();
  }
  const py::object& get() const { return object_; }

 private:
  py::object object_;
};

class PythonSource final : public ByteSource {
 public:
  explicit PythonSource(std::string bytes) : bytes_(std::move(bytes)) {}
  std::size_t read(MutableByteView out) override {
    const ByteView rest = as_bytes(bytes_).subspan(taken_);
    const std::size_t size = std::min(out.size(), rest.size());
    std::copy_n(rest.begin(), size, out.begin());
    taken_ += size;
    return size;
  }

 private:
  std::string bytes_;
  std::size_t taken_ = 0;
};

class PythonWriter final : public ObjectWriter {
 public:
  PythonWriter(py::object writer, std::string key)
      : writer_(std::move(writer)), key_(std::move(key)) {}
  void write(ByteView bytes) override {
    in_python_about(key_, [&] { writer_.get().attr("write")(to_bytes_object(bytes)); });
  }
  ObjectInfo commit(const std::optional<Digest>& expected) override {
    return in_python_about(key_, [&] {
      const py::object hex = expected ? py::object(py::str(expected->hex())) : py::none();
      return info_of(writer_.get().attr("_commit")(hex));
    });
  }

 private:
  Held writer_;
  std::string key_;
};

class PythonStore final : public ObjectStore {
 public:
  explicit PythonStore(py::object store) : store_(std::move(store)) {}

  std::string describe() const override {
    return in_python([&] { return call("describe").cast<std::string>(); });
  }
  Capabilities capabilities() const override {
    return in_python([&] {
      const auto [atomic, immutable] = call("_capabilities").cast<std::pair<bool, bool>>();
      return Capabilities{.atomic_create = atomic, .immutability = immutable};
    });
  }
  std::unique_ptr<ObjectWriter> create(const std::string& key, const PutOptions& options) override {
    check_key(key);
    return in_python_about(key, [&]() -> std::unique_ptr<ObjectWriter> {
      return std::make_unique<PythonWriter>(
          call("_create", key, optional_time(options.retain_until), options.legal_hold), key);
    });
  }
  std::unique_ptr<ByteSource> get(const std::string& key, const ByteRange& range) override {
    check_key(key);
    return in_python_about(key, [&]() -> std::unique_ptr<ByteSource> {
      return std::make_unique<PythonSource>(
          call("_get", key, range.offset, range.length).cast<std::string>());
    });
  }
  std::optional<ObjectInfo> stat(const std::string& key) override {
    check_key(key);
    return in_python_about(key, [&]() -> std::optional<ObjectInfo> {
      const py::object found = call("_stat", key);
      if (found.is_none()) return std::nullopt;
      return info_of(found);
    });
  }
  ListPageOfKeys list(const std::string& prefix, const std::string& after,
                      std::size_t limit) override {
    return in_python([&] {
      auto [keys, next] =
          call("_list", prefix, after, limit)
              .cast<std::pair<std::vector<std::string>, std::optional<std::string>>>();
      return ListPageOfKeys{std::move(keys), std::move(next)};
    });
  }
  void remove(const std::string& key) override {
    check_key(key);
    in_python_about(key, [&] { call("remove", key); });
  }
  Time extend_retention(const std::string& key, Time retain_until) override {
    check_key(key);
    return in_python_about(
        key, [&] { return *time_of(call("_extend_retention", key, format_time(retain_until))); });
  }
  void set_legal_hold(const std::string& key, bool held) override {
    check_key(key);
    in_python_about(key, [&] { call("set_legal_hold", key, held); });
  }

 private:
  template <class... Arguments>
  py::object call(const char* name, Arguments&&... arguments) const {
    return store_.get().attr(name)(std::forward<Arguments>(arguments)...);
  }

  Held store_;
};

using Store = std::shared_ptr<ObjectStore>;
using Writer = std::shared_ptr<ObjectWriter>;
using Release = py::call_guard<py::gil_scoped_release>;

py::bytes read_object(const Store& store, const std::string& key, std::uint64_t offset,
                      const std::optional<std::uint64_t>& length) {
  Bytes bytes;
  {
    const py::gil_scoped_release release;
    constexpr std::size_t kPiece = 1 << 20;
    const auto source = store->get(key, {.offset = offset, .length = length});
    for (std::size_t got = 1, size = 0; got > 0; size += got) {
      bytes.resize(size + kPiece);
      got = source->read(MutableByteView(bytes).subspan(size));
      bytes.resize(size + got);
    }
  }
  return to_bytes_object(bytes);
}

Writer create_object(const Store& store, const std::string& key, const py::object& retain_until,
                     bool legal_hold) {
  const PutOptions options{.retain_until = time_of(retain_until), .legal_hold = legal_hold};
  const py::gil_scoped_release release;
  return store->create(key, options);
}

py::dict commit_object(const Writer& writer, const std::optional<std::string>& sha256) {
  std::optional<Digest> expected;
  if (sha256) expected = digest_of(*sha256);
  ObjectInfo info;
  {
    const py::gil_scoped_release release;
    info = writer->commit(expected);
  }
  return info_dict(info);
}

py::object stat_object(const Store& store, const std::string& key) {
  std::optional<ObjectInfo> info;
  {
    const py::gil_scoped_release release;
    info = store->stat(key);
  }
  return info ? py::object(info_dict(*info)) : py::none();
}

std::pair<std::vector<std::string>, std::optional<std::string>> list_objects(
    const Store& store, const std::string& prefix, const std::string& after, std::size_t limit) {
  auto page = store->list(prefix, after, limit);
  return {std::move(page.keys), std::move(page.next)};
}

std::string extend(const Store& store, const std::string& key, const std::string& retain_until) {
  return format_time(store->extend_retention(key, parse_instant(retain_until)));
}

}  // namespace

std::shared_ptr<ObjectStore> store_of_python(py::object object) {
  return std::make_shared<PythonStore>(std::move(object));
}

void add_stores(py::module_& module) {
  py::class_<ObjectWriter, Writer>(module, "Writer")
      .def(
          "write",
          [](const Writer& writer, std::string_view bytes) { writer->write(as_bytes(bytes)); },
          "data"_a, Release())
      .def("commit", &commit_object, "sha256"_a);
  py::class_<ObjectStore, Store>(module, "Store")
      .def(
          "describe", [](const Store& store) { return store->describe(); }, Release())
      .def("capabilities",
           [](const Store& store) {
             const Capabilities found = store->capabilities();
             return std::pair(found.atomic_create, found.immutability);
           })
      .def("create", &create_object, "key"_a, "retain_until"_a, "legal_hold"_a)
      .def("get", &read_object, "key"_a, "offset"_a, "length"_a)
      .def("stat", &stat_object, "key"_a)
      .def("list", &list_objects, "prefix"_a, "after"_a, "limit"_a, Release())
      .def(
          "remove", [](const Store& store, const std::string& key) { store->remove(key); }, "key"_a,
          Release())
      .def("extend_retention", &extend, "key"_a, "retain_until"_a, Release())
      .def(
          "set_legal_hold",
          [](const Store& store, const std::string& key, bool held) {
            store->set_legal_hold(key, held);
          },
          "key"_a, "held"_a, Release());
  module.def(
      "store_at",
      [](const std::string& address) -> Store {
        const py::gil_scoped_release release;
        return open_store_at(address, {.files = posix_file_system(),
                                       .clock = std::make_shared<SystemClock>(),
                                       .random = std::make_shared<SystemRandom>()});
      },
      "address"_a);
  module.def("store_of_python", &store_of_python, "store"_a);
}

}  // namespace atp::python
