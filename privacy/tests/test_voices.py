"""Voice files: uploaded, reviewed, replaced, withdrawn, deleted, and by which names bindings may use them."""

from datetime import timedelta

import pytest
from django.core.files.storage import storages
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tests.fixtures import *  # noqa: F403
from common.errors import BadInput, Conflict
from privacy import voices, wav
from privacy.models import Binding, VoiceFile
from privacy.tests.sounds import *  # noqa: F403
from privacy.tests.sounds import SECOND, a_law, make_voice
from privacy.tests.test_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
OTHER = a_law(SECOND[::-1])


def files() -> list[str]:
    """Return what lies in the storage."""
    folders, _none = storages["voices"].listdir("") if storages["voices"].exists("") else ([], [])
    return sorted(f"{folder}/{name}" for folder in folders for name in storages["voices"].listdir(folder)[1])


def test_only_approved_files_of_the_account_may_be_named(acme, bolt):
    make_voice(acme.account, "yes.wav")
    make_voice(acme.account, "waits.wav", "waiting")
    make_voice(acme.account, "no.wav", "refused")
    make_voice(bolt.account, "bolts.wav")
    asked = ["yes.wav", "waits.wav", "no.wav", "bolts.wav", "", "nul\0.wav", "\ud800.wav", "../yes.wav", "YES.wav"]
    assert voices.approved(acme.account.pk, asked) == {"yes.wav"}
    assert voices.approved(acme.account.pk, []) == set()


def test_an_upload_waits_for_review_and_is_kept_byte_for_byte(acme, customer, stores):
    voice = voices.upload(acme.account, "hello.wav", a_law(), purpose="greeting", user=customer)
    assert (voice.state, voice.milliseconds, voice.uploaded_by) == ("waiting", 1000, "customer")
    assert voice.stored_as == f"{acme.account.pk}/{voice.sha256}.wav"
    assert voices.open_sound(voice).read() == a_law()
    assert voices.approved(acme.account.pk, ["hello.wav"]) == set()
    assert (stores / "voices" / voice.stored_as).stat().st_mode & 0o777 == 0o600
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.account, entry.username) == (
        "voice.upload",
        "hello.wav",
        acme.account,
        "customer",
    )


WRONG_NAMES = [
    *("", ".wav", "a.mp3", "a", "../a.wav", "a/b.wav", "a\\b.wav", "a b.wav", "a.wav\n", "a\0.wav", "ä.wav"),
    *("音.wav", "%2e.wav", "<b>.wav", "a.wav/", "x" * 125 + ".wav", "a.wav "),
]


def test_names_that_cannot_be_are_refused(acme, customer, stores):
    for name in WRONG_NAMES:
        with pytest.raises(BadInput) as refused:
            voices.upload(acme.account, name, a_law(), user=customer)
        assert (refused.value.field, VoiceFile.objects.count(), files()) == ("name", 0, []), name


def test_names_of_letters_digits_and_four_marks_are_taken(acme, customer, stores):
    for name in ["a.wav", "A.WAV", "..wav", "-_.@.wav", "0.wav", "x" * 124 + ".wav"]:
        assert voices.upload(acme.account, name, a_law(), user=customer).name == name


def test_a_file_that_is_not_fit_leaves_nothing_behind(acme, customer, stores):
    with pytest.raises(BadInput, match="PCM"):
        voices.upload(acme.account, "a.wav", wav.riff(1, 16, b"\0\0"), user=customer)
    assert (VoiceFile.objects.count(), files(), AuditEntry.objects.count()) == (0, [], 0)


@pytest.mark.parametrize("state", ["waiting", "refused"])
def test_what_waits_or_was_refused_is_replaced_and_waits_again(acme, customer, operator, stores, state):
    first = voices.upload(acme.account, "a.wav", a_law(), user=customer)
    if state == "refused":
        voices.review(first, approve=False, note="too quiet", sha256=first.sha256, user=operator)
    second = voices.upload(acme.account, "a.wav", OTHER, user=customer)
    assert (second.pk, second.state, second.review_note, second.reviewed_at) == (first.pk, "waiting", "", None)
    assert files() == [second.stored_as]
    assert voices.open_sound(VoiceFile.objects.get()).read() == OTHER


def test_an_approved_name_keeps_its_sound(acme, customer, operator, stores):
    voice = voices.upload(acme.account, "a.wav", a_law(), user=customer)
    voices.review(voice, approve=True, sha256=voice.sha256, user=operator)
    with pytest.raises(BadInput, match=r"a\.wav is approved and keeps its sound"):
        voices.upload(acme.account, "a.wav", OTHER, user=customer)
    assert files() == [voice.stored_as]
    assert voices.approved(acme.account.pk, ["a.wav"]) == {"a.wav"}


