"""Whom A of an AX names behind his text: `…@13900000202` (pushes.md 4.4). Pure."""

import re

from privacy.routing.callers import FIXED, MOBILE

HOME = "+86"
# The half-width @ and a number as people write it, at the very end but for blanks a phone leaves there.
_SUFFIX = re.compile(r"(?P<text>.*)@(?P<number>\+?[0-9]{7,16})\s*", re.S)
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SPELLINGS = (
    (re.compile(rf"(?:\+?86|0086)?({MOBILE})"), HOME),
    (re.compile(rf"(?:(?:\+?86|0086)0?|0)({FIXED})"), HOME),
)
# Short codes and the carriers' channel numbers for SMS: neither senders nor receivers here (pushes.md 4.4).
_CHANNEL = re.compile(r"(?:\+?86|0086)?(?:10[06][0-9]*|1[12][0-9]{1,8}|1010[0-9]*|9[56][0-9]*|400[0-9]{7})")
_SHORTEST = 7


def split(text: str) -> tuple[str, str] | None:
    """Return the text without its suffix and the number in it as E.164; None where no usable suffix ends the text.

    The last @ counts. Blanks between @ and number, the full-width ＠, and anything behind the number but blanks make
    it no suffix.
    """
    found = _SUFFIX.fullmatch(text)
    number = receiver(found["number"]) if found else ""
    return (found["text"], number) if found and number else None


def receiver(number: str) -> str:
    """Return a number that an SMS can go to as E.164, "" for what is none: short codes, channels, bad formats.

    Chinese numbers may come with +86, 86, 0086 or as dialled at home; others need their + or 00.
    """
    for spelling, country in _SPELLINGS:
        if found := spelling.fullmatch(number):
            return country + found[1]
    plain = "+" + number[2:] if number.startswith("00") else number
    return plain if _E164.fullmatch(plain) and not plain.startswith(HOME) else ""


def is_channel(number: str) -> bool:
    """Return whether a number is a short code or a channel number: 10086, 95xxx, 106…; no person's."""
    if receiver(number):
        return False
    digits = number.lstrip("+")
    return digits.isdecimal() and (len(digits) < _SHORTEST or _CHANNEL.fullmatch(number) is not None)


def as_dialled(number: str) -> str:
    """Return a number as it is written in a text: Chinese ones as dialled at home, so that A can answer by @ to it."""
    if not number.startswith(HOME):
        return number
    national = number.removeprefix(HOME)
    return national if re.fullmatch(MOBILE, national) else f"0{national}"
