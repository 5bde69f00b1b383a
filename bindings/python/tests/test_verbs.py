# SPDX-License-Identifier: Apache-2.0
import datetime
import gzip
import logging
import os

import pytest

import atp_backup as ab
from conftest import line, texts


def damage(vault, pattern):
    path = next(path for path in (vault.folder / "store").rglob(pattern) if path.name[0] != ".")
    stored = path.read_bytes()
    path.write_bytes(stored[:-1] + bytes([stored[-1] ^ 1]))
    return path, stored


def test_what_was_backed_up_is_restored(vault, source, tmp_path):
    first = vault.take_backup(source, tenant="acme")
    assert (first.type, first.status, first.segments_new, first.records) == ("full", "completed", 3, 5)
    (source / "audit" / "000002.jsonl").write_text(line(3))
    second = vault.take_backup(source, tenant="acme")
    assert (second.type, second.segments_new, second.segments_unchanged) == ("incremental", 1, 3)

    report = vault.verify_point(second.recovery_point_id)
    assert report and not report.failures and not report.not_checked
    assert report.verdict is ab.CheckState.VERIFIED

    result = vault.restore_point(second.recovery_point_id, to=tmp_path / "out")
    assert result and result.segments == 4 and result.folder == tmp_path / "out"
    expected = texts(source)
    expected["audit/000001.jsonl"] = gzip.decompress(expected.pop("audit/000001.jsonl.gz"))
    assert texts(tmp_path / "out") == expected


def test_a_report_prints_its_verdict_and_what_is_wrong(vault, source, tmp_path):
    point = vault.take_backup(source, tenant="acme").recovery_point_id
    assert str(vault.verify_point(point)).startswith(f"verified  {point}  (")
    restored = vault.restore_point(point, to=tmp_path / "out")
    assert str(restored).endswith(f"5 records, {restored.bytes} bytes in {tmp_path / 'out'}")
    damage(vault, "*.age")
    lines = str(vault.verify_point(point)).splitlines()
    assert lines[0].startswith("failed  ") and lines[1].startswith("  failed  ")


def test_unchanged_input_makes_no_point(vault, source):
    first = vault.take_backup(str(source), tenant="acme")
    again = vault.take_backup(source, tenant="acme", known_files="reread")
    assert (again.status, again.recovery_point_id) == ("unchanged", first.recovery_point_id)
    full = vault.take_backup(source, tenant="acme", type=ab.BackupType.FULL)
    assert full.recovery_point_id != first.recovery_point_id
    assert full.segments_new == 0


def test_skipped_and_altered_input_is_named(vault, source):
    (source / "late.jsonl.open").touch()
    (source / "empty.jsonl").touch()
    partial = vault.take_backup(source, tenant="acme")
    assert partial.status is ab.BackupStatus.PARTIAL
    assert {(each.name, each.reason) for each in partial.skipped} == {
        ("late.jsonl.open", "not_sealed"), ("empty.jsonl", "empty")}
    assert vault.take_backup(source, tenant="acme", empty_segments="take").segments_new == 1

    (source / "flat.jsonl").write_text(line(21))
    (source / "audit" / "000000.jsonl").unlink()
    alarm = vault.take_backup(source, tenant="acme")
    assert alarm.status is ab.BackupStatus.ALARM
    assert [(each.stream, each.segment) for each in alarm.alarms] == [("default", "flat")]
    assert alarm.gone == ("audit/000000",)
    newest = list(vault.recovery_points())[-1]
    assert newest.alarms == alarm.alarms


