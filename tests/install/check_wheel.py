#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The module as others get it: a wheel that pip builds, installed where nothing else is. Runs the
examples in Python with it, away from the sources."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

# As the preset `release` compiles, in a folder beside its own: what that has compiled is in ccache.
SETTINGS = {"cmake.build-type": "RelWithDebInfo", "cmake.define.CMAKE_CXX_COMPILER": "c++",
            "cmake.define.CMAKE_CXX_FLAGS_RELWITHDEBINFO": "-O2 -g1 -DNDEBUG",
            "cmake.define.ATP_WERROR": "ON", "install.strip": "true"}
PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "tests/docs"))
import run_examples  # noqa: E402


def main():
    with tempfile.TemporaryDirectory(prefix="atp-wheel-") as name:
        work = pathlib.Path(name)
        subprocess.run([sys.executable, "-m", "venv", work / "venv"], check=True)
        python = work / "venv/bin/python"
        build = PROJECT / "build-check-wheel"
        shutil.rmtree(build, ignore_errors=True)
        settings = SETTINGS | {"build-dir": build}
        try:
            subprocess.run([python, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check",
                            "--no-deps", "--wheel-dir", work, PROJECT / "bindings/python",
                            *(f"--config-settings={key}={value}" for key, value in settings.items())],
                           check=True)
        finally:
            shutil.rmtree(build, ignore_errors=True)
        wheel, = work.glob("*.whl")
        print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
        subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
        with run_examples.scratch_folder() as scratch:
            run_examples.check_examples(scratch, lambda example: [
                python, PROJECT / f"examples/{example}.py"])
        print("the examples print what they should")


if __name__ == "__main__":
    sys.exit(main())
