"""What one customer's long queue costs the fresh pushes of others (docs/bench.md)."""

import tempfile
from pathlib import Path
from statistics import median

from django.db import connection

from bench import pushes
from bench.result import Result
from common.keyring import keyring
from notifications.outbox import endpoint_id

ENDPOINTS, RATE, SECONDS, FEEDERS = 10, 200, 10.0, 1
CALLS = 1_000
# What `reliability.md` G10 allows.
MOST_MS = 100.0
FILL = """
INSERT INTO notifications_push
    (id, endpoint_id, account_id, application_id, shard, kind, cause_id, order_key, sequence, body)
SELECT gen_random_uuid(), e.id, e.account_id, e.application_id, e.shard, 'event', gen_random_uuid(),
       n %% %(calls)s, n / %(calls)s + 1, %(body)s
FROM generate_series(1, %(rows)s) AS n, notifications_endpoint AS e
WHERE e.id = %(endpoint)s
"""


def run(rows: int) -> list[Result]:
    """Return the line for RATE fresh events a second beside `rows` pushes that wait for one other customer."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "came.jsonl"
        with pushes.receiving(log) as port, pushes.dispatching():
            busy, *owners = [
                (*owner, f"http://127.0.0.1:{port}/well/{index}")
                for index, owner in enumerate(pushes.customers(ENDPOINTS + 1))
            ]
            pushes.fed(owners, RATE, 2.0, FEEDERS, log)
            alone = pushes.fed(owners, RATE, SECONDS, FEEDERS, log, name=FEEDERS)
            _queue(busy, rows)
            beside = pushes.fed(owners, RATE, SECONDS, FEEDERS, log, name=2 * FEEDERS)
    before, then = pushes.p99(alone), pushes.p99(beside)
    return [
        Result(
            name="fresh pushes beside a long queue",
            figure=f"p99 {then:.0f} ms, p50 {1000 * median(beside):.0f} ms",
            reference=f"p99 {before:.0f} ms without",
            ratio=f"{then - before:+.0f} ms",
            budget=f"{MOST_MS:+.0f} ms",
            met=then - before <= MOST_MS,
        )
    ]


def _queue(owner: pushes.Owner, rows: int) -> None:
    application, account, url = owner
    values = {"endpoint": endpoint_id(application, account, url), "calls": CALLS, "rows": rows}
    with connection.cursor() as cursor:
        cursor.execute(FILL, values | {"body": keyring().seal_body(pushes.BODY)})
