"""The data keys: a wrong one stops the start, and a rotation leaves everything findable."""

import base64
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from accounts import lookup
from accounts.datakeys import verify_data_keys
from accounts.models import Application, DataKey
from accounts.rotation import rotate, sealed_tables
from accounts.tests import cast
from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from common import partitions
from common.errors import WrongKey
from common.keyring import keyring
from common.timeid import time_id
from privacy.models import Call, Quarantined, Source
from privacy.tests import wires
from privacy.tests.deliveries import deliver

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


def key(kid: str, fill: int) -> str:
    return f"{kid}:{base64.b64encode(bytes([fill]) * 64).decode()}"


K1, K2 = key("k1", 1), key("k2", 2)


@pytest.fixture
def keys(settings: Any) -> Any:
    """Set the live keys: keys(K1), keys(K2, K1)."""

    def use(*texts: str) -> None:
        settings.MASKLINE_DATA_KEY = ",".join(texts)

    use(K1)
    return use


def call(company: Company, source: Source, number: int, **fields: Any) -> Call:
    return Call.objects.create(
        id=time_id(NOW, number),
        account=company.account,
        application=company.application,
        number=company.number,
        upstream=source.upstream,
        source=source,
        source_line=number,
        caller_number=f"+861390000{number:04}",
        user_data=f"order {number}",
        unknown_fields=b'{"number": "%d"}' % number,
        ended_at=NOW,
        **fields,
    )


@pytest.fixture
def source(keys: Any) -> Source:
    """A source of records, written under k1."""
    partitions.ensure("privacy_call", "month", [NOW])
    return Source.objects.create(door="request", upstream=cast.make_upstream())


def kids(column: str, table: str = "privacy_call") -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL")
        return {bytes(value)[1:3].decode() for (value,) in cursor.fetchall()}


# --- the start ------------------------------------------------------------------------------------------------------


def test_an_empty_database_takes_any_key_and_keeps_to_it(db: None, keys: Any) -> None:
    assert verify_data_keys() == ["k1"]
    assert verify_data_keys() == ["k1"]
    keys(key("k1", 9))
    with pytest.raises(WrongKey, match='"k1" in MASKLINE_DATA_KEY is another'):
        verify_data_keys()
    keys(K2)
    with pytest.raises(WrongKey, match='written with the key "k1", which is not in MASKLINE_DATA_KEY'):
        verify_data_keys()
    assert DataKey.objects.count() == 1


def test_a_key_that_only_reads_is_not_noted(db: None, keys: Any) -> None:
    keys(K1, K2)
    assert verify_data_keys() == ["k1"]
    keys(K2, K1)
    assert verify_data_keys() == ["k1", "k2"]


def test_the_command_stops_with_a_clear_text(db: None, keys: Any) -> None:
    out = io.StringIO()
    call_command("check_data_key", stdout=out)
    assert out.getvalue() == "data keys: k1\n"
    keys(K2)
    with pytest.raises(CommandError, match="without it no number in it can be read"):
        call_command("check_data_key")


# --- the rotation ---------------------------------------------------------------------------------------------------


def test_every_sealed_column_of_every_model_is_found(db: None) -> None:
    tables = {table.name: table for table in sealed_tables()}
    assert tables["privacy_call"].columns["caller_number"] is False
    assert tables["privacy_call"].columns["unknown_fields"] is True
    assert {"accounts_application", "privacy_message", "privacy_quarantined", "notifications_push"} <= set(tables)


def test_with_half_the_rows_under_a_new_key_search_finds_all(keys: Any, acme: Company, source: Source) -> None:
    for number in range(4):
        call(acme, source, number)
    keys(K2, K1)
    for number in range(4, 8):
        call(acme, source, number)
    assert kids("caller_number") == {"k1", "k2"}
    for number in range(8):
        assert Call.objects.get(caller_number=f"+861390000{number:04}").user_data == f"order {number}"
    both = ["+8613900000001", "+8613900000006"]
    assert Call.objects.filter(caller_number__in=both).count() == 2


