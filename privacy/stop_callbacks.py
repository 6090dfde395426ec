"""Stop orders posted to the switch, where it gave an address for them (docs/switch-api.md, "Stop orders").

Its 200 takes them. What it does not take is posted again after a few seconds, then each minute until its call is over;
the same order may arrive twice, and a switch that has obeyed it has nothing to do.
"""

import logging
import secrets
from datetime import datetime
from uuid import uuid4

import orjson
from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

from accounts.models import Upstream
from notifications import sending, signing
from privacy import stopping
from privacy.models import StopOrder

log = logging.getLogger(__name__)
TASK = "privacy.tasks.post_stop_orders"
SECONDS = 5.0
# After a failure; what is left after them is the timetable's, each minute.
PAUSES = (2, 5, 10, 20)
OK = 200


def announce(order: StopOrder) -> None:
    """Have the order posted once it is committed, if its switch wants that. While the broker is away, beat does it."""
    upstream = order.session.upstream
    if upstream.stop_url and order.taken_at is None:
        transaction.on_commit(lambda: _send_later(upstream.pk, 0, 0), robust=True)


def post_all(now: datetime) -> int:
    """Post what is open to every switch that gave an address; return how many orders were taken."""
    return sum(_post(upstream, now) for upstream in Upstream.objects.filter(stop_url__gt="").order_by("pk"))


def post(upstream_id: int, attempt: int, now: datetime) -> int:
    """Post what is open to one switch; return how many were taken. After a failure it is tried again soon."""
    upstream = Upstream.objects.filter(pk=upstream_id, stop_url__gt="").first()
    if upstream is None:
        return 0
    taken = _post(upstream, now)
    if not taken and attempt < len(PAUSES) and _open(upstream, now):
        _send_later(upstream_id, attempt + 1, PAUSES[attempt])
    return taken


def _post(upstream: Upstream, now: datetime) -> int:
    """Send one request with all open orders; its 200 takes them."""
    orders = _open(upstream, now)
    if not orders:
        return 0
    body = orjson.dumps({"stops": [stopping.shown(order) for order in orders]})
    headers = signing.vendor_headers(upstream.key, upstream.secret, nonce=secrets.token_hex(16), at=now, wsse=False)
    headers |= signing.webhook_headers(uuid4().hex, now, body, [signing.webhook_key(upstream.secret)])
    if not connection.in_atomic_block:
        connection.close()  # nobody waits for a switch with a connection of the database in hand
    sent = sending.send_and_wait(upstream.stop_url or "", headers, body, total=SECONDS)
    if sent.status != OK:
        told = sent.problem or f"HTTP {sent.status}"
        log.warning("upstream %s: %d stop orders were not taken: %s", upstream.code, len(orders), told)
        return 0
    return stopping.take(upstream, [order.pk for order in orders], now)


def _open(upstream: Upstream, now: datetime) -> list[StopOrder]:
    """Return the open orders whose call is not over."""
    return [order for order in stopping.open_orders(upstream, now) if stopping.is_live(order.session)]


def _send_later(upstream_id: int, attempt: int, pause: int) -> None:
    try:
        current_app.send_task(TASK, [upstream_id, attempt], countdown=pause, retry=False)
    except OperationalError:
        log.warning("upstream %s: the broker is away, stop orders wait for the timetable", upstream_id)
