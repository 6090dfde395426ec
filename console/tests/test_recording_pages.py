"""Recordings in the console: what became of each in words, who listens, and the row that each opening leaves."""

import io
import wave
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import AuditEntry
from accounts.tests.fixtures import *  # noqa: F403
from common.phone import mask_in_text
from console.recordings import panel
from privacy import deciding
from privacy.models import Call, RecordingFile
from privacy.recordings import retention
from privacy.routing.facts import CallAsked
from privacy.tests import wires
from privacy.tests.binding_orders import A, bind
from privacy.tests.deliveries import deliver_fees
from privacy.tests.sounds import *  # noqa: F403
from privacy.tests.sounds import SECOND, a_law
from privacy.tests.test_recording_uploads import open_session, put
from privacy.tests.test_recordings import make_call

pytestmark = pytest.mark.django_db
NAME, DOMAIN = "26030110034600001.wav", "rec.example"


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def store(company: Any, upstream: Any, call: Call | None = None, **fields: Any) -> RecordingFile:
    """Return a recording that is there."""
    path = storages["recordings"].save(f"{company.account.pk}/{NAME}", ContentFile(a_law()))
    values = {
        "account": company.account, "application": company.application, "upstream": upstream, "domain": DOMAIN,
        "name": NAME, "path": path, "size": len(a_law()), "call_id": call and call.pk, "session_id": "s-1",
        "delete_at": timezone.now() + timedelta(days=7), "stored_at": timezone.now(),
    }  # fmt: skip
    return RecordingFile.objects.create(**{**values, **fields})


def talk(company: Any, upstream: Any, seconds: int = 60, **fields: Any) -> Call:
    now = timezone.now()
    answered = now - timedelta(seconds=seconds)
    return make_call(company, upstream, at=now, **{"answered_at": answered, "recorded": True, **fields})


def address(view: str, row: RecordingFile, opening: str = "o1") -> str:
    return f"{reverse(view, args=[row.pk])}?opening={opening}"


def noted(action: str) -> int:
    return AuditEntry.objects.filter(action=action).count()


def test_an_opening_is_noted_once_however_many_parts_are_asked_for(acme, switch1, support, stores):
    row = store(acme, switch1)
    client = browser(support)
    whole = client.get(address("play_recording", row))
    with wave.open(io.BytesIO(b"".join(whole))) as sound:
        assert (sound.getsampwidth(), sound.getframerate(), sound.getnframes()) == (2, 8000, len(SECOND))
    assert (whole["Cache-Control"], whole["Content-Type"]) == ("private, no-store", "audio/wav")
    assert "media-src" not in whole["Content-Security-Policy"]
    assert "default-src 'self'" in whole["Content-Security-Policy"]
    for part in ("bytes=0-3", "bytes=44-", "bytes=-10"):
        assert client.get(address("play_recording", row), headers={"Range": part}).status_code == 206
    client.head(address("play_recording", row))
    entry = AuditEntry.objects.get(action="recording.play")
    assert (entry.username, entry.account, entry.subject) == ("support", acme.account, str(row.pk))
    client.get(address("play_recording", row, "o2"))
    assert noted("recording.play") == 2
    for _ in range(2):
        client.get(reverse("play_recording", args=[row.pk]))
    assert noted("recording.play") == 4


def test_any_part_of_the_sound_is_the_part_of_the_whole(acme, switch1, support, stores):
    row = store(acme, switch1)
    client = browser(support)
    whole = b"".join(client.get(address("play_recording", row)))
    for first, last in [
        (0, 43),
        (40, 50),
        (43, 43),
        (44, 45),
        (45, 46),
        (45, 45),
        (1000, 9999),
        (len(whole) - 3, 10**9),
    ]:
        part = client.get(address("play_recording", row), headers={"Range": f"bytes={first}-{last}"})
        assert b"".join(part) == whole[first : last + 1], (first, last)


