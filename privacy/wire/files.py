"""Files of CDRs to items: JSON Lines, or CSV with the vendor's field names as header (contract.md, import_cdrs)."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from itertools import chain
from typing import Any, TextIO

from common.errors import BadInput
from privacy.models.arrivals import Kind
from privacy.wire.body import read_line
from privacy.wire.facts import Item
from privacy.wire.fields import Unfit, time
from privacy.wire.items import CALL_TIMES, FEE, read_item
from privacy.wire.pushes import INTEGERS

LONGEST_LINE = 8 * 1024 * 1024
DELIMITERS = ",;\t"
WIRE_TIME = "%Y-%m-%d %H:%M:%S"


class BadLine(Exception):
    """A line that cannot be read: its number and why."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(line, problem)
        self.line = line
        self.problem = problem


def read_file(text: TextIO, now: datetime, zone: tzinfo) -> Iterator[Item]:
    """Return the items of a file, one by one. Times are of `zone` unless they end in Z. Raises BadLine.

    It is JSON Lines when the first line that is not blank begins with a brace, else CSV.
    """
    for line in _lines(text, 0):
        if line[1].strip():
            rows = chain([line], _lines(text, line[0]))
            json_lines = line[1].lstrip()[:1] in ("{", "[")
            return _json_lines(rows, now, zone) if json_lines else _csv(rows, now, zone)
    return iter(())


def _lines(text: TextIO, number: int) -> Iterator[tuple[int, str]]:
    while True:
        number += 1
        try:
            line = text.readline(LONGEST_LINE + 1)
        except UnicodeDecodeError as error:
            raise BadLine(number, f"is not {error.encoding}; name the right one with --encoding") from None
        if not line:
            return
        if len(line) > LONGEST_LINE:
            raise BadLine(number, f"is longer than {LONGEST_LINE} characters")
        yield number, line


def _json_lines(rows: Iterator[tuple[int, str]], now: datetime, zone: tzinfo) -> Iterator[Item]:
    for number, line in rows:
        if not line.strip():
            continue
        try:
            for item in read_line(line.encode(), now, number):
                yield item if zone is UTC else _moved(item, now, zone)
        except (BadInput, UnicodeEncodeError) as problem:
            raise BadLine(number, str(problem)) from None


def _csv(rows: Iterator[tuple[int, str]], now: datetime, zone: tzinfo) -> Iterator[Item]:
    first, header_line = next(rows)
    delimiter = max(DELIMITERS, key=header_line.count)
    header = [name.strip() for name in next(csv.reader([header_line], delimiter=delimiter))]
    if not set(header) & FEE.keys():
        raise BadLine(first, "holds neither JSON nor the names of FeeInfo fields")
    if len(set(header)) != len(header):
        raise BadLine(first, "names a field twice")
    at = first

    def counted() -> Iterator[str]:
        nonlocal at
        for number, line in rows:
            at = number
            yield line

    try:
        for cells in csv.reader(counted(), delimiter=delimiter, strict=True):
            if not cells:
                continue
            if len(cells) != len(header):
                raise BadLine(at, f"has {len(cells)} cells, the header has {len(header)}")
            item = read_item(Kind.CDR, _as_sent(header, cells), now, at)
            yield item if zone is UTC else _moved(item, now, zone)
    except csv.Error as error:
        raise BadLine(at, f"is no CSV: {error}") from None


def _as_sent(header: list[str], cells: list[str]) -> dict[str, Any]:
    """Return a row as the object it would be in JSON: empty cells are absent, integers are integers."""
    sent: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=True):
        if cell:
            whole = name in INTEGERS and len(cell) < 12 and cell.isascii() and cell.isdecimal()
            sent[name] = int(cell) if whole else cell
    return sent


def _moved(item: Item, now: datetime, zone: tzinfo) -> Item:
    """Return an item whose local times were turned into UTC."""
    sent = dict(item.sent)
    for name in CALL_TIMES:
        value = sent.get(name)
        if isinstance(value, str) and value and not value.strip().endswith("Z"):
            try:
                local = time(value).replace(tzinfo=zone)
                sent[name] = local.astimezone(UTC).strftime(WIRE_TIME)
            except (Unfit, OverflowError):
                continue  # read_item says what is wrong with it
    return read_item(item.kind, sent, now, item.line)
