"""Thirty-two scenarios computed by hand from billing.md decide both the SQL and its twin."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from accounts.tests.fixtures import *  # noqa: F403
from accounts.tests.fixtures import Company
from billing import ledger
from billing.models import Purchase
from billing.settlement import settle
from billing.tests import books, scenarios, usage
from billing.tests.scenarios import DAY, Scenario
from billing.tests.twin import Line, Twin
from privacy.models import Usage

ALL = scenarios.read()
AFTER = DAY + timedelta(days=1, minutes=5)


def test_there_are_thirty_scenarios_with_names_of_their_own() -> None:
    assert len({scenario.name for scenario in ALL}) == len(ALL) >= 30


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.name)
def test_the_sql_settles_as_computed_by_hand(scenario: Scenario, acme: Company) -> None:
    scenarios.make_prices(scenario, acme)
    scenarios.make_purchases(scenario, acme)
    rows = scenarios.make_usage(scenario, acme)
    usage.queue(rows)

    settle(until=AFTER, now=AFTER)

    waiting = dict(Usage.objects.values_list("usage_id", "blocked_reason"))
    _compare(scenario, rows, books.lines(), waiting, books.left())
    assert ledger.balance(acme.account) == Decimal(scenario.balance)
    books.assert_sound()


@pytest.mark.parametrize("scenario", ALL, ids=lambda scenario: scenario.name)
def test_the_twin_settles_as_computed_by_hand(scenario: Scenario, acme: Company) -> None:
    prices = scenarios.make_prices(scenario, acme)
    twin = Twin.of([acme.account], prices, scenarios.make_purchases(scenario, acme))
    twin.queue = rows = scenarios.make_usage(scenario, acme)

    twin.settle(until=AFTER, now=AFTER)

    left = {(quota.purchase_id, quota.item): quota.left for quota in twin.quotas}
    _compare(scenario, rows, twin.lines, twin.waiting, left)
    assert twin.balance(acme.account.pk) == Decimal(scenario.balance)


def _compare(
    scenario: Scenario,
    rows: list[Usage],
    lines: dict[UUID, Line],
    waiting: dict[UUID, str],
    left: dict[tuple[int, str], int],
) -> None:
    references = dict(Purchase.objects.values_list("pk", "reference"))
    texts = [scenarios.line_text(lines.get(row.usage_id), waiting.get(row.usage_id, ""), references) for row in rows]
    assert texts == scenarios.parts(scenario.lines)
    over = [f"{name} {left[pk, 'call']}/{left[pk, 'sms']}" for pk, name in references.items()]
    assert sorted(over) == sorted(scenarios.parts(scenario.left))
