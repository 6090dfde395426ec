"""PUT /switch/v1/recordings/NAME: what is kept, what is refused, two at once, cut off, killed (docs/recordings.md)."""

import os
import socket
import subprocess
import sys
import threading
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, urlencode, urlsplit

import pytest
from django.core.files.storage import storages
from django.db import OperationalError, connections
from django.test import Client
from django.utils import timezone

from accounts.models import UpstreamApplication
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from privacy import wav
from privacy.models import RecordingFile, Session
from privacy.recordings import retention
from privacy.tests.sounds import *  # noqa: F403
from privacy.tests.sounds import a_law
from privacy.tests.test_recordings import ask, make_call, path

pytestmark = pytest.mark.django_db
NAME, DOMAIN, SESSION = "26030110034600001.wav", "rec.example", "s-1"
MIB = 1024 * 1024


def open_session(company: Any, upstream: Any, session_id: str = SESSION, generation: int = 0) -> Session:
    """Return the session that an event or a decision has made."""
    now = timezone.now()
    return Session.objects.create(
        upstream=upstream, session_id=session_id, session_key=sha256(session_id.encode()).digest()[:16],
        generation=generation, account=company.account, application=company.application, number=company.number,
        first_at=now, last_at=now,
    )  # fmt: skip


def put(body: bytes, name: str = NAME, key: str = "switch1", **options: Any) -> Any:
    query = {"session_id": SESSION, "domain": DOMAIN, **options.pop("query", {})}
    headers = {**cast.signed_headers(key), **options.pop("headers", {})}
    address = f"/switch/v1/recordings/{quote(name, safe=options.pop('safe', ''))}?{urlencode(query)}"
    return Client().put(address, body, content_type="audio/wav", headers=headers, **options)


def files(stores: Path) -> list[Path]:
    return [file for file in (stores / "recordings").rglob("*") if file.is_file()]


def test_an_upload_before_the_cdr_is_kept_and_joined_when_it_comes(acme, switch1, stores):
    open_session(acme, switch1)
    answer = put(a_law())
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "resultcode": "0", "resultdesc": "Success", "name": NAME, "domain": DOMAIN, "size": len(a_law()),
            "sha256": sha256(a_law()).hexdigest(), "repeated": False,
        },
    )  # fmt: skip
    row = RecordingFile.objects.get()
    assert (row.state, row.account, row.application, row.upstream) == (
        "stored",
        acme.account,
        acme.application,
        switch1,
    )
    assert (row.call_id, row.session_id, row.size) == (None, SESSION, len(a_law()))
    call = make_call(acme, switch1, session_id=SESSION, received_at=timezone.now() + timedelta(hours=3))
    assert retention.join(timezone.now()) == 1
    row.refresh_from_db()
    assert (row.call_id, row.delete_at) == (call.pk, call.received_at + timedelta(days=7))
    assert b"".join(Client().get(path(ask(acme)))) == a_law()


def test_an_upload_after_the_cdr_is_joined_at_once(acme, switch1, stores):
    open_session(acme, switch1)
    call = make_call(acme, switch1, session_id=SESSION, received_at=timezone.now() - timedelta(days=1))
    assert put(a_law()).status_code == 200
    row = RecordingFile.objects.get()
    assert (row.call_id, row.delete_at) == (call.pk, call.received_at + timedelta(days=7))
    assert b"".join(Client().get(path(ask(acme)))) == a_law()


def test_the_same_again_is_a_success_and_another_file_a_conflict_that_changes_nothing(acme, switch1, stores):
    open_session(acme, switch1)
    put(a_law())
    again = put(a_law())
    assert (again.status_code, again.json()["repeated"]) == (200, True)
    other = put(a_law(b"\xd5" * 800))
    assert (other.status_code, other.json()["resultcode"]) == (409, "1016002")
    assert "another recording" in other.json()["resultdesc"]
    assert [file.read_bytes() for file in files(stores)] == [a_law()]
    RecordingFile.objects.update(state="deleted", deleted_at=timezone.now())
    gone = put(a_law())
    assert (gone.status_code, "was deleted on" in gone.json()["resultdesc"]) == (409, True)


