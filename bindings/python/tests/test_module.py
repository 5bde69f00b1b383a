# SPDX-License-Identifier: Apache-2.0
import ast
import copy
import datetime
import errno
import importlib.util
import json
import os
import pathlib
import pickle
import subprocess
import sys
import threading
import time

import pytest

import atp_backup as ab
from atp_backup import _core, errors

PACKAGE = pathlib.Path(ab.__file__).parent
EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "examples"


def run_python(code, *arguments, **options):
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True,
                          text=True, check=False, timeout=120, **options)


def point():
    return ab.RecoveryPoint(
        id="RP-1", tenant="acme", region="west", type=ab.BackupType.FULL,
        as_of=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
        created_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
        completed_at=datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc),
        segments=1, records=2, bytes=3, stored_bytes=4, merkle_root="00",
        skipped=(ab.SkippedInput(name="a", reason="empty", detail="b"),))


def test_values_compare_hash_print_and_pickle():
    value = point()
    assert value == point() and hash(value) == hash(point())
    names = {**vars(ab), "datetime": datetime}
    assert eval(repr(value), names) == value
    assert pickle.loads(pickle.dumps(value)) == value == copy.deepcopy(value)
    assert json.loads(value.to_json()) == value.to_dict()
    assert value.to_dict()["created_at"] == "2026-01-01T00:00:00.000000Z"
    with pytest.raises(AttributeError):
        value.tenant = "other"
    with pytest.raises(TypeError):
        ab.SkippedInput("a", "b", "c")
    assert ab.RecoveryPoint.of(value.to_dict()) == value
    match value:
        case ab.RecoveryPoint("RP-1", "acme", type="full"):
            pass
        case _:
            pytest.fail("it does not match")
    with pytest.raises(ValueError):
        ab.Report(recovery_point_id="x", verdict="bogus", checks=())
    finding = ab.RebuildResult(tenants=1, segments=2, points=3, kept="/a")
    assert eval(repr(finding), names) == finding and finding.kept == pathlib.Path("/a")


def test_words_are_their_text():
    assert ab.BackupType("full") is ab.BackupType.FULL == "full"
    assert {ab.CheckState.FAILED: 1}["failed"] == 1
    assert f"{ab.CheckState.NOT_CHECKED}" == "not_checked"


def test_every_kind_of_error_has_its_class():
    assert [(cls.kind, cls.__name__) for cls in errors.BY_KIND.values()] == list(_core.ERROR_KINDS)
    for cls in errors.BY_KIND.values():
        assert issubclass(cls, ab.BackupError) and getattr(ab, cls.__name__) is cls
        error = cls("expected a, found b", subject="x", temporary=True)
        again = pickle.loads(pickle.dumps(error))
        for each in (error, again):
            assert str(each) == "x: expected a, found b"
            assert (each.subject, each.message, each.temporary) == ("x", "expected a, found b", True)


@pytest.mark.parametrize(
    "kind, builtin",
    [("invalid_argument", ValueError), ("not_found", LookupError), ("no_space", OSError),
     ("permission_denied", PermissionError), ("unavailable", ConnectionError),
     ("unsupported", NotImplementedError)])
def test_errors_are_also_what_python_calls_them(kind, builtin):
    assert issubclass(errors.BY_KIND[kind], builtin)


def test_errors_name_their_subject(tmp_path, source):
    with pytest.raises(ab.NotFoundError) as caught:
        ab.open_vault(tmp_path / "none")
    assert caught.value.subject == str(tmp_path / "none")
    ab.create_vault(tmp_path / "vault", region="west")
    with pytest.raises(ab.AlreadyExistsError):
        ab.create_vault(tmp_path / "vault", region="west")
    with pytest.raises(ab.InvalidArgumentError):
        ab.create_vault(tmp_path / "vault2", region="")
    with pytest.raises(ab.NotFoundError):
        ab.open_vault(tmp_path / "vault", keys=tmp_path / "no-keys")


def test_T042_secrets_are_not_printed_and_not_for_others(tmp_path):
    created = ab.create_vault(tmp_path / "vault", region="west")
    secret = created.identity.read_text().split()[-1]
    with ab.open_vault(tmp_path / "vault") as vault:
        assert secret not in repr(vault) + repr(created) + str(dir(vault._handle))
        with pytest.raises(TypeError):
            pickle.dumps(vault)
    created.identity.chmod(0o644)
    with pytest.raises(ab.PermissionDeniedError):
        ab.open_vault(tmp_path / "vault")


def test_importing_imports_no_pandas():
    done = run_python("import sys, atp_backup; print('pandas' in sys.modules)")
    assert done.stdout == "False\n", done.stderr


