"""The receivers of docs/examples/receivers, run as customers run them, get pushes signed as ours are, over a socket."""

import atexit
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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
def listening(command: list[str], folder: Path, secret: str = SECRET, port: int = 0) -> Iterator[Receiver]:
    """Have a receiver listen while the block runs."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "INBOX": str(folder / "inbox")}
    environ |= {"APP_KEY": KEY, "APP_SECRET": secret, "PORT": str(port)}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
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
def python(folder: Path, secret: str = SECRET) -> Iterator[Receiver]:
    with listening([sys.executable, str(RECEIVERS / "python" / "receiver.py")], folder, secret) as receiver:
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
def java(folder: Path, secret: str = SECRET) -> Iterator[Receiver]:
    with listening(_java(), folder, secret) as receiver:
        yield receiver


@contextmanager
def php(folder: Path, secret: str = SECRET) -> Iterator[Receiver]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = int(door.getsockname()[1])
    script = str(RECEIVERS / "php" / "receiver.php")
    with (
        listening(["php", "-S", f"127.0.0.1:{port}", script], folder, secret, port) as receiver,
        listening(["php", script, "work"], folder, secret, port) as worker,
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
    id = new_id()
    with run(tmp_path) as receiver:
        assert receiver.post(signed(id)) == 200
        assert receiver.worked(1) == [f"{id} answer"]
        time.sleep(0.2)
    with run(tmp_path) as receiver:
        assert receiver.post(signed(id)) == 200
        assert receiver.worked(0) == []


@EACH
def test_while_a_secret_is_changed_over_either_side_may_be_first(run: Run, tmp_path: Path) -> None:
    with run(tmp_path, secret=FORMER) as receiver:
        # We sign the webhook with both; the one digest of X-AKSK is of the new secret already.
        assert receiver.post(signed(new_id(), secrets=(SECRET, FORMER))) == 401
    with run(tmp_path, secret=f"{SECRET},{FORMER}") as receiver:
        for secrets in ((FORMER,), (SECRET, FORMER), (SECRET,)):
            assert receiver.post(signed(new_id(), secrets=secrets)) == 200


def test_the_signature_is_what_a_library_of_standard_webhooks_verifies() -> None:
    headers = signed(new_id(), secrets=(SECRET, FORMER))
    for secret in (SECRET, FORMER):
        assert Webhook(signing.webhook_secret(secret)).verify(BODY, headers)["eventType"] == "answer"


def test_every_receiver_is_run_here() -> None:
    found = {str(path.relative_to(RECEIVERS)) for path in RECEIVERS.rglob("*") if path.is_file()}
    assert found == {"python/receiver.py", "java/Receiver.java", "php/receiver.php"}
