"""What decided a call at any instant, past or to come, read from history instead of routes (design.md 2.1).

Bindings are never deleted, temporary callees leave a row each, and triggers keep what number, application and account
were before each change (accounts.models.EarlierState). So the facts of then are those the look-up found then.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.numeric import Int8

from accounts.models import Application
from common import sql
from common.keyring import keyring
from common.prepared import execute
from common.sealed import open_text
from privacy.deciding import ended
from privacy.deciding.bindings import COLUMNS, opened
from privacy.deciding.questions import normalised
from privacy.routing.facts import ApplicationFacts, BindingFacts, CallAsked, CallFacts, NumberFacts, Way

NOTHING = UUID(int=0)
_NUMBER = ("id", "number", "area_code", "state", "cause", "sms")
_APPLICATION = (
    *("id", "account_id", "app_key", "mode", "state", "recording", "sms", "keep_sms_content", "extension_digits"),
    *("cool_down_hours", "no_permission_voice", "abnormal_voice", "risk_control", "call_status_url", "callin_url"),
    "sms_control_url",
)


def call_facts(asked: CallAsked, at: datetime) -> CallFacts:
    """Return all that decides a call at X at an instant; what is to come is told from what holds now.

    Numbers may be written in any way. Raises BadInput.
    """
    asked = normalised(asked)
    rows = _run("number_then", {"x": asked.x, "at": at})
    if not rows:
        return CallFacts(at, None, None)
    number, application = _holder(rows[0])
    facts = CallFacts(at, number, application)
    seals = keyring().seals(asked.caller.encode())
    held = _held(number.id, seals, asked.digits or "", at)
    facts = _with_way(facts, held, asked)
    facts = _with_others(facts, held, asked, seals)
    return replace(facts, ended=ended.binding_of(facts, asked))


def _holder(row: Sequence[Any]) -> tuple[NumberFacts, ApplicationFacts]:
    """Return X and the application that held it, as they were."""
    number = dict(zip(_NUMBER, row[:6], strict=True)) | (row[6] or {})
    then = dict(zip(_APPLICATION, row[7:23], strict=True)) | (row[23] or {})
    account = {"state": row[24], "time_zone": row[25]} | (row[26] or {})
    facts = ApplicationFacts(
        id=then["id"],
        account_id=then["account_id"],
        app_key=then["app_key"],
        mode=then["mode"],
        active=then["state"] == Application.State.ACTIVE,
        account_state=account["state"],
        time_zone=account["time_zone"],
        recording=then["recording"],
        sms=then["sms"],
        keep_sms_content=then["keep_sms_content"],
        extension_digits=then["extension_digits"],
        cool_down_hours=then["cool_down_hours"],
        no_permission_voice=then["no_permission_voice"] or "",
        abnormal_voice=then["abnormal_voice"] or "",
        risk_control=then["risk_control"],
        asks_calls=bool(then["callin_url"] or then["call_status_url"]),
        asks_messages=bool(then["sms_control_url"]),
    )
    return NumberFacts(**number), facts


def _held(number_id: int, seals: list[bytes], extension: str, at: datetime, ax: UUID = NOTHING) -> list[BindingFacts]:
    values = {"number": Int8(number_id), "seals": seals, "extension": extension, "at": at, "ax": ax}
    return [opened(row[:COLUMNS]) for row in _run("bindings_then", values)]


def _with_way(facts: CallFacts, held: list[BindingFacts], asked: CallAsked) -> CallFacts:
    """Add the way into a binding: the caller's own first, as the probe of routes has it."""
    ways: list[tuple[Way, BindingFacts]] = []
    for one in held:
        ways += [("A", one)] if one.a_number == asked.caller else []
        ways += [("B", one)] if one.kind == "AXB" and one.b_number == asked.caller else []
        ways += [("extension", one)] if one.kind == "AXE" and asked.digits and one.extension == asked.digits else []
        ways += [("anyone", one)] if one.kind in ("AX", "AXYB") else []
    order = ("A", "B", "extension", "anyone")
    found = min(ways, key=lambda way: order.index(way[0]), default=None)
    return facts if found is None else replace(facts, way=found[0], binding=found[1])


def _with_others(facts: CallFacts, held: list[BindingFacts], asked: CallAsked, seals: list[bytes]) -> CallFacts:
    """Add what hangs on the binding: callee, last caller, the caller's YB, the AX of a YB, extensions bound."""
    assert facts.number is not None and facts.application is not None
    number_id, binding, mode = facts.number.id, facts.binding, facts.application.mode
    if binding is None:
        if mode == "AXE" and not asked.digits:
            ((bound,),) = _run("extension_bound_then", {"number": Int8(number_id), "at": facts.at})
            return replace(facts, binds_extension=bound)
        own = mode == "AXYB" and any(one.kind == "YB" and one.b_number == asked.caller for one in held)
        return replace(facts, own_y=own)
    values = {"binding": binding.id, "at": facts.at}
    if binding.kind == "AX" and facts.way == "A":
        rows = _run("callee_then", values)
        callee = (open_text(rows[0][0]), None if rows[0][1] is None else open_text(rows[0][1])) if rows else None
        return replace(facts, temporary_callee=callee)
    if binding.kind == "AXE" and facts.way == "A":
        rows = _run("last_caller_then", values)
        return replace(facts, last_caller=open_text(rows[0][0]) if rows else "")
    if binding.kind == "AXYB" and facts.way == "anyone":
        related = [one for one in _held(0, seals, "", facts.at, binding.id) if one.kind == "YB"]
        return replace(facts, yb=related[0] if related else None)
    if binding.kind == "YB":
        related = [one for one in _held(0, [], "", facts.at, binding.parent_id or NOTHING) if one.kind == "AXYB"]
        return replace(facts, parent=related[0] if related else None)
    return facts


def _run(name: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    return execute(sql.load("privacy", name), values, binary=True)
