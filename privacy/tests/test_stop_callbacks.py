"""Stop orders posted to the switch's own address: signed, tried again, taken by its 200."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import timezone

from accounts import headers
from accounts.authentication import authenticate
from accounts.tests.fixtures import *  # noqa: F403
from privacy import stop_callbacks, stopping
from privacy.models import StopOrder
from privacy.stop_callbacks import PAUSES
from privacy.tests import wires
from privacy.tests.deliveries import deliver

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Switch:
    """The far end: what it was sent, and the statuses that it answers with, the last one for ever."""

    port: int = 0
    statuses: list[int] = field(default_factory=lambda: [200])
    got: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)


@pytest.fixture
def far_end(settings: Any) -> Iterator[Switch]:
    switch = Switch()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            switch.got.append((dict(self.headers), json.loads(body)))
            status = switch.statuses.pop(0) if len(switch.statuses) > 1 else switch.statuses[0]
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    switch.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": (f"127.0.0.1:{switch.port}",)}
    yield switch
    server.shutdown()
    server.server_close()


@pytest.fixture
def announced() -> Iterator[list[tuple[list[int], int]]]:
    """What was given to the broker: arguments and countdown."""
    sent: list[tuple[list[int], int]] = []
    with patch(
        "privacy.stop_callbacks.current_app.send_task", lambda _n, a, countdown, retry: sent.append((a, countdown))
    ):
        yield sent


@pytest.fixture
def ordered(acme, switch1, far_end, announced):
    """A live call of Acme's, ordered to end, at a switch with an address."""
    switch1.stop_url = f"http://127.0.0.1:{far_end.port}/stops"
    switch1.save()
    now = timezone.now()
    deliver(switch1, wires.event("callin", sessionId="s-1", timestamp=f"{now:%Y-%m-%d %H:%M:%S}"), now=now)
    order = stopping.stop(acme.application, "s-1", request_id=None, now=now)
    stop_callbacks.announce(order)
    return order


def test_an_order_is_announced_posted_and_taken(ordered, switch1, far_end, announced):
    assert announced == [([switch1.pk, 0], 0)]
    assert stop_callbacks.post(switch1.pk, 0, timezone.now()) == 1
    sent, body = far_end.got[0]
    assert [(order["id"], order["session_id"]) for order in body["stops"]] == [(ordered.pk, "s-1")]
    assert headers.key_of(sent) == "switch1"
    principal = authenticate(sent, address="127.0.0.1", door="upstream", now=datetime.now(UTC))
    assert principal.upstream == switch1  # as the switch itself would check it
    assert StopOrder.objects.get().taken_at is not None
    assert stop_callbacks.post_all(timezone.now()) == 0 and len(far_end.got) == 1


def test_what_is_not_taken_is_posted_again_and_then_each_minute(ordered, switch1, far_end, announced):
    far_end.statuses = [500, 302, 404, 503, 503, 200]
    for attempt in range(len(PAUSES) + 1):
        assert stop_callbacks.post(switch1.pk, attempt, timezone.now()) == 0
    assert announced[1:] == [([switch1.pk, n + 1], pause) for n, pause in enumerate(PAUSES)]
    assert stop_callbacks.post_all(timezone.now()) == 1
    assert len(far_end.got) == 6


def test_a_call_that_is_over_is_not_posted(ordered, switch1, far_end):
    ended = f"{timezone.now():%Y-%m-%d %H:%M:%S}"
    deliver(switch1, wires.event("disconnect", sessionId="s-1", timestamp=ended), now=timezone.now())
    assert stop_callbacks.post_all(timezone.now()) == 0
    assert far_end.got == []


def test_an_address_that_is_not_allowed_is_never_connected_to(ordered, switch1, far_end, settings):
    settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": ()}
    assert stop_callbacks.post(switch1.pk, 0, timezone.now()) == 0
    assert far_end.got == []
    assert stopping.open_orders(switch1, timezone.now()) == [ordered]  # polling gives it still


def test_a_switch_without_an_address_is_left_to_ask(acme, switch1, announced):
    now = timezone.now()
    deliver(switch1, wires.event("callin", sessionId="s-2", timestamp=f"{now:%Y-%m-%d %H:%M:%S}"), now=now)
    stop_callbacks.announce(stopping.stop(acme.application, "s-2", request_id=None, now=now))
    assert announced == []
    assert stop_callbacks.post_all(now) == 0
