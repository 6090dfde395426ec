"""Recordings in a bucket and in a folder: the same doors over both, and MASKLINE_STORAGE_URL that says which."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from accounts.tests.fixtures import *  # noqa: F403
from common.tests import fake_bucket
from common.tests.fake_bucket import Bucket
from config import storage
from config.environment import Reader
from console.voices import sounds
from privacy import voices, wav
from privacy.models import RecordingFile
from privacy.recordings import retention, store
from privacy.tasks import forget_leftovers, sweep_recordings
from privacy.tests.sounds import *  # noqa: F403
from privacy.tests.sounds import a_law
from privacy.tests.test_recording_uploads import DOMAIN, NAME, files, open_session, put
from privacy.tests.test_recordings import ask, keep, make_call, path

pytestmark = pytest.mark.django_db
KEYS = {"AWS_ACCESS_KEY_ID": fake_bucket.KEY, "AWS_SECRET_ACCESS_KEY": fake_bucket.SECRET}


@pytest.fixture
def bucket(settings: Any, tmp_path: Path) -> Iterator[Bucket]:
    """The storages in a bucket, through the setting that an operator writes."""
    with fake_bucket.serving() as served:
        url = f"s3://recordings-of-acme/maskline/one?endpoint={served.endpoint}&region=eu-west-1"
        reader = Reader({"MASKLINE_STORAGE_URL": url, **KEYS})
        settings.STORAGES = {**settings.STORAGES, **storage.stores(reader, tmp_path)}
        settings.MEDIA_ROOT = tmp_path
        assert reader.problems == []
        yield served


def test_a_recording_goes_through_a_bucket_from_the_switch_to_the_customer(acme, switch1, bucket):
    open_session(acme, switch1)
    make_call(acme, switch1)
    assert put(a_law()).status_code == 200
    (key,) = bucket.objects
    assert key.startswith(f"maskline/one/recordings/{acme.account.pk}/{DOMAIN}/{NAME}~")
    link = path(ask(acme))
    assert b"".join(Client().get(link)) == a_law()
    part = Client().get(link, headers={"Range": "bytes=8-11"})
    assert (part.status_code, b"".join(part)) == (206, b"WAVE")
    assert bucket.asked[-1].endswith(f"bytes=8-{len(a_law()) - 1}")
    assert (put(a_law()).json()["repeated"], put(a_law(b"\xd5" * 80)).status_code, len(bucket.objects)) == (
        True,
        409,
        1,
    )


def test_a_large_one_is_sent_in_parts_and_read_from_the_middle(acme, switch1, bucket):
    open_session(acme, switch1)
    sound = a_law(bytes(range(256)) * 4 * 9 * 1024)
    assert put(sound).status_code == 200
    assert [method for method in bucket.asked if method.startswith("POST")] != []
    row = RecordingFile.objects.get()
    file, size = store.open_file(row.path)
    file.seek(5_000_000)
    assert (size, file.read(1000), file.read(24)) == (
        len(sound),
        sound[5_000_000:5_001_000],
        sound[5_001_000:5_001_024],
    )
    file.close()
    assert (bucket.uploads, list(store.incoming().iterdir())) == ({}, [])


def test_the_term_and_leftovers_end_in_a_bucket_too(acme, switch1, bucket):
    open_session(acme, switch1)
    put(a_law())
    storages["recordings"].save("1/rec.example/left.wav~000000000000", ContentFile(b"x"))
    assert (forget_leftovers(), len(bucket.objects)) == (1, 1)
    RecordingFile.objects.update(delete_at=timezone.now())
    assert (sweep_recordings(), sweep_recordings(), bucket.objects) == (1, 0, {})


@pytest.mark.parametrize("gone", [True, False])
def test_a_bucket_that_is_away_is_503_and_nothing_is_lost(acme, switch1, bucket, gone, settings):
    open_session(acme, switch1)
    make_call(acme, switch1)
    put(a_law())
    link = path(ask(acme))
    if gone:
        options = settings.STORAGES["recordings"]["OPTIONS"]
        away = {**settings.STORAGES["recordings"], "OPTIONS": {**options, "endpoint_url": "http://127.0.0.1:9"}}
        settings.STORAGES = {**settings.STORAGES, "recordings": away}
    else:
        bucket.refuses = 503
    answer = put(a_law(), "other.wav")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    fetched = Client().get(link)
    assert (fetched.status_code, fetched["Retry-After"]) == (503, "30")
    RecordingFile.objects.update(delete_at=timezone.now())
    with pytest.raises(store.StorageAway):
        retention.delete_due(timezone.now())
    assert RecordingFile.objects.get().state == "stored"


def test_voice_files_lie_in_the_bucket_too(acme, bucket, operator):
    voice = voices.upload(acme.account, "hello.wav", a_law(), user=operator)
    assert voices.open_sound(voice).read() == a_law()
    assert [key.split("/")[2] for key in bucket.objects] == ["voices"]
    bucket.refuses = 503
    assert sounds.is_there(voice)
    bucket.refuses = 0
    bucket.objects.clear()
    assert not sounds.is_there(voice)


URLS = [
    ("", None),
    ("file:///srv/maskline", None),
    ("s3://bucket", None),
    ("s3://bucket/a/b?region=x", None),
    ("s3://bucket?endpoint=https://s3.example:9000", None),
    ("ftp://bucket", "neither"),
    ("/srv/x", "neither"),
    ("s3://", "no bucket"),
    ("s3://bucket?endpoint=s3.example", "http"),
    ("s3://key:secret@bucket", "holds a key"),
    ("s3://bucket?regoin=x", "regoin"),
    ("s3://[bucket", "no address"),
    ("file://host/srv", "neither"),
]


@pytest.mark.parametrize(("url", "problem"), URLS)
def test_the_setting_is_checked_with_a_clear_message(url, problem, tmp_path):
    reader = Reader({"MASKLINE_STORAGE_URL": url, **KEYS})
    found = storage.stores(reader, tmp_path)
    assert set(found) == {"recordings", "voices"}
    if problem is None:
        assert reader.problems == []
    else:
        (only,) = reader.problems
        assert (only.id, problem in only.message, bool(only.hint)) == ("maskline.E008", True, True)
        assert "secret" not in only.message


def test_one_key_alone_or_none_for_a_server_of_ones_own_is_a_mistake(tmp_path):
    for url, keys in [
        ("s3://bucket", {"AWS_ACCESS_KEY_ID": "x"}),
        ("s3://bucket?endpoint=http://s3.example", {}),
    ]:
        reader = Reader({"MASKLINE_STORAGE_URL": url, **keys})
        storage.stores(reader, tmp_path)
        assert "keys" in reader.problems[0].message


def test_at_the_end_of_its_term_a_recording_goes_for_good_and_says_so(acme, switch1, stores):
    open_session(acme, switch1)
    call = make_call(acme, switch1, received_at=timezone.now() - timedelta(days=6, hours=23))
    put(a_law())
    assert sweep_recordings() == 0
    RecordingFile.objects.update(delete_at=timezone.now() - timedelta(seconds=1))
    assert (sweep_recordings(), sweep_recordings(), files(stores)) == (1, 0, [])
    row = RecordingFile.objects.get()
    assert (row.state, row.call_id, row.deleted_at is not None) == ("deleted", call.pk, True)
    assert ask(acme).json()["resultcode"] == "1012007"
    assert retention.forget_rows(timezone.now() + timedelta(days=399)) == 0
    assert retention.forget_rows(timezone.now() + timedelta(days=401)) == 1


def test_the_command_counts_what_is_stored(acme, switch1, stores, capsys):
    open_session(acme, switch1)
    put(a_law())
    call_command("recordings")
    said = capsys.readouterr().out
    assert f"stored 1, {len(a_law())} bytes" in said
    assert f"acme: 1, {len(a_law())} bytes" in said
    assert "deleted 0" in said


def test_a_kill_between_file_and_row_is_made_good_by_the_next_run(acme, switch1, stores):
    open_session(acme, switch1)
    make_call(acme, switch1)
    put(a_law())
    storages["recordings"].delete(RecordingFile.objects.get().path)
    RecordingFile.objects.update(delete_at=timezone.now())
    assert Client().get(path(ask(acme))).status_code == 404
    assert (sweep_recordings(), RecordingFile.objects.get().state) == (1, "deleted")


def test_files_that_no_row_names_stay_for_the_term_and_no_longer(acme, switch1, stores):
    keep(make_call(acme, switch1))
    assert retention.forget_leftovers(timezone.now() + timedelta(days=6)) == 0
    assert ask(acme).status_code == 301
    assert retention.forget_leftovers(timezone.now() + timedelta(days=8)) == 1
    assert files(stores) == []


def test_samples_are_found_behind_other_chunks(tmp_path):
    file = tmp_path / "a.wav"
    sound = a_law()
    file.write_bytes(sound[:12] + b"LIST\3\0\0\0abc\0" + sound[12:])
    with file.open("rb") as content:
        samples = wav.locate(content, file.stat().st_size)
    assert (samples.start, samples.milliseconds) == (44 + 12, 1000)
