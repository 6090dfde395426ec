"""Recordings: the download address on the wire, the link it gives, and who gets nothing (northbound.md 7)."""

import http.client
import socket
import urllib.request
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from django.utils import timezone

from accounts.models import Account
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from common import partitions, timeid
from privacy import recordings
from privacy.models import ApiRequest, Call, Source
from privacy.tests.sounds import *  # noqa: F403
from privacy.tests.sounds import a_law

pytestmark = pytest.mark.django_db
PATH = "/rest/provision/voice/record/v1.0"
NAME, DOMAIN = "26030110034600001.wav", "rec.example"
GONE = {"resultcode": "1012007", "resultdesc": "The record does not exist."}


def make_call(company: Any, upstream: Any, name: str = NAME, domain: str = DOMAIN, **fields: Any) -> Call:
    """Return a call with a recording, which arrived now unless told."""
    at = fields.pop("at", timezone.now())
    partitions.ensure(Call, "month", [at])
    source = Source.objects.create(door="http", upstream=upstream, received=1, stored=1)
    return Call.objects.create(
        id=timeid.time_id(at, name, domain, company.account.code), account=company.account, number=company.number,
        application=company.application, upstream=upstream, source=source, source_line=1, ended_at=at,
        record_object=name, record_domain=domain, **fields,
    )  # fmt: skip


def keep(call: Call, sound: bytes = b"") -> str:
    path = recordings.path_of(call.account_id, call.record_domain, call.record_object)
    return str(storages["recordings"].save(path, ContentFile(sound or a_law())))


def ask(company: Any, client: Client | None = None, **query: str) -> Any:
    wanted = query or {"fileName": NAME, "recordDomain": DOMAIN}
    return (client or Client()).get(PATH, wanted, headers=cast.signed_headers(company.application.app_key))


def refused(response: Any) -> bool:
    return bool((response.status_code, response.json()) == (403, GONE))


def path(response: Any) -> str:
    return str(urlsplit(response["Location"]).path)


def test_the_address_is_a_301_whose_location_needs_no_signature(acme, switch1, stores, settings):
    settings.MASKLINE_PUBLIC_URL = "https://numbers.example:8443"
    keep(make_call(acme, switch1))
    answer = ask(acme)
    assert (answer.status_code, answer.content) == (301, b"")
    assert answer["Location"].startswith("https://numbers.example:8443/recordings/")
    assert answer["Location"].endswith(f"/{NAME}")
    assert answer["Cache-Control"] == "no-store"
    fetched = Client().get(path(answer))
    assert (fetched.status_code, fetched["Content-Type"], b"".join(fetched)) == (200, "audio/wav", a_law())
    assert fetched["Content-Disposition"] == f'attachment; filename="{NAME}"'
    assert fetched["Cache-Control"] == "private, no-store"


def raw(live_server: Any, request: str) -> bytes:
    host, port = urlsplit(live_server.url).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request.encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


def test_on_the_wire_it_is_301_and_location_is_spelled_so(acme, switch1, stores, live_server, settings):
    settings.MASKLINE_PUBLIC_URL = live_server.url
    keep(make_call(acme, switch1))
    headers = "".join(f"{k}: {v}\r\n" for k, v in cast.signed_headers(acme.application.app_key).items())
    query = urlencode({"recordDomain": DOMAIN, "fileName": NAME})
    answer = raw(live_server, f"GET {PATH}?{query} HTTP/1.0\r\nHost: localhost\r\n{headers}\r\n")
    head, _blank, body = answer.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0].split()[1] == b"301"
    assert [line for line in lines if line.startswith(b"Location: " + live_server.url.encode() + b"/recordings/")]
    assert b"Content-Length: 0" in lines
    assert (body, b"chunked" in head.lower()) == (b"", False)