def test_points_are_listed_with_what_they_hold(vault, source):
    first = vault.take_backup(source, tenant="acme")
    vault.take_backup(source, tenant="acme-corp")
    assert vault.tenants() == ["acme", "acme-corp"]
    points = list(vault.recovery_points(tenant="acme"))
    assert [point.id for point in points] == [first.recovery_point_id]
    assert points[0].merkle_root == first.merkle_root
    assert points[0].created_at.tzinfo is datetime.timezone.utc
    shown, descriptors = vault.show_point(points[0])
    assert shown == points[0]
    assert sorted((each.stream, each.name) for each in descriptors) == [
        ("audit", "000000"), ("audit", "000001"), ("default", "flat")]

    assert len(list(vault.recovery_points(since=datetime.timedelta(hours=1)))) == 2
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    assert list(vault.recovery_points(since=later)) == []
    with pytest.raises(ValueError, match="zone"):
        vault.recovery_points(since=datetime.datetime(2026, 1, 1))


def test_listings_are_walked_anew(vault, source):
    points = vault.recovery_points()
    assert points.to_dicts() == []
    empty = points.to_pandas()
    with pytest.raises(TypeError, match="list"):
        bool(points)
    vault.take_backup(source, tenant="acme")
    assert [each["tenant"] for each in points.to_dicts()] == ["acme"]
    frame = points.to_pandas()
    assert list(frame["segments"]) == [3]
    assert str(frame["created_at"].dtype) == "datetime64[ns, UTC]"
    assert list(frame["type"]) == ["full"]
    assert list(frame.dtypes) == list(empty.dtypes)


def test_listings_are_tables_for_arrow(vault, source):
    """Read by an implementation that is not ours."""
    try:
        import nanoarrow
    except ImportError:
        if os.environ.get("ATP_CI") == "1":
            pytest.fail("nanoarrow is not installed")
        pytest.skip("nanoarrow is not installed")
    points = vault.recovery_points()
    assert nanoarrow.ArrayStream(points).read_all().to_pylist() == []
    for tenant in ("acme", "größe"):
        vault.take_backup(source, tenant=tenant)
    (source / "late.jsonl").write_text(line(9))
    vault.take_backup(source, tenant="acme")
    stream = nanoarrow.ArrayStream(points)
    rows = stream.read_all().to_pylist()
    expected = list(points)
    assert [row["id"] for row in rows] == [each.id for each in expected]
    assert [row["tenant"] for row in rows] == ["acme", "acme", "größe"]
    assert [row["parent"] for row in rows] == [None, expected[0].id, None]
    assert [row["created_at"] for row in rows] == [each.created_at for each in expected]
    assert [row["bytes"] for row in rows] == [each.bytes for each in expected]
    assert [row["skipped"] for row in rows] == [0, 0, 0]
    points.__arrow_c_stream__()  # Nobody takes it: it is let go.

    unread = nanoarrow.ArrayStream(points)
    vault.close()
    with pytest.raises(Exception, match="closed"):
        unread.read_all()


def test_damage_is_a_finding_that_names_the_segment(vault, source, tmp_path):
    point = vault.take_backup(source, tenant="acme").recovery_point_id
    damage(vault, "000000.*.age")
    report = vault.verify_point(point, depth="stored")
    assert not report and report.verdict == "failed"
    assert {(check.stream, check.segment) for check in report.failures} == {("audit", "000000")}
    page = report._repr_html_()
    assert "audit/000000" in page and "failed" in page and "<script" not in page

    result = vault.restore_point(point, to=tmp_path / "out")
    assert not result and result.report.failures
    assert texts(tmp_path / "out").keys().isdisjoint(texts(source))
    assert vault.restore_point(point, to=tmp_path / "other", segment="default/flat")


def test_html_shows_names_of_a_hostile_vault_as_text():
    check = ab.Check(name="x", state=ab.CheckState.FAILED, subject="<img src=x>", expected="<b>",
                     found='"><script>')
    report = ab.Report(recovery_point_id="<i>", verdict=ab.CheckState.FAILED, checks=(check,))
    page = report._repr_html_()
    for tag in ("<img", "<b>", "<script", "<i>"):
        assert tag not in page


