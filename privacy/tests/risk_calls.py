"""What tests of risk control share: rules, the facts of an application, and calls whose decision is written."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from accounts.models import Application, Upstream
from common import partitions, timeid
from privacy import control
from privacy.bindings import keys
from privacy.models import BlacklistEntry, Number, RiskRule, RoutingDecision
from privacy.routing.facts import ApplicationFacts, Block

A, B, C = "+8613900000101", "+8613900000102", "+8613900000103"
# A Monday, 18:00 in Shanghai.
NOON = datetime.fromisoformat("2026-11-16T10:00:00+00:00")
LONG_AGO = NOON - timedelta(days=400)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def facts(application: Application, **changed: Any) -> ApplicationFacts:
    """Return what a decision knows of an application, with risk control on."""
    known: dict[str, Any] = {
        "id": application.pk, "account_id": application.account_id, "app_key": application.app_key,
        "mode": application.mode, "active": True, "account_state": "good", "time_zone": application.account.time_zone,
        "recording": False, "sms": True, "keep_sms_content": False, "extension_digits": 4, "cool_down_hours": 24,
        "no_permission_voice": "", "abnormal_voice": "", "risk_control": True, "asks_calls": False,
        "asks_messages": False,
    }  # fmt: skip
    return ApplicationFacts(**{**known, **changed})


def rule(
    application: Application, kind: str, most: int | None = None, window: timedelta | None = None, **more: Any
) -> RiskRule:
    """Return a rule that has held for long."""
    seconds = int(window.total_seconds()) if window else None
    fields = {"valid_from": LONG_AGO, **more}
    return RiskRule.objects.create(application=application, kind=kind, most=most, window_seconds=seconds, **fields)


def entry(application: Application, side: str, number: str, other: str = "", **more: Any) -> BlacklistEntry:
    """Return a blacklist entry that has held for long."""
    return BlacklistEntry.objects.create(
        application=application, side=side, number=number, key=keys.caller(number), counterpart=other or None,
        counterpart_key=keys.caller(other) if other else b"", **{"valid_from": LONG_AGO, **more},
    )  # fmt: skip


@dataclass
class Switch:
    """Asks for calls as decisions do: checks, and writes the decision of what passed."""

    application: Application
    number: Number
    upstream: Upstream
    zone: str = "Asia/Shanghai"
    asked: int = 0

    def call(
        self, at: datetime, caller: str = A, callee: str = B, session: str = "", *, write: bool = True
    ) -> Block | None:
        """Return what speaks against a call; its decision is written either way."""
        self.asked += 1
        session = session or f"session-{self.asked}"
        block = control.check(
            self.facts(), self.number.pk, caller=caller, callee=callee, at=at,
            member=control.member_of(self.upstream.pk, session),
        )  # fmt: skip
        if write:
            self.decided(at, caller, callee, session, block)
        return block

    def would(self, at: datetime, caller: str = A, callee: str = B) -> Block | None:
        """Return what would have spoken against a call."""
        return control.would(self.facts(), self.number.pk, caller=caller, callee=callee, at=at)

    def facts(self) -> ApplicationFacts:
        """Return what a decision knows of the application."""
        return facts(self.application, time_zone=self.zone)

    def decided(
        self, at: datetime, caller: str = A, callee: str = B, session: str = "s", block: Block | None = None
    ) -> RoutingDecision:
        """Write the decision about a call."""
        partitions.ensure(RoutingDecision, "week", [at])
        return RoutingDecision.objects.create(
            id=timeid.time_id(at, "decision", self.application.pk, session, caller, callee),
            upstream=self.upstream, account=self.application.account, application=self.application, number=self.number,
            kind="call", session_id=session, outcome="refuse" if block else "connect", code=block.code if block else 0,
            rule=block.rule if block else "bound", caller_key=keys.caller(caller), callee_key=keys.caller(callee),
            detail=b'{"asked": {}, "answer": {}}',
        )  # fmt: skip