def test_a_download_is_the_file_itself_and_noted(acme, switch1, operator, stores):
    row = store(acme, switch1, name="录音.wav")
    answer = browser(operator).get(address("download_recording", row))
    assert b"".join(answer) == a_law()
    assert answer["Content-Disposition"] == 'attachment; filename="recording.wav"'
    assert (noted("recording.download"), answer["Cache-Control"]) == (1, "private, no-store")


def test_a_number_in_the_name_of_a_recording_is_shown_and_noted_masked(acme, switch1, operator, stores):
    number = "13800138000"
    call = talk(acme, switch1, name=f"{number}_a.wav")
    row = store(acme, switch1, call, name=f"{number}_a.wav", session_id="s-2")
    client = browser(operator)
    for page in (client.get(reverse("recordings")), client.get(reverse("call", args=[call.pk]))):
        text = page.content.decode()
        assert number not in text and "*******8000_a.wav" in text
    for view, name in (("play_recording", "-pcm"), ("download_recording", "")):
        assert f'filename="recording-{row.pk}{name}.wav"' in client.get(address(view, row))["Content-Disposition"]
    details = [entry.detail for entry in AuditEntry.objects.filter(subject=str(row.pk))]
    assert [detail["name"] for detail in details] == ["*******8000_a.wav"] * 2
    assert f"#{row.pk}<" in client.get(reverse("recordings")).content.decode()
    RecordingFile.objects.update(state="failed", source_url="https://v.example/x")
    asked = client.post(reverse("fetch_recording", args=[row.pk]), follow=True).content.decode()
    assert number not in asked and "*******8000_a.wav is asked for again" in asked


def test_what_is_not_there_any_more_is_404_and_not_noted(acme, switch1, support, stores):
    row = store(acme, switch1)
    client = browser(support)
    for change in ({"state": "deleted"}, {"state": "stored", "delete_at": timezone.now()}, {"path": "1/none.wav"}):
        RecordingFile.objects.update(**{"delete_at": timezone.now() + timedelta(days=1), **change})
        assert client.get(address("play_recording", row)).status_code == 404, change
    assert noted("recording.play") == 0


@pytest.mark.parametrize(
    ("who", "may"), [("support", True), ("operator", True), ("auditor", False), ("finance", False)]
)
def test_who_listens_and_who_only_reads_what_became_of_it(acme, switch1, stores, request, who, may):
    user = request.getfixturevalue(who)
    call = talk(acme, switch1)
    row = store(acme, switch1, call)
    assert (browser(user).get(address("play_recording", row)).status_code == 200) == may
    page = browser(user).get(reverse("recordings")).content.decode()
    assert ("<audio" in page, "Stored, and kept until" in page) == (may, True)
    assert panel.of_call(user, call).plays == may


def test_a_customer_sees_his_own_states_and_hears_nothing(acme, corp, switch1, customer, stores):
    mine, theirs = store(acme, switch1), store(corp, switch1, name="theirs.wav")
    page = browser(customer).get(reverse("recordings")).content.decode()
    assert (mask_in_text(mine.name) in page, theirs.name in page, "<audio" in page) == (True, False, False)
    for row in (mine, theirs):
        assert browser(customer).get(address("play_recording", row)).status_code == 403


STATES = [
    ({"recorded": False}, None, "Not recorded."),
    ({"recorded": None}, None, "Not recorded."),
    ({"seconds": 2}, None, "less than 3 seconds"),
    ({"answered_at": None}, None, "less than 3 seconds"),
    ({}, None, "the file has not come yet"),
    ({"received_at": timezone.now() - timedelta(days=8)}, None, "no file came within its term"),
    ({"record_download_url": "https://other.example/a.wav"}, None, "not on the upstream's list"),
    ({}, {}, "Stored, and kept until"),
    ({}, {"delete_at": timezone.now() - timedelta(days=1)}, "it is being deleted"),
    ({}, {"state": "awaited"}, "To be fetched from the upstream."),
    (
        {},
        {"state": "awaited", "attempts": 2, "problem": "status 404"},
        "2 times so far. Last time: the upstream answered 404.",
    ),
    ({}, {"state": "failed", "problem": "no_wav"}, "Not here: what came is no WAV file"),
    ({}, {"state": "failed", "problem": "killed"}, "Not here: fetching it was broken off on our side each time"),
    ({}, {"state": "deleted", "deleted_at": timezone.now()}, "Deleted on"),
]


