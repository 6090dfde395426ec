"""What hangs on a binding, or on X without one: a second statement, in the modes and for the callers that need it."""

from dataclasses import replace
from typing import Any

from psycopg.types.numeric import Int8

from common import sql
from common.prepared import execute
from common.sealed import open_text
from privacy.deciding.bindings import opened
from privacy.routing.facts import BindingFacts, CallAsked, CallFacts


def with_attached(facts: CallFacts, asked: CallAsked, seals: list[bytes], *, dials_y: bool) -> CallFacts:
    """Return the facts with what decides a call beside the binding. `dials_y`: the number serves as a Y now."""
    number, application, binding = facts.number, facts.application, facts.binding
    if number is None or application is None:
        return facts
    values = {"at": facts.at, "number": Int8(number.id), "seals": seals}
    if binding is not None:
        return _with_binding(facts, binding, {**values, "binding": binding.id, "parent": binding.parent_id})
    if application.mode == "AXE" and not asked.digits:
        return replace(facts, binds_extension=_first("extension_bound", values)[0])
    # Who dials a Y that is not his A's may be its own B.
    if application.mode == "AXYB" and dials_y:
        return replace(facts, own_y=_first("own_y", values)[0])
    return facts


def _with_binding(facts: CallFacts, binding: BindingFacts, values: dict[str, Any]) -> CallFacts:
    match binding.kind, facts.way:
        case "AX", "A":
            callee = _first("callee_then", values)
            return replace(facts, temporary_callee=(open_text(callee[0]), _open(callee[1])) if callee else None)
        case "AXE", "A":
            last = _first("last_caller_then", values)
            return replace(facts, last_caller=open_text(last[0]) if last else "")
        case "YB", _:
            ax = _first("ax_of", values)
            return replace(facts, parent=opened(ax) if ax else None)
        case "AXYB", "anyone":
            yb = _first("yb_of", values)
            return replace(facts, yb=opened(yb) if yb else None)
    return facts


def _first(name: str, values: dict[str, Any]) -> tuple[Any, ...]:
    rows = execute(sql.load("privacy", name), values, binary=True)
    return rows[0] if rows else ()


def _open(sealed: Any) -> str | None:
    return None if sealed is None else open_text(sealed)
