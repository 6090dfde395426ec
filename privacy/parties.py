"""Which real numbers can be bound or called (northbound.md 0.2, 4.6). Texts are what a client sent."""

import re

from common.phone import E164

# Of China's numbers: mobile, and fixed lines with their area code. 400, 700, 800 and 95 are no area codes but 950
# and 956-959 look like some; 951-955 are cities.
_CHINESE = re.compile(r"\+86(?:1[3-9][0-9]{9}|10[0-9]{8}|2[0-9]{9}|(?!400|700|800|95[06-9])[3-9][0-9]{9,10})")
_SERVICE = re.compile(r"(?:\+86)?(?:400[0-9]{7}|95[0-9]{3,9})")


def is_bindable(number: str) -> bool:
    """Return whether `number` may be A or B: a real mobile or fixed line in global format, no 400 and no 95 number."""
    if number.startswith("+86"):
        return _CHINESE.fullmatch(number) is not None
    return E164.fullmatch(number) is not None


def is_callable(number: str) -> bool:
    """Return whether `number` may be called: what is bindable, and 400 and 95 numbers, as dialled or with +86."""
    return is_bindable(number) or _SERVICE.fullmatch(number) is not None
