#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the #include lines of the project against the table of layers.

A layer includes only itself and layers above it; public headers name nothing but the standard
library and other public headers; a third-party library is included only where the table allows.
Long files are printed, not refused. --self-test plants one violation of each kind in a copy.
"""

import argparse
import pathlib
import re
import shutil
import sys
import tempfile

# Top to bottom. Layers of one row never include one another.
ROWS = [
    ["core"], ["merkle"], ["crypto"], ["model"], ["net"], ["storage"], ["keys"], ["records"], ["segment"],
    ["query"], ["ledger"], ["verify"], ["catalog"], ["policy"], ["vault"], ["source"],
    ["backup", "restore", "discovery"], ["view"], ["dr", "ops"], ["cli", "service"],
]
ROW = {layer: number for number, row in enumerate(ROWS) for layer in row}
SOURCE_ONLY = {"cli", "service"}

# What a third-party header is recognised by, and where it may stand.
LIBRARIES = {
    "instructions of the processor": r"(cpuid|immintrin)\.h$",
    "openssl": r"openssl/",
    "sodium": r"sodium(/|\.h$)",
    "boost/json": r"boost/json",
    "boost/asio": r"boost/(asio|beast)",
    "p11-kit": r"p11-kit",
    "zstd": r"zstd(_errors)?\.h$",
    "zlib": r"zlib\.h$",
    "xxhash": r"xxhash\.h$",
    "simdjson": r"simdjson\.h$",
    "sqlite3": r"sqlite3\.h$",
    "libpq": r"libpq-fe\.h$",
    "arrow": r"(arrow|parquet)/",
    "prometheus": r"prometheus/",
    "CLI": r"CLI/",
    "gtest": r"(gtest|gmock)/",
    "benchmark": r"benchmark/",
    "pybind11": r"pybind11/",
}
ALLOWED = {
    "crypto": {"openssl", "sodium", "instructions of the processor"},
    "model": {"boost/json"},
    "net": {"boost/asio", "openssl"},
    "keys": {"p11-kit"},
    "records": {"simdjson"},
    "segment": {"zstd", "xxhash"},
    "catalog": {"sqlite3", "libpq"},
    "source": {"zlib", "zstd"},
    "discovery": {"arrow"},
    "ops": {"prometheus"},
    "cli": {"CLI"},
    "bench": {"CLI", "benchmark"},
    "bindings": {"pybind11"},
    "tests/support": {"gtest"},
}
SYSTEM_ALLOWED = {"core", "cli", "tests/support"}
USER_FOLDERS = ["bindings", "examples", "bench"]  # public headers only

STANDARD = set("""
algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono
cinttypes climits clocale cmath codecvt compare complex concepts condition_variable coroutine
csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque
exception execution filesystem forward_list fstream functional future initializer_list iomanip ios
iosfwd iostream istream iterator latch limits list locale map memory memory_resource mutex new
numbers numeric optional ostream queue random ranges ratio regex scoped_allocator semaphore set
shared_mutex source_location span sstream stack stdexcept stop_token streambuf string string_view
strstream syncstream system_error thread tuple type_traits typeindex typeinfo unordered_map
unordered_set utility valarray variant vector version
""".split())

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
EXTENSIONS = {".hpp", ".h", ".cpp", ".cc", ".ipp"}


class Tree:
    def __init__(self, root):
        self.root = root
        self.violations = []

    def files(self, folder):
        top = self.root / folder
        return sorted(p for p in top.rglob("*") if p.suffix in EXTENSIONS) if top.is_dir() else []

    def refuse(self, path, include, reason):
        self.violations.append(f"{path.relative_to(self.root)}: {include}: {reason}")

    def check(self):
        for folder, public in (("include/atp", True), ("src", False)):
            for path in self.files(folder):
                parts = path.relative_to(self.root / folder).parts
                layer = parts[0] if len(parts) > 1 else ""
                if layer not in ROW or (public and layer in SOURCE_ONLY):
                    self.refuse(path, "file", "is not in the folder of a layer")
                    continue
                self.check_file(path, layer, layer=layer, public=public)
        for folder in USER_FOLDERS + ["tests/support"]:
            for path in self.files(folder):
                self.check_file(path, folder, layer=None, public=False)
        return self.violations

    def check_file(self, path, place, layer, public):
        for bracket, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            if bracket == "<":
                self.check_angle(path, name, place, public)
            else:
                self.check_quoted(path, name, layer, public)

    def check_angle(self, path, name, place, public):
        if name in STANDARD:
            return
        if public:
            self.refuse(path, f"<{name}>", "a public header includes only standard headers")
            return
        if name.startswith("atp/"):
            self.refuse(path, f"<{name}>", 'a header of the project is included with ""')
            return
        library = next((l for l, p in LIBRARIES.items() if re.match(p, name)), None)
        if library is None and place not in SYSTEM_ALLOWED:
            self.refuse(path, f"<{name}>", "system headers stand only in core and cli")
        elif library is not None and library not in ALLOWED.get(place, ()):
            self.refuse(path, f"<{name}>", f"{library} is not allowed in {place}")

    def check_quoted(self, path, name, layer, public):
        parts = name.split("/")
        if name.startswith("atp/"):
            target = parts[1]
        elif layer is None:
            self.check_own(path, name)
            return
        elif public:
            self.refuse(path, f'"{name}"', "a public header includes only public headers")
            return
        else:
            target = layer if len(parts) == 1 else parts[0]
        if target not in ROW:
            self.refuse(path, f'"{name}"', "is not a header of a layer")
        elif layer is None:
            if target in SOURCE_ONLY:
                self.refuse(path, f'"{name}"', "is not public")
        elif target != layer and ROW[target] >= ROW[layer]:
            self.refuse(path, f'"{name}"', f"{layer} must not include {target}")

    def check_own(self, path, name):
        """Bindings, examples, benchmarks, test support: public headers and files of their own."""
        top = path.relative_to(self.root).parts[0]
        for base in (path.parent, self.root / top):
            if (base / name).is_file():
                return
        self.refuse(path, f'"{name}"', "only public headers may be included here")

    def long_files(self):
        for folder in ["include/atp", "src", "bindings", "examples", "bench", "tests"]:
            for path in self.files(folder):
                limit = 200 if path.suffix in {".hpp", ".h"} else 400
                lines = path.read_text(encoding="utf-8").count("\n")
                if lines > limit:
                    yield f"{path.relative_to(self.root)}: {lines} lines, aim at {limit}"


# file, planted line, what the refusal must say
PLANTS = [
    ("include/atp/core/planted.hpp", '#include "atp/crypto/sha256.hpp"', "core must not include crypto"),
    ("src/model/planted.cpp", '#include "storage/disk.hpp"', "model must not include storage"),
    ("src/backup/planted.cpp", '#include "atp/restore/restore.hpp"', "backup must not include restore"),
    ("src/discovery/planted.cpp", '#include "atp/view/text.hpp"', "discovery must not include view"),
    ("include/atp/crypto/planted.hpp", "#include <openssl/evp.h>", "only standard headers"),
    ("include/atp/core/planted.hpp", "#include <unistd.h>", "only standard headers"),
    ("include/atp/core/planted.hpp", "#include <format>", "only standard headers"),
    ("include/atp/crypto/planted.hpp", '#include "crypto/primitives.hpp"', "only public headers"),
    ("src/ledger/planted.cpp", "#include <boost/json.hpp>", "boost/json is not allowed in ledger"),
    ("src/storage/planted.cpp", "  #  include <fcntl.h>", "only in core and cli"),
    ("src/net/planted.cpp", '#include "atp/storage/object_store.hpp"', "net must not include storage"),
    ("src/net/planted.cpp", "#include <netdb.h>", "only in core and cli"),
    ("src/ledger/planted.cpp", "#include <boost/asio/io_context.hpp>", "boost/asio is not allowed in ledger"),
    ("include/atp/net/planted.hpp", "#include <boost/beast/http.hpp>", "only standard headers"),
    ("src/vault/planted.cpp", "#include <atp/core/time.hpp>", 'with ""'),
    ("src/helpers/planted.cpp", "", "not in the folder of a layer"),
    ("examples/planted.cpp", '#include "crypto/primitives.hpp"', "only public headers"),
    ("bench/planted.cpp", "#include <sqlite3.h>", "sqlite3 is not allowed in bench"),
    ("tests/support/planted.hpp", '#include "model/json_boost.hpp"', "only public headers"),
]


def self_test(source):
    """Every planted line is refused, with its reason, in a copy of the tree."""
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch)
        for folder in ["include", "src", "bindings", "examples", "bench", "tests/support"]:
            if (source / folder).is_dir():
                shutil.copytree(source / folder, root / folder)
        before = set(Tree(root).check())
        for name, line, reason in PLANTS:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(line + "\n", encoding="utf-8")
            found = [v for v in Tree(root).check() if v not in before]
            path.unlink()
            if not any(name in v and reason in v for v in found):
                print(f"self-test: not refused: {name}: {line} (found {found})")
                failed += 1
    print(f"self-test: {len(PLANTS) - failed} planted violations refused, {failed} missed")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[2])
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    tree = Tree(options.source)
    violations = tree.check()
    for line in tree.long_files():
        print(f"long: {line}")
    for line in violations:
        print(f"layering: {line}")
    print(f"{len(violations)} violations")
    missed = self_test(options.source) if options.self_test else 0
    return 1 if violations or missed else 0


if __name__ == "__main__":
    sys.exit(main())