def test_the_same_sound_under_two_names_is_kept_twice_and_deleted_once(acme, customer, stores):
    first = voices.upload(acme.account, "a.wav", a_law(), user=customer)
    second = voices.upload(acme.account, "b.wav", a_law(), user=customer)
    assert first.stored_as != second.stored_as
    voices.delete(first, user=customer)
    assert files() == [second.stored_as]


def test_what_was_not_listened_to_is_not_approved(acme, customer, operator, stores):
    heard = voices.upload(acme.account, "a.wav", a_law(), user=customer)
    voices.upload(acme.account, "a.wav", OTHER, user=customer)
    with pytest.raises(Conflict):
        voices.review(heard, approve=True, sha256=heard.sha256, user=operator)
    assert VoiceFile.objects.get().state == "waiting"


def test_refusing_needs_a_note_and_withdraws_what_was_approved(acme, customer, operator, stores):
    voice = voices.upload(acme.account, "a.wav", a_law(), user=customer)
    voices.review(voice, approve=True, sha256=voice.sha256, user=operator)
    with pytest.raises(BadInput):
        voices.review(voice, approve=False, note="  ", sha256=voice.sha256, user=operator)
    voices.review(voice, approve=False, note="names a phone +8613900000101", sha256=voice.sha256, user=operator)
    assert voices.approved(acme.account.pk, ["a.wav"]) == set()
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "voice.upload",
        "voice.approve",
        "voice.refuse",
    ]
    assert "13900000101" not in AuditEntry.objects.latest("pk").reason


def test_a_deleted_file_is_gone_with_its_sound_and_deleting_again_does_nothing(acme, customer, stores):
    voice = voices.upload(acme.account, "a.wav", a_law(), user=customer)
    voices.delete(voice, user=customer)
    voices.delete(VoiceFile(pk=voice.pk or 1), user=customer)
    assert (VoiceFile.objects.count(), files()) == (0, [])
    assert AuditEntry.objects.filter(action="voice.delete").count() == 1


def test_a_storage_that_lost_the_sound_says_so(acme, stores):
    with pytest.raises(FileNotFoundError):
        voices.open_sound(make_voice(acme.account))


def test_who_names_a_file_is_counted(acme, bolt):
    voice, now = make_voice(acme.account, "a.wav"), timezone.now()

    def bind(company=acme, **fields):
        Binding.objects.create(
            account=company.account, application=company.application, number=company.number, kind="AXB",
            a_number="+8613900000101", valid_from=now, changed_at=now, **fields,
        )  # fmt: skip

    assert not voices.uses(voice, now)
    for field in voices.BINDING_FIELDS:
        bind(**{field: "a.wav"}, expires_at=None if field == "record_voice" else now + timedelta(hours=1))
    bind(record_voice="a.wav", valid_to=now)
    bind(record_voice="a.wav", expires_at=now)
    bind(record_voice="b.wav")
    bind(bolt, record_voice="a.wav")
    acme.application.abnormal_voice = "a.wav"
    acme.application.save()
    found = voices.uses(voice, now)
    assert (found.bindings, found.applications) == (5, [acme.application])


def test_one_name_uploaded_twice_at_once_leaves_one_row_and_one_sound(acme, customer, stores):
    def upload(content):
        try:
            return voices.upload(acme.account, "a.wav", content, user=customer)
        except BadInput as refused:
            return refused.field

    results = at_once(2, [lambda: upload(a_law()), lambda: upload(OTHER)] * 4)
    assert {result for result in results if isinstance(result, str)} <= {"name"}
    assert files() == [VoiceFile.objects.get().stored_as]


def test_an_account_keeps_so_many_files_and_no_more(acme, customer, stores, monkeypatch):
    monkeypatch.setattr(voices, "MOST_FILES", 1)
    voices.upload(acme.account, "a.wav", a_law(), user=customer)
    with pytest.raises(BadInput, match="has 1 voice files"):
        voices.upload(acme.account, "b.wav", a_law(), user=customer)
    assert len(files()) == 1


def test_a_real_number_in_a_note_is_masked_where_it_is_kept(acme, operator, customer, stores):
    voice = voices.upload(acme.account, "hello.wav", a_law(), purpose="for 13800138000", user=customer)
    assert voice.purpose == "for *******8000"
    refused = voices.review(voice, approve=False, note="ask 138 0013 8000", sha256=voice.sha256, user=operator)
    assert refused.review_note == "ask *** **** 8000"
    assert "13800138000" not in str(list(AuditEntry.objects.values()))
