"""The calls page and the search by number over HTTP, logged in, with few calls and with many (docs/bench.md).

The database of each size is made once and kept under a name of its own.
"""

import http.client
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from random import Random
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client

from accounts.models import StaffProfile, Upstream
from bench import cast, web
from bench.place import Place, open_place
from bench.result import Result
from common import partitions, sql
from common.keyring import keyring
from privacy.models import Call, Source

FEW = 10_000
START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = 150
ACCOUNTS, NUMBERS_EACH = 50, 20
# Each real number stands in about a hundred calls, so that a search fills its page in a database of any size.
CALLS_A_PERSON = 50
REQUESTS, WARM_UP = 200, 20
BUDGET_MS, BUDGET_RATIO = 300, 1.5


def run(rows: int) -> list[Result]:
    """Return a line for the page and one for the search: `rows` calls against FEW."""
    place = open_place()
    few, many = (_measured(place, size) for size in (FEW, rows))
    lines = (("console history page", "page"), ("console search by number", "search"))
    return [_line(name, few[what], many[what], rows) for name, what in lines]


def _line(name: str, few: float, many: float, rows: int) -> Result:
    return Result(
        name=name,
        figure=f"p95 {many:.0f} ms with {rows:,} calls",
        reference=f"p95 {few:.0f} ms with {FEW:,}",
        ratio=f"{many / few:.2f}x",
        budget=f"{BUDGET_MS} ms, {BUDGET_RATIO}x",
        met=many <= BUDGET_MS and many / few <= BUDGET_RATIO,
    )


def _measured(place: Place, size: int) -> dict[str, float]:
    """Return the 95th percentiles in milliseconds; make the database first if it is not there."""
    name, filling = f"maskline_bench_history_{size}", "maskline_bench_filling"
    if name in place.databases():
        place.migrate(name)
    else:
        place.copy(filling)
        place.call("bench.history:fill", size, filling)
        place.rename(filling, name)
    figures: dict[str, float] = place.call("bench.history:measure", size, name)
    return figures


def fill(size: int) -> None:
    """Make accounts, numbers and `size` calls of five months."""
    cast.make(accounts=ACCOUNTS, numbers_each=NUMBERS_EACH, issued_at=START)
    upstream = Upstream.objects.get()
    source = Source.objects.create(door=Source.Door.IMPORT, upstream=upstream)
    partitions.ensure(Call, Call.partition_interval, [START + timedelta(days=day) for day in range(0, DAYS + 1, 10)])
    with connection.cursor() as cursor:
        cursor.execute(sql.query("bench", "history_x"))
        cursor.execute(sql.query("bench", "history_numbers"))
        with cursor.copy("COPY bench_number FROM STDIN") as rows:
            for place in range(_people(size)):
                rows.write_row((place, keyring().seal(_person(place).encode())))
        parameters: dict[str, Any] = {
            "rows": size,
            "start": START,
            "days": DAYS,
            "upstream": upstream.pk,
            "source": source.pk,
        }
        cursor.execute(sql.query("bench", "history_calls"), parameters)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def measure(size: int) -> dict[str, float]:
    """Return the 95th percentile in milliseconds of the page, at random depths, and of a search by number."""
    rng, cookie, token = Random(size), _login(), "b" * 32
    with web.serving() as port:
        browser = _Browser(port, f"{cookie}; {settings.CSRF_COOKIE_NAME}={token}")

        def page() -> None:
            end = START + timedelta(days=DAYS * rng.uniform(0.2, 1))
            browser.get("/calls/?" + urlencode({"from": f"{START:%Y-%m-%d}", "to": f"{end:%Y-%m-%dT%H:%M}"}))

        def search() -> None:
            form = {"by": "number", "term": _person(rng.randrange(_people(size))), "csrfmiddlewaretoken": token}
            browser.get(browser.post("/calls/", form))

        return {"page": _percentile(page), "search": _percentile(search)}


class _Browser:
    """A person's browser: one kept connection, one session."""

    def __init__(self, port: int, cookies: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Cookie": cookies, "Host": "127.0.0.1"}

    def get(self, path: str) -> None:
        """Read a page that has calls on it."""
        self._connection.request("GET", path, headers=self._headers)
        response = self._connection.getresponse()
        body = response.read()
        if response.status != 200 or b"/calls/" not in body:
            raise AssertionError(f"{path.split('?')[0]} answered {response.status}")

    def post(self, path: str, form: dict[str, str]) -> str:
        """Send a form and return where it leads to."""
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", path, urlencode(form), self._headers | kind)
        response = self._connection.getresponse()
        response.read()
        if response.status != 303:
            raise AssertionError(f"{path} answered {response.status}")
        return response.headers["Location"]


def _login() -> str:
    """Return the session cookie of a support user."""
    user, _ = get_user_model().objects.get_or_create(username="bench", defaults={"is_staff": True})
    user.groups.add(Group.objects.get_or_create(name="support")[0])
    StaffProfile.objects.get_or_create(user=user)
    client = Client()
    client.force_login(user)
    cookies: SimpleCookie = client.cookies
    return f"{settings.SESSION_COOKIE_NAME}={cookies[settings.SESSION_COOKIE_NAME].value}"


def _percentile(work: Callable[[], None]) -> float:
    times = []
    for _ in range(WARM_UP + REQUESTS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return sorted(times[WARM_UP:])[REQUESTS * 95 // 100] * 1000


def _people(size: int) -> int:
    return size // CALLS_A_PERSON


def _person(place: int) -> str:
    return f"+861390{place:07d}"
