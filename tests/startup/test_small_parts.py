"""Certificates, translations, the environment of the tests."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from config import testing
from config.services import ServiceError, certificate, reach, translations
from config.services.identity import pack_acl

PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "call"\nmsgstr "通话"\n'


def test_the_self_signed_pair_is_kept_and_only_the_owner_reads_its_key(tmp_path: Path) -> None:
    made = certificate.pair({}, tmp_path)
    before = made.certificate.read_bytes()
    assert certificate.pair({}, tmp_path) == made
    assert made.certificate.read_bytes() == before
    assert made.key.stat().st_mode & 0o777 == 0o600


def test_the_operators_pair_is_taken_only_when_both_files_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "c").touch()
    with pytest.raises(ServiceError, match="TLS_KEY is not set"):
        certificate.pair({"TLS_CERT": str(tmp_path / "c")}, tmp_path)
    both = {"TLS_CERT": str(tmp_path / "c"), "TLS_KEY": str(tmp_path / "c")}
    assert certificate.pair(both, tmp_path).certificate == tmp_path / "c"


def test_a_certificate_about_to_expire_is_made_again(tmp_path: Path) -> None:
    made = certificate.pair({}, tmp_path)
    assert certificate.is_good(made, datetime.now(UTC) + timedelta(days=790))
    assert not certificate.is_good(made, datetime.now(UTC) + timedelta(days=800))


def test_a_translation_is_compiled_when_missing_or_older_than_its_source(tmp_path: Path) -> None:
    source = tmp_path / "zh_Hans" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(PO, encoding="utf-8")
    target = source.with_suffix(".mo")
    assert translations.compile_stale(tmp_path) == [target]
    assert "通话".encode() in target.read_bytes()
    assert translations.compile_stale(tmp_path) == []
    os.utime(target, (time.time() - 99, time.time() - 99))
    assert translations.compile_stale(tmp_path) == [target]
    assert [path.name for path in source.parent.iterdir() if path.suffix not in {".po", ".mo"}] == []


def test_the_acl_is_in_the_kernels_form_and_order() -> None:
    packed = pack_acl({(32, 0xFFFFFFFF): 0, (2, 101): 1, (1, 0xFFFFFFFF): 7})
    assert packed.hex() == "02000000" + "01000700ffffffff" + "0200010065000000" + "20000000ffffffff"


def test_the_shell_of_whoever_runs_the_tests_does_not_decide_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = {
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": "postgresql://production/x",
        "MASKLINE_ALLOWED_HOSTS": "example.com",
        "MASKLINE_FAULT": "settle:1",
        "TEST_DATABASE_URL": "postgresql://tests/x",
        "TEST_REDIS_URL": "redis://tests/0",
        "HOME": "/home/x",
    }
    for name in ("postgres", "redis"):
        monkeypatch.setattr(reach, name, lambda url, variable: None)
    assert testing.prepare(environ) is None
    assert environ == {
        "DATA_DIR": str(tmp_path / "test"),
        "HOME": "/home/x",
        "MASKLINE_DATA_KEY": testing.TEST_DATA_KEY,
        "MASKLINE_EMBEDDED_DATABASE_URL": "postgresql://tests/x",
        "MASKLINE_EMBEDDED_REDIS_URL": "redis://tests/0",
        "MASKLINE_FAULT": "settle:1",
        "MASKLINE_SECRET_KEY": testing.TEST_SECRET_KEY,
        "MASKLINE_TEST_BUILD": "1",
        "TEST_DATABASE_URL": "postgresql://tests/x",
        "TEST_REDIS_URL": "redis://tests/0",
    }


@pytest.mark.parametrize(
    ("url", "worker", "own"),
    [
        ("unix:///s", "", "unix:///s"),
        ("unix:///s", "gw0", "unix:///s?db=1"),
        ("redis://h/0", "gw3", "redis://h/4"),
        ("redis://h:6379", "gw3", "redis://h:6379/4"),
    ],
)
def test_each_test_worker_has_a_redis_database_of_its_own(url: str, worker: str, own: str) -> None:
    assert testing.redis_of_worker(url, worker) == own


@pytest.mark.django_db
def test_only_the_test_database_lets_append_only_tables_be_emptied() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), bool_and(tgenabled = 'D') FROM pg_trigger WHERE tgname LIKE '%append_only_truncate'"
        )
        count, disabled = cursor.fetchone()
    assert count > 0
    assert disabled
