"""What the dispatcher never connects to: every spelling of a forbidden address, and names whose answers change.

The canary listens where a forbidden spelling leads; not one connection may come to it.
"""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.tests.fixtures import *  # noqa: F403
from common import resolving
from common.tests import spellings
from notifications.models import Attempt, Push
from notifications.outbox import DuePush, enqueue
from notifications.tests.hostile import hostile_server
from notifications.tests.receiving import dispatching, until

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 1, tzinfo=UTC)
# Each is what a name server says: one after the other, the last one stays.
FLIPS = {
    "mixed.example": [["93.184.216.34", "127.0.0.1"]],
    "local.example": [["127.0.0.1"]],
    "six.example": [["::1"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "metadata.example": [["169.254.169.254"]],
    "hidden.example": [["64:ff9b::7f00:1"]],
    "inside.example": [["10.0.0.1", "93.184.216.34"]],
}


def queue(company, urls):
    """Queue a push to each URL, as if saving had let it through."""
    owner = company.application.pk, company.account.pk
    enqueue([DuePush(*owner, url, "fee", UUID(int=n + 1), n + 1, 1, AT, b"{}") for n, url in enumerate(urls)])


def test_no_spelling_of_a_forbidden_address_is_sent_to(acme):
    with hostile_server() as hostile:
        urls = sorted({url for url in spellings.at(hostile.canary) if len(url) <= 1024 and "\0" not in url})
        assert len(urls) >= 290
        queue(acme, urls)
        with dispatching():
            until(lambda: Attempt.objects.count() >= len(urls), 60)
        assert hostile.reached() == 0
    assert set(Attempt.objects.values_list("result", flat=True)) == {"forbidden"}
    # Nothing was sent, yet it is a try that failed: it is made again, and given up like any other.
    assert Push.objects.filter(attempt=1, state=0).count() == len(urls)


def test_a_name_is_judged_by_what_it_means_at_each_sending(acme, settings, monkeypatch):
    answers = dict(FLIPS)

    def look_up(host, port):
        told = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
        return [
            (10 if ":" in text else 2, 1, 6, "", (text, port, 0, 0) if ":" in text else (text, port)) for text in told
        ]

    monkeypatch.setattr(resolving, "addresses", look_up)
    with hostile_server() as hostile:
        flipping = f"http://flip.example:{hostile.plain}/status/500"
        settings.MASKLINE = settings.MASKLINE | {"push_allow_private": [f"flip.example:{hostile.plain}"]}
        answers["flip.example"] = [["127.0.0.1"], ["169.254.169.254"], ["127.0.0.1"]]
        queue(acme, [*(f"http://{name}:{hostile.canary}/" for name in FLIPS), flipping])
        with dispatching():
            for times in (1, 2, 3):
                until(lambda: Attempt.objects.filter(endpoint__url=flipping).count() == times, 20)  # noqa: B023
                until(lambda: Push.objects.filter(endpoint__url=flipping, attempt=times).exists(), 20)  # noqa: B023
                Push.objects.filter(endpoint__url=flipping).update(due_at=timezone.now())
            until(lambda: Attempt.objects.exclude(endpoint__url=flipping).count() >= len(FLIPS), 20)
        assert hostile.reached() == 0
        assert len(hostile.seen()) in (2, 3)
    flips = Attempt.objects.filter(endpoint__url=flipping).order_by("number")
    assert [attempt.result for attempt in flips][:3] == ["refused", "forbidden", "refused"]
    others = Attempt.objects.exclude(endpoint__url=flipping)
    assert {attempt.result for attempt in others} == {"forbidden"}
