"""The embedded PostgreSQL and Redis: shared, restarted, stopped, and never in the way of the next start."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from config.services import postgres
from config.services.identity import ServiceUser, run_as
from config.services.layout import Layout
from tests.startup.holders import CHECKOUT, Holder, ask, both_answer, gone, pids, wait_until

Hold = Callable[[], Holder]
NOBODY = ServiceUser(65534, 65534, drop=True)
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the servers as another user")
AS_NOBODY = pytest.mark.skipif(
    os.geteuid() != 0 or not run_as(NOBODY, lambda: os.access(sys.executable, os.X_OK)),
    reason="needs root, and a Python that other users may run",
)


def test_one_start_brings_both_servers_and_the_last_user_takes_them_away(layout: Layout, hold: Hold) -> None:
    first, second = hold().up(), hold().up()
    assert both_answer(layout)
    assert ask(layout, "SELECT current_database()") == "maskline"
    first.end()
    time.sleep(3)
    assert both_answer(layout)
    second.end()
    assert wait_until(lambda: gone(layout))


def test_five_first_starters_at_once_share_one_keeper(layout: Layout, hold: Hold) -> None:
    holders = [hold() for _ in range(5)]
    for holder in holders:
        holder.up()
    assert sorted(pids(layout)) == ["keeper", "postgres", "redis"]
    assert ask(layout, "SELECT count(*) FROM pg_database WHERE datname = 'maskline'") == 1


def test_chinese_and_accented_text_sorts_and_folds_the_same_on_every_machine(layout: Layout, hold: Hold) -> None:
    hold().up()
    assert ask(layout, "SELECT upper('äéω')") == "ÄÉΩ"
    assert ask(layout, "SELECT datlocale FROM pg_database WHERE datname = 'maskline'") == "C.UTF-8"


@pytest.mark.slow
def test_a_killed_user_leaves_nothing_running(layout: Layout, hold: Hold) -> None:
    hold().up().kill()
    assert wait_until(lambda: gone(layout))


@pytest.mark.slow
@pytest.mark.parametrize("victims", [["keeper"], ["postgres"], ["redis"], ["keeper", "postgres", "redis"]])
def test_after_kill_9_the_next_start_has_the_data(layout: Layout, hold: Hold, victims: list[str]) -> None:
    first = hold().up()
    ask(layout, "CREATE TABLE kept AS SELECT 1 AS one")
    ask(layout, "CHECKPOINT")
    found = pids(layout)
    for name in victims:
        os.kill(found[name], signal.SIGKILL)
    first.kill()
    hold().up()
    assert both_answer(layout)
    assert ask(layout, "SELECT one FROM kept") == 1


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["postgres", "redis"])
def test_a_killed_server_comes_back_while_it_is_used(layout: Layout, hold: Hold, victim: str) -> None:
    hold().up()
    before = pids(layout)[victim]
    os.kill(before, signal.SIGKILL)
    assert wait_until(lambda: both_answer(layout) and pids(layout)[victim] != before)


def test_a_lock_file_naming_a_foreign_live_process_is_no_obstacle(layout: Layout, hold: Hold) -> None:
    hold().up().end()
    assert wait_until(lambda: gone(layout))
    owner = layout.postgres.stat()
    with subprocess.Popen(["sleep", "60"], user=owner.st_uid, group=owner.st_gid) as foreign:
        stale = layout.postgres / "postmaster.pid"
        stale.write_text(f"{foreign.pid}\n{layout.postgres}\n{int(time.time())}\n5432\n{layout.sockets}\n\n")
        os.chown(stale, owner.st_uid, owner.st_gid)
        hold().up()
        assert foreign.poll() is None
        foreign.terminate()


def test_data_of_another_major_version_is_refused_in_one_line(layout: Layout, hold: Hold) -> None:
    layout.make()
    layout.postgres.mkdir()
    (layout.postgres / "PG_VERSION").write_text("15\n")
    refusal = hold().refusal()
    assert "was written by PostgreSQL 15; this version brings 18" in refusal
    assert len(refusal.splitlines()) == 1


def test_a_half_made_cluster_is_thrown_away(layout: Layout, hold: Hold) -> None:
    layout.make()
    (layout.root / "postgres.new").mkdir()
    (layout.root / "postgres.new" / "PG_VERSION").write_text("18\n")
    hold().up()
    assert ask(layout, "SELECT 1") == 1


def test_a_path_too_long_for_a_socket_gets_a_short_one(layout: Layout) -> None:
    long = Layout(layout.root / ("x" * 90), "test")
    assert str(long.sockets).startswith("/tmp/msk-")
    holder = Holder(long.root).up()
    try:
        assert both_answer(long)
        assert long.sockets.stat().st_mode & 0o777 == 0o700
    finally:
        holder.end()
        assert wait_until(lambda: gone(long) and not long.sockets.exists())


def test_a_data_directory_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refusal = Holder(tmp_path / "file" / "var").refusal()
    assert refusal.startswith(f"DATA_DIR {tmp_path}/file/var cannot be used: Not a directory")
    assert len(refusal.splitlines()) == 1


@AS_NOBODY
def test_a_data_directory_of_somebody_else_is_one_line(layout: Layout) -> None:
    layout.make()
    layout.root.parent.chmod(0o755)
    refusal = Holder(layout.root, user=NOBODY.become).refusal()
    assert "cannot be used: Permission denied" in refusal
    assert len(refusal.splitlines()) == 1


@AS_NOBODY
def test_an_ordinary_user_runs_the_servers_as_themselves_and_root_joins_in(layout: Layout, hold: Hold) -> None:
    layout.root.mkdir(mode=0o700)
    os.chown(layout.root, 65534, 65534)
    layout.root.parent.chmod(0o755)
    holder = Holder(layout.root, user=NOBODY.become).up()
    assert Path(f"/proc/{pids(layout)['postgres']}").stat().st_uid == 65534
    holder.end()
    assert wait_until(lambda: gone(layout))
    hold().up()
    assert Path(f"/proc/{pids(layout)['postgres']}").stat().st_uid == 65534


@AS_ROOT
def test_root_opens_closed_folders_to_the_one_user_only(layout: Layout, hold: Hold) -> None:
    closed = layout.root.parent
    assert closed.stat().st_mode & 0o777 == 0o700
    hold().up()
    assert closed.stat().st_mode & 0o007 == 0
    assert Path(f"/proc/{pids(layout)['postgres']}").stat().st_uid != 0


@pytest.mark.parametrize(("memory", "buffers"), [(1 << 30, "256MB"), (8 << 30, "2048MB"), (64 << 30, "4096MB")])
def test_shared_buffers_are_a_quarter_of_memory_up_to_four_gigabytes(memory: int, buffers: str) -> None:
    assert postgres.settings("run", memory)["shared_buffers"] == buffers


def test_only_tests_run_without_syncing_to_disk() -> None:
    assert "fsync" not in postgres.settings("run", 1 << 30)
    assert postgres.settings("test", 1 << 30)["fsync"] == "off"


def test_manage_names_an_unreachable_database_in_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=CHECKOUT,
        env=os.environ | {"DATABASE_URL": "postgresql://u:secret@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("bin/manage: DATABASE_URL cannot be reached")
    assert len(done.stderr.splitlines()) == 1
    assert "secret" not in done.stderr