def test_a_client_that_follows_redirects_gets_the_file(acme, switch1, stores, live_server, settings):
    settings.MASKLINE_PUBLIC_URL = live_server.url
    keep(make_call(acme, switch1))
    query = urlencode({"fileName": NAME, "recordDomain": DOMAIN})
    request = urllib.request.Request(
        f"{live_server.url}{PATH}?{query}", headers=cast.signed_headers(acme.application.app_key)
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert (answer.status, answer.read()) == (200, a_law())


def test_a_part_of_the_file_and_its_head_can_be_asked_for(acme, switch1, stores, live_server, settings):
    settings.MASKLINE_PUBLIC_URL = live_server.url
    keep(make_call(acme, switch1))
    where = urlsplit(ask(acme)["Location"])
    connection = http.client.HTTPConnection(where.netloc, timeout=10)
    connection.request("GET", where.path, headers={"Range": "bytes=0-3"})
    part = connection.getresponse()
    assert (part.status, part.read(), part.headers["Content-Range"]) == (206, b"RIFF", f"bytes 0-3/{len(a_law())}")
    connection.request("HEAD", where.path)
    head = connection.getresponse()
    assert (head.status, head.read(), head.headers["Content-Length"]) == (200, b"", str(len(a_law())))


@pytest.mark.parametrize(
    "query", [{"fileName": NAME}, {"recordDomain": DOMAIN}, {"fileName": "", "recordDomain": DOMAIN}]
)
def test_both_names_are_mandatory_and_the_missing_one_is_named(acme, stores, query):
    answer = ask(acme, **query)
    missing = "recordDomain" if query.get("fileName") else "fileName"
    assert (answer.status_code, answer.json()["resultcode"]) == (403, "1010002")
    assert answer.json()["resultdesc"].startswith(f"Invalid request. {missing}")
    assert ApiRequest.objects.get().parameter == missing


@pytest.mark.parametrize("name", ["x" * 129, "a\0.wav"])
def test_a_name_that_cannot_be_is_named(acme, stores, name):
    answer = ask(acme, fileName=name, recordDomain=DOMAIN)
    assert (answer.status_code, answer.json()["resultcode"]) == (403, "1010002")


def test_unknown_anothers_too_old_and_lost_are_all_the_same(acme, corp, switch1, stores):
    keep(make_call(acme, switch1))
    assert refused(ask(corp))
    assert refused(ask(acme, fileName="other.wav", recordDomain=DOMAIN))
    assert refused(ask(acme, fileName=NAME, recordDomain="other.example"))
    make_call(acme, switch1, "short.wav")  # under 3 s there is no file
    assert refused(ask(acme, fileName="short.wav", recordDomain=DOMAIN))
    old = make_call(acme, switch1, "old.wav", received_at=timezone.now() - timedelta(days=7))
    keep(old)
    assert refused(ask(acme, fileName="old.wav", recordDomain=DOMAIN))


@pytest.mark.django_db(transaction=True)
def test_seven_days_count_from_when_the_cdr_arrived(acme, switch1, stores):
    now = timezone.now()
    keep(make_call(acme, switch1, at=now - timedelta(days=60), received_at=now - timedelta(days=6, hours=23)))
    link = path(ask(acme))
    assert Client().get(link).status_code == 200
    Call.objects.update(received_at=now - timedelta(days=7))
    assert refused(ask(acme))
    assert Client().get(link).status_code == 200  # this one says itself when it ends


def test_a_link_ends_with_its_term(acme, switch1, stores, settings):
    call = make_call(acme, switch1)
    keep(call)
    link = path(ask(acme))
    token = link.split("/")[2]
    assert recordings.opened(token, call.received_at + timedelta(days=6, hours=23)).call == call
    with pytest.raises(recordings.NoRecording):
        recordings.opened(token, call.received_at + timedelta(days=7))


def test_a_forged_link_and_a_file_that_is_gone_are_a_plain_404(acme, switch1, stores):
    path_there = keep(make_call(acme, switch1))
    link = path(ask(acme))
    token = link.split("/")[2]
    forged = [token[:-1] + ("a" if token[-1] != "a" else "b"), "x" + token, token.split(".")[0], "x.y", "é.wav"]
    for wrong in forged:
        answer = Client().get(f"/recordings/{wrong}/{NAME}")
        assert (answer.status_code, b"{" in answer.content) == (404, False), wrong
    storages["recordings"].delete(path_there)
    gone = Client().get(link)
    assert (gone.status_code, gone["Content-Type"], gone.content) == (
        404,
        "text/plain",
        b"The record does not exist.\n",
    )


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_a_link_is_only_fetched_and_other_methods_log_no_token(acme, switch1, stores, method, caplog, capfd):
    keep(make_call(acme, switch1))
    link = path(ask(acme))
    answer = Client(enforce_csrf_checks=True).generic(method, link, b"x=1")
    assert (answer.status_code, answer["Content-Type"], answer["Allow"]) == (405, "text/plain", "GET, HEAD")
    assert answer.content == b"A recording can only be fetched.\n"
    assert link.split("/")[2] not in caplog.text + "".join(capfd.readouterr())


def test_a_link_tells_nothing_of_the_call(acme, switch1, stores):
    call = make_call(acme, switch1, caller_number="+8613900000101", destination_number="+8613900000202")
    keep(call)
    link = ask(acme)["Location"]
    assert not [part for part in ("139", "171", "acme") if part in link.replace(call.pk.hex, "")]


HOSTILE = [
    *("../../keys/data.key", "..", ".", "/etc/passwd", "a/b.wav", "..\\..\\x", ".hidden", "a\nb", "-rf", "~"),
    *("x" * 128, "录音.wav", "%2e%2e%2f", "a.wav?x=1#y", "a b.wav", "<script>.wav", "con", "'; DROP TABLE x;--"),
]


def test_no_name_leaves_the_folder_or_breaks_the_answer(acme, switch1, stores, settings):
    settings.MASKLINE_PUBLIC_URL = "http://numbers.example"
    inside = stores / "recordings" / str(acme.account.pk)
    for count, name in enumerate(HOSTILE, start=1):
        keep(make_call(acme, switch1, name, name))
        assert len([file for file in inside.rglob("*") if file.is_file()]) == count, name
        answer = ask(acme, fileName=name, recordDomain=name)
        assert (answer.status_code, answer["Location"].isascii()) == (301, True), name
        assert Client().get(path(answer)).status_code == 200, name


def test_two_objects_never_lie_in_one_place():
    assert len({recordings.path_of(1, a, b) for a in HOSTILE for b in HOSTILE}) == len(HOSTILE) ** 2


def test_of_two_calls_that_name_one_file_it_is_found(acme, switch1, stores):
    for hours in (1, 2):
        make_call(acme, switch1, at=timezone.now() - timedelta(hours=hours))
    keep(Call.objects.earliest("id"))
    assert ask(acme).status_code == 301


def test_a_frozen_account_and_other_methods_are_refused(bolt, switch1, stores):
    keep(make_call(bolt, switch1))
    assert ask(bolt).json()["resultcode"] == "1010029"
    Account.objects.update(state=Account.State.GOOD)
    assert ask(bolt).status_code == 301
    answer = Client().post(PATH, {}, "application/json", headers=cast.signed_headers(bolt.application.app_key))
    assert (answer.status_code, answer.json()["resultcode"]) == (403, "1010006")
