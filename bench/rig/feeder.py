"""Commits pushes by the clock, one a transaction: python -m bench.rig.feeder, told what to do by one JSON line.

It writes to the outbox with the product's own function, as the door does, and notes when each was committed. An open
loop: the clock waits for nothing.
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import django

from bench.rig import records
from bench.rig.journal import Journal
from bench.rig.records import STEPS, Customer

# Calls that are told at the same time.
CALLS = 200
# A commit waits for the disk; so many wait at once.
CONNECTIONS = 8
# A machine too slow for the rate commits fewer: it goes on for as many times the seconds, no longer.
PATIENCE = 1.5


@dataclass(frozen=True)
class Orders:
    """For which applications ((id, account, URL) each), how many a second, for how long; the log; who feeds."""

    applications: list[tuple[int, int, str]]
    rate: float
    seconds: float
    log: str
    name: int


def main(orders: Orders) -> None:
    """Feed until the time is over."""
    django.setup()
    from django.db import transaction  # noqa: PLC0415  # Django is set up by then

    from notifications import hints  # noqa: PLC0415
    from notifications.outbox import enqueue  # noqa: PLC0415

    journal = Journal(Path(orders.log))
    began = time.monotonic() + 0.2
    numbers = iter(range(int(orders.rate * orders.seconds)))
    lock = threading.Lock()

    def feed() -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            time.sleep(max(0.0, began + number / orders.rate - time.monotonic()))
            if time.monotonic() > began + orders.seconds * PATIENCE:
                return
            push = due(orders, number)
            with transaction.atomic():
                enqueue([push], new_causes=True)
                hints.hint_on_commit()
            journal.append([{"key": records.identity(push.body), "to": push.url, "at": time.monotonic()}])

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for done in [pool.submit(feed) for _ in range(CONNECTIONS)]:
            done.result()


def due(orders: Orders, number: int):  # type: ignore[no-untyped-def]
    """Return the push number so-and-so: calls take turns, each goes on when its turn comes again."""
    from notifications.outbox import DuePush  # noqa: PLC0415  # Django is set up by then

    call = number % CALLS + number // (CALLS * len(STEPS)) * CALLS
    step = number // CALLS % len(STEPS)
    application, account, url = orders.applications[call % len(orders.applications)]
    now = datetime.now(UTC)
    session = f"feed-{orders.name}-{call}"
    body = json.dumps(records.record(Customer(call % len(orders.applications)), session, step, now)).encode()
    order_key = (orders.name + 1) * 1_000_000_000 + call
    return DuePush(application, account, url, "event", uuid4(), order_key, step + 1, now, body)


if __name__ == "__main__":
    main(Orders(**json.loads(sys.argv[1])))
