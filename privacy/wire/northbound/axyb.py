"""AXYB on the wire (northbound.md 6): the parameters of its operations, and its answers.

A bind without subscriptionId binds A to an X ("form 1"); with that of such a binding it binds a B to it by a Y
("form 2"). X is dialled by B and Y by A, so preVoiceX is the waiting tone of the others' calls, preVoiceY that of A's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import Application
from common.errors import BadInput
from privacy.bindings.orders import BindOrder
from privacy.models import Binding
from privacy.wire.northbound.fields import Choice, Flag, Key, Party, Text, Voice, Whole
from privacy.wire.northbound.forms import Form
from privacy.wire.northbound.reading import MATCH_MODES, area_code, missing, refuse_equal, terms
from privacy.wire.northbound.shaping import flag, given, moment

SHORTEST_SECONDS, USUAL_SECONDS, LONGEST_SECONDS = 60, 7200, 90 * 86_400
# The type of the list in 6.4; the latest come first, and any other is found by its own subscriptionId.
MOST_LISTED = 5


class BindAXYB(Form):
    """6.2, both forms: what the other form knows is ignored."""

    subscriptionId = Key(help_text="Form 2: the binding of AX that this B is bound to.")
    origNum = Party(source="party", required=True, help_text="A; in form 2 B.")
    areaCode = Text(
        32, source="area_code", help_text="City to select X or Y in, such as 0755. Needed in form 1; form 2: any city."
    )
    areaMatchMode = Choice(MATCH_MODES, source="loose", help_text="0 this city only (default), 1 others too.")
    callDirection = Whole(
        0, 2, source="call_direction", help_text="0 both (default), 1 only A calls by Y, 2 only B calls by X."
    )
    duration = Whole(
        SHORTEST_SECONDS, LONGEST_SECONDS, or_zero=True, help_text="Seconds it holds. Default 7200; 0: for ever."
    )
    ybDuration = Whole(
        SHORTEST_SECONDS,
        LONGEST_SECONDS,
        or_zero=True,
        source="yb_duration",
        help_text="Seconds a YB holds, at most duration; 0 (default): as long as AX. That of form 2 counts.",
    )
    recordFlag = Flag(source="record", help_text="Record calls. Default false.")
    recordHintTone = Voice(source="record_voice", help_text="Announcement of the recording.")
    preVoiceX = Voice(source="callee_voice", help_text="Waiting tone when X is dialled.")
    preVoiceY = Voice(source="caller_voice", help_text="Form 2: waiting tone when Y is dialled.")
    userData = Text(256, source="user_data", help_text="Your own text, given back.")


class NamedAXYB(Form):
    """The app_key that every request carries in its query (1.3)."""

    app_key = Key(source="key", required=True, help_text="The app_key that signs.")
    subscriptionId = Key(help_text="The binding.")


class UnbindAXYB(NamedAXYB):
    """6.3. Without yNum and bNum AX ends with all its YB; yNum wins over bNum."""

    yNum = Key(source="y", help_text="Only the YB with this Y. Send + as %2B.")
    bNum = Key(source="b", help_text="Only the YB with this B. Send + as %2B.")


class QueryAXYB(NamedAXYB):
    """6.4. subscriptionId wins."""

    relationNum = Key(source="x", help_text="X: the binding on it. Send + as %2B.")


@dataclass(frozen=True)
class YBOrder:
    """One B to bind to an AX: the arguments of `privacy.bindings.bind_yb`. `seconds` None: as AX says."""

    b: str
    area_code: str
    loose: bool
    seconds: int | None
    terms: Mapping[str, Any]


def check_app_key(parameters: Mapping[str, Any], query: Mapping[str, str], application: Application) -> None:
    """Raise BadInput unless app_key is sent and is the one that signs (northbound.md 1.3)."""
    sent = query.get("app_key") or parameters.get("app_key")
    if not sent:
        raise missing("app_key")
    if sent != application.app_key:
        raise BadInput("app_key", "is not the app_key that signs")


def bind_order(values: Mapping[str, Any]) -> BindOrder:
    """Return the AX that is ordered. Raises BadInput."""
    if "area_code" not in values:
        raise missing("areaCode")
    seconds = values.get("duration", USUAL_SECONDS)
    said = terms({name: value for name, value in values.items() if name != "caller_voice"})
    if "yb_duration" in said:
        said["yb_duration"] = _cut(said["yb_duration"], seconds)
    return BindOrder(
        a=values["party"],
        area_code=area_code(values),
        loose=values.get("loose", False),
        seconds=seconds,
        terms={**said, "duration": seconds},
    )


def yb_order(values: Mapping[str, Any], parent: Binding) -> YBOrder:
    """Return the YB that is ordered on `parent`. Raises BadInput."""
    refuse_equal({"origNum": values["party"], "A": parent.a_number, "X": parent.number.number})
    said = {name: values[name] for name in ("caller_voice", "user_data") if name in values}
    return YBOrder(
        b=values["party"],
        area_code=area_code(values),
        loose=values.get("loose", False) if "area_code" in values else True,
        seconds=_cut(values["yb_duration"], parent.duration or 0) if "yb_duration" in values else None,
        terms=said,
    )


def _cut(yb_seconds: int, seconds: int) -> int:
    """Return the time of a YB: no longer than that of its AX, where 0 is for ever."""
    return min(yb_seconds, seconds) if seconds else yb_seconds


def bound(binding: Binding) -> dict[str, Any]:
    """Return the answer to a bind of either form; userData comes back."""
    return {
        "subscriptionId": binding.subscription_id,
        "relationNumber": binding.number.number,
        **given(userData=binding.user_data),
    }


def found(ax: Binding, relations: Iterable[Binding]) -> dict[str, Any]:
    """Return the answer to a query: the YB of an AX, or AX alone while it has none."""
    return {"xyRelationNumList": [listed(ax, yb) for yb in relations] or [listed(ax, None)]}


def listed(ax: Binding, yb: Binding | None) -> dict[str, Any]:
    """Return an element of xyRelationNumList; a YB has its own id, time and data and the rest of its AX."""
    own = yb or ax
    lasts = ax.yb_duration if yb is None or yb.yb_duration is None else yb.yb_duration
    return {
        "bindId": own.subscription_id,
        "numA": ax.a_number,
        "numX": ax.number.number,
        "recordFlag": flag(ax.record),
        "subscribeTime": moment(own.changed_at),
        "callDirection": ax.call_direction,
        "duration": str(ax.duration or 0),
        "ybDuration": str(lasts or 0),
        **given(
            numY=yb and yb.number.number,
            numB=yb and yb.b_number,
            recordHintTone=ax.record_voice,
            preVoiceX=ax.callee_voice,
            preVoiceY=yb and yb.caller_voice,
            userData=own.user_data or ax.user_data,
        ),
    }
