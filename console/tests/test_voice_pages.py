"""The pages of voice files: uploading, listening, reviewing, deleting, and who may do which."""

import io
import wave

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEntry
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from privacy import voices, wav
from privacy.models import Binding, VoiceFile
from privacy.tests.sounds import *  # noqa: F403
from privacy.tests.sounds import SECOND, a_law, make_voice

pytestmark = pytest.mark.django_db


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def send(user, content: bytes = b"", file_name: str = "hello.wav", **fields: str):
    """Upload a file as a person does; return the page that follows."""
    file = SimpleUploadedFile(file_name, content or a_law(), "audio/wav")
    return browser(user).post(reverse("upload_voice"), {"file": file, **fields}, follow=True)


def page(user, view: str, *args, **query) -> str:
    response = browser(user).get(reverse(view, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def test_a_customer_uploads_for_his_own_account_and_sees_that_it_waits(acme, customer, stores):
    text = send(customer, purpose="greeting").content.decode()
    assert "hello.wav is kept and waits for review." in text
    assert "Waiting for review" in text
    voice = VoiceFile.objects.get()
    assert (voice.account, voice.name, voice.purpose) == (acme.account, "hello.wav", "greeting")


def test_a_customer_cannot_upload_for_another_account(acme, corp, customer, stores):
    send(customer, account="corp")
    assert VoiceFile.objects.get().account == acme.account


def test_the_operator_names_the_account_and_a_better_name(acme, operator, stores):
    send(operator, file_name="C:\\Users\\me\\Neue Ansage.wav", account="acme", name="welcome.wav")
    assert VoiceFile.objects.get().name == "welcome.wav"
    assert "There is no account with this code." in send(operator, account="nobody").content.decode()


@pytest.mark.parametrize(
    ("content", "file_name", "said"),
    [
        (wav.riff(1, 16, b"\0\0"), "a.wav", "This WAV file is PCM, 8000 Hz, 16 bits, mono"),
        (b"ID3" + b"\0" * 50, "a.wav", "of kind MP3"),
        (a_law(), "mit Leerzeichen.wav", "A name has letters, digits"),
        (a_law(b"\xd5" * wav.MOST_BYTES), "a.wav", "larger than 2 MB"),
        (b"<script>alert(1)</script>", "a.wav", "does not begin with RIFF and WAVE"),
        (a_law(), '"><script>alert(1).wav', "A name has letters, digits"),
    ],
    ids=["pcm", "mp3", "blanks", "too large", "html", "a hostile name"],
)
def test_what_is_wrong_stands_at_the_form_with_the_cure(acme, customer, stores, content, file_name, said):
    text = send(customer, content, file_name).content.decode()
    assert said in text
    assert "ffmpeg -i in.mp3" in text
    assert "<script>alert" not in text
    assert VoiceFile.objects.count() == 0


def test_without_a_file_the_form_says_so(customer):
    answer = browser(customer).post(reverse("upload_voice"), {})
    assert "This field is required." in answer.content.decode()


def test_a_file_that_is_missing_an_account_of_its_own_is_refused(db, stores):
    assert send(cast.staff("customer")).status_code == 403


def test_support_listens_and_changes_nothing(acme, customer, support, stores):
    send(customer)
    voice = VoiceFile.objects.get()
    text = page(support, "voice_files")
    assert "hello.wav" in text
    assert 'type="file"' not in text
    refused = [
        send(support).status_code,
        browser(support).post(reverse("review_voice", args=[voice.pk]), {"verdict": "approve"}).status_code,
        browser(support).post(reverse("delete_voice", args=[voice.pk])).status_code,
        browser(customer).post(reverse("review_voice", args=[voice.pk]), {"verdict": "approve"}).status_code,
    ]
    assert refused == [403] * 4
    assert VoiceFile.objects.get().state == "waiting"


def test_a_file_of_another_account_is_as_absent_as_none(acme, corp, customer):
    voice = make_voice(corp.account, "theirs.wav")
    assert "theirs.wav" not in page(customer, "voice_files")
    for name in ("voice_file", "play_voice", "download_voice", "delete_voice"):
        assert browser(customer).get(reverse(name, args=[voice.pk])).status_code == 404
    assert browser(customer).post(reverse("delete_voice", args=[voice.pk])).status_code == 404
    assert VoiceFile.objects.count() == 1


def test_playing_gives_pcm_and_downloading_what_was_uploaded(acme, customer, stores):
    send(customer)
    voice = VoiceFile.objects.get()
    played = browser(customer).get(reverse("play_voice", args=[voice.pk]))
    with wave.open(io.BytesIO(b"".join(played))) as sound:
        assert (sound.getsampwidth(), sound.getnframes()) == (2, len(SECOND))
    part = browser(customer).get(reverse("play_voice", args=[voice.pk]), headers={"Range": "bytes=0-3"})
    assert (part.status_code, b"".join(part), part["Content-Type"]) == (206, b"RIFF", "audio/wav")
    kept = browser(customer).get(reverse("download_voice", args=[voice.pk]))
    assert (b"".join(kept), kept["Content-Disposition"]) == (a_law(), 'attachment; filename="hello.wav"')
    assert kept["X-Content-Type-Options"] == "nosniff"


def test_a_sound_the_storage_lost_is_told_and_breaks_no_page(acme, customer, stores):
    voice = make_voice(acme.account)
    assert "is missing in the storage" in page(customer, "voice_file", voice.pk)
    for name in ("play_voice", "download_voice"):
        assert browser(customer).get(reverse(name, args=[voice.pk])).status_code == 404


def test_the_operator_approves_what_he_heard(acme, customer, operator, stores):
    send(customer)
    voice = VoiceFile.objects.get()
    assert "1 file waits for review." in page(operator, "voice_files")
    where = reverse("review_voice", args=[voice.pk])
    text = browser(operator).post(where, {"verdict": "approve", "sha256": voice.sha256}, follow=True).content.decode()
    assert "hello.wav is approved" in text
    assert voices.approved(acme.account.pk, ["hello.wav"]) == {"hello.wav"}


def test_the_dashboard_tells_the_house_that_a_file_waits_and_no_customer(acme, customer, support):
    make_voice(acme.account, state="waiting")
    assert "1 voice file waits for review" in page(support, "dashboard")
    assert "waits for review" not in page(customer, "dashboard")


def test_what_was_replaced_meanwhile_is_not_approved(acme, customer, operator, stores):
    send(customer)
    voice = VoiceFile.objects.get()
    send(customer, a_law(SECOND[::-1]))
    where = reverse("review_voice", args=[voice.pk])
    text = browser(operator).post(where, {"verdict": "approve", "sha256": voice.sha256}, follow=True).content.decode()
    assert "replaced or deleted meanwhile" in text
    assert VoiceFile.objects.get().state == "waiting"


def test_refusing_needs_a_note_which_the_customer_reads(acme, customer, operator, stores):
    send(customer)
    voice = VoiceFile.objects.get()
    where, order = reverse("review_voice", args=[voice.pk]), {"verdict": "refuse", "sha256": voice.sha256}
    assert "Say why" in browser(operator).post(where, order).content.decode()
    browser(operator).post(where, {**order, "note": "too <quiet>"})
    assert "too &lt;quiet&gt;" in page(customer, "voice_file", voice.pk)
    assert "Refused" in page(customer, "voice_files")


def test_deleting_asks_first_and_tells_who_names_the_file(acme, customer, stores):
    voice = make_voice(acme.account, state="approved")
    now = timezone.now()
    Binding.objects.create(
        account=acme.account, application=acme.application, number=acme.number, kind="AXB", a_number="+8613900000101",
        valid_from=now, changed_at=now, record_voice=voice.name,
    )  # fmt: skip
    text = page(customer, "delete_voice", voice.pk)
    assert "1 binding that holds now" in text
    where = reverse("delete_voice", args=[voice.pk])
    assert "give a reason" in browser(customer).post(where).content.decode()
    assert VoiceFile.objects.count() == 1
    browser(customer).post(where, {"reason": "new announcement"})
    assert VoiceFile.objects.count() == 0
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.reason) == ("voice.delete", "new announcement")


def test_an_unused_file_is_deleted_without_a_reason(acme, operator, stores):
    voice = make_voice(acme.account, state="waiting")
    text = browser(operator).post(reverse("delete_voice", args=[voice.pk]), follow=True).content.decode()
    assert "hello.wav is deleted." in text
    assert "No voice files yet" in text


def test_the_list_is_limited_by_state_account_and_name_and_turns_pages(acme, corp, operator):
    for number in range(51):
        make_voice(acme.account, f"tone-{number:02}.wav")
    make_voice(corp.account, "theirs.wav", "refused")
    assert "theirs.wav" in page(operator, "voice_files", account="corp")
    assert "tone-" not in page(operator, "voice_files", state="refused")
    assert "tone-07.wav" in page(operator, "voice_files", name="NE-07")
    second = page(operator, "voice_files", state="approved", page="2")
    assert ("tone-00.wav" in second, "state=approved&amp;page=1" in second) == (True, True)
    assert "No such voice file" in page(operator, "voice_files", name="'; --")
    assert "theirs.wav" in page(operator, "voice_files", state="unheard-of", page="x")


def test_a_huge_upload_is_refused_before_it_is_read(customer):
    class Untouched(io.BytesIO):
        def read(self, *args):
            raise AssertionError("was read")

    headers = {"CONTENT_LENGTH": str(1 << 32), "CONTENT_TYPE": "multipart/form-data; boundary=x"}
    answer = browser(customer).request(
        REQUEST_METHOD="POST", PATH_INFO=reverse("upload_voice"), **headers, **{"wsgi.input": Untouched()}
    )
    assert answer.status_code == 413
