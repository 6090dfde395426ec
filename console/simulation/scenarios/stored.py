"""What is stored of a scenario: CDRs, the lives of its calls, SMS and charges, in the scenario's own words."""

from collections.abc import Iterator
from uuid import UUID

from billing.models import Charge
from console.simulation.records import Json
from console.simulation.scenarios.names import Names
from console.simulation.scenarios.player import Played
from privacy import results
from privacy.call_lives import lives
from privacy.models import Call, CallEvent, Message, MessageResult
from privacy.results import Reported


def cdrs(names: Names, played: Played) -> Iterator[Json]:
    """Yield the calls as they are stored, each CDR once."""
    for name, session_id in played.sessions.items():
        for call in Call.objects.filter(session_id=session_id).order_by("call_in_at", "record_id"):
            talked = (call.ended_at - call.answered_at).total_seconds() if call.answered_at else None
            said = {
                "direction": call.direction,
                "caller": str(call.caller_number or ""),
                "callee": str(call.destination_number or ""),
                "binding": call.subscription_id,
                "extension": call.extension,
                "answered": names.at(call.answered_at),
                "ended": names.at(call.ended_at),
                "talk_seconds": int(talked) if talked is not None else None,
                "release_reason": call.release_reason,
                "recorded": call.recorded,
                "user_data": call.user_data,
            }
            yield {"call": name, **names.kept(said, said)}


def calls(names: Names, played: Played) -> Iterator[Json]:
    """Yield how each call went, folded from its events and CDRs in whatever order they came."""
    for name, session_id in played.sessions.items():
        of_session = {"session_id": session_id}
        events = CallEvent.objects.filter(**of_session)
        for life in lives(events, Call.objects.filter(**of_session)):
            steps = ", ".join(f"{step.stage} {names.at(step.at)}" for step in life.steps)
            talked = {} if life.talk_seconds is None else {"talk_seconds": life.talk_seconds}
            cause = {"cause": life.cause.code} if life.cause else {}
            yield {"call": name, "state": str(life.state), "steps": steps, **talked, **cause}


def messages(names: Names, played: Played) -> Iterator[Json]:
    """Yield the SMS as they are stored."""
    for name, sms_id in played.messages.items():
        for message in Message.objects.filter(sms_id=sms_id):
            said = {
                "sender": str(message.calling_number or ""),
                "receiver": str(message.called_number or ""),
                "binding": message.subscription_id,
                "result": message.send_result,
                "parts": message.parts,
                "parts_sent": message.parts_sent,
            }
            yield {"sms": name, **names.kept(said, said)}


def charges(names: Names, played: Played) -> Iterator[Json]:
    """Yield what was charged, and what was taken back."""
    rows = Charge.objects.filter(account=played.setting.application().account)
    of_messages = _messages_charged(names)
    of_calls = {row.pk: names.calls[row.session_id] for row in Call.objects.filter(session_id__in=names.calls)}
    for row in rows.order_by("rated_at", "run_id", "units", "pk"):
        usage = row.reverses or row.pk
        about = {"call": of_calls[usage]} if usage in of_calls else {"sms": of_messages.get(usage, "another SMS")}
        money = {"units": row.units, "from_package": row.package_units, "overage": row.overage_units}
        late = {"late": True} if row.late else {}
        reversed_ = {"reverses": True} if row.reverses else {}
        yield {**about, "item": row.item, **money, "amount": f"{row.amount.normalize():f}", **late, **reversed_}


def _messages_charged(names: Names) -> dict[UUID, str]:
    """Return the names of the SMS by the ids under which they were ever charged, as their results came."""
    found = {}
    for message in Message.objects.filter(sms_id__in=names.messages):
        told = MessageResult.objects.filter(message_id=message.pk).order_by("ordinal")
        history = [Reported(one.ordinal, one.send_result, one.occurred_at) for one in told]
        for place in range(1, len(history) + 1):
            if charge := results.charged(message.pk, history[:place]):
                found[charge.usage_id] = names.messages[message.sms_id]
    return found
