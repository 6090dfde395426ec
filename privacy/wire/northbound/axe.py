"""AXE on the wire (northbound.md 5): the parameters of its operations, and its answers.

timeUnit is the unit of bindExpiredTime and callbackExpiredTime of the same request. A query shows those of the bind,
also after a modify that carried others (5.5); what the bind did not carry is shown as modified.
"""

from collections.abc import Mapping
from typing import Any

from accounts.models import Application
from common.errors import BadInput
from privacy.bindings.orders import BindOrder, ModifyOrder
from privacy.models import Binding
from privacy.wire.northbound.fields import Callee, Choice, Flag, Key, Party, Text, Virtual, Voice, Whole
from privacy.wire.northbound.forms import Form
from privacy.wire.northbound.reading import MATCH_MODES, area_code, missing, read, refuse_equal, terms
from privacy.wire.northbound.shaping import flag, given

HOURS, MINUTES = "0", "1"
MINUTES_OF = {HOURS: 60, MINUTES: 1}
UNITS = {HOURS: HOURS, MINUTES: MINUTES}
DISPLAYS = {"0": "0", "1": "1"}
LONGEST_HOURS, USUAL_HOURS = 720, 168
LONGEST_MINUTES = LONGEST_HOURS * 60
_EXPIRED = "hours 0 to 720, or minutes 0 to 43200; 0: for ever."


class BindAXE(Form):
    """5.2. One of virtualNum and areaCode is needed; virtualNum wins."""

    virtualNum = Virtual(source="x", help_text="X, one of the application's numbers.")
    areaCode = Text(32, source="area_code", help_text="City to select X in, such as 0755. With virtualNum: ignored.")
    areaMatchMode = Choice(MATCH_MODES, source="loose", help_text="0 this city only (default), 1 others too.")
    bindNum = Party(source="a", required=True, help_text="A.")
    extendNum = Text(4, source="extension", help_text="The extension wanted, in as many digits as the application has.")
    displayNumMode = Choice(
        DISPLAYS, source="display", help_text="What A sees when somebody calls X: 0 X (default), 1 the real caller."
    )
    recordFlag = Flag(source="record", help_text="Record calls. Default false.")
    recordHintTone = Voice(source="record_voice", help_text="Announcement of the recording.")
    callbackTone = Voice(source="callback_voice", help_text="Played when A calls X and nobody is to be called back.")
    callbackNum = Callee(source="callback_number", help_text="Called then instead; not together with callbackTone.")
    timeUnit = Choice(UNITS, source="time_unit", help_text="Unit of the next two: 0 hours (default), 1 minutes.")
    bindExpiredTime = Whole(0, LONGEST_MINUTES, source="duration", help_text=f"{_EXPIRED} Default 168 hours.")
    callbackExpiredTime = Whole(0, LONGEST_MINUTES, source="callback_duration", help_text=_EXPIRED)
    userData = Text(256, source="user_data", help_text="Your own text, given back in queries, events and CDRs.")


class NamedAXE(Form):
    """5.3 and 5.5: subscriptionId wins; else virtualNum and extendNum together."""

    subscriptionId = Key(help_text="The binding; wins.")
    virtualNum = Key(source="x", help_text="X. Send + as %2B.")
    extendNum = Key(source="extension", help_text="The extension, with virtualNum.")


class ModifyAXE(Form):
    """5.4. What is absent stays; "" clears voice files and callbackNum; bindExpiredTime restarts the timer."""

    subscriptionId = Key(help_text="The binding; wins.")
    virtualNum = Key(source="x", help_text="X, with extendNum.")
    extendNum = Key(source="extension", help_text="The extension, with virtualNum.")
    displayNumMode = Choice(DISPLAYS, source="display", help_text="What A sees: 0 X, 1 the real caller.")
    recordFlag = Flag(source="record", help_text="Record calls.")
    recordHintTone = Voice(clears=True, source="record_voice", help_text="Announcement of the recording.")
    callbackTone = Voice(clears=True, source="callback_voice", help_text="Takes the place of callbackNum.")
    callbackNum = Callee(
        clears=True, source="callback_number", help_text="Takes the place of callbackTone; wins over it."
    )
    timeUnit = Choice(UNITS, source="time_unit", help_text="Unit of the next two: 0 hours (default), 1 minutes.")
    bindExpiredTime = Whole(0, LONGEST_MINUTES, source="duration", help_text=f"From now: {_EXPIRED}")
    callbackExpiredTime = Whole(0, LONGEST_MINUTES, source="callback_duration", help_text=_EXPIRED)
    userData = Text(256, source="user_data", help_text="Your own text.")


