"""Which fields of an item a person may correct, and the item with them changed."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from common.errors import BadInput
from privacy.models.arrivals import Kind
from privacy.wire.fields import Unfit, phone
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


def stored(kind: Kind, row: Any) -> dict[str, Any]:
    """Return a stored call, event or message under the names of the wire, to be laid beside an item."""
    fields: dict[str, Any] = {}
    seen: set[str] = set()
    for name, (attribute, _read) in _FIELDS[kind].items():
        value = _OF_ROW[attribute](row) if attribute in _OF_ROW else getattr(row, attribute, None)
        if attribute not in seen and value not in (None, ""):
            seen.add(attribute)
            fields[name] = _as_written(value)
    return fields


def same(kind: Kind, name: str, sent_value: Any, stored_value: Any) -> bool:
    """Return whether a field as sent says what the stored one says; absent, null and "" are the same."""
    if sent_value in (None, "") or stored_value in (None, ""):
        return sent_value in (None, "") and stored_value in (None, "")
    field = _FIELDS[kind].get(name)
    try:
        typed = field.read(sent_value) if field else sent_value
    except Unfit:
        return False
    return str(_as_written(typed)) == str(stored_value)


def _as_written(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S") if not value.microsecond else value.isoformat(sep=" ")[:23]
    return int(value) if isinstance(value, bool) else value


_OF_ROW: dict[str, Callable[[Any], Any]] = {
    "number": lambda row: row.number.number if row.number else None,
    "app_key": lambda row: getattr(row, "wire_app_key", "") or row.application.app_key,
    "sent_count": lambda row: row.parts_sent,
}
