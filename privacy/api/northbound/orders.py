"""What a request orders: parameters read tolerantly (northbound.md 11), JSON read strictly (reliability.md A)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest

from accounts.models import Application
from common.errors import BadInput
from privacy.bindings.orders import Actor
from privacy.models import Binding
from privacy.wire.body import parse

BOM = b"\xef\xbb\xbf"
# A raw "+" in a query decodes to a blank (northbound.md 0.2).
_LOST_PLUS = re.compile(r" [0-9]+")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*(utf-?(?:7|16|32)|ucs)", re.IGNORECASE)


@dataclass
class Order:
    """What a handler gets of a request that may be made.

    `parameters` are the JSON object of POST and PUT, the query of GET and DELETE (a JSON body of a DELETE fills what
    its query lacks); empty query values are left out. `query` is always the query. A handler may set `binding`: the
    log of requests keeps its id.
    """

    application: Application
    request_id: UUID
    now: datetime
    method: str
    parameters: dict[str, Any]
    query: dict[str, str]
    actor: Actor
    binding: Binding | None = None


def read_parameters(request: HttpRequest, body: bytes, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the parameters of a request. Raises BadInput naming what cannot be read."""
    match request.method:
        case "POST" | "PUT":
            return read_object(body, request.headers.get("Content-Type", ""))
        case "DELETE":
            return {**_object_of_delete(body, request, query), **query}
    return dict(query)


def read_query(request: HttpRequest) -> dict[str, str]:
    """Return the first value of each name of the query, a lost "+" back in its place; an empty value is absent."""
    try:
        sent = request.GET
    except SuspiciousOperation:
        raise BadInput("query", "holds too many parameters") from None
    found = {name: sent.getlist(name)[0] for name in sent}
    for name, value in found.items():
        _refuse_nul(name, value)
    return {name: "+" + value[1:] if _LOST_PLUS.fullmatch(value) else value for name, value in found.items() if value}


def read_object(body: bytes, content_type: str = "") -> dict[str, Any]:
    """Return the JSON object of a body, whatever its Content-Type says short of another encoding. Raises BadInput."""
    if _CHARSET.search(content_type):
        raise BadInput("body", "is not UTF-8")
    parsed = parse(body.removeprefix(BOM))
    if not isinstance(parsed, dict):
        raise BadInput("body", "is not a JSON object")
    for name, value in parsed.items():
        _refuse_nul(name, value)
    return parsed


def _object_of_delete(body: bytes, request: HttpRequest, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the JSON body that one client sends with DELETE (northbound.md 3.3); beside a query others are ignored."""
    if not body.strip():
        return {}
    try:
        return read_object(body, request.headers.get("Content-Type", ""))
    except BadInput:
        if query:
            return {}
        raise


def _refuse_nul(name: str, value: Any) -> None:
    """Raise BadInput for a NUL anywhere in a parameter: PostgreSQL keeps it in no text."""
    if "\0" in name:
        raise BadInput("body", "holds a NUL character")
    if isinstance(value, str):
        if "\0" in value:
            raise BadInput(name, "holds a NUL character")
    elif isinstance(value, list | dict):
        for inner in value.items() if isinstance(value, dict) else enumerate(value):
            _refuse_nul(name, inner[1])
            if isinstance(inner[0], str):
                _refuse_nul(name, inner[0])
