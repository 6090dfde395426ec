"""AX on the wire (northbound.md 4): the parameters of its operations, and its answers."""

from collections.abc import Iterable, Mapping
from typing import Any

from accounts.models import Application
from common.errors import BadInput
from privacy.bindings.orders import BindOrder, ModifyOrder
from privacy.models import Binding
from privacy.wire.northbound.fields import Callee, Choice, Flag, Key, Party, Text, Voice, Whole
from privacy.wire.northbound.forms import Form, PreVoice, PreVoiceChange
from privacy.wire.northbound.reading import MATCH_MODES, area_code, missing, read, refuse_equal, terms
from privacy.wire.northbound.shaping import flag, given, moment, pre_voice

LONGEST_MINUTES = 1440
CALLEE_SECONDS, LONGEST_CALLEE_SECONDS = 60, 3 * 86_400
NUMBER_TYPE = "mobile-virtual"
DISPLAYS = {"0": "0", "1": "1"}
SWITCH = {"on": True, "off": False}


class BindAX(Form):
    """4.2. One of privateNum and areaCode is needed; privateNum wins."""

    origNum = Party(source="a", required=True, help_text="A.")
    privateNum = Text(32, source="x", help_text="X, one of the application's numbers.")
    privateNumType = Choice({NUMBER_TYPE: NUMBER_TYPE}, source="number_type", help_text="Needed with areaCode.")
    areaCode = Text(32, source="area_code", help_text="City to select X in, such as 0755. With privateNum: ignored.")
    areaMatchMode = Choice(MATCH_MODES, source="loose", help_text="0 this city only (default), 1 others too.")
    recordFlag = Flag(source="record", help_text="Record calls. Default false.")
    recordHintTone = Voice(source="record_voice", help_text="Announcement of the recording.")
    calleeNumDisplay = Choice(
        DISPLAYS, source="display", help_text="What A sees when somebody calls X: 0 X (default), 1 the real caller."
    )
    privateSms = Flag(source="sms", help_text="Pass SMS. Default true.")
    preVoice = PreVoice(help_text="Waiting tones.")
    maxDuration = Whole(
        0, LONGEST_MINUTES, source="max_minutes", help_text="Longest call in minutes; 0 or absent: no limit."
    )
    lastMinVoice = Voice(source="last_minute_voice", help_text="Played when a minute is left of maxDuration.")
    turnFlag = Choice(SWITCH, source="power", help_text="on (default), or off: X does not reach A.")
    callDirection = Whole(
        0, 2, source="call_direction", help_text="0 both (default), 1 only A calls X, 2 only others call X."
    )
    userData = Text(256, source="user_data", help_text="Your own text, given back in queries, events, CDRs and SMS.")


class ModifyAX(Form):
    """4.4. What is absent stays; "" clears a voice file. subscriptionId or privateNum names the binding."""

    subscriptionId = Key(help_text="The binding; wins.")
    privateNum = Key(source="x", help_text="X, when there is no subscriptionId.")
    origNum = Party(source="a", help_text="The new A.")
    privateSms = Flag(source="sms", help_text="Pass SMS.")
    recordFlag = Flag(source="record", help_text="Record calls.")
    recordHintTone = Voice(clears=True, source="record_voice", help_text="Announcement of the recording.")
    maxDuration = Whole(0, LONGEST_MINUTES, source="max_minutes", help_text="Longest call in minutes; 0: no limit.")
    lastMinVoice = Voice(clears=True, source="last_minute_voice", help_text="Played when a minute is left.")
    callDirection = Whole(0, 2, source="call_direction", help_text="0 both, 1 only A calls X, 2 only others call X.")
    turnFlag = Choice(SWITCH, source="power", help_text="on or off.")
    calleeNumDisplay = Choice(DISPLAYS, source="display", help_text="What A sees: 0 X, 1 the real caller.")
    preVoice = PreVoiceChange(help_text="Waiting tones.")
    userData = Text(256, source="user_data", help_text="Your own text.")


class NamedAX(Form):
    """4.3 and 4.5: subscriptionId wins; in a query origNum comes before privateNum."""

    subscriptionId = Key(help_text="One binding; wins.")
    origNum = Key(source="a", help_text="A. Send + as %2B.")
    privateNum = Key(source="x", help_text="X. Send + as %2B.")


class CalleeAX(Form):
    """4.6. subscriptionId or privateNum names the binding; origNum is not parsed, but is not called either."""

    origNum = Key(source="a", help_text="A; may be omitted.")
    privateNum = Key(source="x", help_text="X, when there is no subscriptionId.")
    subscriptionId = Key(help_text="The binding; wins.")
    calleeNum = Callee(
        source="callee", required=True, help_text="Whom A reaches by calling X; also a 400 or 95 number."
    )
    duration = Whole(
        1, LONGEST_CALLEE_SECONDS, source="seconds", default=CALLEE_SECONDS, help_text="Seconds it holds. Default 60."
    )
    userData = Text(256, source="user_data", help_text="Your own text.")


def bind_order(parameters: Mapping[str, Any], application: Application) -> BindOrder:
    """Return the bind that is ordered. Raises BadInput."""
    values = read(BindAX, parameters, application)
    if "x" not in values:
        for source, name in (("area_code", "privateNum"), ("number_type", "privateNumType")):
            if source not in values:
                raise missing(name)
    refuse_equal({"origNum": values["a"], "privateNum": values.get("x")})
    return BindOrder(
        a=values["a"],
        x=values.get("x", ""),
        area_code=area_code(values),
        loose=values.get("loose", False),
        terms=terms(values),
    )


def modify_order(values: Mapping[str, Any], binding: Binding) -> ModifyOrder:
    """Return the change of `binding` that is ordered. Raises BadInput."""
    refuse_equal({"origNum": values.get("a"), "privateNum": binding.number.number})
    return ModifyOrder(a=values.get("a"), terms=terms(values))


def check_callee(values: Mapping[str, Any], binding: Binding) -> None:
    """Raise BadInput when A would call itself or its own X (northbound.md 4.6)."""
    if values["callee"] in (binding.a_number, values.get("a"), binding.number.number):
        raise BadInput("calleeNum", "is the number of A or X")


def bound(binding: Binding) -> dict[str, Any]:
    """Return the answer to a bind."""
    return {
        "origNum": binding.a_number,
        "privateNum": binding.number.number,
        "subscriptionId": binding.subscription_id,
    }


def found(bindings: Iterable[Binding]) -> dict[str, Any]:
    """Return the answer to a query."""
    return {"privateNumList": [listed(binding) for binding in bindings]}


def listed(binding: Binding) -> dict[str, Any]:
    """Return a binding as an element of privateNumList."""
    return {
        "origNum": binding.a_number,
        "privateNum": binding.number.number,
        "privateNumType": NUMBER_TYPE,
        "subscribeTime": moment(binding.valid_from),
        "subscriptionId": binding.subscription_id,
        "recordFlag": flag(binding.record),
        "calleeNumDisplay": binding.display,
        "privateSms": flag(binding.sms),
        "maxDuration": binding.max_minutes,
        "turnFlag": "on" if binding.power else "off",
        "callDirection": binding.call_direction,
        **given(
            recordHintTone=binding.record_voice,
            preVoice=pre_voice(binding),
            lastMinVoice=binding.last_minute_voice,
            userData=binding.user_data,
        ),
    }
