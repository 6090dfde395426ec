"""A provision file, read and checked before anything is written. Pure: text in, entries out, or where it is wrong.

An absent key means "unchanged", null means "the rule's default"; when a row is created, both mean the default. So an
entry keeps which keys it had.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.provision_values import Reader, as_it_is
from common.errors import BadInput


class ProvisionError(BadInput):
    """A provision file cannot be applied: where (list, index and field), what is wrong, and the cure."""


@dataclass(frozen=True)
class Field:
    """One key of an entry: how its value is read, and what null or absence stands for when a row is created.

    `one` and `many` say that it holds an object, or a list of objects, with fields of their own.
    """

    read: Reader = as_it_is
    default: Any = None
    required: bool = False
    one: "Listing | None" = None
    many: "Listing | None" = None


Fields = Mapping[str, Field]


@dataclass(frozen=True)
class Entry:
    """One checked object of a list. `given` holds the keys that were there: values as read, None for null."""

    where: str
    given: Mapping[str, Any]
    fields: Fields

    def __getitem__(self, name: str) -> Any:
        """Return the value of a key, or its default where it is absent or null."""
        value = self.given.get(name)
        return self.fields[name].default if value is None else value

    def has(self, name: str) -> bool:
        """Return whether the key was there, be it with null."""
        return name in self.given

    def values(self, *names: str, new: bool) -> dict[str, Any]:
        """Return what a row gets: of a new one each of `names`, of an existing one those that are there."""
        return {name: self[name] for name in names if new or self.has(name)}

    def error(self, name: str, problem: str, cure: str = "") -> ProvisionError:
        """Return the error about one key of this entry, or about the entry (no name)."""
        return ProvisionError(f"{self.where}.{name}" if name else self.where, problem, cure)


@dataclass(frozen=True)
class Listing:
    """One list of the file: the fields of its entries, and those that make an entry's key."""

    fields: Fields
    key: tuple[str, ...] = ()


def read(content: bytes, lists: Mapping[str, Listing]) -> dict[str, list[Entry]]:
    """Return the entries of each list, in the file's order; a list that is missing is empty. Raises ProvisionError."""
    document = _document(content)
    if not isinstance(document, dict):
        raise ProvisionError("file", "is no object", 'write {"accounts": [...], ...}')
    for name in document:
        if name not in lists:
            raise ProvisionError(name, "is unknown", "use " + ", ".join(lists))
    given = {name: [] if document.get(name) is None else document[name] for name in lists}
    return {name: _entries(name, given[name], listing) for name, listing in lists.items()}


def _document(content: bytes) -> Any:
    try:
        text = content.decode("utf-8-sig")
        return json.loads(text, parse_float=Decimal, object_pairs_hook=_unique, parse_constant=_none)
    except UnicodeDecodeError as error:
        raise ProvisionError("file", f"is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise ProvisionError(f"line {error.lineno}", f"is not JSON: {error.msg} at column {error.colno}") from None
    except (RecursionError, ValueError, ArithmeticError):
        raise ProvisionError("file", "is nested too deep, or holds a number that is too long") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ProvisionError(twice[:64], "stands twice in one object")
    return found


def _none(constant: str) -> Any:
    raise ProvisionError("file", f"{constant} is no value")


def _entries(where: str, items: Any, listing: Listing) -> list[Entry]:
    if not isinstance(items, list):
        raise ProvisionError(where, "is no list", "write [...]")
    entries, seen = [], dict[tuple[Any, ...], str]()
    for index, item in enumerate(items):
        entry = _entry(f"{where}[{index}]", item, listing)
        identity = tuple(entry[name] for name in listing.key)
        if listing.key and identity in seen:
            raise entry.error("", f"has the same {', '.join(listing.key)} as {seen[identity]}")
        seen[identity] = entry.where
        entries.append(entry)
    return entries


def _entry(where: str, item: Any, listing: Listing) -> Entry:
    if not isinstance(item, dict):
        raise ProvisionError(where, "is no object", "write {...}")
    for name in item:
        if name not in listing.fields:
            raise ProvisionError(f"{where}.{name[:64]}", "is unknown", "use " + ", ".join(listing.fields))
    given = {name: _value(f"{where}.{name}", value, listing.fields[name]) for name, value in item.items()}
    entry = Entry(where, given, listing.fields)
    for name, spec in listing.fields.items():
        if spec.required and given.get(name) is None:
            raise entry.error(name, "is missing")
    return entry


def _value(where: str, value: Any, spec: Field) -> Any:
    if value is None:
        return None
    if spec.one is not None:
        return _entry(where, value, spec.one)
    if spec.many is not None:
        return _entries(where, value, spec.many)
    try:
        return spec.read(value)
    except BadInput as problem:
        raise ProvisionError(where + problem.field, problem.problem, problem.cure) from None
