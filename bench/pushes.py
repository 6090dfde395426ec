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
PATIENCE_SECONDS = 90.0
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
    """Wait until so many requests came to these paths; return how many a second, from the first to the last."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        seen = receiver.seen(port)
        came = sum(seen["by_path"].get(path, 0) for path in paths)
        if came >= requests:
            first = min(seen["first_at"][path] for path in paths)
            last = max(seen["last_at"][path] for path in paths)
            return float(came / (last - first))
        time.sleep(0.2)
    raise TimeoutError(f"{came} of {requests} pushes came")


def wait_until_noted(paths: Sequence[str], patience: float = 30.0) -> None:
    """Wait until what arrived is gone from the outbox. Raises AssertionError when some is left."""
    deadline = time.monotonic() + patience
    waiting = Push.objects.filter(endpoint__url__in=paths)
    while waiting.exists():
        if time.monotonic() > deadline:
            raise AssertionError(f"{waiting.count()} pushes are in the outbox that should have arrived")
        time.sleep(0.2)


def fed(owners: Sequence[Owner], rate: float, seconds: float, feeders: int, log: Path, name: int = 0) -> list[float]:
    """Commit so many pushes a second; return the seconds from commit to request of each that arrived well."""
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
        if any(process.wait(PATIENCE_SECONDS) for process in running):
            raise AssertionError("a feeder failed")
        time.sleep(2)
        committed = {tuple(line["key"]): line["at"] for path in logs for line in journal.read(path)}
    well: dict[tuple[object, ...], float] = {}
    for line in journal.read(log):
        if "/well/" in line["to"]:
            well.setdefault(tuple(line["key"]), line["came"])
    return [well[key] - at for key, at in committed.items() if key in well]


def p99(seconds: Sequence[float]) -> float:
    """Return the 99th percentile in milliseconds."""
    return 1000 * quantiles(seconds, n=100)[98]


def forget() -> None:
    """Have an outbox without pushes."""
    Push.objects.all().delete()
