"""POST /upstream/v1/notifications as an upstream sees it: answers, codes, limits (contract.md, HTTP)."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from unittest.mock import Mock, patch
from uuid import UUID

import pytest
from django.db import OperationalError
from django.test import Client

from accounts.models import UpstreamApplication
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from privacy.models import Call, CallEvent, Quarantined, Record, Source
from privacy.tests import wires

pytestmark = pytest.mark.django_db
URL = "/upstream/v1/notifications"
MIB = 1024 * 1024


def post(client: Client, body: bytes, key: str = "switch1", **options: Any) -> Any:
    """Post a signed body."""
    headers = {**cast.signed_headers(key), **options.pop("headers", {})}
    return client.post(URL, body, content_type="application/json;charset=UTF-8", headers=headers, **options)


def test_a_good_body_is_answered_after_it_was_stored(client, acme, switch1):
    answer = post(
        client, wires.body(wires.fees(wires.fee("a"), wires.fee("a"), wires.fee("b", appKey="x")), wires.event())
    )
    assert (answer.status_code, answer.json()) == (
        200,
        {"resultcode": "0", "resultdesc": "Success", "stored": 2, "repeated": 1, "quarantined": 1},
    )
    source = Source.objects.get()
    assert (source.request_id, source.address) == (UUID(answer["X-Request-Id"]), "127.0.0.1")
    assert (source.received, source.upstream, source.door) == (4, switch1, "request")
    assert Call.objects.get().source == source


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[]", "body"),
        (b'{"eventType":"fee"}', "feeLst"),
        (b'{"eventType":"fee","feeLst":[{"icid":"a","icid":"b"}]}', "icid"),
        (b'{"a":"\\ud800"}', "body"),
        (b'{"a":NaN}', "body"),
        (b'{"a":1e400}', "body"),
        (b"[" * 100_000, "body"),
        (b"\x00\xff\xfe", "body"),
        (wires.body(wires.fees(*[wires.fee(str(n)) for n in range(1001)])), "1000 items"),
    ],
)
def test_what_is_no_body_is_refused_whole_and_named(client, acme, switch1, body, named):
    answer = post(client, body)
    assert answer.status_code == 400
    assert answer.json()["resultcode"] == "1010002"
    assert named in answer.json()["resultdesc"]
    assert answer["X-Request-Id"]
    assert not Source.objects.exists()


@pytest.mark.parametrize("with_length", [True, False])
def test_ten_megabytes_are_too_large(client, acme, switch1, with_length):
    body = wires.body(wires.fees(wires.fee(pad="x" * 10 * MIB)))
    options: dict[str, Any] = {}
    if not with_length:
        options = {"CONTENT_LENGTH": "", "wsgi.input": BytesIO(body), "wsgi.input_terminated": True}
    answer = post(client, body, **options)
    assert (answer.status_code, answer.json()["resultcode"]) == (413, "1010002")
    assert not Record.objects.exists()


def test_a_body_sent_in_chunks_is_read(client, acme, switch1):
    stream = BytesIO(wires.body(wires.fees(wires.fee())))
    options: dict[str, Any] = {"CONTENT_LENGTH": "", "wsgi.input": stream, "wsgi.input_terminated": True}
    answer = post(client, b"", **options)
    assert answer.json()["stored"] == 1


def test_a_body_that_breaks_off_is_refused(client, acme, switch1):
    stream = Mock(read=Mock(side_effect=OSError("hung up")))
    options: dict[str, Any] = {"CONTENT_LENGTH": "", "wsgi.input": stream, "wsgi.input_terminated": True}
    assert post(client, b"", **options).status_code == 400


@pytest.mark.parametrize(
    ("key", "status", "code"), [("nobody", 403, "1010003"), ("acmeAppKey01", 403, "1010003"), ("switch1", 200, "0")]
)
def test_only_an_upstream_may_deliver(client, acme, switch1, key, status, code):
    answer = post(client, wires.body(wires.fees(wires.fee())), key=key)
    assert (answer.status_code, answer.json()["resultcode"]) == (status, code)


def test_a_wrong_digest_stores_nothing(client, acme, switch1):
    headers = cast.signed_headers("switch1", secret="another-secret-0000")
    assert post(client, wires.body(wires.fees(wires.fee())), headers=headers).status_code == 401
    assert not Source.objects.exists()


def test_an_unsigned_request_is_told_what_is_missing(client, switch1):
    answer = client.post(URL, b"{}", content_type="application/json")
    assert (answer.status_code, answer.json()["resultcode"]) == (400, "1023006")


def test_only_post_is_answered(client):
    assert client.get(URL).status_code == 405


def test_a_vendor_that_signs_with_a_listed_app_key_names_the_application(client, acme, bolt, switch1):
    for key, company in (("vendorAcme", acme), ("vendorBolt", bolt)):
        UpstreamApplication.objects.create(
            upstream=switch1, app_key=key, app_secret=cast.SECRET, application=company.application
        )
    mine = wires.fees(wires.fee("a", appKey="vendorAcme"))
    assert post(client, wires.body(mine), key="vendorAcme").json()["stored"] == 1
    foreign = wires.fees(wires.fee("b", appKey="vendorAcme"))
    assert post(client, wires.body(foreign), key="vendorBolt").json()["quarantined"] == 1
    assert Quarantined.objects.get().reason == "wrong_application"
    alone = wires.event("collectInfo", caller=..., called=...)
    assert post(client, wires.body(alone), key="vendorAcme").json()["stored"] == 1
    assert CallEvent.objects.get().application == acme.application


def test_while_the_database_is_away_the_upstream_is_told_to_come_again(client, acme, switch1):
    with patch("privacy.storing.sources.open_", side_effect=OperationalError("gone")):
        answer = post(client, wires.body(wires.fees(wires.fee())))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    with patch("accounts.known.first", side_effect=OperationalError("gone")):
        assert post(client, wires.body(wires.fees(wires.fee()))).status_code == 503


AWAY = """
import io, json
from config.wsgi import application
from accounts.tests import cast
from privacy.tests import wires
for path in ("/upstream/v1/notifications", "/switch/v1/calls", "/switch/v1/messages", "/switch/v1/stops"):
    body = wires.body(wires.fees(wires.fee()))
    signed = cast.signed_headers("switch1")
    headers = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in signed.items()}
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": "application/json", "wsgi.url_scheme": "http",
        "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body), "HTTP_HOST": "localhost", **headers,
    }
    answered = []
    answer = b"".join(application(environ, lambda status, headers: answered.append((status, dict(headers)))))
    status, headers = answered[0]
    print(json.dumps([status, headers.get("Retry-After"), json.loads(answer)["resultcode"]]))
