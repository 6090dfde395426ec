"""The receivers of docs/examples/receivers, run as customers run them, get pushes signed as ours are, over a socket."""

import atexit
import os
import queue
import re
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from http.client import HTTPConnection
from pathlib import Path
from tempfile import mkdtemp
from uuid import uuid4

import pytest
from standardwebhooks.webhooks import Webhook

from notifications import signing
from tests.serving import ROOT

RECEIVERS = ROOT / "docs" / "examples" / "receivers"
KEY, SECRET, FORMER = "acmeAppKey01", "a-secret-of-acme-0001", "the-one-before-0001"
# Not as a JSON library would write it: only the very bytes verify.
BODY = '{ "eventType":"answer",  "statusInfo":{"sessionId":"s-1","userData":"Zoë ☎"}}\n'.encode()
LONG = BODY + b" " * 20_000
PATIENCE_SECONDS = 30.0


@dataclass
class Receiver:
    """A receiver that listens, and what it said it worked on."""

    port: int
    process: subprocess.Popen[str]
    said: "queue.Queue[str]" = field(default_factory=queue.Queue)

    def post(self, headers: dict[str, str], body: bytes = BODY) -> int:
        """Send one request; return the status of its answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("POST", "/status", body, {"Content-Type": signing.CONTENT_TYPE, **headers})
            return connection.getresponse().status
        finally:
            connection.close()

    def worked(self, count: int) -> list[str]:
        """Return the next so many pushes it worked on; there is no further one."""
        found = [self.said.get(timeout=PATIENCE_SECONDS) for _ in range(count)]
        with pytest.raises(queue.Empty):
            self.said.get(timeout=0.3)
        return found


def signed(id: str, body: bytes = BODY, secrets: tuple[str, ...] = (SECRET,), **changed: object) -> dict[str, str]:
    """Return the headers of a push as the dispatcher makes them; `age`, `wsse` and `key` say how it differs."""
    at = datetime.now(UTC) - timedelta(seconds=int(str(changed.get("age", 0))))
    key, wsse = str(changed.get("key", KEY)), bool(changed.get("wsse", False))
    vendor = signing.vendor_headers(key, secrets[0], nonce=uuid4().hex, at=at, wsse=wsse)
    webhook = signing.webhook_headers(id, at, body, [signing.webhook_key(secret) for secret in secrets])
    return {**vendor, **webhook, "X-Maskline-Sequence": "7", "X-Maskline-Attempt": "1"}


def new_id() -> str:
    return f"msg_{uuid4().hex}"


@contextmanager
def listening(
    command: list[str], folder: Path, port: int = 0, /, secret: str = SECRET, former: str = ""
) -> Iterator[Receiver]:
    """Have a receiver listen while the block runs."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "INBOX": str(folder / "inbox")}
    environ |= {"APP_KEY": KEY, "APP_SECRET": secret, "FORMER_SECRET": former, "PORT": str(port)}
    # A file that may not grow is to be a disk that is full: no reason to die, as the signal of it would be.
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True, restore_signals=False)
    assert process.stdout is not None
    try:
        if not port:
            first = process.stdout.readline()
            if not first and command[0] == "java":
                pytest.skip("java cannot run a source file here")
            port = int(first.split()[-1])
        receiver = Receiver(port, process)
        threading.Thread(target=_note, args=(process, receiver.said), daemon=True).start()
        yield receiver
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _note(process: subprocess.Popen[str], said: "queue.Queue[str]") -> None:
    for line in process.stdout or ():
        if match := re.match(r"push (\S+) (\w+)$", line.strip()):
            said.put(" ".join(match.groups()))


@contextmanager
def python(folder: Path, **secrets: str) -> Iterator[Receiver]:
    with listening([sys.executable, str(RECEIVERS / "python" / "receiver.py")], folder, **secrets) as receiver:
        yield receiver


@cache
def _java() -> list[str]:
    """Return the command that runs the receiver: compiled once where there is a compiler, for that takes seconds."""
    source = str(RECEIVERS / "java" / "Receiver.java")
    if shutil.which("javac") is None:
        return ["java", source]
    classes = mkdtemp(prefix="receiver")
    atexit.register(shutil.rmtree, classes, ignore_errors=True)
    subprocess.run(["javac", "-d", classes, source], check=True, timeout=120)
    return ["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", classes, "Receiver"]


