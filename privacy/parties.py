"""Which real numbers can be bound or called (northbound.md 0.2, 4.6). Texts are what a client sent."""

from privacy.routing import callers


def is_bindable(number: str) -> bool:
    """Return whether `number` may be A or B: a real mobile or fixed line in global format, no 400 and no 95 number."""
    return callers.is_bindable(number) or callers.is_fixed_line(number)


def is_callable(number: str) -> bool:
    """Return whether `number` may be called: what is bindable, and 400 and 95 numbers, as dialled or with +86."""
    return callers.is_callable(number)
