"""Which fields of an item a person may correct, and the item with them changed."""

from collections.abc import Mapping
from typing import Any

from common.errors import BadInput
from privacy.models.arrivals import Kind
from privacy.wire.fields import phone
from privacy.wire.items import EVENT, FEE, SMS, STATUS

_INSIDE = {Kind.EVENT: "statusInfo", Kind.SMS: "smsEvent"}
_OUTSIDE = {Kind.EVENT: ("eventType",), Kind.SMS: ("appKey",)}
_FIELDS = {Kind.CDR: FEE, Kind.EVENT: EVENT, Kind.SMS: SMS, Kind.NUMBER_STATUS: STATUS}
NUMBERS = frozenset(name for fields in _FIELDS.values() for name, field in fields.items() if field.read is phone)
# What a person wrote, or an address that may hold a number: never shown in a masked view.
PRIVATE = frozenset(
    {"userData", "smsContent", "digitInfo", "recordFileDownloadUrl", "recordPushURL", "recordObjectName"}
)


def correctable(kind: Kind) -> list[str]:
    """Return the names of the fields that can be corrected, in the order of the wire's tables."""
    return [*_OUTSIDE.get(kind, ()), *_FIELDS[kind]]


def flat(kind: Kind, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an item in one level, for showing."""
    inside = sent.get(_INSIDE.get(kind, ""), {})
    outer = {name: value for name, value in sent.items() if name != _INSIDE.get(kind)}
    return {**outer, **(inside if isinstance(inside, Mapping) else {})}


def changed(kind: Kind, sent: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the item with fields replaced; an empty value takes a field away. Raises BadInput for an unknown field."""
    corrected = dict(sent)
    inside = _INSIDE.get(kind)
    inner = dict(corrected[inside]) if inside else corrected
    for name, value in changes.items():
        if name not in correctable(kind):
            raise BadInput(name, "is no field that can be corrected")
        target = corrected if name in _OUTSIDE.get(kind, ()) else inner
        if value in (None, ""):
            target.pop(name, None)
        else:
            target[name] = value
    if inside:
        corrected[inside] = inner
    return corrected
