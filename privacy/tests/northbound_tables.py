"""Tables of parameters for the tests of the northbound API: what is sent, what is told of it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rest_framework import serializers

ABSENT: Any = object()
LONG = "x" * 256
# Sent for a flag, and what it means.
FLAGS: list[tuple[Any, str]] = [
    ("true", "true"),
    ("TRUE", "true"),
    (True, "true"),
    ("false", "false"),
    ("False", "false"),
    (False, "false"),
]
NO_FLAGS = ["yes", "on", 1, 0, "1", [], {"a": 1}]
NO_WHOLES = ["many", "1h", 1.5, True, False, [0], {}, 10**30, "9" * 30, "１"]
NO_NUMBERS = [
    *(" ", "+", "13800000021", "8613800000021", 8613800000021, "anonymous", "10086", "tel:+8613800000021"),
    *(
        "+8613800000021 ",
        " +8613800000021",
        "+86 13800000021",
        "+8613800000021;ext=1",
        "+８６13800000021",
        "+" + "1" * 40,
    ),
    *(True, 1.5, ["+8613800000021"], {"number": "+8613800000021"}, "+86138000000a1", "a\0b", "x" * 5000),
]
# In global format, but nobody's mobile or fixed line.
NOT_BINDABLE = ["+864001234567", "+8695588", "+8695013123456", "+8680012345678", "+86138000000211", "+8610086"]
NO_VOICES = ["unknown.wav", "ring tone.wav", "../a.wav", "铃.wav", True, 1.5, ["tone.wav"], "x" * 129]
NO_TONES: list[Any] = [ABSENT, None, "", {}, [], {"callerHintTone": ""}]
NO_USER_DATA = ["x" * 257, ["x"], {"x": 1}, True, 1.5, "a\0b"]
USER_DATA = [("订单 42 😀\n", "订单 42 😀\n"), (LONG, LONG), (42, "42")]


def without_absent(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that are sent at all."""
    return {name: value for name, value in parameters.items() if value is not ABSENT}


def rows(name: str, shown: str, pairs: Iterable[tuple[Any, Any]]) -> tuple[str, list[tuple[Any, dict[str, Any]]]]:
    """Return a line of a table: parameter, and for each value what field `shown` of a query says of it."""
    return name, [(sent, {shown: told}) for sent, told in pairs]


def differences(element: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[str]:
    """Give what of an answer is not as expected, types included; ABSENT must not be there."""
    for name, value in expected.items():
        told = element.get(name, ABSENT)
        if (type(told), told) != (type(value), value):
            yield f"{name} is {told!r}, not {value!r}"


def misfits(reply: serializers.Serializer[Any], answer: Mapping[str, Any]) -> Iterator[str]:
    """Give what of an answer is not as its reply in the OpenAPI file: a field unknown, missing or of another type."""
    fields = reply.fields
    yield from (f"{name} is unknown" for name in set(answer) - set(fields))
    for name, field in fields.items():
        if name not in answer:
            if field.required:
                yield f"{name} is missing"
        elif isinstance(child := getattr(field, "child", None), serializers.Serializer):
            for element in answer[name]:
                yield from (f"{name}: {problem}" for problem in misfits(child, element))
        elif isinstance(field, serializers.Serializer):
            yield from (f"{name}: {problem}" for problem in misfits(field, answer[name]))
        elif type(answer[name]) is not (int if isinstance(field, serializers.IntegerField) else str):
            yield f"{name} is {answer[name]!r}"
