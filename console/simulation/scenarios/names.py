"""The scenario's word for each value of a run: "A" for a number, "A with B on X" for a binding, "0:18" for a time."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from console.simulation.records import Json
from console.simulation.scenarios.player import Played
from privacy.models import Binding

# Where 0 says something; elsewhere it is left out, as what is empty.
ZERO_COUNTS = {"direction", "stateCode", "sendResult", "release_reason", "result", "talk_seconds"}
EXTENSIONS = {"digits", "digitInfo", "extendNum", "extension"}


class Names:
    """The scenario's word for each value of a run."""

    def __init__(self, played: Played) -> None:
        setting = played.setting
        self._start = setting.starts_at
        people = {**setting.people, **setting.numbers}
        self._numbers = {number: symbol for symbol, number in people.items()}
        self._words: dict[str, str] = dict(self._numbers)
        self._words |= {made.subscription_id: name for name, made in played.orders.made.items()}
        self._words |= self._made_by_the_platform(played)
        self.calls = {session_id: name for name, session_id in played.sessions.items()}
        self.messages = {sms_id: name for name, sms_id in played.messages.items()}
        self._extensions = {digits: f"extension of {a}" for a, digits in played.orders.extensions.items()}

    def kept(self, fields: Iterable[str], said: Json) -> Json:
        """Return the fields that say something, in the scenario's words."""
        return {name: self.word(name, said[name]) for name in fields if said.get(name) or _is_zero(name, said)}

    def word(self, field: str, value: Any) -> Any:
        """Return a value in the scenario's words."""
        if isinstance(value, dict):
            return {name: self.word(name, inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.word(field, inner) for inner in value]
        if not isinstance(value, str):
            return value
        if field in EXTENSIONS and value in self._extensions:
            return self._extensions[value]
        return self._words.get(value) or self._time(value) or self._text(value)

    def at(self, moment: datetime | None) -> str | None:
        """Return an instant as so long after the start: "0:18"."""
        if moment is None:
            return None
        past: timedelta = moment.astimezone(UTC) - self._start
        minutes, seconds = divmod(int(past.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}" if minutes >= 60 else f"{minutes}:{seconds:02d}"

    def _made_by_the_platform(self, played: Played) -> dict[str, str]:
        """Return the bindings that no step made: the Y of whoever called an X of AXYB."""
        rows = Binding.objects.filter(application__app_key=played.setting.app_key).select_related("number")
        found = {}
        for row in rows.order_by("valid_from"):
            if row.subscription_id not in self._words:
                b = f" with {self._numbers.get(str(row.b_number), '?')}" if row.b_number else ""
                x = self._numbers.get(row.number.number, "?")
                found[row.subscription_id] = f"{self._numbers.get(str(row.a_number), '?')}{b} on {x}, by the platform"
        return found

    def _time(self, value: str) -> str | None:
        for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%fZ"):
            try:
                return self.at(datetime.strptime(value, form).replace(tzinfo=UTC))
            except ValueError:
                continue
        return None

    def _text(self, value: str) -> str:
        for number, symbol in self._numbers.items():
            value = value.replace(number, f"{{+{symbol}}}").replace(number.removeprefix("+86"), f"{{{symbol}}}")
        return value


def _is_zero(name: str, said: Json) -> bool:
    return name in ZERO_COUNTS and type(said.get(name)) is int
