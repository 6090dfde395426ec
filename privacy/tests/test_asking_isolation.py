"""Customers whose servers never answer, before the real web server: all others are served as ever (pushes.md 2.2)."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from accounts.tests import cast
from notifications.models import Attempt
from notifications.tests.hostile import Ports, hostile_server
from privacy.tests.binding_orders import bind
from privacy.tests.switch_client import CALLS
from tests.serving import empty_database, serving

pytestmark = pytest.mark.django_db
DEAD = 20
DEADLINE_SECONDS = 2
A, B = "+8613900000101", "+8613900000202"
AXB, LIVING = "+8617100000001", "+8617100000002"
CONNECT = {"operation": "connect", "connectInfo": {"calleeNum": B}}
FIRST_DEAD = 8617100001000


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[str, Ports]]:
    """Twenty applications in X mode with servers that never answer, one whose server does, and one in AXB."""
    with hostile_server() as ports, django_db_blocker.unblock():
        try:
            _people(ports)
            with serving(
                MASKLINE_WEB_THREADS="4",
                MASKLINE_ASK_CALL_SECONDS=str(DEADLINE_SECONDS),
                MASKLINE_PUSH_ALLOW_PRIVATE=f"127.0.0.1:{ports.plain}",
            ) as url:
                yield url, ports
        finally:
            empty_database()


def _people(ports: Ports) -> None:
    account = cast.make_account("acme")
    cast.make_upstream()
    bound = cast.make_application(account, "acmeAXB")
    cast.make_number(bound, AXB)
    bind(bound, A, B, x=AXB)
    answered = {"mode": "X", "call_status_url": ports.url("well", json.dumps(CONNECT))}
    cast.make_number(cast.make_application(account, "acmeLiving", **answered), LIVING)
    for turn in range(DEAD):
        silent = cast.make_application(account, f"acmeDead{turn}", "X", call_status_url=ports.url("never"))
        cast.make_number(silent, f"+{FIRST_DEAD + turn}")


class Switch:
    """Asks over one kept connection; remembers how long each answer took."""

    def __init__(self, url: str) -> None:
        self._wire = http.client.HTTPConnection(str(urlsplit(url).netloc), timeout=30)
        self.seconds: list[float] = []
        self._turn = 0

    def ask(self, x: str) -> Any:
        self._turn += 1
        body = json.dumps({"session_id": f"s-{id(self)}-{self._turn}", "x": x, "caller": A})
        headers = {"Content-Type": "application/json", **cast.signed_headers("switch1", now=datetime.now(UTC))}
        began = time.monotonic()
        self._wire.request("POST", CALLS, body, headers)
        with closing(self._wire.getresponse()) as response:
            said = json.loads(response.read())
        self.seconds.append(time.monotonic() - began)
        return said

    def p99(self) -> float:
        return sorted(self.seconds)[int(len(self.seconds) * 0.99) - 1]


def test_twenty_dead_servers_hold_up_nobody_else(world: tuple[str, Ports]) -> None:
    url, _ = world
    alone = Switch(url)
    for _ in range(100):
        assert alone.ask(AXB)["decision"] == "connect"
    assert alone.ask(LIVING)["decision"] == "connect"
    over = threading.Event()

    def hammer(turn: int) -> tuple[list[float], set[int]]:
        dead, codes = Switch(url), set()
        while not over.is_set():
            codes.add(dead.ask(f"+{FIRST_DEAD + turn}")["state_code"])
            over.wait(0.5)
        return dead.seconds, codes

    beside, living = Switch(url), Switch(url)
    with ThreadPoolExecutor(DEAD) as pool:
        dead = [pool.submit(hammer, turn) for turn in range(DEAD)]
        time.sleep(0.3)
        began = time.monotonic()
        while time.monotonic() - began < 6:
            assert beside.ask(AXB)["decision"] == "connect"
            assert living.ask(LIVING)["decision"] == "connect"
            time.sleep(0.005)
        idle = _in_transaction()
        over.set()
        results = [one.result() for one in dead]
    assert set().union(*(codes for _, codes in results)) == {8020}
    assert max(max(seconds) for seconds, _ in results) < DEADLINE_SECONDS + 1
    assert idle == 0
    assert len(beside.seconds) > 10
    # Whoever waited behind one of them would have waited the deadline; what is left is a busy machine.
    assert beside.p99() < DEADLINE_SECONDS / 2 + alone.p99()
    assert living.p99() < DEADLINE_SECONDS / 2 + alone.p99()


def _in_transaction() -> int:
    """Return how many sessions of the server keep a transaction open."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
        )
        return int(cursor.fetchone()[0])


def test_each_question_was_kept_and_few_were_let_out(world: tuple[str, Ports]) -> None:
    _, ports = world
    counted = dict.fromkeys(("timeout", "not_asked", "delivered"), 0)
    for result in Attempt.objects.values_list("result", flat=True):
        counted[result] += 1
    assert counted["delivered"] > 10
    assert counted["not_asked"] > counted["timeout"] > 1
    asked = [request for request in ports.seen() if request["path"] == "/never"]
    assert len(asked) == counted["timeout"]
