"""The bindings of a provision file: what is bound at an upstream. Shown and searchable, never routed (contract.md).

They also say whose an event is that names nothing but its subscriptionId (privacy.ownership).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts.models import Application
from accounts.provision_file import Entry
from accounts.provisioning import Tally, errors_of, missing, named, write
from common.phone import normalise
from common.timeid import time_id
from privacy.models import Binding, Holding, Number

NEEDS_B = (Binding.Kind.AXB, Binding.Kind.YB)
PROVISION = "provision"


def apply_bindings(entries: Sequence[Entry], tally: Tally, now: datetime) -> None:
    """Record, change or end bindings; what is left out of an entry stays as it is."""
    keys = {entry["application"] for entry in entries}
    applications = Application.objects.select_related("account").in_bulk(keys, field_name="app_key")
    for entry in entries:
        application = named(entry, "application", applications)
        with errors_of(entry):
            known = Binding.objects.filter(application=application, foreign_id=entry["subscription_id"]).first()
            row = known or Binding(
                id=time_id(entry["valid_from"] or now, PROVISION, application.pk, entry["subscription_id"]),
                application=application, account=application.account, foreign_id=entry["subscription_id"],
                step=Binding.Step.UPSTREAM, bound_by=PROVISION, changed_at=now,
            )  # fmt: skip
            tally.counts["bindings"][write(row, _values(entry, row, application, now))] += 1


def _values(entry: Entry, row: Binding, application: Application, now: datetime) -> dict[str, Any]:
    """Return what is written of an entry: of a new binding everything, of a known one what the entry names."""
    new = row._state.adding
    values: dict[str, Any] = {}
    if new or entry.has("kind"):
        values["kind"] = _kind(entry, application)
    if new or entry["number"]:
        values["number"] = _number(entry, application)
    if new or entry["a"]:
        values["a_number"] = normalise(entry["a"] or missing(entry, "a"))
    if new or entry.has("b"):
        values["b_number"] = normalise(entry["b"]) if entry["b"] else None
    if new or entry.has("extension"):
        values["extension"] = entry["extension"] or ""
    if new or entry["valid_from"]:
        values["valid_from"] = values["changed_at"] = entry["valid_from"] or now
    if new or entry.has("valid_to"):
        ended = entry["valid_to"]
        values["valid_to"] = ended
        values["end_cause"], values["ended_by"] = (Binding.End.UPSTREAM, PROVISION) if ended else ("", "")
    _check(entry, row, values)
    return values


def _kind(entry: Entry, application: Application) -> str:
    """Return what is bound: by default what the application's mode binds."""
    if application.mode == Application.Mode.X:
        raise entry.error("application", "has mode X, which has no bindings")
    allowed = {application.mode, Binding.Kind.YB} if application.mode == Application.Mode.AXYB else {application.mode}
    kind = entry["kind"] or application.mode
    if kind not in allowed:
        raise entry.error("kind", "is not what the application's mode binds", f"use {' or '.join(sorted(allowed))}")
    return str(kind)


def _number(entry: Entry, application: Application) -> Number:
    """Return the number of an entry: its newest row, which the application holds or held."""
    text = entry["number"] or missing(entry, "number")
    found = Number.objects.filter(number=text).order_by("-pk").first()
    if found is None or not Holding.objects.filter(number=found, application=application).exists():
        raise entry.error("number", "is none of the application's", "provision the number first")
    return found


def _check(entry: Entry, row: Binding, values: dict[str, Any]) -> None:
    def now_is(name: str) -> Any:
        return values.get(name, getattr(row, name, None))

    if now_is("kind") in NEEDS_B and not now_is("b_number"):
        raise entry.error("b", "is missing")
    if now_is("extension") and not (now_is("extension").isascii() and now_is("extension").isdecimal()):
        raise entry.error("extension", "is no extension", "write 1 to 4 digits")
    if now_is("valid_to") and now_is("valid_to") < now_is("valid_from"):
        raise entry.error("valid_to", "is earlier than valid_from")
