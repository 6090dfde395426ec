"""The pushes that a test consists of: which bodies go to which of the application's URLs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import Application
from notifications.models import Push
from privacy import causes
from privacy.models import TestCall
from privacy.parts import parts
from privacy.routing.facts import CallReply
from privacy.testcalls.wanted import CALLEE, CALLER, SCENARIOS, SMS, STATUS, TEST_NUMBER, TEXT, Wanted, X, url_fields
from privacy.wire import played, pushes
from privacy.wire.played import PlayedCall, PlayedMessage

EXTENSION = "0042"
RANG, TALKED, TO_ENTER = timedelta(seconds=8), timedelta(seconds=74), timedelta(seconds=6)
SETUP, TO_RING = timedelta(seconds=1), timedelta(seconds=2)
# What an X on which nothing is bound says in each mode (pushes.md 6.1).
UNBOUND = {"AX": 8014, "AXB": 8014, "AXE": 8022, "AXYB": 8030, "X": 8014}
SUSPENDED, NORMAL = 9, 5


@dataclass(frozen=True, slots=True)
class Body:
    """One push of a test: its kind, the field of the application with its URL, and what it says."""

    kind: str
    url_field: str
    content: bytes


def bodies(
    application: Application, wanted: Wanted, row: TestCall, *, reply: CallReply | None, code: int, now: datetime
) -> Iterator[Body]:
    """Yield the pushes of a test in their order. `code`: with which stateCode the customer's answer ends the call."""
    kind = SCENARIOS[wanted.scenario].kind
    if kind == SMS:
        content = played.message(_message(application, wanted, row), with_content=application.keep_sms_content)
        yield Body(Push.Kind.SMS, "sms_url", content)
    elif kind == STATUS:
        (field,) = url_fields(application, wanted.scenario)
        for status in (SUSPENDED, NORMAL):
            content = pushes.number_statuses([(wanted.x or TEST_NUMBER, status, "")])
            yield Body(Push.Kind.NUMBER_STATUS, field, content)
    else:
        call = _call(application, wanted, row, reply, code, now)
        for event, content in played.events(call):
            at_callin = event == played.CALLIN and application.callin_url
            yield Body(Push.Kind.EVENT, "callin_url" if at_callin else "call_status_url", content)
        yield Body(Push.Kind.CDR, "cdr_url", played.fee(call))


def _call(
    application: Application, wanted: Wanted, row: TestCall, reply: CallReply | None, refused: int, now: datetime
) -> PlayedCall:
    """Return the call that is told of: it ended just now."""
    scenario, mode = SCENARIOS[wanted.scenario], application.mode
    code = refused or (scenario.code if scenario.connected else UNBOUND[mode])
    connected = scenario.connected and not refused
    rings = connected and scenario.rings
    answers = rings and not code
    enters = mode == Application.Mode.AXE
    setup = SETUP + (TO_ENTER if enters else timedelta(0))
    rang = setup + TO_RING
    began = now - rang - (RANG if rings else timedelta(0)) - (TALKED if answers else timedelta(0))
    q850, sip = causes.PAIRS.get(code, (0, 0)) if connected else (0, 0)
    return PlayedCall(
        session_id=row.session_id,
        record_id=row.session_id[:64],
        app_key=application.app_key,
        mode=mode,
        x=wanted.x or TEST_NUMBER,
        caller=wanted.caller or CALLER,
        callee=(reply.callee if reply else "") or wanted.callee or CALLEE,
        began_at=began,
        ended_at=now,
        forwarded_at=began + setup if connected else None,
        alerted_at=began + rang if rings else None,
        answered_at=began + rang + RANG if answers else None,
        code=code,
        description=causes.description(code),
        q850=q850,
        sip=sip,
        subscription_id=_subscription_id(application, row) if connected else "",
        user_data=reply.user_data if reply else wanted.user_data,
        digits=EXTENSION if enters else "",
    )


def _message(application: Application, wanted: Wanted, row: TestCall) -> PlayedMessage:
    text = wanted.text or TEXT
    return PlayedMessage(
        sms_id=row.session_id[:64],
        app_key=application.app_key,
        x=wanted.x or TEST_NUMBER,
        sender=wanted.caller or CALLER,
        receiver=wanted.callee or CALLEE,
        at=row.asked_at,
        text=text,
        parts=parts(text),
        result=SCENARIOS[wanted.scenario].code,
        subscription_id=_subscription_id(application, row),
        user_data=wanted.user_data,
    )


def _subscription_id(application: Application, row: TestCall) -> str:
    """Return a made-up binding: X mode has none."""
    return "" if application.mode == X else row.session_id[:64]