def bind_order(parameters: Mapping[str, Any], application: Application) -> BindOrder:
    """Return the bind that is ordered. Raises BadInput."""
    values = read(BindAXE, parameters, application)
    if "x" not in values and "area_code" not in values:
        raise missing("virtualNum")
    if "callback_number" in values and "callback_voice" in values:
        raise BadInput("callbackNum", "comes together with callbackTone")
    _check_extension(values, application)
    callback = values.get("callback_number")
    refuse_equal({"callbackNum": callback, "bindNum": values["a"], "virtualNum": values.get("x")})
    minutes = _minutes(values, "duration", "bindExpiredTime")
    return BindOrder(
        a=values["a"],
        x=values.get("x", ""),
        area_code=area_code(values),
        loose=values.get("loose", False),
        extension=values.get("extension", ""),
        seconds=60 * (60 * USUAL_HOURS if minutes is None else minutes),
        terms={**terms(values), **_callback(values)},
    )


def read_modify(parameters: Mapping[str, Any], application: Application) -> dict[str, Any]:
    """Return what a modify says. Raises BadInput. Beside a callbackNum, callbackTone is not looked at."""
    if parameters.get("callbackNum"):
        parameters = {name: value for name, value in parameters.items() if name != "callbackTone"}
    return read(ModifyAXE, parameters, application)


def modify_order(values: Mapping[str, Any], binding: Binding) -> ModifyOrder:
    """Return the change of `binding` that is ordered. Raises BadInput."""
    callback = values.get("callback_number")
    refuse_equal({"callbackNum": callback, "bindNum": binding.a_number, "virtualNum": binding.number.number})
    minutes = _minutes(values, "duration", "bindExpiredTime")
    changed = {**terms(values), **_callback(values)}
    if minutes is None or binding.duration is not None:
        # Nothing to show, or what the bind carried stays shown.
        changed = {name: value for name, value in changed.items() if name not in ("duration", "time_unit")}
    else:
        changed["time_unit"] = values.get("time_unit", HOURS)
    return ModifyOrder(seconds=None if minutes is None else 60 * minutes, terms=changed)


def bound(binding: Binding) -> dict[str, Any]:
    """Return the answer to a bind."""
    return {
        "subscriptionId": binding.subscription_id,
        "virtualNum": binding.number.number,
        "extendNum": binding.extension,
    }


def found(binding: Binding) -> dict[str, Any]:
    """Return the answer to a query: one binding, flat."""
    unit = binding.time_unit or HOURS
    usual = USUAL_HOURS * 60 // MINUTES_OF[unit]
    return {
        **bound(binding),
        "bindNum": binding.a_number,
        "displayNumMode": binding.display,
        "recordFlag": flag(binding.record),
        "timeUnit": unit,
        "bindExpiredTime": usual if binding.duration is None else binding.duration,
        **given(
            recordHintTone=binding.record_voice,
            callbackTone=binding.callback_voice,
            callbackNum=binding.callback_number,
            callbackExpiredTime=_shown(binding.callback_duration, unit),
            userData=binding.user_data,
        ),
    }


def _check_extension(values: Mapping[str, Any], application: Application) -> None:
    """Raise BadInput for a wanted extension that this application cannot have (northbound.md 5.1)."""
    wanted, digits = values.get("extension"), application.extension_digits
    if wanted is None:
        return
    if not (wanted.isascii() and wanted.isdecimal() and len(wanted) == digits):
        raise BadInput("extendNum", f"has not the application's {digits} digits")
    if not int(wanted):
        raise BadInput("extendNum", "is all zeros")


def _minutes(values: Mapping[str, Any], source: str, name: str) -> int | None:
    """Return a time of the request in minutes, None when it was not sent. Raises BadInput beyond 720 hours."""
    if source not in values:
        return None
    minutes: int = values[source] * MINUTES_OF[values.get("time_unit", HOURS)]
    if minutes > LONGEST_MINUTES:
        raise BadInput(name, f"is not from 0 to {LONGEST_HOURS} hours")
    return minutes


def _callback(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a request says of call-backs: number or tone, the number before the tone, and minutes."""
    minutes = _minutes(values, "callback_duration", "callbackExpiredTime")
    said: dict[str, Any] = {} if minutes is None else {"callback_duration": minutes}
    if values.get("callback_number"):
        return said | {"callback_number": values["callback_number"], "callback_voice": ""}
    if "callback_number" in values:
        said["callback_number"] = None
    if "callback_voice" in values:
        said["callback_voice"] = values["callback_voice"]
        if values["callback_voice"]:
            said["callback_number"] = None
    return said


def _shown(minutes: int | None, unit: str) -> int | None:
    """Return minutes in the unit that is shown, begun hours as whole ones."""
    return None if minutes is None else -(-minutes // MINUTES_OF[unit])
