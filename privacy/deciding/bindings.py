"""Bindings of the look-ups, with their numbers opened."""

from collections.abc import Sequence
from typing import Any

from common.sealed import open_text
from privacy.routing.facts import BindingFacts

# How many columns of the statements in sql/deciding.sql are one binding.
COLUMNS = 22


def opened(columns: Sequence[Any]) -> BindingFacts:
    """Return a binding from its columns, in the order of the statements."""
    (
        pk, kind, parent_id, foreign_id, a_number, b_number, extension, call_direction, max_minutes, last_minute_voice,
        record, record_voice, sms, display, power, caller_voice, callee_voice, callback_voice, callback_number,
        callback_minutes, user_data, number,
    ) = columns  # fmt: skip
    return BindingFacts(
        id=pk,
        kind=kind,
        number=number,
        a_number=open_text(a_number),
        b_number="" if b_number is None else open_text(b_number),
        extension=extension,
        parent_id=parent_id,
        call_direction=call_direction,
        max_minutes=max_minutes,
        last_minute_voice=last_minute_voice,
        record=record,
        record_voice=record_voice,
        sms=sms,
        display=display,
        power=power,
        caller_voice=caller_voice,
        callee_voice=callee_voice,
        callback_voice=callback_voice,
        callback_number="" if callback_number is None else open_text(callback_number),
        callback_minutes=callback_minutes,
        user_data=None if user_data is None else open_text(user_data),
        subscription_id=foreign_id or str(pk),
    )
