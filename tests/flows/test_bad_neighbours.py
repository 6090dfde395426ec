"""One endpoint that hangs, one that drips, one that resets, one that never ends, among fifty: the others stay well."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from uuid import uuid4

import pytest

from accounts.models import Account, Application
from bench.pushes import receiving
from bench.rig import journal, receiver, records
from notifications.models import Attempt, Endpoint, Push
from notifications.outbox import DuePush, enqueue
from notifications.tests.receiving import dispatching, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(300)]
BAD = ("hang", "drip", "reset", "endless")
ENDPOINTS, EACH, STEPS = 50, 24, 6
# More than there are places for requests, each a call of its own: nothing but the caps keeps them from taking all.
TO_BAD = 40
MOST_AT_ONCE = 8
TIMEOUT_SECONDS = 10.0
FRESH = 12


class Neighbours:
    """Endpoints at one receiver, each of an application of its own; two customers share them."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._accounts = [Account.objects.create(code=code, name=code) for code in ("acme", "bolt")]
        self._applications: dict[int, Application] = {}
        self._calls = 0

    def queue(self, behaviour: str, indexes: Sequence[int], *, each: int, steps: int) -> None:
        """Queue so many pushes to each of these endpoints, in calls of so many steps."""
        due = []
        for index in indexes:
            for number in range(each):
                self._calls += number % steps == 0
                due.append(self._push(behaviour, index, number % steps))
        enqueue(due, new_causes=True)

    def _push(self, behaviour: str, index: int, step: int) -> DuePush:
        application = self._application(index)
        url, now = f"http://127.0.0.1:{self._port}/{behaviour}/{index}", datetime.now(UTC)
        body = json.dumps(records.record(records.Customer(index), f"c{self._calls}", step, now)).encode()
        return DuePush(application.pk, application.account_id, url, "event", uuid4(), self._calls, step + 1, now, body)

    def _application(self, index: int) -> Application:
        if index not in self._applications:
            self._applications[index] = Application.objects.create(
                account=self._accounts[index % 2],
                app_key=f"key{index}",
                app_secret=records.SECRET,
                name="a",
                mode="AXB",
            )
        return self._applications[index]


def well(log: Path) -> list[journal.Line]:
    """Return the requests that came to the good endpoints."""
    return [line for line in journal.read(log) if "/well/" in line["to"]]


def drained(neighbours: Neighbours, log: Path) -> float:
    """Return how long a backlog for the good endpoints takes from the first request to the last."""
    before = len(well(log))
    neighbours.queue("well", range(len(BAD), ENDPOINTS), each=EACH, steps=STEPS)
    wanted = before + (ENDPOINTS - len(BAD)) * EACH
    wait_for(log, wanted)
    times = [float(line["came"]) for line in well(log)[before:]]
    return max(times) - min(times)


def wait_for(log: Path, requests: int) -> None:
    """Wait until so many requests came to the good endpoints."""

    def came() -> bool:
        time.sleep(0.05)
        return len(well(log)) >= requests

    until(came, 90)


def fresh(neighbours: Neighbours, log: Path) -> list[float]:
    """Return how long single pushes take to the good endpoints, one after the other."""
    took = []
    for index in range(len(BAD), len(BAD) + FRESH):
        before, began = len(well(log)), time.monotonic()
        neighbours.queue("well", [index], each=1, steps=1)
        wait_for(log, before + 1)
        took.append(float(well(log)[-1]["came"]) - began)
    return took


def test_bad_servers_cost_the_others_nothing(tmp_path, settings):
    settings.MASKLINE = settings.MASKLINE | {"push_allow_private": ["1"]}
    log = tmp_path / "came.jsonl"
    with receiving(log) as port, dispatching():
        neighbours = Neighbours(port)
        alone = drained(neighbours, log)
        for index, behaviour in enumerate(BAD):
            neighbours.queue(behaviour, [index], each=TO_BAD, steps=1)
        until(lambda: len({line["to"] for line in journal.read(log) if "/well/" not in line["to"]}) == len(BAD), 60)
        beside = drained(neighbours, log)
        took = fresh(neighbours, log)
        most = receiver.seen(port)["most_at_once"]
        until(lambda: not Push.objects.filter(endpoint__url__contains="/well/").exists(), 60)
        until(lambda: Attempt.objects.filter(endpoint__url__contains="/endless/").exists(), 60)
        until(lambda: Endpoint.objects.get(url__contains="/reset/").state == "failing", 60)
    # Whoever waited for a bad server had waited for the end of its time.
    assert beside <= 3 * alone + TIMEOUT_SECONDS / 2, (alone, beside)
    assert median(took) <= TIMEOUT_SECONDS / 4, took
    assert most["/hang/0"] == most["/drip/1"] == MOST_AT_ONCE, most
    assert_good_ones_have_everything_once_and_in_order(log)
    results = Attempt.objects.exclude(endpoint__url__contains="/well/").values_list("endpoint__url", "result")
    told = {url.split("/")[3]: result for url, result in results}
    assert told["reset"] == "unreachable" and told["endless"] == "delivered"


def assert_good_ones_have_everything_once_and_in_order(log: Path) -> None:
    came = well(log)
    assert len(came) == len({line["id"] for line in came}) == 2 * (ENDPOINTS - len(BAD)) * EACH + FRESH
    steps: Counter[str] = Counter()
    for line in came:
        session, step = line["key"]
        assert step == steps[session], "out of order"
        steps[session] += 1
