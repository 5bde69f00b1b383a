// SPDX-License-Identifier: Apache-2.0
#include "arrow.hpp"

#include <pybind11/stl.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>

namespace py = pybind11;

// The structures of the interface, whose layout is fixed.
extern "C" {
struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  std::int64_t flags;
  std::int64_t n_children;
  ArrowSchema** children;
  ArrowSchema* dictionary;
  void (*release)(ArrowSchema*);
  void* private_data;
};
struct ArrowArray {
  std::int64_t length;
  std::int64_t null_count;
  std::int64_t offset;
  std::int64_t n_buffers;
  std::int64_t n_children;
  const void** buffers;
  ArrowArray** children;
  ArrowArray* dictionary;
  void (*release)(ArrowArray*);
  void* private_data;
};
struct ArrowArrayStream {
  int (*get_schema)(ArrowArrayStream*, ArrowSchema*);
  int (*get_next)(ArrowArrayStream*, ArrowArray*);
  const char* (*get_last_error)(ArrowArrayStream*);
  void (*release)(ArrowArrayStream*);
  void* private_data;
};
}

namespace atp::python {
namespace {

constexpr std::int64_t kNullable = 2;

using Columns = std::vector<std::pair<std::string, std::string>>;

/// Owns what a schema points to, and its children.
struct SchemaOwner {
  std::string name;
  std::string format;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

void release_schema(ArrowSchema* schema) {
  const std::unique_ptr<SchemaOwner> owner(static_cast<SchemaOwner*>(schema->private_data));
  for (ArrowSchema& child : owner->children) {
    if (child.release != nullptr) child.release(&child);
  }
  schema->release = nullptr;
}

void fill_schema(ArrowSchema& schema, const std::string& name, const std::string& format,
                 const Columns& children) {
  auto owner = std::make_unique<SchemaOwner>(SchemaOwner{name, format, {}, {}});
  owner->children.resize(children.size());
  for (std::size_t i = 0; i < children.size(); ++i) {
    fill_schema(owner->children[i], children[i].first, children[i].second, {});
    owner->pointers.push_back(&owner->children[i]);
  }
  schema = {.format = owner->format.c_str(),
            .name = owner->name.c_str(),
            .metadata = nullptr,
            .flags = kNullable,
            .n_children = static_cast<std::int64_t>(children.size()),
            .children = owner->pointers.data(),
            .dictionary = nullptr,
            .release = &release_schema,
            .private_data = owner.get()};
  static_cast<void>(owner.release());
}

/// Owns what an array points to, and its children.
struct ArrayOwner {
  std::vector<std::uint8_t> valid;
  std::vector<std::int64_t> numbers;
  std::vector<std::int32_t> offsets;
  std::string text;
  std::vector<const void*> buffers;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
  std::int64_t nulls = 0;
};

void release_array(ArrowArray* array) {
  const std::unique_ptr<ArrayOwner> owner(static_cast<ArrayOwner*>(array->private_data));
  for (ArrowArray& child : owner->children) {
    if (child.release != nullptr) child.release(&child);
  }
  array->release = nullptr;
}

void fill_array(ArrowArray& array, std::unique_ptr<ArrayOwner> owner, std::size_t length) {
  for (ArrowArray& child : owner->children) owner->pointers.push_back(&child);
  array = {.length = static_cast<std::int64_t>(length),
           .null_count = owner->nulls,
           .offset = 0,
           .n_buffers = static_cast<std::int64_t>(owner->buffers.size()),
           .n_children = static_cast<std::int64_t>(owner->children.size()),
           .buffers = owner->buffers.data(),
           .children = owner->pointers.data(),
           .dictionary = nullptr,
           .release = &release_array,
           .private_data = owner.get()};
  static_cast<void>(owner.release());
}

void fill_column(ArrowArray& array, const std::string& format, const py::list& values) {
  auto owner = std::make_unique<ArrayOwner>();
  owner->valid.resize((values.size() + 7) / 8);
  owner->offsets.push_back(0);
  const bool is_text = format == "u";
  for (std::size_t i = 0; i < values.size(); ++i) {
    const py::object value = values[i];
    if (value.is_none()) {
      ++owner->nulls;
      owner->numbers.push_back(0);
    } else {
      owner->valid[i / 8] |= static_cast<std::uint8_t>(1U << (i % 8));
      if (is_text) {
        owner->text += value.cast<std::string>();
      } else {
        owner->numbers.push_back(value.cast<std::int64_t>());
      }
    }
    if (owner->text.size() > INT32_MAX) throw py::value_error("a page has over 2 GiB of text");
    owner->offsets.push_back(static_cast<std::int32_t>(owner->text.size()));
  }
  owner->buffers = {owner->valid.data()};
  if (is_text) {
    owner->buffers.push_back(owner->offsets.data());
    owner->buffers.push_back(owner->text.data());
  } else {
    owner->buffers.push_back(owner->numbers.data());
  }
  fill_array(array, std::move(owner), values.size());
}

struct Stream {
  Columns columns;
  py::iterator pages;
  std::string error;
};

Stream& stream_of(ArrowArrayStream* stream) { return *static_cast<Stream*>(stream->private_data); }

/// What the consumer is told of an exception.
template <class Work>
int guarded(ArrowArrayStream* stream, const Work& work) {
  const py::gil_scoped_acquire acquire;
  try {
    work(stream_of(stream));
    return 0;
  } catch (const std::exception& error) {
    stream_of(stream).error = error.what();
    return EIO;
  }
}

int get_schema(ArrowArrayStream* stream, ArrowSchema* out) {
  return guarded(stream, [&](Stream& self) { fill_schema(*out, "", "+s", self.columns); });
}

int get_next(ArrowArrayStream* stream, ArrowArray* out) {
  return guarded(stream, [&](Stream& self) {
    *out = {};  // Released: the end.
    if (self.pages == py::iterator::sentinel()) return;
    const auto page = py::reinterpret_borrow<py::list>(*self.pages);
    auto owner = std::make_unique<ArrayOwner>();
    owner->buffers = {nullptr};
    owner->children.resize(self.columns.size());
    std::size_t rows = 0;
    for (std::size_t i = 0; i < self.columns.size(); ++i) {
      const py::list values = page[i];
      rows = values.size();
      fill_column(owner->children[i], self.columns[i].second, values);
    }
    fill_array(*out, std::move(owner), rows);
    ++self.pages;
  });
}

const char* get_last_error(ArrowArrayStream* stream) { return stream_of(stream).error.c_str(); }

void release_stream(ArrowArrayStream* stream) {
  const py::gil_scoped_acquire acquire;
  delete &stream_of(stream);
  stream->release = nullptr;
}

void destroy_capsule(PyObject* capsule) {
  constexpr const char* kName = "arrow_array_stream";
  auto* const stream = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule, kName));
  if (stream->release != nullptr) stream->release(stream);
  delete stream;
}

}  // namespace

py::capsule arrow_stream(Columns columns, py::iterator pages) {
  auto self = std::make_unique<Stream>(Stream{std::move(columns), std::move(pages), {}});
  auto stream = std::make_unique<ArrowArrayStream>(
      ArrowArrayStream{&get_schema, &get_next, &get_last_error, &release_stream, self.get()});
  PyObject* const capsule = PyCapsule_New(stream.get(), "arrow_array_stream", &destroy_capsule);
  if (capsule == nullptr) throw py::error_already_set();
  static_cast<void>(self.release());
  static_cast<void>(stream.release());
  return py::reinterpret_steal<py::capsule>(capsule);
}

}  // namespace atp::python
