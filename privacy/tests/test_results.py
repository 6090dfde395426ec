"""As what a message is charged after the results reported for it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.results import CHARGEABLE, Reported, charged, standing

MESSAGE = UUID(int=7)
T = datetime(2026, 3, 1, tzinfo=UTC)


def history(*results: tuple[int, int]) -> list[Reported]:
    """Return reports from (result, second)."""
    return [Reported(n, result, T + timedelta(seconds=second)) for n, (result, second) in enumerate(results)]


@pytest.mark.parametrize(
    ("results", "is_charged"),
    [
        ([(0, 0)], True),
        ([(4, 0)], False),
        ([(0, 0), (4, 1)], False),
        ([(4, 0), (0, 1)], True),
        ([(0, 5), (4, 1)], True),  # the failure is older than the success that came first
        ([(0, 0), (4, 1), (0, 2)], True),
        ([(0, 0), (9, 1)], True),
    ],
)
def test_the_newest_result_decides(results, is_charged):
    assert (charged(MESSAGE, history(*results)) is not None) == is_charged


def test_a_second_charge_has_an_id_of_its_own():
    first = charged(MESSAGE, history((0, 0)))
    again = charged(MESSAGE, history((0, 0), (4, 1), (0, 2)))
    assert first is not None and again is not None
    assert first.usage_id == MESSAGE != again.usage_id
    assert again.sent_at == T + timedelta(seconds=2)


def test_partly_sent_after_sent_is_a_second_charge_of_the_first_ones_time():
    charge = charged(MESSAGE, history((0, 0), (9, 1), (0, 2)))
    assert charge is not None
    assert (charge.sent_at, charge.result) == (T, 0)
    assert charge.usage_id != MESSAGE


@given(st.lists(st.tuples(st.sampled_from([0, 1, 4, 9]), st.integers(0, 9)), min_size=1, max_size=8))
def test_a_message_is_charged_exactly_when_its_standing_result_is_chargeable(results):
    reports = history(*results)
    charge = charged(MESSAGE, reports)
    assert (charge is not None) == (standing(reports)[-1].result in CHARGEABLE)
    assert charged(MESSAGE, list(reversed(reports))) == charge
