"""Phone numbers: the stored form, what a person types, the masked form, the model field.

The stored form is E.164 with a plus ("+8613900000101") where the text is one; anything else
(10086, 95xxx, anonymous) is kept as it was sent.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import unquote

import phonenumbers
from django.core.exceptions import ValidationError

from common.errors import BadInput
from common.keyring import Keyring, keyring
from common.sealed import SealedTextField

MAX_LENGTH = 32
HOME_COUNTRY = "86"

_TRUNK_ABROAD = f"+{HOME_COUNTRY}0"

_ST = TypeVar("_ST", contravariant=True)
_GT = TypeVar("_GT", covariant=True)

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
# Blanks, dashes, brackets, and the invisible direction marks that copying from a phone leaves.
_FILLING = re.compile(r"[\s\-().\u2010-\u2015\u2212/\u200b-\u200f\u202a-\u202e\u2060-\u2069]+")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_TRUNK = re.compile(r"0([1-9][0-9]{8,10})")
# Up to the 15 digits of E.164: numbers of things and of virtual operators are longer than a mobile's.
_WITHOUT_PLUS = re.compile(r"86[1-9][0-9]{9,12}")
# In a text: seven digits or more with blanks, dashes, dots or brackets between. A date has eight and is none.
_DATE = re.compile(r"((?<!\d)(?:19|20)\d\d-[01]\d-[0-3]\d(?:[ T][0-2]\d:[0-5]\d)?(?!\d))")
_DIGITS_IN_TEXT = re.compile(r"\d(?:[\s\-().\u2010-\u2015\u2212\u200b-\u200f]{0,3}\d){6,}")
_CLEAR_IN_TEXT = 4
_HOST_OF_URL = re.compile(r"[a-z]+://[^/?#]*")


def normalise(text: str) -> str:
    """Return the stored form of a number as a machine sent it. Raises BadInput over 32 characters."""
    if E164.fullmatch(text):
        return text
    # Half a surrogate pair (possible in JSON) has no bytes to seal.
    trimmed = text.encode("utf-8", "replace").decode().replace("\0", "").strip()
    if trimmed.startswith("+"):
        joined = _FILLING.sub("", trimmed)
        if E164.fullmatch(joined):
            return joined
    if len(trimmed) > MAX_LENGTH:
        raise BadInput("number", f"longer than {MAX_LENGTH} characters")
    return trimmed


def seal_number(text: str) -> bytes:
    """Return the bytes a PhoneNumberField stores for a number, for writers that use COPY.

    The latest 50,000 are remembered: the same numbers come again and again in one hour's records.
    """
    return _sealed(keyring(), text)


@lru_cache(maxsize=50_000)
def _sealed(keys: Keyring, text: str) -> bytes:
    return keys.seal(normalise(text).encode())


def parse_typed(text: str) -> str:
    """Return the stored form of a number as a person types it.

    Understands blanks, dashes, brackets, full-width digits, a leading 00, a bare Chinese
    mobile number and a Chinese area code with its 0. Short codes stay as typed.
    Raises BadInput over 32 characters.
    """
    if E164.fullmatch(text) and not text.startswith(_TRUNK_ABROAD):
        return text
    plain = normalise(unicodedata.normalize("NFKC", text))
    digits = _FILLING.sub("", plain)
    if not digits.lstrip("+").isdecimal():
        return plain
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    elif _MOBILE.fullmatch(digits):
        digits = f"+{HOME_COUNTRY}{digits}"
    elif trunk := _TRUNK.fullmatch(digits):
        digits = f"+{HOME_COUNTRY}{trunk[1]}"
    elif _WITHOUT_PLUS.fullmatch(digits):
        digits = "+" + digits
    # "+86 0755 ..." and "+86 (0)755 ...": the trunk 0 is not dialled from abroad.
    if digits.startswith(_TRUNK_ABROAD):
        digits = f"+{HOME_COUNTRY}{digits[4:]}"
    return digits


def mask(number: str) -> str:
    """Return the one masked form, e.g. +86139****0101; of a short number only the first character."""
    if not E164.fullmatch(number):
        country, national = "", number
    else:
        country = "+" + country_code(number)
        national = number[len(country) :]
    if len(national) < 8 or not national.isdecimal():
        return country + national[:1] + "*" * (len(national) - 1)
    tail = 4 if len(national) >= 11 else 2
    return country + national[:3] + "*" * (len(national) - 3 - tail) + national[-tail:]


def mask_in_text(text: str) -> str:
    """Return what a person wrote with every run of seven or more digits masked but for its last four.

    For reasons and notes that are kept in clear: "customer 13800138000 asked" becomes "customer *******8000 asked".
    Dates such as 2026-03-01 stay. What was masked once stays as it is.
    """
    parts = _DATE.split(text)
    # With one group the odd parts are the dates.
    return "".join(part if at % 2 else _DIGITS_IN_TEXT.sub(_masked_run, part) for at, part in enumerate(parts))


def mask_in_url(url: str) -> str:
    """Return a URL with the numbers in its path and query masked; host and port stay, an address is no number."""
    host = _HOST_OF_URL.match(url)
    before, rest = (host[0], url[host.end() :]) if host else ("", url)
    shown, plain = mask_in_text(rest), unquote(rest)
    # Digits may be written as %31%33...
    if shown == rest and mask_in_text(plain) != plain:
        shown = mask_in_text(plain)
    return before + shown


def _masked_run(found: re.Match[str]) -> str:
    run = found[0]
    hidden = sum(map(str.isdecimal, run)) - _CLEAR_IN_TEXT
    return re.sub(r"\d", "*", run, count=hidden)


def country_code(number: str) -> str:
    """Return the country calling code of an E.164 number, or "" when nobody has it."""
    for length in (1, 2, 3):
        code = number[1 : 1 + length]
        if int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return code
    return ""


class PhoneNumberField(SealedTextField[_ST, _GT]):
    """A phone number in its stored form, sealed. See `SealedTextField` for what can be searched."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", MAX_LENGTH)
        super().__init__(*args, **kwargs)

    def to_python(self, value: Any) -> Any:
        if value is None:
            return None
        try:
            return normalise(str(value))
        except BadInput as problem:
            raise ValidationError(problem.problem) from problem

    def plain(self, value: Any) -> str:
        return super().plain(normalise(str(value)))
