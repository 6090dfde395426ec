"""From a plan to the door: which Maskline is spoken to, in which batches, and what became of it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice

from django.conf import settings

from accounts.models import Upstream
from console.simulation import server
from console.simulation.records import Kind, Record
from console.simulation.sender import BATCH, Sender, Tally

Progress = Callable[[int, datetime], None]


@contextmanager
def door(upstream: Upstream, url: str | None) -> Iterator[Sender]:
    """Give a sender to the Maskline at `url`; without one, to the server of this installation, ours if none runs."""
    url = url or (settings.MASKLINE_PUBLIC_URL if server.listens(settings.MASKLINE_PUBLIC_URL) else None)
    if url is not None:
        with Sender(url, key=upstream.key, secret=upstream.secret) as sender:
            yield sender
        return
    with own_door(upstream) as sender:
        yield sender


@contextmanager
def own_door(upstream: Upstream) -> Iterator[Sender]:
    """Give a sender to a server of our own."""
    with (
        server.serving() as address,
        Sender(address, key=upstream.key, secret=upstream.secret, host=server.own_host()) as sender,
    ):
        yield sender


def deliver(sender: Sender, records: Iterable[Record], progress: Progress) -> tuple[Tally, Counter[Kind]]:
    """Send the records in their order; return what became of them and how many there were of each kind."""
    total, kinds = Tally(), Counter[Kind]()
    arriving = iter(records)
    while batch := list(islice(arriving, BATCH)):
        total += sender.send([record.push for record in batch])
        kinds.update(record.kind for record in batch)
        progress(total.received, batch[-1].arrives_at)
    return total, kinds
