# SPDX-License-Identifier: Apache-2.0
import gzip
import json
import os
import pathlib
import subprocess

import pytest

import atp_backup as ab


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A user without keys."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config"


def line(day, **more):
    return json.dumps({"time": f"2026-01-{day:02}T12:00:00Z", "action": "Login", **more}) + "\n"


@pytest.fixture
def source(tmp_path):
    """Three segments of two streams, one of them compressed."""
    folder = tmp_path / "source"
    (folder / "audit").mkdir(parents=True)
    (folder / "audit" / "000000.jsonl").write_text(line(1) * 3)
    with gzip.open(folder / "audit" / "000001.jsonl.gz", "wt") as file:
        file.write(line(2))
    (folder / "flat.jsonl").write_text(line(20, note="Größe"))
    return folder


@pytest.fixture
def vault(tmp_path):
    ab.create_vault(tmp_path / "vault", region="west")
    with ab.open_vault(tmp_path / "vault") as opened:
        yield opened


@pytest.fixture(scope="session")
def large_source(tmp_path_factory):
    """Segments that take some seconds on one thread."""
    generate = os.environ.get("ATP_GENERATE")
    if generate is None:
        if os.environ.get("ATP_CI") == "1":
            pytest.fail("ATP_GENERATE does not say where atp-generate is")
        pytest.skip("ATP_GENERATE does not say where atp-generate is")
    folder = tmp_path_factory.mktemp("large")
    subprocess.run([generate, "--out", folder, "--segments", "4", "--segment-bytes", "64M"],
                   check=True, stdout=subprocess.DEVNULL)
    return folder


def texts(folder):
    folder = pathlib.Path(folder)
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def trust(vault, home, tmp_path):
    """A trust policy that came another way."""
    path = tmp_path / "trusted.json"
    path.write_bytes((home / "atp" / vault.id / "trust.json").read_bytes())
    return path
