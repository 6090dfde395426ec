"""Numbers in a provision file: holdings, transfers, issue and rental."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Application, AuditEntry
from console.tests.provisioned import *  # noqa: F403
from console.tests.provisioned import DAY, FEBRUARY, FILE, NOW, Apply, counts, refusal
from notifications.models import Push
from privacy.models import Holding, Number, NumberChange

NUMBER = {"number": "+8617100000001"}


def two_applications(apply: Apply) -> None:
    apply(**FILE)
    apply(accounts=[{"code": "bolt"}], applications=[{"account": "bolt", "app_key": "boltKey"}])


def periods() -> list[tuple[str, datetime, datetime | None]]:
    rows = Holding.objects.select_related("application").order_by("valid_from")
    return [(row.application.app_key, row.valid_from, row.valid_to) for row in rows]


def test_moving_a_number_needs_transfer(apply: Apply) -> None:
    two_applications(apply)
    assert 'moving it needs "transfer": true' in refusal(apply, numbers=[{**NUMBER, "application": "boltKey"}])
    moved = [{**FILE["numbers"][0], "application": "boltKey", "transfer": True}]
    assert counts(apply(numbers=moved), "numbers") == (0, 1, 0)
    assert periods() == [("demoAppKey01", FEBRUARY, NOW), ("boltKey", NOW, None)]
    assert not apply(now=NOW + DAY, numbers=moved).changed


def test_a_move_is_told_to_both_applications(apply: Apply) -> None:
    two_applications(apply)
    Application.objects.filter(app_key="demoAppKey01").update(number_status_url="https://acme.example/status")
    Application.objects.filter(app_key="boltKey").update(call_status_url="https://bolt.example/calls")
    for _turn in range(2):
        apply(numbers=[{**NUMBER, "application": "boltKey", "transfer": True}])
    told = {push.endpoint.url: orjson.loads(push.body)["numInfo"] for push in Push.objects.all()}
    assert told == {
        "https://acme.example/status": [{**NUMBER, "status": "10", "cause": "1"}],
        "https://bolt.example/calls": [{**NUMBER, "status": "5"}],
    }
    assert Push.objects.count() == 2


def test_a_number_may_be_moved_at_a_given_instant(apply: Apply) -> None:
    two_applications(apply)
    moved = [{**NUMBER, "application": "boltKey", "transfer": True, "issued_at": "2026-03-01T00:00:00+00:00"}]
    apply(numbers=moved)
    march = datetime(2026, 3, 1, tzinfo=UTC)
    assert periods() == [("demoAppKey01", FEBRUARY, march), ("boltKey", march, None)]
    assert not apply(numbers=moved).changed


def test_issued_at_moves_earlier_but_not_later_nor_into_another_holding(apply: Apply) -> None:
    two_applications(apply)
    apply(numbers=[{**NUMBER, "issued_at": "2025-06-01T00:00:00+00:00"}])
    assert periods() == [("demoAppKey01", datetime(2025, 6, 1, tzinfo=UTC), None)]
    assert Number.objects.get().issued_at == datetime(2025, 6, 1, tzinfo=UTC)
    later = [{**NUMBER, "issued_at": "2025-07-01T00:00:00+00:00"}]
    assert "issued_at: is later than the holding's start" in refusal(apply, numbers=later)
    apply(numbers=[{**NUMBER, "application": "boltKey", "transfer": True}])
    assert "another application held the number then" in refusal(apply, numbers=later)


def test_a_number_whose_holding_ended_is_held_again_but_not_before_that(apply: Apply) -> None:
    two_applications(apply)
    Holding.objects.update(valid_to=NOW)
    again = {**NUMBER, "application": "boltKey"}
    told = refusal(apply, numbers=[{**again, "issued_at": "2026-03-01T00:00:00Z"}])
    assert told.startswith("numbers[0]: is refused by the rule")
    assert counts(apply(now=NOW + DAY, numbers=[again]), "numbers") == (0, 1, 0)
    assert periods()[1] == ("boltKey", NOW + DAY, None)


@pytest.mark.parametrize(
    ("issued_at", "given", "first"),
    [
        ("2026-02-01T00:00:00+08:00", None, "2026-03-01"),
        ("2026-03-31T23:59:59+08:00", None, "2026-03-01"),
        ("2026-04-01T00:00:00+08:00", None, "2026-04-01"),
        ("2025-02-01T00:00:00+08:00", "2025-02", "2025-02-01"),
        ("2025-02-01T00:00:00+08:00", "2025-02-17", "2025-02-01"),
    ],
)
def test_rental_is_owed_from_the_month_of_provisioning_unless_said(
    apply: Apply, issued_at: str, given: str | None, first: str
) -> None:
    apply(**{**FILE, "numbers": [{**FILE["numbers"][0], "issued_at": issued_at, "rental_from": given}]})
    assert str(Number.objects.get().rental_from) == first


def test_a_returned_number_that_is_named_again_is_a_new_one(apply: Apply) -> None:
    apply(**FILE)
    Number.objects.update(state=Number.State.RETURNED)
    Holding.objects.update(valid_to=NOW)
    assert counts(apply(now=NOW + DAY, numbers=[{**NUMBER, "application": "demoAppKey01"}]), "numbers") == (1, 0, 0)
    assert Number.objects.count() == 2


def test_thousands_of_numbers_take_a_few_statements(apply: Apply, django_assert_max_num_queries: Any) -> None:
    numbers = [{"number": f"+86165{i:08}", "application": "demoAppKey01"} for i in range(3000)]
    apply(**FILE)
    with django_assert_max_num_queries(120):
        assert counts(apply(numbers=numbers), "numbers") == (3000, 0, 0)


def test_a_number_that_was_blacklisted_and_returned_is_not_made_again(apply: Apply) -> None:
    apply(**FILE)
    Number.objects.update(state=Number.State.RETURNED, blacklisted_at=NOW)
    Holding.objects.update(valid_to=NOW)
    told = refusal(apply, numbers=[{**NUMBER, "application": "demoAppKey01"}])
    assert told.startswith("numbers[0].number: is blacklisted")
    assert "take it off the blacklist first" in told
    assert Number.objects.count() == 1


def test_a_move_between_accounts_is_in_the_numbers_life_and_in_the_audit_trail(apply: Apply) -> None:
    two_applications(apply)
    apply(now=NOW + DAY, numbers=[{**NUMBER, "application": "boltKey", "transfer": True}])
    moves = NumberChange.objects.filter(kind="transferred").order_by("pk")
    assert [(move.before, move.after, move.by) for move in moves] == [
        ("demoAppKey01", "", "command"),
        ("", "boltKey", "command"),
    ]
    entry = AuditEntry.objects.get(action="numbers.transfer")
    assert (entry.subject, entry.account, entry.username) == (NUMBER["number"], None, "command")
    assert entry.detail == {"from": "demoAppKey01", "to": "boltKey", "bindings_ended": 0, "without_agreement": True}


def test_what_binds_take_is_locked_once_ascending_before_anything_changes(apply: Apply) -> None:
    texts = [f"+8617100000{n:03}" for n in range(1, 6)]
    two_applications(apply)
    apply(numbers=[{"number": text, "application": "demoAppKey01"} for text in texts])
    moved = [{"number": text, "application": "boltKey", "transfer": True, "area_code": "010"} for text in texts[::-1]]
    with CaptureQueriesContext(connection) as captured:
        apply(now=NOW + DAY, numbers=moved)
    statements = [one["sql"] for one in captured]
    locks = [n for n, sql in enumerate(statements) if 'FROM "privacy_availability"' in sql and "FOR NO KEY" in sql]
    changes = [
        n for n, sql in enumerate(statements) if sql.startswith(('UPDATE "privacy_number"', 'UPDATE "privacy_h'))
    ]
    assert locks[0] < changes[0]
    assert 'ORDER BY "privacy_availability"."number_id" ASC' in statements[locks[0]]
    rows = next(n for n, sql in enumerate(statements) if 'FROM "privacy_number"' in sql and "FOR NO KEY" in sql)
    assert rows < locks[0]
    assert [row.area_code for row in Number.objects.all()] == ["010"] * 5


def test_a_file_that_changes_nothing_holds_no_bind_up(apply: Apply) -> None:
    apply(**FILE)
    with CaptureQueriesContext(connection) as captured:
        assert not apply(**FILE).changed
    assert not [one for one in captured if "privacy_availability" in one["sql"] and "FOR NO KEY" in one["sql"]]