def test_without_pandas_the_error_says_what_to_do(vault, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        vault.recovery_points().to_pandas()


def test_a_core_that_does_not_load_explains_itself(tmp_path):
    package = tmp_path / "atp_backup"
    package.mkdir()
    for path in PACKAGE.glob("*.py"):
        (package / path.name).write_bytes(path.read_bytes())
    done = run_python("import atp_backup", env={**os.environ, "PYTHONPATH": str(tmp_path)})
    assert "pip install ./bindings/python" in done.stderr and sys.executable in done.stderr


def test_everything_public_is_listed_and_documented():
    def public(module, of):
        return {name for name, member in vars(module).items()
                if not name.startswith("_") and getattr(member, "__module__", "").startswith(of)}
    assert public(ab, "atp_backup") == set(ab.__all__) - {"errors", "storage"}
    assert public(ab.storage, "atp_backup.storage") == set(ab.storage.__all__) | {"core_store"}
    assert len(set(ab.__all__)) == len(ab.__all__)
    for name in ab.__all__:
        assert getattr(ab, name).__doc__, name
    for cls in (ab.Vault, ab.Reader, ab.Listing, ab.storage.ObjectStore):
        for name, member in vars(cls).items():
            if not name.startswith("_"):
                assert member.__doc__, name
    modules = {name for name, member in vars(ab).items()
               if isinstance(member, type(ab)) and not name.startswith("_")}
    assert modules <= {"errors", "storage", "testing"}


def stub_of_core():
    tree = ast.parse((PACKAGE / "_core.pyi").read_text())
    functions, classes, names = {}, {}, set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            arguments = node.args
            functions[node.name] = [each.arg for each in arguments.args + arguments.kwonlyargs]
        elif isinstance(node, ast.ClassDef):
            classes[node.name] = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
        elif isinstance(node, ast.AnnAssign):
            names.add(node.target.id)
    return functions, classes, names


def test_the_stub_is_that_of_the_module():
    functions, classes, names = stub_of_core()
    public = {name for name in dir(_core) if not name.startswith("__") or name == "__version__"}
    assert public == functions.keys() | classes.keys() | names
    for name, arguments in functions.items():
        signature = getattr(_core, name).__doc__.splitlines()[0]
        for argument in arguments:
            assert f"{argument}:" in signature, (name, argument)
    for name, members in classes.items():
        found = {each for each in vars(getattr(_core, name)) if not each.startswith("_")}
        assert found == members


def test_the_package_and_the_examples_are_typed():
    if importlib.util.find_spec("mypy") is None:
        if os.environ.get("ATP_CI") == "1":
            pytest.fail("mypy is not installed")
        pytest.skip("mypy is not installed")
    examples = sorted(EXAMPLES.glob("*.py"))
    assert examples
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--cache-dir", os.devnull,
         "--ignore-missing-imports", str(PACKAGE), *map(str, examples)], capture_output=True,
        text=True, check=False, env=os.environ | {"MYPYPATH": str(PACKAGE.parent)})
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "call",
    [lambda v, s: v.take_backup(s, tenant=5), lambda v, s: v.take_backup(s, tenant=b"acme"),
     lambda v, s: v.take_backup(s, tenant="t", workers=1.5), lambda v, s: v.verify_point(7),
     lambda v, s: v.take_backup(s, tenant="t", field_map="time"), lambda v, s: v.take_backup(5, tenant="t"),
     lambda v, s: v.verify_point("RP", segment=("a", "b")),
     lambda v, s: v.restore_point("RP", to=s, since="2026-01-01"),
     lambda v, s: v.recovery_points(tenant=5), lambda v, s: ab.Vault("folder"),
     lambda v, s: ab.create_vault(s / "v", region=5), lambda v, s: ab.open_reader("folder")])
def test_wrong_types_are_type_errors_in_a_line(vault, source, call):
    with pytest.raises(TypeError) as caught:
        call(vault, source)
    assert "\n" not in str(caught.value) and "incompatible" not in str(caught.value)


@pytest.mark.parametrize(
    "call",
    [lambda v, s: v.take_backup(s, tenant="\udcff"), lambda v, s: v.take_backup(s, tenant="t", workers=-1),
     lambda v, s: v.take_backup(s, tenant="t", workers=2**32), lambda v, s: v.take_backup(s, tenant="t", type="ful"),
     lambda v, s: v.verify_point("RP", depth="deep"), lambda v, s: v.verify_point("RP", segment="1"),
     lambda v, s: v.recovery_points(since=datetime.datetime(2026, 1, 1)),
     lambda v, s: v.take_backup(s, tenant="t", field_map={"time": "\udcff"}),
     lambda v, s: v.take_backup("", tenant="t"), lambda v, s: ab.open_vault("")])
def test_wrong_values_are_invalid_arguments(vault, source, call):
    with pytest.raises(ab.InvalidArgumentError):
        call(vault, source)


