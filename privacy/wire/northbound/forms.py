"""Forms: the parameters of one operation, and the waiting tones that several of them have (northbound.md 3.2, 4.2)."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from privacy.wire.northbound.fields import MISSING, Voice


class Form(serializers.Serializer[Any]):
    """The parameters of one operation. What it does not know it ignores."""

    default_error_messages = {"required": MISSING, "invalid": "is no object"}

    @cached_property
    def voices(self) -> dict[str, str]:
        """Return the voice files a form can name: our word for each, and the parameter."""
        found = {}
        for name, field in self.fields.items():
            if isinstance(field, Voice):
                found[str(field.source)] = name
            elif isinstance(field, Form):
                found |= {source: f"{name}.{inner}" for source, inner in field.voices.items()}
        return found


_TONE = {"type": ["string", "integer", "null"], "pattern": "^[A-Za-z0-9_.@-]*$", "maxLength": 128}
_TONES = {"type": "object", "properties": {"callerHintTone": _TONE, "calleeHintTone": _TONE}}


# PHP writes an empty object as [].
@extend_schema_field({"anyOf": [_TONES, {"type": "null"}, {"const": ""}, {"type": "array", "maxItems": 0}]})
class PreVoice(Form):
    """The waiting tones: when A dials X, and when others do. An empty one is absent."""

    callerHintTone = Voice(source="caller_voice", help_text="Waiting tone when A dials X.")
    calleeHintTone = Voice(source="callee_voice", help_text="Waiting tone when the other side dials X.")

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, "source": "*", **options})

    def get_value(self, dictionary: Mapping[str, Any]) -> Any:
        value = dictionary.get(str(self.field_name))
        return empty if value is None or value == "" or value == [] else value


class PreVoiceChange(PreVoice):
    """The waiting tones in a modify: an absent one stays, "" clears it."""

    callerHintTone = Voice(clears=True, source="caller_voice", help_text="Waiting tone when A dials X.")
    calleeHintTone = Voice(clears=True, source="callee_voice", help_text="Waiting tone when the other side dials X.")
