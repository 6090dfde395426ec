"""How each kind of value in a provision file is read. Pure; a value that cannot be used raises BadInput.

An error tells what is wrong and never repeats the value: it may be a number or a secret.
"""

import base64
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from ipaddress import ip_network
from typing import Any
from zoneinfo import available_timezones

from common import areas, egress
from common.errors import BadInput
from common.money import MINOR_UNITS, exact
from common.periods import parse_instant
from common.phone import E164

Reader = Callable[[Any], Any]

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
KEY = re.compile(r"[\x21\x23-\x2b\x2d-\x7e]{1,128}")  # what can stand in a header: no blank, quote or comma
AREA_CODE = re.compile(r"0[0-9]{2,3}|")
MONTH = re.compile(r"([0-9]{4})-([0-9]{2})(?:-[0-9]{2})?")
TAG_KEY = re.compile(r"[\w.:/=+@-]{1,128}")
TAG_VALUE = re.compile(r"[\w.:/=+@-]{0,255}")
MOST_CONTACTS = 10
MOST_CITIES = 50
MOST_HOSTS = 50
_HOST = re.compile(r"[^/?#@\s]{1,253}")


def wrong(problem: str, cure: str = "", at: str = "") -> BadInput:
    """Return the error for a value, or for a part `at` of it; the field's name is put in front by whoever knows it."""
    return BadInput(at, problem, cure)


def as_it_is(value: Any) -> Any:
    """Read what is not looked into."""
    return value


def text(longest: int, shortest: int = 1) -> Reader:
    """Return a reader of text of so many characters without control characters."""

    def read(value: Any) -> str:
        if not isinstance(value, str):
            raise wrong("is not text", 'write it in quotes, "..."')
        if not shortest <= len(value) <= longest:
            raise wrong(f"has not {shortest}-{longest} characters")
        if not value.isprintable():
            raise wrong("holds control characters")
        return value

    return read


def matching(pattern: re.Pattern[str], cure: str) -> Reader:
    """Return a reader of text that fits a pattern."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise wrong("cannot be used", cure)
        return value

    return read


def one_of(*choices: str) -> Reader:
    """Return a reader of one of these words."""

    def read(value: Any) -> str:
        if value not in choices:
            raise wrong("is unknown", "use " + ", ".join(choices[:-1]) + f" or {choices[-1]}")
        return str(value)

    return read


def whole(lowest: int, highest: int) -> Reader:
    """Return a reader of a whole number inside the limits."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise wrong("cannot be used", f"give a whole number from {lowest} to {highest}")
        return value

    return read


def flag(value: Any) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise wrong("is neither true nor false")
    return value


