#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The wheel in a folder (default: dist), installed where nothing else is. Runs the examples in Python
with it, away from the sources."""
import pathlib
import subprocess
import sys
import tempfile

PROJECT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT / "tests/docs"))
import run_examples  # noqa: E402


def main():
    wheel, = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else PROJECT / "dist").glob("*.whl")
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
    with tempfile.TemporaryDirectory(prefix="atp-wheel-") as name:
        python = pathlib.Path(name) / "venv/bin/python"
        subprocess.run([sys.executable, "-m", "venv", python.parents[1]], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", wheel], check=True)
        with run_examples.scratch_folder() as scratch:
            run_examples.check_examples(scratch, lambda example: [
                python, PROJECT / f"examples/{example}.py"])
        print("the examples print what they should")


if __name__ == "__main__":
    sys.exit(main())
