"""One endpoint that hangs, one that drips, one that resets, one that never ends, among fifty: the others stay well."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from accounts.models import Account, Application
from bench.pushes import receiving
from bench.rig import journal, receiver, records
from notifications.models import Attempt, Endpoint, Push
from notifications.outbox import DuePush, enqueue
from notifications.tests.receiving import dispatching, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
BAD = ("hang", "drip", "reset", "endless")
ENDPOINTS, EACH, STEPS = 50, 24, 6


def queue(port: int, *, bad: bool) -> int:
    """Queue EACH pushes, in calls of STEPS, to every endpoint; return how many go to the good ones."""
    account = Account.objects.get_or_create(code="acme", defaults={"name": "Acme"})[0]
    other = Account.objects.get_or_create(code="bolt", defaults={"name": "Bolt"})[0]
    due = []
    for index in range(ENDPOINTS):
        behaviour = BAD[index] if index < len(BAD) else "well"
        if behaviour != "well" and not bad:
            continue
        owner = other if index % 2 else account
        application = Application.objects.get_or_create(
            app_key=f"acmeKey{index}",
            defaults={"account": owner, "app_secret": records.SECRET, "name": "a", "mode": "AXB"},
        )[0]
        url = f"http://127.0.0.1:{port}/{behaviour}/{index}"
        for number in range(EACH):
            session, step, now = f"{index}-{number // STEPS}", number % STEPS, datetime.now(UTC)
            body = json.dumps(records.record(records.Customer(index), session, step, now)).encode()
            call = (index << 32) + number // STEPS
            due.append(DuePush(application.pk, owner.pk, url, "event", uuid4(), call, step + 1, now, body))
    enqueue(due, new_causes=True)
    return (ENDPOINTS - len(BAD)) * EACH


def well(log: Path) -> list[journal.Line]:
    """Return the requests that came to the good endpoints."""
    return [line for line in journal.read(log) if "/well/" in line["to"]]


def seconds(log: Path, *, bad: bool) -> float:
    """Return how long it took until the good endpoints had all that was queued for them."""
    with receiving(log) as port:
        count = queue(port, bad=bad)
        good = Push.objects.filter(endpoint__url__contains="/well/")
        with dispatching():
            until(lambda: not good.exists(), 60)
            if bad:
                until(lambda: Attempt.objects.exclude(endpoint__url__contains="/well/").exists(), 20)
                seen = receiver.seen(port)["most_at_once"]
                assert all(most <= 8 for most in seen.values()), seen
    came = well(log)
    assert len(came) == len({line["id"] for line in came}) == count
    times = sorted(float(line["came"]) for line in came)
    return times[-1] - times[0]


def test_bad_servers_cost_the_others_nothing(tmp_path, settings):
    settings.MASKLINE = settings.MASKLINE | {"push_allow_private": ["1"]}
    alone = seconds(tmp_path / "alone.jsonl", bad=False)
    beside = seconds(tmp_path / "beside.jsonl", bad=True)
    assert beside <= 2 * alone + 1, (alone, beside)
    steps: Counter[str] = Counter()
    for line in well(tmp_path / "beside.jsonl"):
        session, step = line["key"]
        assert step == steps[session], "out of order"
        steps[session] += 1
    results = dict(
        Attempt.objects.exclude(endpoint__url__contains="/well/").values_list("endpoint__url", "result").distinct()
    )
    told = {url.split("/")[3]: result for url, result in results.items()}
    assert told["reset"] == "unreachable" and told["endless"] == "delivered"
    assert Endpoint.objects.filter(url__contains="/reset/").get().state == "failing"
