from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import BadInput
from common.money import exact, minor


@pytest.mark.parametrize(
    ("value", "amount"),
    [("0.06", "0.060000"), (3, "3.000000"), ("-1.000001", "-1.000001"), ("1e2", "100.000000"), ("-0", "0.000000")],
)
def test_an_amount_has_six_decimals(value: str | int, amount: str) -> None:
    assert str(exact(value)) == amount


@pytest.mark.parametrize("value", ["0.0000001", "1000000000000", "NaN", "Infinity", "ten", "", 0.1, True, None])
def test_what_would_lose_something_is_refused(value: object) -> None:
    with pytest.raises(BadInput):
        exact(value)  # type: ignore[arg-type]


@given(st.decimals("-999999999999", "999999999999", places=6))
def test_exact_changes_no_value(value: Decimal) -> None:
    assert exact(value) == value
    assert exact(str(value)) == value


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("0.005", "CNY", "0.01"),
        ("0.004999", "CNY", "0.00"),
        ("-0.005", "CNY", "-0.01"),
        ("-0.004", "CNY", "0.00"),
        ("2.5", "JPY", "3"),
        ("0.0005", "KWD", "0.001"),
        ("7", "USD", "7.00"),
    ],
)
def test_a_statement_rounds_half_up_to_the_minor_unit(amount: str, currency: str, rounded: str) -> None:
    assert str(minor(Decimal(amount), currency)) == rounded


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(BadInput, match="currency: unknown"):
        minor(Decimal(1), "XYZ")