def amount(value: Any) -> Decimal:
    """Read an amount of money that is not below 0, with at most six decimals."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise wrong("is no amount", 'write it as text, "0.06"')
    try:
        found = exact(value)
    except BadInput as problem:
        raise wrong(problem.problem, problem.cure) from None
    if found < 0:
        raise wrong("is below 0")
    return found


def instant(value: Any) -> datetime:
    """Read a time with an offset."""
    try:
        return parse_instant(value if isinstance(value, str) else "")
    except BadInput as problem:
        raise wrong(problem.problem, problem.cure) from None


def month(value: Any) -> date:
    """Read a month, written 2026-02 or with any day of it; return its first day."""
    found = MONTH.fullmatch(value) if isinstance(value, str) else None
    try:
        if found is not None:
            date.fromisoformat(value if len(value) > 7 else f"{value}-01")
            return date(int(found[1]), int(found[2]), 1)
    except ValueError:
        pass
    raise wrong("is no month", "write 2026-02")


def url(value: Any) -> str:
    """Read an address that pushes and questions may be sent to."""
    return egress.check_url(value).url


def addresses(value: Any) -> list[str]:
    """Read a list of addresses or networks."""
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise wrong("is no list of addresses", 'write ["192.0.2.1", "10.0.0.0/8"]')
    for position, entry in enumerate(value):
        try:
            ip_network(entry, strict=False)
        except ValueError:
            raise wrong("is no address", "give addresses or networks such as 10.0.0.0/8", f"[{position}]") from None
    return value


def hosts(value: Any) -> list[str]:
    """Read a list of hosts, each with a port where it is not the usual one."""
    cure = 'write ["rec.example", "media.example:8443"]'
    if not isinstance(value, list) or len(value) > MOST_HOSTS or not all(isinstance(entry, str) for entry in value):
        raise wrong("is no list of hosts", cure)
    for position, entry in enumerate(value):
        try:
            target = egress.read(f"https://{entry}/")
        except egress.Forbidden:
            target = None
        if target is None or entry != entry.lower() or not _HOST.fullmatch(entry):
            raise wrong("is no host", cure, f"[{position}]")
    return value


def tags(value: Any) -> dict[str, str]:
    """Read an object of tags (pushes.md 8: keys of 128, values of 255 characters)."""
    if not isinstance(value, dict):
        raise wrong("is no object", 'write {"key": "value"}')
    for key, tag in value.items():
        if not TAG_KEY.fullmatch(key) or not isinstance(tag, str) or not TAG_VALUE.fullmatch(tag):
            raise wrong("holds a tag that cannot be used", "use letters, digits and _ . : / = + - @")
    return value


def contacts(value: Any) -> list[Any]:
    """Read a list of at most ten contacts, each text or an object of texts."""
    if not isinstance(value, list) or len(value) > MOST_CONTACTS:
        raise wrong("is no list of contacts", f"give at most {MOST_CONTACTS}")
    for position, contact in enumerate(value):
        parts = list(contact.values()) if isinstance(contact, dict) else [contact]
        if not all(isinstance(part, str) and part.isprintable() and len(part) <= 256 for part in parts):
            raise wrong("is neither text nor an object of texts", at=f"[{position}]")
    return value


def codes(value: Any) -> list[str]:
    """Read a list of account codes, none of them twice."""
    if not isinstance(value, list) or not all(isinstance(code, str) and CODE.fullmatch(code) for code in value):
        raise wrong("is no list of account codes", 'write ["acme"], or null for every account')
    if len(set(value)) < len(value):
        raise wrong("names an account twice")
    return value


def cities(value: Any) -> list[str]:
    """Read a list of area codes, in the order in which they are tried; "755" is "0755"."""
    if not isinstance(value, list) or len(value) > MOST_CITIES or not all(isinstance(code, str) for code in value):
        raise wrong("is no list of area codes", f'write at most {MOST_CITIES}, as ["0755", "020"]')
    found = [areas.known(code) for code in value]
    for position, code in enumerate(found):
        if not code:
            raise wrong("is no Chinese area code", "write it with its 0, as 0755", f"[{position}]")
    if len(set(found)) < len(found):
        raise wrong("names a city twice")
    return found


def zone(value: Any) -> str:
    """Read the name of a time zone."""
    if not isinstance(value, str) or value not in _zones():
        raise wrong("is unknown", "use a name such as Asia/Shanghai")
    return value


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


code = matching(CODE, "use 1-32 letters, digits, - or _")
key = matching(KEY, "use 1-128 letters, digits and signs without blanks, quotes and commas")
_secret = text(128, 8)


def secret(value: Any) -> str:
    """Read a secret. One in the form of Standard Webhooks must be one, or no push could be signed with it."""
    found = str(_secret(value))
    if found.startswith("whsec_"):
        try:
            base64.b64decode(found.removeprefix("whsec_"), validate=True)
        except ValueError:
            raise wrong("begins with whsec_, yet what follows is no base64", "let it begin otherwise") from None
    return found


number = matching(E164, "write it with + and country code")
area_code = matching(AREA_CODE, "write it with its 0, as 0755")
currency = one_of(*sorted(MINOR_UNITS))
