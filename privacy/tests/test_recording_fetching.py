"""Fetching recordings from an upstream: from hosts it lists, bounded, retried, with a reason (docs/recordings.md)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.tests.fixtures import *  # noqa: F403
from privacy.models import Call, RecordingFile
from privacy.recordings import fetching, store
from privacy.tasks import fetch_recordings, sweep_recordings
from privacy.tests import wires
from privacy.tests.deliveries import deliver_fees
from privacy.tests.sounds import *  # noqa: F403
from privacy.tests.sounds import a_law
from privacy.tests.test_recordings import ask, path

pytestmark = pytest.mark.django_db
NAME, DOMAIN = "26030110034600001.wav", "rec.example"


class Vendor(BaseHTTPRequestHandler):
    """The far end: the path says how it answers."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        kind, _, rest = self.path.strip("/").partition("/")
        body = {"page": b"<html>sorry</html>", "large": a_law(bytes(2 * 1024 * 1024))}.get(kind, a_law())
        self.send_response({"moved": 302, "404": 404, "503": 503}.get(kind, 200))
        if kind == "moved":
            self.send_header("Location", rest if "://" in rest else f"/{rest}")
        self.send_header("Content-Length", str(len(body) + (kind == "cut")))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def vendor() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vendor)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def host(switch1, settings, stores) -> Iterator[str]:
    with vendor() as address:
        Vendor.asked.clear()
        settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": [address], "recording_mib": 1}
        switch1.recording_hosts = [address]
        switch1.save()
        yield address


def tell(switch1: Any, url: str, now: Any = None, **facts: Any) -> None:
    """Deliver a CDR with an address."""
    at = (now or timezone.now()).strftime("%Y-%m-%d %H:%M:%S")
    times = dict.fromkeys(("callInTime", "fwdStartTime", "fwdAlertingTime", "fwdAnswerTime", "callEndTime"), at)
    fields = {"recordFlag": 1, "recordObjectName": NAME, "recordDomain": DOMAIN, **times, **facts}
    outcome = deliver_fees(switch1, wires.fee("a", recordFileDownloadUrl=url, **fields), now=now or timezone.now())
    assert outcome.stored == 1


def test_one_process_fetches_at_a_time(acme, switch1, host):
    tell(switch1, f"http://{host}/good/{NAME}?token=x")
    held, done = threading.Event(), threading.Event()

    def another() -> None:
        with fetching.alone() as alone:
            assert alone
            held.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=another)
    thread.start()
    held.wait(20)
    assert (fetch_recordings(), Vendor.asked) == (0, [])
    done.set()
    thread.join(20)
    assert fetch_recordings() == 1


def test_a_recording_at_a_listed_host_is_fetched_and_given_to_the_customer(acme, switch1, host):
    tell(switch1, f"http://{host}/good/{NAME}?token=x")
    row = RecordingFile.objects.get()
    assert (row.state, row.call_id, row.name, row.domain) == ("awaited", Call.objects.get().pk, NAME, DOMAIN)
    assert fetch_recordings() == 1
    row.refresh_from_db()
    assert (row.state, row.attempts, row.source_url, row.due_at, row.size) == ("stored", 1, None, None, len(a_law()))
    assert b"".join(Client().get(path(ask(acme)))) == a_law()
    assert fetch_recordings() == 0
    assert Vendor.asked == [f"/good/{NAME}?token=x"]


@pytest.mark.parametrize("listed", [[], ["127.0.0.1"], ["rec.example:1"]])
def test_nothing_is_awaited_from_a_host_that_is_not_listed(acme, switch1, host, listed):
    switch1.recording_hosts = listed
    switch1.save()
    tell(switch1, f"http://{host}/good")
    assert not RecordingFile.objects.exists()
    assert Call.objects.get().record_download_url == f"http://{host}/good"


def test_an_old_cdr_awaits_nothing_and_one_without_a_name_gets_its_own(acme, switch1, host):
    tell(switch1, f"http://{host}/good", now=timezone.now() - timedelta(days=8), recordObjectName="")
    assert RecordingFile.objects.get().name == f"{Call.objects.get().pk}.wav"
    RecordingFile.objects.all().delete()
    at = (timezone.now() - timedelta(days=8)).strftime("%Y-%m-%d %H:%M:%S")
    times = dict.fromkeys(("callInTime", "fwdStartTime", "fwdAlertingTime", "fwdAnswerTime", "callEndTime"), at)
    fee = wires.fee("b", recordFileDownloadUrl=f"http://{host}/good", **times)
    deliver_fees(switch1, fee, now=timezone.now())
    assert not RecordingFile.objects.exists()


