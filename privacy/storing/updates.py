"""A later notification of a message that is stored: a repeat, another result, or a contradiction (billing.md 1)."""

from typing import Literal
from uuid import UUID

from privacy import results
from privacy.models import Message, MessageResult, Usage
from privacy.results import Charged, Reported
from privacy.storing import usage
from privacy.storing.candidates import Candidate
from privacy.storing.messages import content_hash, parts_of
from privacy.storing.usage import Due
from privacy.wire.facts import MessageFacts

NOTED = ("send_result", "sent_at", "called_number", "content", "content_hash", "parts", "parts_sent")
# "outdated": stored, but a newer result was known: nothing that the customer is to be told.
Verdict = Literal["stored", "outdated", "repeated", "conflict"]


def apply(candidate: Candidate, message_id: UUID, source_id: int) -> Verdict:
    """Return what a notification of a stored message is, and book what it changes. Holds the message's row.

    Sets the candidate's id to the message's and its sequence to the ordinal of the result.
    """
    message = Message.objects.select_for_update(no_key=True).filter(pk=message_id).first()
    if message is None or not _same_message(message, candidate):
        return "conflict"
    facts = candidate.facts
    history = [
        Reported(*row)
        for row in MessageResult.objects.filter(message_id=message_id).values_list(
            "ordinal", "send_result", "occurred_at"
        )
    ]
    report = Reported(len(history), facts.send_result, candidate.at)
    known = any(before.result == report.result and before.at == report.at for before in history)
    stands = results.standing(history)[-1:]
    if (known or (stands and stands[-1].result == report.result)) and not _tells_parts(message, facts):
        return "repeated"
    MessageResult.objects.create(
        message_id=message_id,
        send_result=report.result,
        ordinal=report.ordinal,
        occurred_at=report.at,
        source_id=source_id,
    )
    candidate.id, candidate.sequence = message_id, report.ordinal
    _note(message, candidate, [*history, report])
    _rebook(candidate, message, results.charged(message_id, history), results.charged(message_id, [*history, report]))
    return "stored" if results.standing([*history, report])[-1] == report else "outdated"


def _tells_parts(message: Message, facts: MessageFacts) -> bool:
    """Return whether a notification says how many parts there are, or were sent, when nobody said so before."""
    if message.parts is None and parts_of(facts) is not None:
        return True
    return facts.send_result == results.PARTLY_SENT and message.parts_sent is None and facts.sent_count is not None


def _same_message(message: Message, candidate: Candidate) -> bool:
    """Return whether only the result differs; what one of the two left out is no difference."""
    facts, owner = candidate.facts, candidate.owner
    return (
        (message.application_id, message.number_id) == (owner.application.id, owner.number_id)
        and message.calling_number == facts.calling_number
        and _agree(message.called_number, facts.called_number)
        and _agree(message.content, facts.content)
        and _agree(message.content_hash and bytes(message.content_hash), content_hash(facts))
        # Counted by the upstream: of a text forwarded without its suffix, the text alone gives fewer (billing.md 1).
        and _agree(message.parts, facts.split_count)
        and _agree(message.parts_sent, facts.sent_count)
    )


def _agree(before: object, after: object) -> bool:
    return before is None or after is None or before == after


def _rebook(candidate: Candidate, message: Message, before: Charged | None, after: Charged | None) -> None:
    """Take back what the message was charged as and queue what it is charged as now; its row says the parts."""
    units = results.units(after.result, message.parts, message.parts_sent) if after else None
    if before == after:
        if after is not None and units is not None:
            usage.tell_units(after.usage_id, units)
        return
    due: list[Due] = []
    if before is not None and not usage.take_back(before.usage_id):
        reversal, sent_at = results.reversal_id(before, candidate.at), before.sent_at
        # In the hour of what is charged instead: taken back first, its package units are there for it.
        due.append(Due(candidate, reversal, Usage.Item.REVERSAL, sent_at, sent_at, 0, 0, reverses=before.usage_id))
    if after is not None:
        due.append(Due(candidate, after.usage_id, Usage.Item.SMS, after.sent_at, after.sent_at, 0, units))
    usage.queue(due)


def _note(message: Message, candidate: Candidate, history: list[Reported]) -> None:
    """Bring the message's row to the result that stands, and fill what it did not say before."""
    charge = results.charged(message.pk, history)
    message.send_result = results.standing(history)[-1].result
    message.sent_at = charge.sent_at if charge else None
    facts = candidate.facts
    message.called_number = message.called_number or facts.called_number
    if candidate.owner.application.keep_sms_content and message.content is None:
        message.content = facts.content
    message.content_hash = message.content_hash or content_hash(facts)
    message.parts = message.parts or parts_of(facts)
    message.parts_sent = message.parts_sent or facts.sent_count
    message.save(update_fields=NOTED)
    # For the push: a later notification may leave out what an earlier one said.
    facts.split_count, facts.direction = message.parts, facts.direction or message.direction