def test_uniqueness_holds_across_keys(keys: Any, acme: Company) -> None:
    keys(K2, K1)
    with pytest.raises(IntegrityError), transaction.atomic():
        cast.make_application(acme.account, acme.application.app_key)
    assert Application.objects.get().app_secret == cast.SECRET


def test_after_a_rotation_the_old_key_can_be_dropped(keys: Any, acme: Company, source: Source) -> None:
    verify_data_keys()
    for number in range(7):
        call(acme, source, number)
    Quarantined.objects.create(
        reason="x", kind=1, upstream=source.upstream, source=source, body_digest=b"1" * 32, body=b"body"
    )
    keys(K2, K1)
    verify_data_keys()
    call(acme, source, 7)
    said: list[str] = []
    done = rotate(said.append, batch=3)
    assert done.rows["privacy_call"] == 7 and done.refused == [] and done.dropped == ["k1"]
    assert "privacy_call: 3 rows sealed again" in said
    for column in ("caller_number", "user_data", "unknown_fields"):
        assert kids(column) == {"k2"}
    keys(K2)
    assert verify_data_keys() == ["k2"]
    for number in range(8):
        found = Call.objects.get(caller_number=f"+861390000{number:04}")
        assert (found.user_data, bytes(found.unknown_fields or b"")) == (
            f"order {number}",
            b'{"number": "%d"}' % number,
        )
    assert Application.objects.get().app_secret == cast.SECRET
    assert bytes(Quarantined.objects.get().body) == b"body"


def test_keyed_hashes_outlive_the_key_they_began_with(db: None, keys: Any) -> None:
    before = lookup.hasher()("+8613900000101")
    assert len(before) == 16
    verify_data_keys()
    keys(K2, K1)
    assert lookup.hasher()("+8613900000101") == before
    rotate(lambda text: None)
    keys(K2)
    assert lookup.hasher()("+8613900000101") == before
    assert lookup.hasher()("+8613900000102") != before


def test_records_are_still_the_same_after_their_key_was_dropped(keys: Any, acme: Company, source: Source) -> None:
    pushes = [wires.fees(wires.fee()), wires.event()]
    verify_data_keys()
    assert deliver(source.upstream, *pushes).stored == 2
    keys(K2, K1)
    rotate(lambda text: None)
    keys(K2)
    again = deliver(source.upstream, *pushes)
    assert (again.repeated, again.quarantined) == (2, 0)


def test_a_second_rotation_changes_nothing(keys: Any, acme: Company, source: Source) -> None:
    call(acme, source, 1)
    keys(K2, K1)
    assert sum(rotate(lambda text: None).rows.values()) == 3  # the call, the secrets of application and upstream
    assert sum(rotate(lambda text: None).rows.values()) == 0


def test_a_rotation_that_was_killed_goes_on_where_it_was(keys: Any, acme: Company, source: Source) -> None:
    verify_data_keys()
    for number in range(6):
        call(acme, source, number)
    keys(K2, K1)

    def die(text: str) -> None:
        if text.startswith("privacy_call: 4 "):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(die, batch=2)
    assert kids("caller_number") == {"k1", "k2"}
    assert DataKey.objects.filter(kid="k1").exists()
    assert rotate(lambda text: None, batch=2).rows["privacy_call"] == 2
    assert kids("caller_number") == {"k2"}


def test_the_command_says_which_key_may_go(keys: Any, acme: Company) -> None:
    verify_data_keys()
    keys(K2, K1)
    out, err = io.StringIO(), io.StringIO()
    call_command("rotate_keys", stdout=out, stderr=err)
    assert "2 rows sealed again" in out.getvalue()
    assert "nothing is sealed under k1 any more" in out.getvalue()
    assert "accounts_application: 1 rows sealed again" in err.getvalue()
    assert keyring().open(keyring().seal(b"x")) == b"x"
