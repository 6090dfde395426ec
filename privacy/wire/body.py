"""A request body, or a line of a file, to items. What is not JSON of the right shape raises BadInput."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson

from common.errors import BadInput
from privacy import reasons
from privacy.models.arrivals import Kind
from privacy.reasons import Problem
from privacy.wire.facts import Item
from privacy.wire.items import read_item

MAX_ITEMS = 1000
MAX_DEPTH = 64


def read_body(body: bytes, now: datetime) -> list[Item]:
    """Return the items of one push or of an array of pushes, 1 to 1,000 of them. Raises BadInput naming the field."""
    parsed = parse(body)
    pushes = parsed if isinstance(parsed, list) else [parsed]
    items: list[Item] = []
    for position, push in enumerate(pushes):
        where = f"[{position}]." if isinstance(parsed, list) else ""
        for kind, sent in _split(push, where):
            items.append(read_entry(kind, sent, now, len(items) + 1))
        if len(items) > MAX_ITEMS:
            raise BadInput("body", f"holds more than {MAX_ITEMS} items")
    if not items:
        raise BadInput("body", "holds no item")
    return items


def read_line(line: bytes, now: datetime, number: int) -> list[Item]:
    """Return the items of one line of a file: a fee push, or one FeeInfo object. Raises BadInput naming the field."""
    parsed = parse(line)
    if isinstance(parsed, dict) and "eventType" not in parsed and "smsEvent" not in parsed:
        return [read_item(Kind.CDR, parsed, now, number)]
    items = [read_entry(kind, sent, now, number) for kind, sent in _split(parsed, "")]
    if any(item.kind != Kind.CDR for item in items):
        raise BadInput("eventType", "is not fee", "only CDRs can be imported")
    return items


def read_entry(kind: Kind, sent: Any, now: datetime, line: int) -> Item:
    """Return one item; an entry of a list that is no object is kept with its problem."""
    if isinstance(sent, dict):
        return read_item(kind, sent, now, line)
    return Item(
        kind, line, {"value": sent}, None, Problem(reasons.WRONG_TYPE, "feeLst" if kind == Kind.CDR else "numInfo")
    )


def parse(body: bytes) -> Any:
    """Return strict JSON: no NaN, no lone surrogate, no name twice in an object, at most 64 deep. Raises BadInput."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadInput("body", f"is not JSON: {error.msg}", f"line {error.lineno}, column {error.colno}") from None
    if not _plainly_unique(body, parsed):
        _check_slowly(body, parsed)
    return parsed


def dumps(value: Any) -> bytes:
    """Return compact JSON."""
    return orjson.dumps(value)


def canonical(kind: Kind, sent: Mapping[str, Any]) -> bytes:
    """Return the same bytes for the same item, however its fields were ordered."""
    return orjson.dumps([int(kind), sent], option=orjson.OPT_SORT_KEYS)


def _split(push: Any, where: str) -> Iterator[tuple[Kind, Any]]:
    if not isinstance(push, dict):
        raise BadInput(where.rstrip(".") or "body", "is not an object")
    if "smsEvent" in push:
        _object(push["smsEvent"], f"{where}smsEvent")
        yield Kind.SMS, push
        return
    event_type = push.get("eventType")
    if not isinstance(event_type, str) or not event_type.strip():
        raise BadInput(f"{where}eventType", "is missing or no text")
    match event_type.strip().lower():
        case "fee":
            for fee in _list(push.get("feeLst"), f"{where}feeLst"):
                yield Kind.CDR, fee
        case "numstatus":
            for entry in _list(push.get("numInfo"), f"{where}numInfo"):
                yield Kind.NUMBER_STATUS, entry
        case _:
            _object(push.get("statusInfo"), f"{where}statusInfo")
            yield Kind.EVENT, push


def _list(value: Any, field: str) -> list[Any]:
    if not isinstance(value, list):
        raise BadInput(field, "is missing or no array")
    return value


def _object(value: Any, field: str) -> None:
    if not isinstance(value, dict):
        raise BadInput(field, "is missing or no object")


def _plainly_unique(body: bytes, parsed: Any) -> bool:
    """Return whether the body shows as many names, objects and arrays as were read: then no name came twice.

    orjson keeps the last of two equal names. A text that holds such marks makes the counts differ, never the reverse
    by accident; then `_check_slowly` decides.
    """
    counted = body.count(b'":'), body.count(b"{"), body.count(b"[")
    return counted == _census_of_fees(parsed) or counted == _census(parsed, 1)


def _census_of_fees(parsed: Any) -> tuple[int, int, int] | None:
    """Return names, objects and arrays of an ordinary FeeInfo or fee push, without a look at each value."""
    if type(parsed) is not dict:
        return None
    fees = parsed.get("feeLst")
    if fees is None:
        return len(parsed), 1, 0
    if type(fees) is not list or not all(type(fee) is dict for fee in fees):
        return None
    return len(parsed) + sum(map(len, fees)), 1 + len(fees), 1


def _census(value: Any, depth: int) -> tuple[int, int, int]:
    if depth > MAX_DEPTH:
        raise BadInput("body", f"is nested more than {MAX_DEPTH} deep")
    is_object = type(value) is dict
    names, objects, arrays = (len(value), 1, 0) if is_object else (0, 0, 1 if type(value) is list else 0)
    if is_object or arrays:
        for inner in value.values() if is_object else value:
            if type(inner) is dict or type(inner) is list:
                more = _census(inner, depth + 1)
                names, objects, arrays = names + more[0], objects + more[1], arrays + more[2]
    return names, objects, arrays


def _check_slowly(body: bytes, parsed: Any) -> None:
    _census(parsed, 1)
    json.loads(body, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise BadInput(next(name for name in names if names.count(name) > 1), "comes twice in one object")
    return found
