"""What happened on the network. Numbers and bindings; sessions, calls, events; messages; how records arrive."""

from privacy.models.arrivals import Quarantined, Record, Source, Usage
from privacy.models.bindings import Binding, BindingVersion, TemporaryCallee
from privacy.models.calls import Call, CallEvent, Session, StopOrder
from privacy.models.decisions import (
    CallbackRecord,
    MessageAnswer,
    RoutingDecision,
    TemporaryCalleeVersion,
    UnknownCode,
)
from privacy.models.lifecycle import NumberChange, NumberOrder, NumberReason, NumberTransfer
from privacy.models.messages import Message, MessageResult
from privacy.models.numbers import Holding, Number, NumberStatus
from privacy.models.recordings import RecordingFile, TestCall
from privacy.models.requests import ApiRequest, IdempotentAnswer
from privacy.models.risk import BlacklistEntry, KeywordRule, RiskPardon, RiskPass, RiskRule
from privacy.models.routes import Availability, Cooling, PartyLoad, Route
from privacy.models.voices import VoiceFile

__all__ = [
    "ApiRequest",
    "Availability",
    "Binding",
    "BindingVersion",
    "BlacklistEntry",
    "Call",
    "CallEvent",
    "CallbackRecord",
    "Cooling",
    "Holding",
    "IdempotentAnswer",
    "KeywordRule",
    "Message",
    "MessageAnswer",
    "MessageResult",
    "Number",
    "NumberChange",
    "NumberOrder",
    "NumberReason",
    "NumberStatus",
    "NumberTransfer",
    "PartyLoad",
    "Quarantined",
    "Record",
    "RecordingFile",
    "RiskPardon",
    "RiskPass",
    "RiskRule",
    "Route",
    "RoutingDecision",
    "Session",
    "Source",
    "StopOrder",
    "TemporaryCallee",
    "TemporaryCalleeVersion",
    "TestCall",
    "UnknownCode",
    "Usage",
    "VoiceFile",
]
