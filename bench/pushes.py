"""What the benchmarks of pushes share: customers' servers, dispatchers, a backlog, pushes committed by the clock."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from uuid import uuid4

from django.db import transaction

from accounts.models import Account, Application
from bench.cast import SECRET
from bench.rig import bare, feeder, journal, receiver
from notifications.models import Push
from notifications.outbox import DuePush, enqueue

# Customers name addresses of this machine here.
ENVIRONMENT = {"MASKLINE_PUSH_ALLOW_PRIVATE": "1"}
CHUNK = 5_000
# Nothing is waited for any longer: what is told then is of what came by then.
PATIENCE_SECONDS = 30.0
BODY = json.dumps({"eventType": "answer", "statusInfo": {"sessionId": "s" * 60, "padding": "x" * 400}}).encode()
Owner = tuple[int, int, str]


def customers(count: int) -> list[tuple[int, int]]:
    """Make so many accounts with one application each; return the ids of application and account."""
    made = []
    for index in range(count):
        account = Account.objects.create(code=f"bench{index}", name="bench")
        application = Application.objects.create(
            account=account, app_key=f"benchKey{index}", app_secret=SECRET, name="bench", mode="AXB"
        )
        made.append((application.pk, account.pk))
    return made


def backlog(owners: Sequence[Owner], pushes: int, calls: int) -> None:
    """Queue so many pushes of so many calls, evenly spread over the customers."""
    now = datetime.now(UTC)
    rows = [
        DuePush(*owners[n % calls % len(owners)], "event", uuid4(), n % calls + 1, n // calls + 1, now, BODY)
        for n in range(pushes)
    ]
    for first in range(0, pushes, CHUNK):
        with transaction.atomic():
            enqueue(rows[first : first + CHUNK], new_causes=True)


@contextmanager
def receiving(log: Path | None = None) -> Iterator[int]:
    """Have the customers' servers while the block runs; give their port."""
    orders = asdict(receiver.Orders(log=str(log or ""), verify=False, durable=False))
    command = [sys.executable, "-m", "bench.rig.receiver", json.dumps(orders)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


@contextmanager
def dispatching() -> Iterator[None]:
    """Have a dispatcher while the block runs."""
    command = [sys.executable, "-m", "django", "dispatch", "--skip-checks"]
    process = subprocess.Popen(command, env={**os.environ, **ENVIRONMENT})
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def reference(urls: Sequence[str], requests: int) -> float:
    """Return how many requests a second a bare client makes to the same servers."""
    headers = {"Content-Type": "application/json;charset=UTF-8", "webhook-signature": "v1," + "x" * 44}
    headers |= {"webhook-id": "msg_" + "0" * 32, "webhook-timestamp": "1700000000", "X-AKSK": "x" * 180}
    orders = asdict(bare.Orders(list(urls), requests, BODY.decode(), headers))
    done = subprocess.run(
        [sys.executable, "-m", "bench.rig.bare", json.dumps(orders)], check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def drained(port: int, paths: Sequence[str], requests: int) -> float:
    """Wait until so many requests came to these paths, or long enough; return how many a second from the first on."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    came, seen = 0, {}
    while came < requests and time.monotonic() < deadline:
        time.sleep(0.2)
        seen = receiver.seen(port)
        came = sum(seen["by_path"].get(path, 0) for path in paths)
    if came < requests:
        print(f"only {came:,} of {requests:,} pushes came in {PATIENCE_SECONDS:.0f} s", file=sys.stderr)
    if not came:
        return 0.0
    first = min(seen["first_at"][path] for path in paths if path in seen["first_at"])
    last = max(seen["last_at"][path] for path in paths if path in seen["last_at"])
    return float(came / max(0.001, last - first))


def wait_until_noted(urls: Sequence[str], patience: float = PATIENCE_SECONDS) -> bool:
    """Wait until nothing is left in the outbox for these URLs; return whether that came about in time."""
    deadline = time.monotonic() + patience
    waiting = Push.objects.filter(endpoint__url__in=urls)
    while waiting.exists():
        if time.monotonic() > deadline:
            print(f"{waiting.count():,} pushes are in the outbox yet", file=sys.stderr)
            return False
        time.sleep(0.2)
    return True


def fed(owners: Sequence[Owner], rate: float, seconds: float, feeders: int, log: Path, name: int = 0) -> list[float]:
    """Commit so many pushes a second; return the seconds from commit to request of each to a server that is well.

    What had not come in the end had waited for so long at least.
    """
    with tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder) / f"{place}.jsonl" for place in range(feeders)]
        running = [
            subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "bench.rig.feeder",
                    json.dumps(asdict(feeder.Orders(list(owners), rate / feeders, seconds, str(path), name + place))),
                ]
            )
            for place, path in enumerate(logs)
        ]
        if any(process.wait(2 * seconds + 2 * PATIENCE_SECONDS) for process in running):
            raise AssertionError("a feeder failed")
        committed = {
            tuple(line["key"]): line["at"] for path in logs for line in journal.read(path) if "/well/" in line["to"]
        }
    deadline = time.monotonic() + PATIENCE_SECONDS
    came = _came(log)
    while committed.keys() - came.keys() and time.monotonic() < deadline:
        time.sleep(0.5)
        came = _came(log)
    ended = time.monotonic()
    return [came.get(key, ended) - at for key, at in committed.items()]


def _came(log: Path) -> dict[tuple[object, ...], float]:
    """Return when each push came first to a server that is well."""
    came: dict[tuple[object, ...], float] = {}
    for line in journal.read(log):
        if line["key"] and "/well/" in line["to"]:
            came.setdefault(tuple(line["key"]), line["came"])
    return came


def p99(seconds: Sequence[float]) -> float:
    """Return the 99th percentile in milliseconds."""
    return 1000 * quantiles(seconds, n=100)[98]


def forget() -> None:
    """Have an outbox without pushes."""
    Push.objects.all().delete()
