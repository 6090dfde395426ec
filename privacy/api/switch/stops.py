"""/switch/v1/stops: orders to end a call, asked for by the switch, and taken (docs/switch-api.md, northbound.md 8)."""

from typing import Any

from django.http import HttpResponse

from common.errors import BadInput
from privacy import stopping
from privacy.api.switch.door import Asked, answer, door

LARGEST_ID = 2**63 - 1
CURE = 'send {"ids": [1, 2]} with the ids that a GET gave'


def show(asked: Asked) -> HttpResponse:
    """Answer with the orders for this switch's calls that it has not taken, oldest first."""
    orders = stopping.open_orders(asked.upstream, asked.now, app_key=asked.app_key)
    return answer({"stops": [stopping.shown(order) for order in orders]})


def take(asked: Asked) -> HttpResponse:
    """Mark orders as taken: they are handed out no more. Those of others, and unknown ones, change nothing."""
    ids = read(asked.parameters())
    return answer({"taken": stopping.take(asked.upstream, ids, asked.now, app_key=asked.app_key)})


def read(sent: dict[str, Any]) -> list[int]:
    """Return the ids. Raises BadInput."""
    ids = sent.get("ids")
    if not isinstance(ids, list):
        raise BadInput("ids", "is missing or no array", CURE)
    if len(ids) > stopping.AT_ONCE:
        raise BadInput("ids", f"holds more than {stopping.AT_ONCE}", "send them in several requests")
    return [_read_id(place, value) for place, value in enumerate(ids)]


def _read_id(place: int, value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_ID:
        raise BadInput(f"ids[{place}]", "is no id", CURE)
    return value


stops = door(GET=show, POST=take)
