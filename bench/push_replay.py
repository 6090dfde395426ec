"""Fresh pushes while old ones are sent again, and without (docs/bench.md)."""

import tempfile
import threading
from pathlib import Path
from statistics import median

from django.db import connection
from django.utils import timezone

from accounts.models import Account, Application
from bench import pushes
from bench.result import Result
from notifications import replay, replaying
from notifications.listing import DELIVERED

ENDPOINTS, RATE, FEEDERS = 10, 100, 1
FILL_RATE, SECONDS = 1_000, 15.0
# What `reliability.md` G14 allows.
TIMES = 2.0


def run(rows: int) -> list[Result]:
    """Return the line for RATE fresh events a second while `rows` old pushes are being sent again."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "came.jsonl"
        with pushes.receiving(log) as port, pushes.dispatching():
            owners = [
                (*owner, f"http://127.0.0.1:{port}/well/{index}")
                for index, owner in enumerate(pushes.customers(ENDPOINTS))
            ]
            for application_id, _, url in owners:
                Application.objects.filter(pk=application_id).update(call_status_url=url)
            pushes.fed(owners, FILL_RATE, rows / FILL_RATE, FEEDERS, log)
            pushes.wait_until_noted([url for _, _, url in owners])
            alone = pushes.fed(owners, RATE, SECONDS, FEEDERS, log, name=FEEDERS)
            pushes.wait_until_noted([url for _, _, url in owners])
            queueing = threading.Thread(target=queue_all, args=[owners])
            queueing.start()
            beside = pushes.fed(owners, RATE, SECONDS, FEEDERS, log, name=2 * FEEDERS)
            under_way = queueing.is_alive()
            cancel_all()
            queueing.join()
    if not under_way:
        raise AssertionError("the replays were over before the fresh pushes")
    ratio = pushes.p99(beside) / pushes.p99(alone)
    return [
        Result(
            name="fresh pushes beside a replay",
            figure=f"p99 {pushes.p99(beside):.0f} ms, p50 {1000 * median(beside):.0f} ms",
            reference=f"p99 {pushes.p99(alone):.0f} ms, p50 {1000 * median(alone):.0f} ms without",
            ratio=f"{ratio:.1f}",
            budget=f"{TIMES:.0f} x",
            met=ratio <= TIMES,
        )
    ]


def cancel_all() -> None:
    """Stop what is still being queued."""
    for row in replaying.open_replays():
        replay.cancel(row, timezone.now())


def queue_all(owners: list[pushes.Owner]) -> None:
    """Have everything that arrived sent again."""
    for _, account_id, _ in owners:
        account = Account.objects.get(pk=account_id)
        replay.ask(account, None, replay.Choice(state=DELIVERED), announce=False)
    while replaying.open_replays():
        replaying.run(10.0)
    connection.close()