FINAL = {
    "page": "no_wav", "large": "too_large", "moved/http://169.254.169.254/latest": "redirect",
    "moved/http://127.0.0.1:1/x": "redirect", "moved/moved/moved/moved/good": "redirect",
}  # fmt: skip
PASSING = {"404": "status 404", "503": "status 503", "cut": "cut"}


@pytest.mark.parametrize("kind", [*FINAL, *PASSING])
def test_what_fails_says_why_and_is_tried_again_only_if_that_may_help(acme, switch1, host, kind):
    tell(switch1, f"http://{host}/{kind}")
    assert fetch_recordings() == 0
    row = RecordingFile.objects.get()
    state = "failed" if kind in FINAL else "awaited"
    assert (row.state, row.problem, row.attempts) == (state, {**FINAL, **PASSING}[kind], 1)
    assert (row.due_at is None, list(store.every())) == (kind in FINAL, [])


def test_a_redirect_to_a_listed_host_is_followed(acme, switch1, host):
    tell(switch1, f"http://{host}/moved/moved/good")
    assert (fetch_recordings(), RecordingFile.objects.get().state) == (1, "stored")
    assert Vendor.asked == ["/moved/moved/good", "/moved/good", "/good"]


def test_a_listed_host_in_a_private_network_is_not_asked(acme, switch1, host, settings):
    settings.MASKLINE = {**settings.MASKLINE, "push_allow_private": []}
    tell(switch1, f"http://{host}/good")
    assert fetch_recordings() == 0
    assert (RecordingFile.objects.get().problem, Vendor.asked) == ("forbidden", [])


def test_it_is_given_up_after_seven_attempts_and_can_be_asked_for_again(acme, switch1, host):
    tell(switch1, f"http://{host}/404")
    now = timezone.now()
    for attempt in range(1, fetching.MOST_ATTEMPTS + 1):
        RecordingFile.objects.update(due_at=now)
        fetch_recordings()
        row = RecordingFile.objects.get()
        assert (row.attempts, row.state) == (attempt, "failed" if attempt == fetching.MOST_ATTEMPTS else "awaited")
    assert fetching.again(row, now)
    assert not fetching.again(row, now)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("awaited", 0)


def test_a_killed_worker_repeats_its_attempt_after_the_lease(acme, switch1, host):
    tell(switch1, f"http://{host}/good")
    now = timezone.now()
    first = fetching.claim(now)
    assert first is not None
    assert fetching.claim(now + fetching.LEASE / 2) is None
    second = fetching.claim(now + fetching.LEASE)
    assert second is not None
    assert (second.pk, second.attempts) == (first.pk, 2)


def test_a_worker_killed_in_every_attempt_repeats_it_no_more_than_the_others(acme, switch1, host):
    tell(switch1, f"http://{host}/good")
    now = timezone.now()
    claimed = [fetching.claim(now + n * fetching.LEASE) for n in range(fetching.MOST_ATTEMPTS)]
    assert [row and row.attempts for row in claimed] == list(range(1, fetching.MOST_ATTEMPTS + 1))
    end = now + fetching.MOST_ATTEMPTS * fetching.LEASE
    assert fetching.claim(end - fetching.LEASE / 2) is None and RecordingFile.objects.get().state == "awaited"
    assert fetching.claim(end) is None
    row = RecordingFile.objects.get()
    assert (row.state, row.problem, row.due_at) == ("failed", "killed", None)
    assert fetching.again(row, end)


def test_what_was_never_fetched_stays_a_failure_when_its_term_is_over(acme, switch1, host):
    tell(switch1, f"http://{host}/404")
    fetch_recordings()
    RecordingFile.objects.update(delete_at=timezone.now())
    assert sweep_recordings() == 1
    row = RecordingFile.objects.get()
    assert (row.state, row.problem, row.source_url, row.due_at) == ("failed", "status 404", None, None)
    assert (row.deleted_at is None, fetching.again(row, timezone.now())) == (False, False)
