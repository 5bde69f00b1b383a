#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The library as others use it: installed, static and shared, found by find_package and pkg-config,
and taken in by FetchContent. Each time a service, an auditor and a user of headers alone are built
and run. The shared libraries export what is marked, and nothing else.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = {"service": "atpbackup", "auditor": "atpverify"}
RECORDS = '{"time":"2026-01-01T00:00:00Z"}\n' * 100


def run(*command, env=None, cwd=None):
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, cwd=cwd,
                          env=os.environ | (env or {}), check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def configure(source, build, *settings):
    """Compiles as the preset `release` does: what that has compiled is in ccache."""
    run("cmake", "-S", source, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
        "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O2 -g1 -DNDEBUG", "-DATP_WERROR=ON", *settings)
    run("cmake", "--build", build)


@contextlib.contextmanager
def folder_beside_build(source, name):
    """Where ccache takes an object for the same: see cmake/toolbox.cmake."""
    folder = source / f"build-check-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def try_programs(folder, work, library_path=""):
    """What the programs in `folder` do, each for its user."""
    shutil.rmtree(work, ignore_errors=True)
    (work / "source/audit").mkdir(parents=True)
    (work / "source/audit/000001.jsonl").write_text(RECORDS)
    env = {"LD_LIBRARY_PATH": library_path}
    point = run(folder / "service", work, work / "source", env=env).strip()
    assert (work / "restored/audit/000001.jsonl").read_text() == RECORDS
    found = run(folder / "auditor", work / "vault/store", work / "keys/trust.json", point, env=env)
    assert found == "verified\n", found
    if (folder / "tree").exists():
        assert run(folder / "tree", env=env) == "1\n"


def through_pkg_config(prefix, kind, folder):
    """As a Makefile would."""
    folder.mkdir()
    env = {"PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
    for program, library in PROGRAMS.items():
        static = ["--static"] if kind == "static" else []
        flags = run("pkg-config", "--cflags", "--libs", *static, library, env=env).split()
        run("c++", "-std=c++20", HERE / "consumer" / f"{program}.cpp", "-o", folder / program, *flags)


def exported(library):
    return run("nm", "-D", "-C", "--defined-only", library).splitlines()


def check_symbols(lib):
    """Ours alone, and not more than there are declarations to account for."""
    counts = {}
    for name, most in (("libatpverify.so", 600), ("libatpbackup.so", 200)):
        symbols = [line.split(maxsplit=2)[2] for line in exported(lib / name)]
        ours = re.compile(r"(vtable for |typeinfo (name )?for |non-virtual thunk to )?atp::v0::|.*\batp::v0::\w+<")
        strangers = [symbol for symbol in symbols if not ours.match(symbol)]
        assert not strangers, f"{name} exports {strangers[:5]}"
        assert 20 < len(symbols) < most, f"{name} exports {len(symbols)} symbols"
        counts[name] = len(symbols)
    print("exported:", ", ".join(f"{name} {count}" for name, count in counts.items()))


def check_options(prefix):
    """No option of ours reaches the code of a user: what a header declares is always the same."""
    for targets in (prefix / "lib/cmake/atpbackup").glob("*.cmake"):
        assert "COMPILE_DEFINITIONS" not in targets.read_text(), f"{targets} defines macros for users"


def check_dynamic(lib):
    """Names with a version in them; who verifies needs no catalog."""
    for name in ("atpverify", "atpbackup"):
        entries = run("readelf", "-d", lib / f"lib{name}.so")
        assert f"soname: [lib{name}.so.0]" in entries, entries
        assert ("libsqlite3" in entries) == (name == "atpbackup"), entries


def check_manners(lib):
    """The library ends no process and writes on nobody's terminal."""
    rude = {"abort", "exit", "_exit", "quick_exit", "printf", "puts", "putchar", "perror", "std::cout",
            "std::cerr", "std::clog"}
    for name in ("libatpverify.so", "libatpbackup.so"):
        needed = run("nm", "-D", "-C", "--undefined-only", lib / name).splitlines()
        names = {line.split(maxsplit=1)[1].split("@")[0] for line in needed if line.strip()}
        assert not names & rude, f"{name} uses {names & rude}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=pathlib.Path, default=HERE.parents[1])
    source = parser.parse_args().source.resolve()
    with tempfile.TemporaryDirectory(prefix="atp-install-") as name:
        work = pathlib.Path(name)
        for kind, shared in (("static", "OFF"), ("shared", "ON")):
            prefix = work / f"prefix-{kind}"
            with folder_beside_build(source, kind) as build:
                configure(source, build, f"-DBUILD_SHARED_LIBS={shared}",
                          f"-DCMAKE_INSTALL_PREFIX={prefix}", "-DCMAKE_INSTALL_LIBDIR=lib")
                run("cmake", "--install", build)
            assert run(prefix / "bin/atp", "--version").strip()
            assert r"\-\-retention" in (prefix / "share/man/man1/atp-backup.1").read_text()
            assert (prefix / "share/bash-completion/completions/atp").exists()
            check_options(prefix)
            configure(HERE / "consumer", work / f"found-{kind}", f"-DCMAKE_PREFIX_PATH={prefix}")
            try_programs(work / f"found-{kind}", work / "run")
            print(f"{kind}: find_package")
            through_pkg_config(prefix, kind, work / f"pkg-config-{kind}")
            try_programs(work / f"pkg-config-{kind}", work / "run", str(prefix / "lib"))
            print(f"{kind}: pkg-config")
        check_symbols(work / "prefix-shared/lib")
        check_manners(work / "prefix-shared/lib")
        check_dynamic(work / "prefix-shared/lib")
        with folder_beside_build(source, "fetched") as build:
            configure(HERE / "consumer", build, f"-DATP_SOURCE={source}",
                      "-DCMAKE_CXX_COMPILER_LAUNCHER=cmake;-E;env;CCACHE_NOHASHDIR=1;"
                      f"CCACHE_BASEDIR={source};ccache")
            try_programs(build, work / "run")
        print("FetchContent")


if __name__ == "__main__":
    sys.exit(main())
