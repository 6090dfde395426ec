"""Backup and restore of database and files: complete, checked, and never over something by accident."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from config.services import ServiceError, backup, use
from config.services.backup import Installation

NOW = datetime(2026, 3, 1, 2, 3, 4, tzinfo=UTC)
Make = Callable[[str], Installation]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Return a function giving an installation with an empty database of that name."""
    held = use(tmp_path / "var", "test")
    names: list[str] = []

    def installation(name: str) -> Installation:
        names.append(name)
        with psycopg.connect(held.database_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        target = {k: str(v) for k, v in conninfo_to_dict(held.database_url).items()} | {"dbname": name}
        return Installation(target, tmp_path / name, {"k1": "aa"}, embedded=True)

    yield installation
    held.lock_file.close()


def run(at: Installation, *statements: str) -> list[tuple[object, ...]]:
    """Run statements and return the last one's rows."""
    with psycopg.connect(**at.target, autocommit=True) as connection:  # type: ignore[arg-type]
        for sql in statements:
            cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def source(make: Make) -> Installation:
    """Return an installation with rows, an append-only table, a recording and a voice file."""
    at = make("source")
    run(
        at,
        "CREATE TABLE call (id int, at date) PARTITION BY RANGE (id)",
        "CREATE TABLE call_1 PARTITION OF call FOR VALUES FROM (0) TO (100)",
        "INSERT INTO call SELECT n, '2026-03-01' FROM generate_series(0, 99) n",
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'append-only'; END $$",
        "CREATE TRIGGER refuse BEFORE TRUNCATE ON call FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
    )
    for name in ("recordings/2026/a.wav", "voices/b.wav", "exports/c.csv", "keys/data_key"):
        (at.data_dir / name).parent.mkdir(parents=True)
        (at.data_dir / name).write_bytes(name.encode() * 1000)
    return at


def test_a_backup_restored_into_an_empty_installation_is_the_same(
    source: Installation, make: Make, tmp_path: Path
) -> None:
    taken = backup.take(source, tmp_path / "b", NOW)
    target = make("target")
    assert backup.restore(target, tmp_path / "b", force=False) == taken
    assert run(target, "SELECT count(*), sum(id) FROM call_1") == [(100, 4950)]
    assert (target.data_dir / "recordings/2026/a.wav").read_bytes() == b"recordings/2026/a.wav" * 1000
    assert (target.data_dir / "voices/b.wav").exists()


def test_recordings_can_be_left_out_and_voice_files_never_are(source: Installation, make: Make, tmp_path: Path) -> None:
    backup.take(source, tmp_path / "b", NOW, recordings=False)
    target = make("target")
    assert backup.restore(target, tmp_path / "b", force=False).files == 1
    assert not (target.data_dir / "recordings").exists()
    assert (target.data_dir / "voices/b.wav").exists()


def test_files_that_come_and_go_meanwhile_are_no_failure(source: Installation, tmp_path: Path) -> None:
    over = threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            paths = [source.data_dir / "voices" / f"{n}.wav" for n in range(100)]
            for path in paths:
                path.write_bytes(b"RIFF")
            for path in paths:
                path.unlink()

    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(come_and_go)
        try:
            backup.take(source, tmp_path / "b", NOW)
        finally:
            over.set()
        coming.result()
    assert (tmp_path / "b/voices/b.wav").exists()
    backup.check(tmp_path / "b")


def test_keys_and_exports_are_not_in_it_and_only_the_owner_can_read_it(source: Installation, tmp_path: Path) -> None:
    backup.take(source, tmp_path / "b", NOW)
    assert {path.name for path in (tmp_path / "b").iterdir()} == {
        "database.dump",
        "manifest.json",
        "recordings",
        "voices",
    }
    assert (tmp_path / "b").stat().st_mode & 0o077 == 0
    manifest = json.loads((tmp_path / "b" / "manifest.json").read_text())
    assert manifest["keys"] == {"k1": "aa"}
    assert manifest["made_at"] == "2026-03-01T02:03:04+00:00"


def test_a_database_that_holds_anything_is_refused_without_force(source: Installation, tmp_path: Path) -> None:
    backup.take(source, tmp_path / "b", NOW)
    run(source, "CREATE TABLE newer (id int)")
    with pytest.raises(ServiceError, match="the database is not empty"):
        backup.restore(source, tmp_path / "b", force=False)
    backup.restore(source, tmp_path / "b", force=True)
    assert run(source, "SELECT to_regclass('newer'), count(*) FROM call") == [(None, 100)]


def test_a_backup_of_other_keys_is_refused_and_names_them(source: Installation, make: Make, tmp_path: Path) -> None:
    backup.take(replace(source, keys={"k1": "aa", "k2": "bb"}), tmp_path / "b", NOW)
    target = replace(make("target"), keys={"k1": "other"})
    with pytest.raises(ServiceError, match="sealed with the data keys k1, k2; MASKLINE_DATA_KEY lacks k1, k2"):
        backup.restore(target, tmp_path / "b", force=False)
    assert run(target, "SELECT count(*) FROM pg_class WHERE relname = 'call'") == [(0,)]


@pytest.mark.parametrize("victim", ["database.dump", "voices/b.wav"])
def test_a_damaged_backup_changes_nothing(source: Installation, make: Make, tmp_path: Path, victim: str) -> None:
    backup.take(source, tmp_path / "b", NOW)
    with (tmp_path / "b" / victim).open("r+b") as file:
        file.write(b"x")
    target = make("target")
    with pytest.raises(ServiceError, match="its SHA-256 differs"):
        backup.restore(target, tmp_path / "b", force=False)
    assert not target.data_dir.exists()


def test_a_manifest_that_names_a_file_elsewhere_is_refused(source: Installation, tmp_path: Path) -> None:
    backup.take(source, tmp_path / "b", NOW)
    manifest = json.loads((tmp_path / "b" / "manifest.json").read_text())
    manifest["files"]["voices/../../keys/data_key"] = manifest["files"]["voices/b.wav"]
    (tmp_path / "b" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ServiceError, match="which no backup holds"):
        backup.check(tmp_path / "b")


def test_a_failed_restore_by_force_leaves_the_old_content(source: Installation, tmp_path: Path) -> None:
    backup.take(source, tmp_path / "b", NOW)
    run(source, "INSERT INTO call VALUES (7, '2026-03-02')")
    dump = tmp_path / "b" / "database.dump"
    dump.write_bytes(dump.read_bytes()[:-200])
    _resign(tmp_path / "b")
    with pytest.raises(ServiceError, match="nothing was restored"):
        backup.restore(source, tmp_path / "b", force=True)
    assert run(source, "SELECT count(*) FROM call") == [(101,)]


def test_a_folder_with_something_in_it_is_not_written_to(source: Installation, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine").touch()
    with pytest.raises(ServiceError, match="is not empty"):
        backup.take(source, tmp_path / "b", NOW)


def _resign(folder: Path) -> None:
    """Write the manifest anew, so that only PostgreSQL can see that the dump is cut short."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["database.dump"] = backup.digest(folder / "database.dump")
    (folder / "manifest.json").write_text(json.dumps(manifest))
