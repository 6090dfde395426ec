"""The supervisor of bin/run, with children that misbehave."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.services.supervisor import Child
from tests.startup.holders import CHECKOUT, clean_environment, wait_until, wait_until_dead

SUPERVISE = """
import os, sys
from config.services.supervisor import Child, Supervisor
children = [Child(name, [sys.executable, "-u", "-c", code]) for name, code in zip(sys.argv[1::2], sys.argv[2::2])]
Supervisor(children, os.environ, lambda supervisor: None).run()
"""
SLEEP = "import os, time; print('pid', os.getpid()); time.sleep(600)"
STUBBORN = "import os, signal, time; signal.signal(15, signal.SIG_IGN); print('pid', os.getpid()); time.sleep(600)"
# A master with a child of its own in the same process group, as Celery's pool has.
MASTER = "import os, time\nif not os.fork(): print('pid', os.getpid())\ntime.sleep(600)"

Supervise = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def supervise() -> Iterator[Supervise]:
    """Return a function that starts a supervisor over the children name=code."""
    started: list[subprocess.Popen[str]] = []

    def start(**children: str) -> "subprocess.Popen[str]":
        words = [word for pair in children.items() for word in pair]
        started.append(
            subprocess.Popen(
                [sys.executable, "-c", SUPERVISE, *words],
                cwd=CHECKOUT,
                env=clean_environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def lines(process: "subprocess.Popen[str]") -> Iterator[str]:
    """Return the supervisor's output, line by line."""
    assert process.stdout
    return iter(process.stdout.readline, "")


def pid_in(process: "subprocess.Popen[str]") -> int:
    """Return the next process id a child prints."""
    return next(int(line.split()[-1]) for line in lines(process) if "| pid " in line)


def test_each_line_names_the_child_that_printed_it(supervise: Supervise) -> None:
    process = supervise(web="print('hello'); print('a' * 3, end=''); import time; time.sleep(600)", worker=SLEEP)
    said = [next(lines(process)), next(lines(process))]
    assert "web    | hello\n" in said
    assert any(line.startswith("worker | pid ") for line in said)
    process.send_signal(signal.SIGTERM)
    assert "web    | aaa\n" in list(lines(process))


def test_what_dies_comes_back(supervise: Supervise) -> None:
    process = supervise(web=SLEEP)
    first = pid_in(process)
    os.kill(first, signal.SIGKILL)
    assert next(lines(process)) == "web | ended with status -9; again in 0.5 s\n"
    assert pid_in(process) != first


def test_a_killed_master_takes_its_own_children_along(supervise: Supervise) -> None:
    process = supervise(worker=MASTER)
    grandchild = pid_in(process)
    master = int(Path(f"/proc/{grandchild}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(master, signal.SIGKILL)
    assert wait_until_dead(grandchild)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_ends_all_children_and_the_supervisor(supervise: Supervise, number: signal.Signals) -> None:
    process = supervise(web=SLEEP, beat=SLEEP)
    children = [pid_in(process), pid_in(process)]
    process.send_signal(number)
    assert process.wait(5) == 0
    assert all(wait_until_dead(child, 1) for child in children)


def test_a_second_signal_ends_a_child_that_does_not_listen(supervise: Supervise) -> None:
    process = supervise(web=STUBBORN)
    child = pid_in(process)
    process.send_signal(signal.SIGTERM)
    time.sleep(1)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    assert wait_until_dead(child, 1)


def test_children_do_not_outlive_a_killed_supervisor(supervise: Supervise) -> None:
    process = supervise(web=SLEEP, beat=SLEEP)
    children = [pid_in(process), pid_in(process)]
    process.kill()
    assert all(wait_until_dead(child, 3) for child in children)


def test_it_goes_on_when_nobody_reads_its_output(supervise: Supervise, tmp_path: Path) -> None:
    mark = tmp_path / "alive"
    code = f"import time, pathlib\nwhile True:\n print('x' * 99); pathlib.Path({str(mark)!r}).touch(); time.sleep(.05)"
    process = supervise(web=code)
    next(lines(process))
    assert process.stdout
    process.stdout.close()
    time.sleep(1)
    mark.unlink()
    assert wait_until(mark.exists, 5)
    assert process.poll() is None


def test_a_child_that_keeps_dying_is_started_ever_more_slowly_but_never_given_up() -> None:
    child = Child("web", ["true"])
    assert [child.wait_longer(now=1.0) for _ in range(7)] == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0]
    child.started_at = 100.0
    assert child.wait_longer(now=161.0) == 0.5
