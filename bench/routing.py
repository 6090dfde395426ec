"""Call routing decisions over HTTP: how fast one comes, how many come beside an empty view, and with many bindings.

Every call is one that is put through: a party of an AXB binding dials its X, each time in a session of its own. The
headers are signed beforehand.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from statistics import median, quantiles

import orjson
from django.db import connection

from bench import cast, load, web
from bench.result import Result
from bench.urls import EMPTY
from common import sql
from common.keyring import keyring
from console.simulation.sender import signed_headers
from privacy.bindings import keys
from privacy.models import Binding

PATH = "/switch/v1/calls"
FEW = 10_000
APPLICATIONS, NUMBERS_EACH = 10, 40
NUMBERS = APPLICATIONS * NUMBERS_EACH
ISSUED_AT = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE = 100_000
CLIENTS = 4
WARM_UP, REQUESTS, ROUNDS = 400, 1_500, 5
# Open loop: requests leave by the clock, whether or not the ones before are answered.
RATE, PACED_SECONDS, PACED_CLIENTS = 300, 10, 24
BUDGET, BUDGET_RATIO, BUDGET_MS = 0.5, 1.3, 10.0
ENVIRONMENT = {"DJANGO_SETTINGS_MODULE": "bench.settings"}


def run(rows: int) -> list[Result]:
    """Return a line for the rate, one for the time of a decision, one for `rows` bindings against FEW."""
    lines = cast.make(accounts=APPLICATIONS, numbers_each=NUMBERS_EACH, issued_at=ISSUED_AT)
    numbers = [line.number for line in lines]
    few_rows = min(FEW, rows)
    _people()
    _fill(0, few_rows)
    with web.serving(ENVIRONMENT) as port:
        client = _Client(port, numbers, few_rows)
        empty, few = client.rates()
        _fill(few_rows, rows - few_rows)
        client.bound = rows
        client.warm_up()
        many_empty, many = client.rates()
        p99 = client.p99()
    growth = (few / empty) / (many / many_empty)
    return [
        Result(
            name="call routing decision",
            figure=f"{many:,.0f} decisions/s with {rows:,} bindings",
            reference=f"empty view {many_empty:,.0f}/s",
            ratio=f"{many / many_empty:.0%}",
            budget=f"{BUDGET:.0%}",
            met=many / many_empty >= BUDGET,
        ),
        Result(
            name=f"call routing at {RATE}/s",
            figure=f"p99 {p99:.1f} ms",
            reference="open loop",
            ratio="-",
            budget=f"{BUDGET_MS:.0f} ms",
            met=p99 <= BUDGET_MS,
        ),
        Result(
            name="call routing with many bindings",
            figure=f"{1000 / many:.2f} ms a decision with {rows:,}",
            reference=f"{1000 / few:.2f} ms with {few_rows:,}",
            # The machine may have become slower or faster in between: the empty view tells by how much.
            ratio=f"{growth:.2f}x",
            budget=f"{BUDGET_RATIO}x",
            met=growth <= BUDGET_RATIO,
        ),
    ]


class _Client:
    """A switch that asks about new calls all the time."""

    def __init__(self, port: int, numbers: list[str], bound: int) -> None:
        self.bound = bound
        self._port, self._numbers = port, numbers
        self._rng = Random("bench")
        self._asked = 0
        self.warm_up()

    def warm_up(self) -> None:
        """Have every process know its statements and rows, and the database that there are sessions.

        Plans made while there are none read the whole table, until it is looked at again (within a minute).
        """
        for make in (self._empty, self._call):
            load.drive(self._port, [make() for _ in range(WARM_UP)], CLIENTS)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE privacy_session")

    def rates(self) -> tuple[float, float]:
        """Return requests a second of the empty view and of decisions: the medians of rounds taken in turn."""
        rounds = [(self._rate(self._empty), self._rate(self._call)) for _ in range(ROUNDS)]
        empty, calls = zip(*rounds, strict=True)
        return median(empty), median(calls)

    def p99(self) -> float:
        """Return the 99th percentile of the milliseconds from when a request was due to its whole answer."""
        requests = [self._call() for _ in range(RATE * PACED_SECONDS)]
        seconds, answers = load.paced(self._port, requests, RATE, PACED_CLIENTS)
        _check(answers)
        return 1000 * quantiles(seconds, n=100)[98]

    def _rate(self, make: Callable[[], bytes]) -> float:
        seconds, answers = load.drive(self._port, [make() for _ in range(REQUESTS)], CLIENTS)
        if make == self._call:
            _check(answers)
        return REQUESTS / seconds

    def _empty(self) -> bytes:
        return self._request(f"/{EMPTY}")

    def _call(self) -> bytes:
        return self._request(PATH)

    def _request(self, path: str) -> bytes:
        self._asked += 1
        drawn = self._rng.randrange(self.bound)
        place = drawn % NUMBERS
        person = (drawn // NUMBERS * 2 + self._rng.randrange(2) + place * 37) % PEOPLE
        body = {
            "session_id": f"{self._asked}_{self._rng.getrandbits(64):x}@bench",
            "x": self._numbers[place],
            "caller": _number(person),
        }
        signed = signed_headers("bench", cast.SECRET, now=datetime.now(UTC))
        return load.request("POST", path, signed, orjson.dumps(body))


def _check(answers: list[bytes]) -> None:
    for answer in answers:
        if b'"decision":"connect"' not in answer:
            raise AssertionError(f"a call of the benchmark was not put through: {answer[-500:]!r}")


def _number(place: int) -> str:
    return f"+861370{place:07d}"


def _people() -> None:
    """Have people to bind, each sealed and with his key."""
    # Computed first: what hashes are made with is read by the connection that copies.
    people = [(place, keyring().seal(_number(place).encode()), keys.caller(_number(place))) for place in range(PEOPLE)]
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNLOGGED TABLE bench_person (place bigint PRIMARY KEY, sealed bytea, key bytea)")
        with cursor.copy("COPY bench_person FROM STDIN") as rows:
            for person in people:
                rows.write_row(person)


def _fill(start: int, count: int) -> None:
    """Make so many bindings by SQL, evenly spread over the numbers, with their routes and counters."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_drawn")
        values = {"start": start, "count": count, "people": PEOPLE}
        for name in ("routing_drawn", "bind_bindings", "routing_routes", "bind_counters"):
            cursor.execute(sql.query("bench", name), values)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    assert Binding.objects.count() == start + count
