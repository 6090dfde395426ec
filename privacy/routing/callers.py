"""What a calling number is: a fixed line may not call (northbound.md 0.2), and not every caller can be called. Pure."""

import re

# Numbers of China without their 86: mobile, fixed lines with their area code. 400, 700, 800 and 95 are no area codes
# but 950 and 956-959 look like some; 951-955 are cities.
MOBILE = r"1[3-9][0-9]{9}"
FIXED = r"(?:10[0-9]{8}|2[0-9]{9}|(?!400|700|800|95[06-9])[3-9][0-9]{9,10})"
_FIXED = re.compile(rf"\+86{FIXED}")
_MOBILE = re.compile(rf"\+86{MOBILE}")
_ABROAD = re.compile(r"\+(?!86)[1-9][0-9]{6,14}")
_SERVICE = re.compile(r"(?:\+86)?(?:400[0-9]{7}|95[0-9]{3,9})")
_DIGITS = re.compile(r"\+?[0-9]{3,31}")


def is_fixed_line(number: str) -> bool:
    """Return whether a number is a fixed line of China."""
    return _FIXED.fullmatch(number) is not None


def is_bindable(number: str) -> bool:
    """Return whether a caller could be bound: a mobile, or any number abroad."""
    return _MOBILE.fullmatch(number) is not None or _ABROAD.fullmatch(number) is not None


def is_callable(number: str) -> bool:
    """Return whether a caller can be called back."""
    return is_bindable(number) or is_fixed_line(number) or _SERVICE.fullmatch(number) is not None


def is_shown(number: str) -> bool:
    """Return whether a number can be displayed: digits, however few; "anonymous" cannot."""
    return _DIGITS.fullmatch(number) is not None
