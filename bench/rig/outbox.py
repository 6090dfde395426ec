"""What the product says became of each push: python -m bench.rig.outbox FILE, in the product's environment."""

import sys
from collections.abc import Iterator
from pathlib import Path

import django

from bench.rig import records
from bench.rig.journal import Journal, Line


def rows() -> Iterator[Line]:
    """Yield the record and the state of every push: what waits, what was given up, what was delivered."""
    from notifications.models import Attempt, Push  # noqa: PLC0415  # Django is set up by then

    states = {Push.State.PENDING: "pending", Push.State.DEAD: "dead", Push.State.PARKED: "parked"}
    for push in Push.objects.iterator():
        yield {"key": records.identity(push.body), "state": states[Push.State(push.state)], "id": push.pk.hex}
    for attempt in Attempt.objects.filter(result=Attempt.Result.DELIVERED, body__isnull=False).iterator():
        yield {"key": records.identity(bytes(attempt.body or b"")), "state": "delivered", "id": attempt.push_id.hex}


if __name__ == "__main__":
    django.setup()
    Journal(Path(sys.argv[1])).append(rows())