HOSTILE = [
    "../../etc/passwd",
    "..",
    "%2e%2e%2fx",
    "a\0.wav",
    "a/b.wav",
    ".hidden",
    "x" * 129,
    "录音.wav",
    "a b.wav",
    "~",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_or_a_domain_that_is_none_is_named(acme, switch1, stores, name):
    open_session(acme, switch1)
    for answer, field in [(put(a_law(), name), "name"), (put(a_law(), query={"domain": name}), "domain")]:
        assert (answer.status_code, answer.json()["resultcode"]) == (400, "1010002"), field
        assert answer.json()["resultdesc"].startswith(f"Invalid request. {field}:")
    assert (files(stores), RecordingFile.objects.count()) == ([], 0)


def test_dots_in_the_path_are_names_too(acme, switch1, stores):
    open_session(acme, switch1)
    assert put(a_law(), "../x.wav", safe="/").status_code == 400


WRONG = {
    "an MP3": (b"ID3" + bytes(2000), "of kind MP3"),
    "nothing": (b"", "file is empty"),
    "PCM": (wav.riff(1, 16, bytes(1600)), "is PCM, 8000 Hz, 16 bits"),
    "stereo": (wav.riff(6, 8, bytes(1600), channels=2), "stereo"),
    "16 kHz": (wav.riff(6, 8, bytes(1600), rate=16000), "16000 Hz"),
    "cut off": (a_law()[:-100], "cut off"),
    "silence of no length": (wav.riff(6, 8, b""), "no sound"),
    "HTML": (b"<html><script>alert(1)</script>" + bytes(100), "not a WAV"),
    "endless chunks": (a_law()[:12] + b"junk\0\0\0\0" * 5000 + a_law()[12:], "no sound in it"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_no_a_law_recording_is_refused_by_its_content(acme, switch1, stores, kind):
    open_session(acme, switch1)
    body, said = WRONG[kind]
    answer = put(body)
    assert (answer.status_code, answer.json()["resultcode"]) == (400, "1010002")
    assert said in answer.json()["resultdesc"]
    assert (files(stores), RecordingFile.objects.count()) == ([], 0)


@pytest.mark.parametrize("chunked", [False, True])
def test_too_large_is_said_and_leaves_nothing(acme, switch1, stores, settings, chunked):
    settings.MASKLINE = {**settings.MASKLINE, "recording_mib": 1}
    open_session(acme, switch1)
    body = a_law(bytes(MIB))
    stream: dict[str, Any] = {"CONTENT_LENGTH": "", "wsgi.input": BytesIO(body), "wsgi.input_terminated": True}
    answer = put(b"" if chunked else body, **(stream if chunked else {}))
    assert (answer.status_code, answer.json()["resultdesc"]) == (413, "body: larger than 1 MiB")
    assert (files(stores), RecordingFile.objects.count()) == ([], 0)


def test_a_session_that_is_unknown_or_anothers_gets_nothing(acme, corp, switch1, stores):
    assert put(a_law()).status_code == 404
    session = open_session(acme, switch1)
    other = cast.make_upstream("switch2", every_account=False)
    assert put(a_law(), key="switch2").status_code == 404  # its own sessions only
    Session.objects.update(upstream=other)
    assert put(a_law(), key="switch2").status_code == 404  # and of accounts that it serves
    other.accounts.add(acme.account)
    UpstreamApplication.objects.create(
        upstream=other, app_key="vendorCorp", app_secret=cast.SECRET, application=corp.application
    )
    assert put(a_law(), key="vendorCorp").status_code == 404  # and of the application that signs
    answer = put(a_law(), query={"session_id": "\0"})
    assert (answer.status_code, "session_id" in answer.json()["resultdesc"]) == (400, True)
    Session.objects.filter(pk=session.pk).update(account=None, application=None)
    answer = put(a_law(), key="switch2")
    assert (answer.status_code, answer.json()["resultcode"]) == (404, "1012007")
    assert "send an event or the CDR" in answer.json()["resultdesc"]
    assert files(stores) == []


def test_who_may_not_sign_uploads_nothing(acme, switch1, stores):
    open_session(acme, switch1)
    assert put(a_law(), key="acmeAppKey01").status_code == 403
    assert put(a_law(), headers=cast.signed_headers("switch1", secret="another-secret-0000")).status_code == 401
    digest = {"X-Content-SHA256": sha256(a_law()).hexdigest()}
    assert put(a_law(b"\xd5" * 80), headers=digest).status_code == 401
    assert (files(stores), Client().get(f"/switch/v1/recordings/{NAME}").status_code) == ([], 405)


def test_a_body_that_breaks_off_leaves_nothing(acme, switch1, stores):
    open_session(acme, switch1)
    broken: dict[str, Any] = {"CONTENT_LENGTH": str(len(a_law())), "wsgi.input": BytesIO(a_law()[:4000])}
    answer = put(b"", **broken)
    assert (answer.status_code, "ended early" in answer.json()["resultdesc"]) == (400, True)
    assert (files(stores), RecordingFile.objects.count()) == ([], 0)


def test_a_storage_or_a_database_that_is_away_is_503(acme, switch1, stores):
    open_session(acme, switch1)
    (stores / "recordings").write_text("no folder")
    answer = put(a_law())
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    (stores / "recordings").unlink()
    with patch("privacy.recordings.keeping._write", side_effect=OperationalError("away")):
        answer = put(a_law())
    assert (answer.status_code, answer["Retry-After"], files(stores)) == (503, "5", [])


@pytest.mark.django_db(transaction=True)
def test_of_two_uploads_at_once_one_is_kept(acme, switch1, stores):
    open_session(acme, switch1)
    bodies = [a_law(bytes([n]) * 80_000) for n in (1, 2, 1, 2)]
    together = threading.Barrier(len(bodies))
    answers: list[tuple[int, bytes]] = []

    def send(body: bytes) -> None:
        together.wait()
        try:
            answers.append((put(body).status_code, body))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send, args=[body]) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (row,) = RecordingFile.objects.all()
    with storages["recordings"].open(row.path) as file:
        kept = file.read()
    assert sorted(status for status, _ in answers) == [200, 200, 409, 409]
    assert {body for status, body in answers if status == 200} == {kept}
    assert len(files(stores)) == 1


KILLED = """
import django; django.setup()
from django.conf import settings
from django.utils import timezone
from privacy.models import Session
from privacy.recordings import keeping
from privacy.tests.sounds import a_law
kept = settings.STORAGES["recordings"]
kept["OPTIONS"]["location"] = {folder!r}
keeping.keep(Session.objects.get(), [a_law()], domain="rec.example", name="a.wav", now=timezone.now())
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("point", "rows"), [("spooled", 0), ("put", 0), ("told", 1)])
def test_a_kill_between_any_two_steps_leaves_no_half_file(acme, switch1, stores, settings, point, rows):
    open_session(acme, switch1)
    database = settings.DATABASES["default"]
    address = f"postgresql://{database['USER']}@/{connections['default'].settings_dict['NAME']}?host={database['HOST']}"
    environment = {
        **os.environ, "MASKLINE_FAULT": f"recordings.{point}:1", "MASKLINE_EMBEDDED_DATABASE_URL": address,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }  # fmt: skip
    script = KILLED.format(folder=str(stores / "recordings"))
    died = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, check=False)
    assert died.returncode == -9, died.stderr.decode()
    assert RecordingFile.objects.count() == rows
    for file in files(stores):
        os.utime(file, times=(1, 1))
    assert retention.forget_leftovers(timezone.now()) == 1 - rows
    assert [file.read_bytes() for file in files(stores)] == [a_law()] * rows
    answer = put(a_law(), "a.wav")
    assert (answer.status_code, answer.json()["repeated"]) == (200, bool(rows))


@pytest.mark.django_db(transaction=True)
def test_an_upload_over_a_socket_that_is_cut_leaves_nothing(acme, switch1, stores, live_server):
    open_session(acme, switch1)
    host, port = urlsplit(live_server.url).netloc.split(":")
    headers = "".join(f"{k}: {v}\r\n" for k, v in cast.signed_headers("switch1").items())
    query = urlencode({"session_id": SESSION, "domain": DOMAIN})
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        head = f"PUT /switch/v1/recordings/{NAME}?{query} HTTP/1.0\r\nHost: localhost\r\n{headers}"
        connection.sendall(f"{head}Content-Length: {len(a_law())}\r\n\r\n".encode() + a_law()[:5000])
        connection.shutdown(socket.SHUT_WR)
        assert b" 400 " in connection.recv(4096).split(b"\r\n")[0]
    assert (files(stores), RecordingFile.objects.count()) == ([], 0)
