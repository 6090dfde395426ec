"""Signed AXB binds over HTTP, against an empty view on the same server; and with few and many bindings (docs/bench.md).

Every X is of one city, and each bind names the city: the platform selects the X. The headers are signed beforehand.
Flow control is at work, with a limit that is never reached.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from statistics import median

import orjson
from django.db import connection

from bench import cast, load, web
from bench.result import Result
from bench.urls import EMPTY
from common import sql
from common.keyring import keyring
from console.simulation.sender import signed_headers
from privacy.models import Binding, Number

PATH = "/rest/caas/relationnumber/partners/v1.0"
CITY = "0755"
FEW = 1_000
APPLICATIONS, NUMBERS_EACH = 10, 40
ISSUED_AT = datetime(2026, 1, 1, tzinfo=UTC)
PEOPLE = 100_000
CLIENTS = 4
WARM_UP, REQUESTS, ROUNDS = 200, 1_000, 5
BUDGET, BUDGET_RATIO = 0.25, 1.3
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "bench.settings",
    "MASKLINE_FLOW_RATE": "1000000",
    "MASKLINE_FLOW_BURST": "10000000",
}


def run(rows: int) -> list[Result]:
    """Return a line for the bind, and one for the bind with `rows` bindings against FEW."""
    lines = cast.make(accounts=APPLICATIONS, numbers_each=NUMBERS_EACH, issued_at=ISSUED_AT)
    Number.objects.update(area_code=CITY)
    keys = sorted({line.app_key for line in lines})
    _fill(FEW)
    with web.serving(ENVIRONMENT) as port:
        client = _Client(port, keys)
        empty, few = client.rates()
        _fill(rows - Binding.objects.count())
        many_empty, many = client.rates()
    return [
        Result(
            name="bind over HTTP, signed",
            figure=f"{few:,.0f} binds/s",
            reference=f"empty view {empty:,.0f}/s",
            ratio=f"{few / empty:.0%}",
            budget=f"{BUDGET:.0%}",
            met=few / empty >= BUDGET,
        ),
        Result(
            name="bind with many bindings",
            figure=f"{1000 / many:.2f} ms a bind with {rows:,}",
            reference=f"{1000 / few:.2f} ms with {FEW:,}",
            # The machine may have become slower or faster in between: the empty view tells by how much.
            ratio=f"{_growth(few / empty, many / many_empty):.2f}x",
            budget=f"{BUDGET_RATIO}x",
            met=_growth(few / empty, many / many_empty) <= BUDGET_RATIO,
        ),
    ]


def _growth(few: float, many: float) -> float:
    return few / many


class _Client:
    """Customers' servers that bind new pairs all the time."""

    def __init__(self, port: int, keys: list[str]) -> None:
        self._port = port
        self._keys = keys
        self._rng = Random("bench")
        self._bound = 0
        for make in (self._empty, self._bind):
            load.drive(port, [make() for _ in range(WARM_UP)], CLIENTS)

    def rates(self) -> tuple[float, float]:
        """Return requests a second of the empty view and of the bind: the medians of rounds taken in turn."""
        rounds = [(self._rate(self._empty), self._rate(self._bind)) for _ in range(ROUNDS)]
        empty, bind = zip(*rounds, strict=True)
        return median(empty), median(bind)

    def _rate(self, make: Callable[[], bytes]) -> float:
        seconds, answers = load.drive(self._port, [make() for _ in range(REQUESTS)], CLIENTS)
        for answer in answers:
            if not answer.startswith(b"HTTP/1.1 200"):
                raise AssertionError(f"a request of the benchmark was refused: {answer[-300:]!r}")
        return REQUESTS / seconds

    def _empty(self) -> bytes:
        return self._request(f"/{EMPTY}")

    def _bind(self) -> bytes:
        return self._request(PATH)

    def _request(self, path: str) -> bytes:
        self._bound += 1
        body = {
            "callerNum": f"+861380{self._bound:07d}",
            "calleeNum": f"+861390{self._bound:07d}",
            "areaCode": CITY,
            "callDirection": 0,
            "duration": 7200,
            "userData": f"order-{self._bound}",
        }
        signed = signed_headers(self._rng.choice(self._keys), cast.SECRET, now=datetime.now(UTC))
        return load.request("POST", path, signed | {"Accept": "application/json"}, orjson.dumps(body))


def _fill(count: int) -> None:
    """Make so many bindings by SQL, evenly spread over the numbers, with their routes and counters."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNLOGGED TABLE IF NOT EXISTS bench_person (place bigint PRIMARY KEY, sealed bytea)")
        cursor.execute("SELECT count(*) FROM bench_person")
        if cursor.fetchone() == (0,):
            with cursor.copy("COPY bench_person FROM STDIN") as rows:
                for place in range(PEOPLE):
                    rows.write_row((place, keyring().seal(f"+861370{place:07d}".encode())))
        cursor.execute("DROP TABLE IF EXISTS bench_drawn")
        for name in ("bind_drawn", "bind_bindings", "bind_routes", "bind_counters"):
            cursor.execute(sql.query("bench", name), {"count": count, "people": PEOPLE})
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