"""


def test_an_unreachable_database_is_no_fault_of_ours(tmp_path):
    """A process of its own, for which no PostgreSQL listens where it looks: at no door of an upstream's."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment["MASKLINE_EMBEDDED_DATABASE_URL"] = f"postgresql://maskline@/maskline?host={tmp_path}"
    done = subprocess.run(
        [sys.executable, "-c", AWAY], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()[-4:]]
    assert said == [["503 Service Unavailable", "5", "1010001"]] * 4


def test_a_batch_with_a_bad_record_can_be_sent_twice(client, acme, switch1):
    rows = [wires.fee(str(n)) for n in range(300)] + [wires.fee("bad", callInTime="yesterday")]
    first = post(client, wires.body(wires.fees(*rows))).json()
    again = post(client, wires.body(wires.fees(*rows))).json()
    assert (first["stored"], first["repeated"], first["quarantined"]) == (300, 0, 1)
    assert (again["stored"], again["repeated"], again["quarantined"]) == (0, 300, 1)
    assert Quarantined.objects.get().times_received == 2


@pytest.mark.parametrize("generation", ["AKSK", "WSSE"])
def test_both_generations_of_signature_are_accepted(client, acme, switch1, generation):
    headers = cast.signed_headers("switch1", generation=generation, now=datetime.now(UTC))
    answer = client.post(URL, wires.body(wires.event()), content_type="application/json", headers=headers)
    assert answer.json()["stored"] == 1
