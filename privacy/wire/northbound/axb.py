"""AXB on the wire (northbound.md 3): the parameters of its operations, and its answers."""

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.models import Application
from privacy.bindings.orders import BindOrder, ModifyOrder
from privacy.models import Binding
from privacy.wire.northbound.fields import Choice, Flag, Key, PageSize, Party, Text, Virtual, Voice, Whole
from privacy.wire.northbound.forms import Form, PreVoice, PreVoiceChange
from privacy.wire.northbound.reading import MATCH_MODES, area_code, read, refuse_equal, terms
from privacy.wire.northbound.shaping import flag, given, moment, pre_voice

LONGEST_SECONDS, LONGEST_MINUTES = 90 * 86_400, 1440
LAST_PAGE = 10**9


class BindAXB(Form):
    """3.2."""

    callerNum = Party(source="a", required=True, help_text="A.")
    relationNum = Virtual(source="x", help_text="X, one of the application's numbers. Absent: the platform selects.")
    areaCode = Text(
        32, source="area_code", help_text="City to select X in, such as 0755. Absent: A's. With relationNum: ignored."
    )
    areaMatchMode = Choice(MATCH_MODES, source="loose", help_text="0 this city only (default), 1 others too.")
    calleeNum = Party(source="b", required=True, help_text="B.")
    callDirection = Whole(0, 2, source="call_direction", help_text="0 both (default), 1 only A calls, 2 only B calls.")
    duration = Whole(0, LONGEST_SECONDS, help_text="Seconds the binding holds; 0 or absent: for ever.")
    recordFlag = Flag(source="record", help_text="Record calls. Default false.")
    recordHintTone = Voice(source="record_voice", help_text="Announcement of the recording.")
    maxDuration = Whole(
        0, LONGEST_MINUTES, source="max_minutes", help_text="Longest call in minutes; 0 or absent: no limit."
    )
    lastMinVoice = Voice(source="last_minute_voice", help_text="Played when a minute is left of maxDuration.")
    privateSms = Flag(source="sms", help_text="Pass SMS. Default true.")
    preVoice = PreVoice(help_text="Waiting tones.")
    userData = Text(256, source="user_data", help_text="Your own text, given back in queries, events and CDRs.")


class ModifyAXB(Form):
    """3.4. What is absent stays; "" clears a voice file; `duration` restarts the timer."""

    subscriptionId = Key(required=True, help_text="The binding.")
    callerNum = Party(source="a", help_text="The new A.")
    calleeNum = Party(source="b", help_text="The new B.")
    callDirection = Whole(0, 2, source="call_direction", help_text="0 both, 1 only A calls, 2 only B calls.")
    duration = Whole(0, LONGEST_SECONDS, help_text="Seconds from now; 0: for ever.")
    maxDuration = Whole(0, LONGEST_MINUTES, source="max_minutes", help_text="Longest call in minutes; 0: no limit.")
    lastMinVoice = Voice(clears=True, source="last_minute_voice", help_text="Played when a minute is left.")
    recordFlag = Flag(source="record", help_text="Record calls.")
    recordHintTone = Voice(clears=True, source="record_voice", help_text="Announcement of the recording.")
    privateSms = Flag(source="sms", help_text="Pass SMS.")
    preVoice = PreVoiceChange(help_text="Waiting tones.")
    userData = Text(256, source="user_data", help_text="Your own text.")


class UnbindAXB(Form):
    """3.3. subscriptionId wins."""

    subscriptionId = Key(help_text="The binding to end.")
    relationNum = Key(source="x", help_text="X: ends all bindings on it. Send + as %2B.")


class NamedAXB(Form):
    """3.5, one binding: all else is not looked at."""

    subscriptionId = Key(help_text="One binding.")


class QueryAXB(UnbindAXB):
    """3.5. subscriptionId wins; callerNum and calleeNum narrow relationNum."""

    subscriptionId = Key(help_text="One binding.")
    relationNum = Key(source="x", help_text="X: all bindings on it. Send + as %2B.")
    callerNum = Key(source="a", help_text="With relationNum: the binding of this A.")
    calleeNum = Key(source="b", help_text="With relationNum: the binding of this B.")
    pageIndex = Whole(1, LAST_PAGE, source="page", default=1, help_text="From 1, the default.")
    pageSize = PageSize(source="size", help_text="10 to 100; absent or out of range: 50.")


def bind_order(parameters: Mapping[str, Any], application: Application) -> BindOrder:
    """Return the bind that is ordered. Raises BadInput."""
    values = read(BindAXB, parameters, application)
    refuse_equal({"callerNum": values["a"], "calleeNum": values["b"], "relationNum": values.get("x")})
    return BindOrder(
        a=values["a"],
        b=values["b"],
        x=values.get("x", ""),
        area_code=area_code(values),
        loose=values.get("loose", False),
        seconds=values.get("duration", 0),
        terms=terms(values),
    )


def modify_order(values: Mapping[str, Any], binding: Binding) -> ModifyOrder:
    """Return the change of `binding` that is ordered. Raises BadInput."""
    a, b = values.get("a"), values.get("b")
    refuse_equal(
        {"callerNum": a or binding.a_number, "calleeNum": b or binding.b_number, "relationNum": binding.number.number}
    )
    return ModifyOrder(a=a, b=b, seconds=values.get("duration"), terms=terms(values))


def bound(binding: Binding) -> dict[str, Any]:
    """Return the answer to a bind."""
    return {
        "subscriptionId": binding.subscription_id,
        "relationNum": binding.number.number,
        "callDirection": binding.call_direction,
        "duration": binding.duration or 0,
        "maxDuration": binding.max_minutes,
    }


def listed(binding: Binding) -> dict[str, Any]:
    """Return a binding as an element of relationNumList."""
    return {
        "subscriptionId": binding.subscription_id,
        "callerNum": binding.a_number,
        "relationNum": binding.number.number,
        "calleeNum": binding.b_number,
        "callDirection": binding.call_direction,
        "duration": binding.duration or 0,
        "maxDuration": binding.max_minutes,
        "recordFlag": flag(binding.record),
        "subscribeTime": moment(binding.changed_at),
        "privateSms": flag(binding.sms),
        **given(
            recordHintTone=binding.record_voice,
            lastMinVoice=binding.last_minute_voice,
            preVoice=pre_voice(binding),
            userData=binding.user_data,
        ),
    }


def found(
    page: Iterable[Binding], *, app_key: str, total: int, index: int = 1, size: int = PageSize.usual
) -> dict[str, Any]:
    """Return the answer to a query: one page of what was found."""
    return {
        "app_key": app_key,
        "totalCount": total,
        "pageIndex": index,
        "pageSize": size,
        "relationNumList": [listed(binding) for binding in page],
    }
