"""Playing a scenario: its steps in their order, and between them the reports that are due by then.

Decisions are asked for now; what events and CDRs say happened lies in the hours before, so that nobody has to wait
and the hours can be settled.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import standing
from accounts.models import Account, Upstream
from billing.settlement import settle
from common.errors import BadInput, MasklineError
from console.simulation.customer import Customer, OrderRefused
from console.simulation.records import Json, number_status, seconds
from console.simulation.scenarios import course, customer_server, setting, words
from console.simulation.scenarios.course import Dialled
from console.simulation.scenarios.customer_server import CustomerServer
from console.simulation.scenarios.orders import Orders
from console.simulation.scenarios.script import Script, ScriptError
from console.simulation.scenarios.setting import Setting
from console.simulation.scenarios.steps import Step
from console.simulation.scenarios.switch import Switch
from console.simulation.sender import Sender, Tally

COLLECT = "collect"
STATES = {"frozen": Account.State.ARREARS, "good": Account.State.GOOD}


@dataclass(frozen=True, slots=True)
class Answered:
    """What the switch was told about one call or SMS, each time it asked."""

    name: str
    told: Json


@dataclass
class Played:
    """One run: what was asked, made and sent. `sessions` and `messages` name the ids of calls and SMS."""

    script: Script
    setting: Setting
    orders: Orders
    answers: list[Answered] = field(default_factory=list)
    refusals: list[tuple[str, str]] = field(default_factory=list)
    asked: list[Json] = field(default_factory=list)
    sessions: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)


def play(script: Script, *, upstream: Upstream, door: Sender, deadline: float) -> Played:
    """Play a scenario and settle it. `deadline`: the longest the door waits for a customer. Raises MasklineError."""
    with customer_server.serving(deadline) as (url, far_end):
        try:
            made = setting.make(script, timezone.now(), url)
        except MasklineError as problem:  # a field of the application or a number that cannot be
            raise ScriptError(f"{script.path}: {problem}") from problem
        far_end.secret = made.secret
        customer = Customer(door.url, app_key=made.app_key, secret=made.secret, host=door.host)
        with customer, Switch(door, key=upstream.key, secret=upstream.secret) as switch:
            played = Played(script, made, Orders(customer, made, script.mode))
            _Player(played, switch, far_end).run()
            played.asked = far_end.asked
            return played


class _Player:
    """Goes through the steps."""

    def __init__(self, played: Played, switch: Switch, far_end: CustomerServer) -> None:
        self._played, self._switch, self._far_end = played, switch, far_end
        self._setting = played.setting
        self._due: list[tuple[datetime, int, Json]] = []
        self._serial = count()
        self._live: dict[str, tuple[Dialled, Step]] = {}

    def run(self) -> None:
        """Do every step, report everything, settle what is due."""
        for step in sorted(self._played.script.steps, key=lambda one: one.at):
            at = self._setting.starts_at + step.at
            self._report(until=at)
            try:
                self._do(step, at)
            except OrderRefused as refused:
                self._played.refusals.append((step.name, refused.code))
            except BadInput as problem:
                raise ScriptError(f"{self._played.script.path}: step {step.place}: {problem}") from problem
            except MasklineError as problem:
                raise ScriptError(f"{self._played.script.path}: step {step.place}: {step.verb}: {problem}") from problem
        self._report(until=None)
        self._settle(timezone.now())

    def _do(self, step: Step, at: datetime) -> None:
        orders = self._played.orders
        verbs: dict[str, Callable[[], None]] = {
            "bind": lambda: orders.bind(step),
            "unbind": lambda: orders.unbind(step),
            "callee": lambda: orders.set_callee(step),
            "server": lambda: self._far_end.does(step.said, step.more.get("answer"), self._setting.number),
            "call": lambda: self._call(step, at),
            "sms": lambda: self._sms(step, at),
            "number": lambda: self._number(step, at),
            "account": lambda: self._account(step),
            "stop": lambda: self._stop(step, at),
            "settle": lambda: self._settle(at),
            "wait": lambda: time.sleep(float(step.more.get("seconds", 1))),
        }
        verbs[step.verb]()

    def _call(self, step: Step, at: datetime) -> None:
        caller, x = words.call(step.said)
        key = f"{self._setting.run}-{len(self._played.sessions) + 1}"
        self._played.sessions[step.name] = session_id = f"{key}@{course.HOST}"
        asked = {"session_id": session_id, "x": self._setting.number(x), "caller": self._setting.number(caller)}
        told = self._ask_by_callin(step, asked, at) if "asks" in step.more else self._ask(step, asked)
        how = words.course(step.more.get("then", "B answers after 8 s, talks 74 s"))
        digits = None
        if told["decision"] == COLLECT and not how.gives_up:
            digits = self._digits(step)
            told = self._ask(step, asked, digits)
        call = Dialled(
            session_id=session_id,
            record_id=key,
            mode=self._played.script.mode,
            x=asked["x"],
            caller=asked["caller"],
            at=at,
            told={**told, "app_key": told.get("app_key") or self._setting.app_key},
            digits=digits,
            course=how,
        )
        if course.times(call).ended is None:
            self._live[step.name] = call, step
        self._expect_reports(call, step)

    def _ask(self, step: Step, asked: dict[str, str], digits: str | None = None) -> Json:
        told: Json = {}
        for _ in range(2 if step.more.get("asked_twice") else 1):
            told = self._switch.ask_call(**asked, digits=digits)
            self._played.answers.append(Answered(step.name, told))
        return told

    def _ask_by_callin(self, step: Step, asked: dict[str, str], at: datetime) -> Json:
        told = self._switch.ask_by_callin(**asked, at=at)
        self._played.answers.append(Answered(step.name, told))
        return told

    def _digits(self, step: Step) -> str:
        said = str(step.more.get("digits", ""))
        symbol = said.removeprefix("extension of ")
        return self._played.orders.extensions.get(symbol, "") if symbol != said else said

    def _expect_reports(self, call: Dialled, step: Step) -> None:
        how = words.reports(step.more.get("reports", []))
        for at, push in course.arrivals(call, how):
            self._expect(at, push)
        if step.more.get("redial_twin"):
            self._expect((course.times(call).ended or call.at) + seconds(6), course.redial_twin(call))

    def _stop(self, step: Step, at: datetime) -> None:
        """The customer orders the end; the switch asks for such orders, takes this one and hangs up."""
        session_id = self._played.sessions[step.said]
        self._played.orders.stop(session_id)
        if session_id not in {order["session_id"] for order in self._switch.take_stops()}:
            raise BadInput("stop", "the switch was given no such order")
        live = self._live.pop(step.said, None)
        if live:
            call = replace(live[0], stopped_at=at)
            self._expect(at, course.events(call)["disconnect"])
            self._expect(at + seconds(2), course.cdr(call))

    def _sms(self, step: Step, at: datetime) -> None:
        sender, x = words.message(step.said)
        self._played.messages[step.name] = sms_id = f"{self._setting.run}-s{len(self._played.messages) + 1}"
        text = self._filled(str(step.more.get("text", "On my way.")))
        asked = {"sms_id": sms_id, "x": self._setting.number(x), "sender": self._setting.number(sender)}
        told = self._switch.ask_message(**asked, text=text)
        self._played.answers.append(Answered(step.name, told))
        known = {**told, "app_key": told.get("app_key") or self._setting.app_key}
        results = [(seconds(2), step.more.get("sends", "sent"))]
        if "later" in step.more:
            results.append((words.clock(step.more.get("after", "1:00")), step.more["later"]))
        for after, result in results:
            self._expect(
                at + after,
                course.notification(
                    sms_id=sms_id,
                    x=asked["x"],
                    sender=asked["sender"],
                    at=at + after,
                    told=known,
                    sending=words.sending(result),
                    text=text,
                ),
            )

    def _filled(self, text: str) -> str:
        """Return a text with the numbers of people put in for "{B}", as people write them: without +86."""
        for symbol in sorted(set(words.braced(text))):
            text = text.replace(f"{{{symbol}}}", self._setting.number(symbol).removeprefix("+86"))
        return text

    def _number(self, step: Step, at: datetime) -> None:
        symbol, status, cause = words.number_status(step.said)
        self._expect(at, number_status(self._setting.number(symbol), status, cause))
        self._report(until=at + seconds(1))

    def _account(self, step: Step) -> None:
        with transaction.atomic():
            standing.set_state(
                self._setting.application().account,
                STATES[step.said],
                user=None,
                now=timezone.now(),
                reason="simulated",
            )

    def _settle(self, moment: datetime) -> None:
        shard = self._setting.application().account.shard
        settle(until=moment, now=moment, shards=[shard])

    def _expect(self, at: datetime, push: Json) -> None:
        heappush(self._due, (at, next(self._serial), push))

    def _report(self, until: datetime | None) -> None:
        """Report what has happened by then, oldest first."""
        ready: list[Json] = []
        while self._due and (until is None or self._due[0][0] <= until):
            ready.append(heappop(self._due)[2])
        # One after the other, as they happen.
        for push in ready:
            self._played.tally += self._switch.sender.send([push])


def deadline() -> float:
    """Return the longest this installation waits for a customer's answer, in seconds."""
    return float(max(settings.MASKLINE["ask_call_seconds"], settings.MASKLINE["ask_sms_seconds"]))