def test_a_bad_domain_leaves_nothing_behind(tmp_path):
    with pytest.raises(ab.InvalidArgumentError, match="domain"):
        ab.create_vault(tmp_path / "vault", region="west", domain="a b")
    assert list(tmp_path.iterdir()) == []
    ab.create_vault(tmp_path / "vault", region="west", domain="a.b")


def test_errors_of_the_system_have_their_number(tmp_path):
    created = ab.create_vault(tmp_path / "vault", region="west")
    created.identity.chmod(0o644)
    with pytest.raises(OSError) as caught:
        ab.open_vault(tmp_path / "vault")
    assert (caught.value.errno, caught.value.filename) == (errno.EACCES, str(created.identity))
    assert ab.NoSpaceError("x").errno == errno.ENOSPC


FORKED = """
import os, sys
import atp_backup as ab
folder, source = sys.argv[1:]
ab.create_vault(folder, region="west")
with ab.open_vault(folder) as vault:
    child = os.fork()
    if child == 0:
        try:
            vault.take_backup(source, tenant="acme")
        except ab.PreconditionFailedError:
            with ab.open_vault(folder) as own:
                sys.exit(0 if own.take_backup(source, tenant="child").status == "completed" else 1)
        sys.exit(2)
    print(vault.take_backup(source, tenant="acme").status, os.waitstatus_to_exitcode(os.wait()[1]))
"""


def test_a_vault_stays_in_its_process(tmp_path, source):
    done = run_python(FORKED, tmp_path / "vault", source)
    assert done.stdout == "completed 0\n", done.stderr


ENDING = """
import sys, threading, time
import atp_backup as ab
folder, source, daemon = sys.argv[1:]
ab.create_vault(folder, region="west")
vault = ab.open_vault(folder)
begun = threading.Event()
threading.Thread(target=vault.take_backup, args=(source,), daemon=daemon == "daemon",
                 kwargs={"tenant": "acme", "workers": 1, "on_progress": lambda _: begun.set()}).start()
begun.wait()
"""


@pytest.mark.parametrize("kind", ["daemon", "joined"])
def test_the_interpreter_ends_while_work_runs(tmp_path, large_source, kind):
    for attempt in range(3):
        done = run_python(ENDING, tmp_path / f"vault{attempt}", large_source, kind)
        assert done.returncode == 0, done.stderr
        assert "terminate" not in done.stderr


INTERRUPTED = """
import os, signal, sys, threading, time
import atp_backup as ab
folder, source = sys.argv[1:]
ab.create_vault(folder, region="west")
pressed = []
def press(progress):
    if not pressed and progress.bytes_done > 8_000_000:
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)
with ab.open_vault(folder) as vault:
    try:
        vault.take_backup(source, tenant="acme", workers=1, on_progress=press)
    except KeyboardInterrupt:
        print(time.monotonic() - pressed[0])
    result = vault.take_backup(source, tenant="acme")
    print(result.status, bool(vault.verify_point(result.recovery_point_id)))
"""


def test_ctrl_c_ends_long_work_and_the_next_call_takes_it_up(tmp_path, large_source):
    done = run_python(INTERRUPTED, tmp_path / "vault", large_source)
    assert done.returncode == 0, done.stderr
    seconds, rest = done.stdout.split("\n", 1)
    assert float(seconds) < 0.2
    assert rest == "completed True\n"


def test_what_a_callback_raises_ends_the_work(vault, large_source):
    def stop(progress):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        vault.take_backup(large_source, tenant="acme", on_progress=stop)
    assert list(vault.recovery_points()) == []


def test_progress_comes_on_the_calling_thread_and_the_gil_is_free(vault, large_source):
    seen, ticks, running = [], [], True

    def tick():
        while running:
            ticks.append(time.monotonic())
            time.sleep(0.005)

    thread = threading.Thread(target=tick)
    thread.start()
    began = time.monotonic()
    try:
        vault.take_backup(large_source, tenant="acme", workers=1,
                          on_progress=lambda progress: seen.append((threading.current_thread(), progress)))
    finally:
        seconds = time.monotonic() - began
        running = False
        thread.join()
    assert {thread for thread, _ in seen} == {threading.main_thread()}
    fractions = [progress.fraction for _, progress in seen]
    assert len(fractions) > 3 and fractions == sorted(fractions) and fractions[-1] <= 1
    assert len(ticks) > 10 * seconds
    longest = max(b - a for a, b in zip(ticks, ticks[1:]))
    assert longest < 1


def test_one_vault_serves_several_threads(vault, source):
    point = vault.take_backup(source, tenant="acme").recovery_point_id
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(vault.verify_point(point)))
               for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == 6 and all(reports)