@contextmanager
def java(folder: Path, **secrets: str) -> Iterator[Receiver]:
    with listening(_java(), folder, **secrets) as receiver:
        yield receiver


@contextmanager
def php(folder: Path, **secrets: str) -> Iterator[Receiver]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = int(door.getsockname()[1])
    script = str(RECEIVERS / "php" / "receiver.php")
    with (
        listening(["php", "-S", f"127.0.0.1:{port}", script], folder, port, **secrets) as receiver,
        listening(["php", script, "work"], folder, port, **secrets) as worker,
    ):
        _wait(port)
        receiver.said = worker.said
        yield receiver


def _wait(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)


def is_done(folder: Path, id: str) -> bool:
    """Return whether a receiver noted that it is through with a push."""
    if not (folder / "inbox").read_bytes().startswith(b"SQLite"):
        done = folder / "inbox.done"
        return done.exists() and id in done.read_text().splitlines()
    with closing(sqlite3.connect(folder / "inbox", timeout=5)) as inbox:
        return bool(inbox.execute("SELECT 1 FROM push WHERE id = ? AND done = 1", (id,)).fetchall())


def until_done(folder: Path, id: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_done(folder, id):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def full(receiver: Receiver, folder: Path) -> Iterator[None]:
    """Let the receiver's files grow by a few bytes only while the block runs."""
    longest = max(file.stat().st_size for file in folder.glob("inbox*"))
    limits = resource.prlimit(receiver.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(receiver.process.pid, resource.RLIMIT_FSIZE, (longest + 100, limits[1]))
    yield
    resource.prlimit(receiver.process.pid, resource.RLIMIT_FSIZE, limits)


def missing(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"there is no {program}")


Run = Callable[..., AbstractContextManager[Receiver]]
EACH = pytest.mark.parametrize(
    "run",
    [pytest.param(python), pytest.param(java, marks=missing("java")), pytest.param(php, marks=missing("php"))],
    ids=["python", "java", "php"],
)


@EACH
def test_a_receiver_takes_what_is_genuine_once_and_nothing_else(run: Run, tmp_path: Path) -> None:
    with run(tmp_path) as receiver:
        one, older, none = new_id(), new_id(), new_id()
        assert [receiver.post(signed(one)) for _ in range(2)] == [200, 200]
        assert receiver.post(signed(older, wsse=True)) == 200
        assert receiver.post(signed(one) | {"X-Maskline-Replay": "1"}) == 200
        good = signed(none)
        wrong = [
            (good, BODY.replace(b"answer", b"fee")),
            (good, BODY.replace(b"  ", b" ")),
            (signed(none, secrets=("another-secret",)), BODY),
            (signed(none, key="boltAppKey01"), BODY),
            (signed(none, age=301), BODY),
            (signed(none, age=-330), BODY),
            ({k: v for k, v in good.items() if not k.startswith("webhook")}, BODY),
            ({k: v for k, v in good.items() if k != "X-AKSK"}, BODY),
            (good | {"webhook-id": one}, BODY),
            (good | {"X-AKSK": good["X-AKSK"].replace('Nonce="', 'Nonce="0')}, BODY),
            (good | {"webhook-signature": "v1"}, BODY),
            (good | {"webhook-timestamp": "9" * 30}, BODY),
        ]
        assert [receiver.post(headers, body) for headers, body in wrong] == [401] * len(wrong)
        assert receiver.worked(2) == [f"{one} answer", f"{older} answer"]


@EACH
def test_a_receiver_knows_what_it_took_after_it_was_killed(run: Run, tmp_path: Path) -> None:
    id, fresh = new_id(), new_id()
    with run(tmp_path) as receiver:
        assert receiver.post(signed(id)) == 200
        assert receiver.worked(1) == [f"{id} answer"]
        until_done(tmp_path, id)
    with run(tmp_path) as receiver:
        assert [receiver.post(signed(one)) for one in (id, fresh)] == [200, 200]
        assert receiver.worked(1) == [f"{fresh} answer"]


@EACH
def test_a_full_disk_costs_no_push_before_or_after_and_work_goes_on(run: Run, tmp_path: Path) -> None:
    first, refused, last = new_id(), new_id(), new_id()
    with run(tmp_path) as receiver:
        assert receiver.post(signed(first)) == 200
        until_done(tmp_path, first)
        with full(receiver, tmp_path):
            # Longer than the file may grow: its beginning is written and its end is not.
            assert receiver.post(signed(refused, LONG), LONG) == 503
        assert receiver.post(signed(last)) == 200
        until_done(tmp_path, last)
    with run(tmp_path) as receiver:
        assert [receiver.post(signed(one)) for one in (first, last)] == [200, 200]
        assert receiver.post(signed(refused, LONG), LONG) == 200
        assert receiver.worked(1) == [f"{refused} answer"]


@pytest.mark.skipif(shutil.which("java") is None, reason="there is no java")
def test_what_a_lost_power_left_of_a_line_is_no_push_that_was_taken(tmp_path: Path) -> None:
    torn, after, inbox = new_id(), new_id(), tmp_path / "inbox"
    inbox.write_text(f"{torn} 7 eyJldmVud")
    (tmp_path / "inbox.done").write_text(f"{after}")
    with java(tmp_path) as receiver:
        assert [receiver.post(signed(one)) for one in (torn, after)] == [200, 200]
        assert receiver.worked(2) == [f"{torn} answer", f"{after} answer"]
    assert [line.split(" ")[0] for line in inbox.read_text().splitlines()] == [torn, after]


@EACH
def test_one_push_that_cannot_be_worked_on_keeps_no_other_from_its_turn(run: Run, tmp_path: Path) -> None:
    one, body = new_id(), b"\xff no JSON"
    with run(tmp_path) as receiver:
        assert receiver.post(signed(new_id(), body), body) == 200
        assert receiver.post(signed(one)) == 200
        until_done(tmp_path, one)


@pytest.mark.skipif(shutil.which("java") is None, reason="there is no java")
def test_what_could_not_be_noted_as_done_is_done_again(tmp_path: Path) -> None:
    one, done = new_id(), tmp_path / "inbox.done"
    with java(tmp_path) as receiver:
        done.unlink()
        done.mkdir()
        assert receiver.post(signed(one)) == 200
        assert receiver.said.get(timeout=PATIENCE_SECONDS) == f"{one} answer"
        done.rmdir()
        assert receiver.said.get(timeout=PATIENCE_SECONDS) == f"{one} answer"
        until_done(tmp_path, one)


@EACH
@pytest.mark.parametrize("secret", ["whsec_YS1rZXktb2YtMjQtYnl0ZXMtMDAwMQ==", "a-secret,with-a-comma"])
def test_a_secret_is_taken_as_it_is_signed_with(run: Run, tmp_path: Path, secret: str) -> None:
    with run(tmp_path, secret=secret) as receiver:
        assert receiver.post(signed(new_id(), secrets=(secret,))) == 200
        assert receiver.post(signed(new_id(), secrets=(secret,), wsse=True)) == 200


@EACH
def test_while_a_secret_is_changed_over_either_side_may_be_first(run: Run, tmp_path: Path) -> None:
    with run(tmp_path, secret=FORMER) as receiver:
        # We sign the webhook with both; the one digest of X-AKSK is of the new secret already.
        assert receiver.post(signed(new_id(), secrets=(SECRET, FORMER))) == 401
    with run(tmp_path, former=FORMER) as receiver:
        for secrets in ((FORMER,), (SECRET, FORMER), (SECRET,)):
            assert receiver.post(signed(new_id(), secrets=secrets)) == 200


def test_the_signature_is_what_a_library_of_standard_webhooks_verifies() -> None:
    headers = signed(new_id(), secrets=(SECRET, FORMER))
    for secret in (SECRET, FORMER):
        assert Webhook(signing.webhook_secret(secret)).verify(BODY, headers)["eventType"] == "answer"


def test_every_receiver_is_run_here() -> None:
    found = {str(path.relative_to(RECEIVERS)) for path in RECEIVERS.rglob("*") if path.is_file()}
    assert found == {"python/receiver.py", "java/Receiver.java", "php/receiver.php"}
