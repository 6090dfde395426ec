"""An example of each body of the switch API, by the name of its schema."""

from typing import Any

_DONE = {"resultcode": "0", "resultdesc": "Success"}
_SESSION = "1200_1827_4294967295_20260301030021@switch1.example"
_X, _CALLER, _CALLEE = "+8617100000001", "+8613900000101", "+8613900000202"
_BINDING = "019526b5-6f4e-7c11-9d0a-3f6a1c2b4d5e"
EXAMPLES: dict[str, Any] = {
    "CallAsked": {"session_id": _SESSION, "x": _X, "caller": _CALLER},
    "CallDecision": {
        **_DONE,
        **{"decision": "connect", "rule": "a_calls_b", "session_id": _SESSION, "x": _X, "caller": _CALLER},
        **{"app_key": "demoAppKey01", "service_type": "004", "direction": 1, "subscription_id": _BINDING},
        **{"user_data": "order-7788", "extension": "", "state_code": 0, "state_description": "", "callee": _CALLEE},
        **{"display": _X, "max_seconds": 3600, "last_minute_voice": "last01.wav", "waiting_voice": "wait01.wav"},
        **{"record": True, "record_voice": "rec01.wav", "digits": 0, "voice": ""},
    },
    "MessageAsked": {"sms_id": "sms-0001", "x": _X, "sender": _CALLER, "text": "I am at the door."},
    "MessageDecision": {
        **_DONE,
        **{"decision": "forward", "rule": "sms_to_other", "sms_id": "sms-0001", "x": _X, "sender": _CALLER},
        **{"app_key": "demoAppKey01", "direction": "1", "subscription_id": _BINDING, "user_data": "order-7788"},
        **{"send_result": 0, "result_description": "", "receiver": _CALLEE, "display": _X},
        **{"text": "I am at the door.", "parts": 1},
    },
    "StopOrders": {
        **_DONE,
        "stops": [{"id": 12, "session_id": _SESSION, "ordered_at": "2026-03-01T03:01:10.250Z"}],
    },
    "StopIds": {"ids": [12]},
    "StopsTaken": {**_DONE, "taken": 1},
    "RecordingKept": {
        **_DONE,
        **{"name": "26030110034600001.wav", "domain": "rec.example", "size": 184_364, "repeated": False},
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    },
}
