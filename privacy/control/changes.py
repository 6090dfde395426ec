"""Changing risk control: each change closes a row and begins another, and stands in the audit trail with its reason.

Instants are the database's, read once the application is held: what ends and what begins in one change meet exactly.
"""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Application
from accounts.roles import User
from common import prepared, sql
from common.errors import BadInput, Conflict
from common.phone import mask, mask_in_text
from privacy.bindings import keys
from privacy.control.rules import Parties
from privacy.models import BlacklistEntry, RiskPardon, RiskRule

REASON_AT_LEAST = 3
MOST_WINDOW = 30 * 86_400
MOST_RULES = 50


@dataclass(frozen=True)
class By:
    """Who changes something, why, and in which request."""

    user: User
    reason: str
    request: HttpRequest | None = None

    @property
    def name(self) -> str:
        """Return the name that stands in the rows."""
        return self.user.get_username()

    def checked(self) -> str:
        """Return the reason as it is kept. Raises BadInput when there is none."""
        if len(self.reason.strip()) < REASON_AT_LEAST:
            raise BadInput("reason", _("Give a reason. Nothing was changed."))
        return self.noted(self.reason)

    @staticmethod
    def noted(text: str) -> str:
        """Return a text of people as it is kept."""
        return mask_in_text(text.strip())[:500]


@dataclass(frozen=True)
class Terms:
    """What a rule says."""

    kind: str
    most: int | None = None
    window_seconds: int | None = None
    hours_from: time | None = None
    hours_to: time | None = None


def switch(application: Application, *, on: bool, by: By) -> bool:
    """Switch an application's control on or off; return whether that changed anything."""
    by.checked()
    with transaction.atomic():
        row = Application.objects.select_for_update(no_key=True).select_related(None).get(pk=application.pk)
        if row.risk_control == on:
            return False
        row.risk_control = on
        row.save(update_fields=["risk_control"])
        record("switch_on" if on else "switch_off", "application", application.app_key, application, by)
    return True


def add_rule(application: Application, terms: Terms, by: By) -> RiskRule:
    """Begin a rule. Raises BadInput for terms that make none, or are there already."""
    reason = by.checked()
    _check(terms)
    with transaction.atomic():
        rule = _begin(application, terms, by, reason, hold(application))
        record("add_rule", "risk_rule", str(rule.pk), application, by, _told(rule))
    return rule


def change_rule(rule: RiskRule, terms: Terms, by: By) -> RiskRule:
    """End a rule and begin another at the same instant. Raises BadInput; Conflict when it ended already."""
    reason = by.checked()
    _check(terms)
    with transaction.atomic():
        now = hold(rule.application)
        _end(RiskRule, rule.pk, by, now)
        new = _begin(rule.application, terms, by, reason, now)
        told = {"was": _told(rule), "is": _told(new)}
        record("change_rule", "risk_rule", str(new.pk), rule.application, by, told)
    return new


def end_rule(rule: RiskRule, by: By) -> None:
    """End a rule. Raises Conflict when it ended already."""
    by.checked()
    with transaction.atomic():
        _end(RiskRule, rule.pk, by, hold(rule.application))
        record("end_rule", "risk_rule", str(rule.pk), rule.application, by, _told(rule))


def add_entry(application: Application, side: str, number: str, other: str, by: By) -> tuple[BlacklistEntry, bool]:
    """Begin an entry and return it and whether it is new: one that holds already is left as it is."""
    reason = by.checked()
    with transaction.atomic():
        now = hold(application)
        found, new = BlacklistEntry.objects.get_or_create(
            application=application,
            side=side,
            key=keys.caller(number),
            counterpart_key=keys.caller(other) if other else b"",
            valid_to=None,
            defaults={
                "number": number,
                "counterpart": other or None,
                "valid_from": now,
                "made_by": by.name,
                "reason": reason,
            },
        )
        if new:
            record("blacklist", "blacklist_entry", str(found.pk), application, by, {"side": side, "is": mask(number)})
    return found, new


def end_entry(entry: BlacklistEntry, by: By) -> None:
    """End an entry. Raises Conflict when it ended already."""
    by.checked()
    with transaction.atomic():
        _end(BlacklistEntry, entry.pk, by, hold(entry.application))
        told = {"side": entry.side, "was": mask(entry.number)}
        record("unblacklist", "blacklist_entry", str(entry.pk), entry.application, by, told)


def pardon(application: Application, who: Parties, kind: str, by: By) -> RiskPardon:
    """Count a caller, callee, X or pair anew from now on: what was connected before fills no window any more."""
    reason = by.checked()
    with transaction.atomic():
        now, subject = hold(application), who.subjects()[kind]
        made = RiskPardon.objects.create(
            application=application, kind=kind, subject=subject, at=now, made_by=by.name, reason=reason
        )
        record("pardon", "risk_pardon", str(made.pk), application, by, {"kind": kind})
    return made


def _begin(application: Application, terms: Terms, by: By, reason: str, now: datetime) -> RiskRule:
    holding = RiskRule.objects.filter(application=application, valid_to=None)
    same = holding.filter(**{name: getattr(terms, name) for name in Terms.__dataclass_fields__})
    if same.exists():
        raise BadInput("kind", _("This rule holds already."))
    if holding.count() >= MOST_RULES:
        raise BadInput("kind", _("There are %(n)s rules already; end some first.") % {"n": MOST_RULES})
    fields = {name: getattr(terms, name) for name in Terms.__dataclass_fields__}
    return RiskRule.objects.create(application=application, valid_from=now, made_by=by.name, reason=reason, **fields)


def _check(terms: Terms) -> None:
    """Raise BadInput for what the database would refuse without words."""
    if terms.kind == RiskRule.Kind.HOURS:
        if terms.hours_from is None or terms.hours_to is None:
            raise BadInput("hours_from", _("Say from when until when calls are let through."))
        if terms.hours_from == terms.hours_to:
            raise BadInput("hours_to", _("From and until are the same: that would be no restriction, or no call."))
        return
    if not terms.most:
        raise BadInput("most", _("Say how many calls are let through, at least 1."))
    if not terms.window_seconds or terms.window_seconds > MOST_WINDOW:
        raise BadInput("window", _("Say within which time: from 1 second to 30 days."))


def _end(model: Any, pk: int, by: By, now: datetime) -> None:
    ended = model.objects.filter(pk=pk, valid_to=None).update(valid_to=now, ended_by=by.name)
    if not ended:
        raise Conflict(_("It had ended already."))


def hold(application: Application) -> datetime:
    """Hold an application until the transaction ends, and return the instant: those who change its control wait."""
    Application.objects.select_for_update(no_key=True).only("pk").get(pk=application.pk)
    ((now,),) = prepared.execute(sql.load("privacy", "risk_now"), {})
    at: datetime = now
    return at


def _told(rule: RiskRule) -> dict[str, Any]:
    values = {name: getattr(rule, name) for name in Terms.__dataclass_fields__}
    return {name: str(value) for name, value in values.items() if value is not None}


def record(
    action: str, kind: str, subject: str, application: Application, by: By, detail: dict[str, Any] | None = None
) -> None:
    """Write a change into the audit trail."""
    audit.record(
        user=by.user, action=f"risk.{action}", subject_kind=kind, subject=subject, account=application.account,
        reason=by.reason, detail={"app_key": application.app_key, **(detail or {})}, request=by.request,
    )  # fmt: skip
