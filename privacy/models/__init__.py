"""What happened on the network. Numbers; sessions, calls and call events; messages; how records arrive."""

from privacy.models.arrivals import Quarantined, Record, Source, Usage
from privacy.models.calls import Call, CallEvent, Session
from privacy.models.messages import Message, MessageResult
from privacy.models.numbers import Holding, Number, NumberStatus

__all__ = [
    "Call",
    "CallEvent",
    "Holding",
    "Message",
    "MessageResult",
    "Number",
    "NumberStatus",
    "Quarantined",
    "Record",
    "Session",
    "Source",
    "Usage",
]
