"""Money: exact to six decimals everywhere, rounded in one place for a statement (`billing.md` 3)."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from common.errors import BadInput

DECIMALS = 6
UNIT = Decimal(1).scaleb(-DECIMALS)
LIMIT = Decimal(10) ** 12  # numeric(18, 6)

# Decimals of the minor unit (ISO 4217).
MINOR_UNITS: dict[str, int] = {
    **dict.fromkeys(("AED", "AUD", "BRL", "CAD", "CHF", "CNY", "EUR", "GBP", "HKD", "IDR"), 2),
    **dict.fromkeys(("INR", "MOP", "MXN", "MYR", "NZD", "PHP", "SAR", "SGD", "THB", "TRY"), 2),
    **dict.fromkeys(("TWD", "USD", "ZAR"), 2),
    **dict.fromkeys(("CLP", "JPY", "KRW", "VND"), 0),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}


def exact(value: Decimal | int | str) -> Decimal:
    """Return an amount with exactly six decimals. Raises BadInput where that would lose something."""
    if isinstance(value, float | bool):
        raise BadInput("amount", "a binary fraction is no amount", "give it as text")
    try:
        amount = Decimal(value)
    except (InvalidOperation, TypeError, ValueError):
        raise BadInput("amount", "not a number") from None
    if not amount.is_finite() or abs(amount) >= LIMIT:
        raise BadInput("amount", "out of range", "at most 12 digits before the point")
    fixed = amount.quantize(UNIT)
    if fixed != amount:
        raise BadInput("amount", "has more than six decimals")
    return fixed + 0  # no negative zero


def minor(amount: Decimal, currency: str) -> Decimal:
    """Return an amount rounded half up (away from zero) to the minor unit of its currency.

    The only function that rounds money. Raises BadInput for an unknown currency.
    """
    if currency not in MINOR_UNITS:
        raise BadInput("currency", "unknown", "use one of " + ", ".join(sorted(MINOR_UNITS)))
    step = Decimal(1).scaleb(-MINOR_UNITS[currency])
    return amount.quantize(step, ROUND_HALF_UP) + 0
