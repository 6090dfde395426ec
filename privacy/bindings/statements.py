"""Statements of the bindings: their parameters are bound by the server, their plans kept on the connection."""

from collections.abc import Mapping
from typing import Any

from common import prepared, sql


def run(name: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a named statement."""
    return execute(sql.load("privacy", name), parameters)


def execute(text: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement that was put together of named ones."""
    return prepared.execute(text, parameters, binary=True)