def test_a_restore_can_be_narrowed(vault, source, tmp_path):
    point = vault.take_backup(source, tenant="acme").recovery_point_id
    vault.restore_point(point, to=tmp_path / "stream", stream="audit")
    assert set(texts(tmp_path / "stream")) == {"audit/000000.jsonl", "audit/000001.jsonl"}
    utc = datetime.timezone.utc
    vault.restore_point(point, to=tmp_path / "time", since=datetime.datetime(2026, 1, 2, tzinfo=utc),
                        until=datetime.datetime(2026, 1, 20, tzinfo=utc))
    assert set(texts(tmp_path / "time")) == {"audit/000001.jsonl"}
    with pytest.raises(ValueError, match="zone"):
        vault.restore_point(point, to=tmp_path / "naive", since=datetime.datetime(2026, 1, 2))
    with pytest.raises(ab.NotFoundError):
        vault.restore_point(point, to=tmp_path / "none", stream="other")
    with pytest.raises(ab.InvalidArgumentError, match="inside the vault"):
        vault.restore_point(point, to=vault.folder / "out")


def test_records_are_streamed_by_range(vault, tmp_path):
    lines = [f'{{"time":"2026-01-01T00:00:00Z","n":{n}}}' for n in range(10_000)]
    (tmp_path / "many" / "audit").mkdir(parents=True)
    (tmp_path / "many" / "audit" / "1.jsonl").write_text("\n".join(lines))
    point = vault.take_backup(tmp_path / "many", tenant="acme").recovery_point_id

    def read(**options):
        return [record.decode() for record in vault.read_records(point, "audit/1", **options)]

    assert read() == lines
    for start, stop in ((0, 1), (4095, 4097), (8192, None), (9999, 20_000), (5, 5), (7, 2), (-3, None)):
        assert read(start=start, stop=stop) == lines[start:stop]
    assert next(vault.read_records(point, "audit/1", start=5000)).decode() == lines[5000]
    with pytest.raises(ab.NotFoundError):
        vault.read_records(point, "audit/2")
    with pytest.raises(ab.InvalidArgumentError, match="STREAM/SEGMENT"):
        vault.read_records(point, "1")
    damage(vault, "1.*.age")
    with pytest.raises(ab.CorruptError):
        read()


def test_an_auditor_needs_no_secret(vault, source, tmp_path):
    point = vault.take_backup(source, tenant="acme").recovery_point_id
    (tmp_path / "none").mkdir()
    trust = next((tmp_path / "config").rglob("trust.json"))
    with ab.open_vault(vault.folder, keys=tmp_path / "none", trust=trust) as auditor:
        assert auditor.verify_point(point, depth=ab.VerifyDepth.STORED)
        report = auditor.verify_point(point)
        assert not report and not report.failures and report.not_checked
        with pytest.raises(ab.UnauthenticatedError):
            auditor.take_backup(source, tenant="acme")
    with ab.open_vault(vault.folder, keys=tmp_path / "none") as stranger:
        assert stranger.verify_point(point, depth="stored").verdict == "not_checked"


def test_T015_a_lost_catalog_is_said_and_rebuilt(vault, source):
    vault.take_backup(source, tenant="acme")
    (vault.folder / "catalog.db").unlink()
    with ab.open_vault(vault.folder) as found:
        assert found.catalog_problem
        with pytest.raises(ab.UnavailableError) as caught:
            found.take_backup(source, tenant="acme")
        assert isinstance(caught.value, ConnectionError)
        rebuilt = found.rebuild_catalog()
        assert rebuilt and (rebuilt.tenants, rebuilt.segments, rebuilt.points) == (1, 3, 1)
        assert found.catalog_problem == ""
        assert all(finding.state == "good" for finding in found.examine(mend=False))


def test_a_closed_vault_says_so(vault, source):
    vault.close()
    vault.close()
    assert repr(vault) == "<closed vault>"
    for call in (vault.tenants, vault.recovery_points, lambda: vault.id, vault.__enter__,
                 lambda: vault.take_backup(source, tenant="acme")):
        with pytest.raises(ab.PreconditionFailedError, match="closed"):
            call()