@pytest.mark.parametrize(("facts", "row", "said"), STATES)
def test_what_became_of_it_stands_in_words(acme, switch1, support, stores, facts, row, said):
    call = talk(
        acme,
        switch1,
        **{"name": NAME if facts.get("recorded", True) else "", **facts},
    )
    if row is not None:
        store(acme, switch1, call, **row)
    assert said in panel.of_call(support, call).words
    with translation.override("zh-hans"):
        text = panel.of_call(support, call).words
        assert not [word for word in ("record", "the ", "file") if word in text.lower().replace(".wav", "")], text


@pytest.mark.parametrize(
    ("told", "said", "warns"),
    [
        (None, "not known", False),
        ({"record": True, "record_voice": "rec01.wav"}, "told to play rec01.wav", False),
        ({"record": False}, "although it was not told to", True),
    ],
)
def test_from_the_decision_to_the_page_the_announcement_is_told(acme, switch1, support, stores, told, said, warns):
    if told is not None:
        bound = bind(acme.application, terms=told)
        deciding.call(switch1, CallAsked("s-1", bound.number.number, A))
    else:
        open_session(acme, switch1)
    assert put(a_law()).status_code == 200  # the switch asked only, or sent an event: nothing more is known yet
    at = timezone.now()
    times = dict.fromkeys(("callInTime", "fwdStartTime", "fwdAnswerTime"), wire_time(at - timedelta(minutes=1)))
    fee = wires.fee("r-1", sessionId="s-1", recordFlag=1, recordObjectName=NAME, recordDomain=DOMAIN, **times)
    deliver_fees(switch1, {**fee, "callEndTime": wire_time(at)}, now=at)
    retention.join(timezone.now())
    call = Call.objects.get()
    found = panel.of_call(support, call)
    assert found.row is not None
    assert (found.row.call_id, found.plays, found.warns) == (call.pk, True, warns)
    assert said in found.announcement
    page = browser(support).get(reverse("call", args=[call.pk])).content.decode()
    assert (said in page, reverse("play_recording", args=[found.row.pk]) in page) == (True, True)


def wire_time(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def test_the_operator_asks_for_a_failed_one_again(acme, switch1, operator, support, stores):
    call = talk(acme, switch1)
    row = store(acme, switch1, call, state="failed", problem="status 404", path="", source_url="https://v.example/x")
    assert "Ask the upstream again" in browser(operator).get(reverse("recordings")).content.decode()
    assert browser(support).post(reverse("fetch_recording", args=[row.pk])).status_code == 403
    answer = browser(operator).post(reverse("fetch_recording", args=[row.pk]))
    assert urlsplit(answer["Location"]).path == reverse("call", args=[call.pk])
    row.refresh_from_db()
    assert (row.state, noted("recording.fetch")) == ("awaited", 1)
    page = browser(operator).post(reverse("fetch_recording", args=[row.pk]), follow=True).content.decode()
    assert "nothing to ask for any more" in page


def test_the_list_is_limited_by_state_account_and_name(acme, corp, switch1, operator, stores):
    store(acme, switch1)
    store(corp, switch1, name="theirs.wav", state="failed", problem="cut")
    expected = {
        "": [NAME, "theirs.wav"],
        "state=failed": ["theirs.wav"],
        "account=acme": [NAME],
        "name=theirs.wav": ["theirs.wav"],
        "name=x": [],
        "state=nonsense": [NAME, "theirs.wav"],
    }
    for query, names in expected.items():
        page = browser(operator).get(f"/call-recordings/?{query}").content.decode()
        assert [name for name in (NAME, "theirs.wav") if f">{mask_in_text(name)}<" in page] == names, query
