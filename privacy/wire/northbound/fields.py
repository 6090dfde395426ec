"""Parameters of the northbound API, read tolerantly: numbers and flags also as text, null as absent (northbound.md 11).

`source` of a field is the platform's own word for it: that of `privacy.bindings.orders` or of the model `Terms`.
"""

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from rest_framework import serializers
from rest_framework.fields import empty

from common.phone import E164
from privacy.parties import is_bindable, is_callable

_WHOLE = re.compile(r"-?[0-9]{1,18}")
_ENDLESS = re.compile(r"-?[0-9]{19,}")
_VOICE = re.compile(r"[A-Za-z0-9_.@-]{1,128}")
MISSING = "is missing"


def refuse(problem: str) -> NoReturn:
    """Raise what DRF makes the error of the field from. The text is plain English and never echoes what was sent."""
    raise serializers.ValidationError(problem)


class Parameter(serializers.Field[Any, Any, Any, Any]):
    """A parameter: null is absent, and so is "" unless it `clears` a value."""

    default_error_messages = {"required": MISSING}

    def __init__(self, *, clears: bool = False, **options: Any) -> None:
        super().__init__(**{"required": False, **options})
        self.clears = clears

    def get_value(self, dictionary: Mapping[str, Any]) -> Any:
        value = dictionary.get(str(self.field_name))
        return empty if value is None or (value == "" and not self.clears) else value

    def to_representation(self, value: Any) -> Any:
        return value

    def described(self) -> dict[str, Any]:
        """Return the JSON schema of what is taken."""
        return {"type": self.types("string", "integer")}

    def types(self, *kinds: str) -> str | list[str]:
        """Return the JSON types taken: null too unless it has to be there."""
        taken = [*kinds] if self.required else [*kinds, "null"]
        return taken[0] if len(taken) == 1 else taken


class Text(Parameter):
    """Text of at most `most` characters, also sent as a number."""

    def __init__(self, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.most = most

    def to_internal_value(self, data: Any) -> Any:
        text = str(data) if type(data) is int else data
        if not isinstance(text, str):
            refuse("is no text")
        if len(text) > self.most:
            refuse(f"is longer than {self.most} characters")
        if "\0" in text:
            refuse("holds a NUL character")
        return self.understood(text)

    def understood(self, text: str) -> Any:
        """Return what the text means."""
        return text

    def described(self) -> dict[str, Any]:
        shortest = {"minLength": 1} if self.required else {}
        return {**super().described(), **shortest, "maxLength": self.most}


class Key(Text):
    """A text that something is looked up by: what cannot be is not found, as what is not there."""

    def __init__(self, **options: Any) -> None:
        super().__init__(1 << 20, **options)


class Virtual(Text):
    """X in global format; whether it is one of the application's is for the bind to say (northbound.md 0.2)."""

    pattern = E164.pattern

    def __init__(self, **options: Any) -> None:
        super().__init__(31, **options)

    def understood(self, text: str) -> str:
        if not E164.fullmatch(text):
            refuse("is not in global format: +, country code, number")
        return text

    def described(self) -> dict[str, Any]:
        return {"type": self.types("string"), "pattern": f"^({self.pattern}){'' if self.required else '?'}$"}


class Party(Virtual):
    """A or B: a real mobile or fixed number in global format."""

    def understood(self, text: str) -> str:
        if not is_bindable(super().understood(text)):
            refuse("is no real mobile or fixed number")
        return text


class Callee(Virtual):
    """A number that is only called: also a 400 or 95 number, as dialled or with +86 (northbound.md 4.6)."""

    pattern = f"{E164.pattern}|400[0-9]{{7}}|95[0-9]{{3,9}}"

    def understood(self, text: str) -> str:
        if text and not is_callable(text):
            refuse("is neither in global format nor a 400 or 95 number")
        return text


class Whole(Parameter):
    """An integer, also sent as text, of a range; `or_zero` also takes 0."""

    def __init__(self, least: int, most: int, *, or_zero: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.least, self.most, self.or_zero = least, most, or_zero

    def to_internal_value(self, data: Any) -> int:
        value = _whole(data)
        if value is None:
            refuse("is no integer")
        if not self.least <= value <= self.most and not (self.or_zero and value == 0):
            refuse(f"is not {'0 or ' if self.or_zero else ''}from {self.least} to {self.most}")
        return value

    def described(self) -> dict[str, Any]:
        least = 0 if self.or_zero else self.least
        return {"type": self.types("integer", "string"), "minimum": least, "maximum": self.most, "pattern": "^[0-9]*$"}


class PageSize(Parameter):
    """10 to 100; absent or out of range: 50 (northbound.md 3.5)."""

    least, most, usual = 10, 100, 50

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"default": self.usual, **options})

    def to_internal_value(self, data: Any) -> int:
        # A blank at the head may have come as a "+" of the query (northbound.md 0.2).
        text = data.strip().removeprefix("+") if isinstance(data, str) else data
        value = self.usual if isinstance(text, str) and _ENDLESS.fullmatch(text) else _whole(text)
        if value is None:
            refuse("is no integer")
        return value if self.least <= value <= self.most else self.usual


class Flag(Parameter):
    """true or false, as text of any case or as JSON says it."""

    def to_internal_value(self, data: Any) -> bool:
        word = str(data).lower() if isinstance(data, str | bool) else ""
        if word not in ("true", "false"):
            refuse('is neither "true" nor "false"')
        return word == "true"

    def described(self) -> dict[str, Any]:
        return {"type": self.types("string", "boolean"), "enum": ["true", "false", True, False, "", None]}


class Choice(Parameter):
    """One of a few words, of any case; digits also as a number. `words` says what each means."""

    def __init__(self, words: Mapping[str, Any], **options: Any) -> None:
        super().__init__(**options)
        self.words = words

    def to_internal_value(self, data: Any) -> Any:
        word = str(data).lower() if type(data) in (str, int) else ""
        if word not in self.words:
            refuse("is not " + " or ".join(f'"{word}"' for word in self.words))
        return self.words[word]

    def described(self) -> dict[str, Any]:
        numbers = [int(word) for word in self.words if word.isdecimal()]
        return {"type": self.types("string", "integer"), "enum": [*self.words, *numbers, "", None]}


class Voice(Text):
    """The name of a voice file; that it is approved is seen to when the form is read. "" clears it in a modify."""

    def __init__(self, **options: Any) -> None:
        super().__init__(128, **options)

    def understood(self, text: str) -> str:
        if text and not _VOICE.fullmatch(text):
            refuse("has characters that are no digits, letters, - _ . @")
        return text

    def described(self) -> dict[str, Any]:
        return {**super().described(), "pattern": "^[A-Za-z0-9_.@-]*$"}


def _whole(data: Any) -> int | None:
    if isinstance(data, str) and _WHOLE.fullmatch(data):
        return int(data)
    if isinstance(data, float) and data.is_integer():
        return int(data)
    return data if type(data) is int else None