def test_verbs_are_logged(vault, source, caplog):
    with caplog.at_level(logging.INFO, logger="atp_backup"):
        point = vault.take_backup(source, tenant="acme").recovery_point_id
        damage(vault, "000000.*.age")
        vault.verify_point(point)
    levels = [(record.levelname, record.name) for record in caplog.records]
    assert levels == [("INFO", "atp_backup"), ("WARNING", "atp_backup")]


def test_long_reports_are_shown_in_part():
    check = ab.Check(name="x", state="failed", subject="s")
    report = ab.Report(recovery_point_id="RP", verdict="failed", checks=(check,) * 250)
    assert report._repr_html_().count("<tr>") == 101
    assert "and 150 more" in report._repr_html_()


def test_what_take_backup_returned_names_the_point(vault, source, tmp_path):
    result = vault.take_backup(source, tenant="acme")
    assert vault.verify_point(result)
    assert vault.restore_point(result, to=tmp_path / "out")


def test_names_that_are_no_text_work_as_paths(source, tmp_path):
    folder = os.fsencode(tmp_path) + b"/n\xff"
    os.mkdir(folder)
    for path in (folder + b"/v1", os.fsdecode(folder + b"/v2")):
        created = ab.create_vault(path, region="west")
        with ab.open_vault(path) as vault:
            point = vault.take_backup(source, tenant="acme")
            assert os.fsencode(vault.folder) == os.fsencode(path)
            result = vault.restore_point(point, to=os.fsencode(path) + b"-out")
            assert result and texts(result.folder)
            assert repr(vault) and result.to_json() and created.to_json()


def test_field_map_and_retention_are_kept(vault, source):
    point = vault.take_backup(source, tenant="acme", field_map={"time": "when"}, retention="P10Y")
    assert point.status == "completed"
    with pytest.raises(ab.InvalidArgumentError):
        vault.take_backup(source, tenant="acme", retention="7 years")
    with pytest.raises(ab.InvalidArgumentError):
        vault.take_backup(source, tenant="acme", field_map={"colour": "c"})
    with pytest.raises(ab.InvalidArgumentError, match="full or incremental"):
        vault.take_backup(source, tenant="acme", type="ful")


def test_what_came_when_its_period_was_over_is_said(vault, source):
    result = vault.take_backup(source, tenant="acme")
    assert result.kept and result.kept.overdue == 0 and result.kept.first <= result.kept.last
    assert result.clock_warning is None
    epoch = source / "epoch.jsonl"
    epoch.write_bytes(b"one\n")
    os.utime(epoch, (0, 0))
    kept = vault.take_backup(source, tenant="acme").kept
    assert (kept.overdue, kept.first_overdue) == (1, kept.first)
    assert ab.KeptSegments.of(kept.to_dict()) == kept


def test_what_is_old_is_read_again(vault, source):
    scrub = vault.take_backup(source, tenant="acme").scrub
    assert scrub
    assert ab.Scrub.of(scrub.to_dict()) == scrub
    package = next(vault.folder.glob("store/segments/acme/*/*.age"))
    sealed = package.read_bytes()
    package.write_bytes(sealed[:-1] + b"?")
    scrub = vault.take_backup(source, tenant="acme").scrub
    assert not scrub
    assert scrub.damaged[0].subject == str(package.relative_to(vault.folder / "store"))
    package.write_bytes(sealed)
    assert vault.take_backup(source, tenant="acme").scrub


def test_what_is_dated_ahead_is_taken_where_somebody_insists(vault, source):
    ahead = source / "ahead.jsonl"
    ahead.write_bytes(b"one\n")
    os.utime(ahead, (4e9, 4e9))
    result = vault.take_backup(source, tenant="acme")
    assert [(each.name, each.reason) for each in result.skipped] == [("ahead.jsonl", "dated_ahead")]
    assert vault.take_backup(source, tenant="acme", clock_is_right=True).segments_new == 1
    with pytest.raises(ab.NotFoundError):
        vault.correct_clock(tenant="acme")
