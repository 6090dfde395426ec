"""What an account's SMS must hold and must not: words found in a text however it is written (pushes.md 4.2.1). Pure."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

# Blanks beside a character that is none of ASCII separate no words: Chinese is written without them.
_BETWEEN = re.compile(r"(?<=[^\x00-\x7f]) +| +(?=[^\x00-\x7f])")
_BLANKS = re.compile(r"\s+")
# What Unicode draws as nothing though it is no format character (Default_Ignorable_Code_Point), and the empty Braille.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)


def fold(text: str) -> str:
    """Return a text as it is compared: full-width as half-width, no case, no invisible characters, blanks as one.

    Between Chinese characters blanks are nothing; between English words they stay: "an essay" holds no "nes".
    """
    folded = _once(text)
    # What stood apart may be one character once the blank between is gone.
    while (again := _once(folded)) != folded:
        folded = again
    return folded


def _once(text: str) -> str:
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _seen(text)).casefold())
    return _BETWEEN.sub("", _BLANKS.sub(" ", _seen(plain))).strip()


def lacks(text: str, required: Sequence[str]) -> bool:
    """Return whether a text holds none of the words of which one is required; without such words it lacks nothing."""
    return bool(required) and not found(text, required)


def found(text: str, words: Sequence[str]) -> tuple[str, ...]:
    """Return those of the words that a text holds."""
    folded = fold(text) if words else ""
    return tuple(word for word in words if _folded(word) in folded)


@lru_cache(maxsize=10_000)
def _folded(word: str) -> str:
    return fold(word)


def _seen(text: str) -> str:
    return "".join(character for character in _UNSEEN.sub("", text) if unicodedata.category(character) != "Cf")
