"""What a spreadsheet would do to a text cell, and how to stop it (reliability F 81).

A spreadsheet runs a cell that starts with = + - @ (their full-width forms too), also behind blanks, quotes or control
characters, and turns text that looks like a number into one: +8613900000101 loses its plus, 007 its zeros, a long
key its last digits. Such a cell gets a ' in front: people see the text, nothing runs, and unescape gives it back.
Machine files are left raw: whoever wants the bytes takes those.
"""

import re

# \s has the full-width blank; Cf characters (zero-width, BOM) are skipped by some programs.
_IGNORED = r"[\s\x00-\x1f\x7f\"'‘’“”`´\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\uff02\uff07]*"
_FORMULA = re.compile(_IGNORED + r"[=+\-@＝＋－＠﹢﹣﹦﹫−|%]")
_CONTROL = re.compile(r"[\t\r\n\x00]")
# Numbers, dates and times: what a spreadsheet would read as anything but text.
_NUMERIC = re.compile(r"\s*[(]?[¥$€£]?[0-9０-９][0-9０-９.,:/\-\s]*([eE][0-9]+)?%?[)]?\s*")
PHONE = re.compile(r"\+[0-9][0-9*]{4,}|[0-9*]+")


def is_risky(text: str) -> bool:
    """Return whether a spreadsheet may run the text, or split it over cells."""
    return bool(_FORMULA.match(text) or _CONTROL.match(text[:1]))


def is_number_like(text: str) -> bool:
    """Return whether a spreadsheet would read the text as a number or a date."""
    return bool(_NUMERIC.fullmatch(text))


def csv_safe(text: str) -> str:
    """Return the text as a spreadsheet CSV holds it: with a ' where it would run or stop being text.

    A text that starts with ' already gets a second one, so that `unescape` always gives back the original.
    """
    if text and (text[0] == "'" or is_risky(text) or is_number_like(text)):
        return "'" + text
    return text


def xlsx_safe(text: str) -> str:
    """Return the text as an XLSX text cell holds it.

    The cell's type keeps numbers text, so only what would run after an edit gets a '; a phone number stays as it is.
    """
    if PHONE.fullmatch(text):
        return text
    if text and (text[0] == "'" or is_risky(text)):
        return "'" + text
    return text


def unescape(text: str) -> str:
    """Return the original of `csv_safe` and `xlsx_safe`."""
    return text[1:] if text.startswith("'") else text
