"""Bodies of the pushes that leave: the wire format of pushes.md, one record each, our app_key for a vendor's."""

from collections.abc import Sequence
from typing import Any

import orjson

from privacy.wire.facts import Item

INTEGERS = frozenset(
    {
        "direction", "fwdUnaswRsn", "ulFailReason", "sipStatusCode", "callOutUnaswRsn", "recordFlag", "ttsPlayTimes",
        "ttsTransDuration", "voiceCheckType",
    }
)  # fmt: skip
EXTENSION = ("extendNum", "extendNumber")


def fee(item: Item, app_key: str) -> bytes:
    """Return the body of a CDR push. Client code knows the extension by either name, so it goes out under both."""
    info: dict[str, Any] = {**item.sent, "appKey": app_key}
    for name in EXTENSION:
        if value := info.get(name):
            info.update(dict.fromkeys(EXTENSION, value))
            break
    return orjson.dumps({"eventType": "fee", "feeLst": [info]})


def event(item: Item, event_type: str) -> bytes:
    """Return the body of a call event push."""
    return orjson.dumps({**item.sent, "eventType": event_type})


def message(item: Item, app_key: str, *, with_content: bool, parts: int | None = None, direction: str = "") -> bytes:
    """Return the body of an SMS notification; its text only where the application asked for it.

    `parts` and `direction` go into extParas where the notification does not say them (pushes.md 4.2).
    """
    sms = item.sent["smsEvent"]
    if not with_content:
        sms = {name: value for name, value in sms.items() if name != "smsContent"}
    known = {"splitNum": str(parts) if parts is not None else "", "direction": direction}
    told = _with_paras(sms.get("extInfo"), {key: value for key, value in known.items() if value})
    return orjson.dumps({**item.sent, "appKey": app_key, "smsEvent": {**sms, **told}})


def number_statuses(entries: Sequence[tuple[str, int, str]]) -> bytes:
    """Return the body of a number status push: number, status and cause of each, a cause only where there is one."""
    infos = [
        {"number": number, "status": str(status), **({"cause": cause} if cause else {})}
        for number, status, cause in entries
    ]
    return orjson.dumps({"eventType": "numStatus", "numInfo": infos})


def _with_paras(ext_info: Any, known: dict[str, str]) -> dict[str, Any]:
    """Return an extInfo with what its extParas lack; {} where nothing is, or where it is written in another way."""
    paras = ext_info.get("extParas") if isinstance(ext_info, dict) else None
    if ext_info and not (isinstance(paras, list) and all(isinstance(para, dict) for para in paras)):
        return {}
    said = {para.get("key") for para in paras or ()}
    more = [{"key": key, "value": value} for key, value in known.items() if key not in said]
    return {"extInfo": {**(ext_info or {}), "extParas": [*(paras or ()), *more]}} if more else {}
