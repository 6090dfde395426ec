"""Bodies in the vendor's wire format for tests: a good one of each kind, with fields to change."""

from typing import Any

import orjson

X = "+8617100000001"
APP_KEY = "acmeAppKey01"


def fee(icid: str = "rec-1", **fields: Any) -> dict[str, Any]:
    """Return an answered CDR of Acme's: 74 s, 2 minutes. A field given as ... is left out."""
    return _without_gaps(
        {
            "direction": 1,
            "spId": "tenant01",
            "appKey": APP_KEY,
            "icid": icid,
            "bindNum": X,
            "sessionId": f"session-{icid}",
            "subscriptionId": "sub-1",
            "callerNum": "+8613900000101",
            "calleeNum": X,
            "fwdDisplayNum": X,
            "fwdDstNum": "+8613900000202",
            "callInTime": "2026-03-01 02:03:04",
            "fwdStartTime": "2026-03-01 02:03:05",
            "fwdAlertingTime": "2026-03-01 02:03:09",
            "fwdAnswerTime": "2026-03-01 02:03:46",
            "callEndTime": "2026-03-01 02:05:00",
            "fwdUnaswRsn": 0,
            "ulFailReason": 0,
            "sipStatusCode": 0,
            "recordFlag": 0,
            "serviceType": "004",
            "hostName": "ce01.example",
            **fields,
        }
    )


def unanswered(icid: str = "rec-2", **fields: Any) -> dict[str, Any]:
    """Return a CDR of a call that nobody answered."""
    failure = {"fwdAnswerTime": ..., "failTime": "2026-03-01 02:05:00", "fwdUnaswRsn": 19, "ulFailReason": 8101}
    return fee(icid, **{**failure, **fields})


def fees(*infos: dict[str, Any]) -> dict[str, Any]:
    """Return one CDR push."""
    return {"eventType": "fee", "feeLst": list(infos)}


def event(event_type: str = "callin", **fields: Any) -> dict[str, Any]:
    """Return a call event of Acme's."""
    status = {
        "timestamp": "2026-03-01 02:03:04",
        "sessionId": "session-rec-1",
        "caller": "+8613900000101",
        "called": X,
        "subscriptionId": "sub-1",
        **fields,
    }
    return {"eventType": event_type, "statusInfo": _without_gaps(status)}


def sms(sms_id: str = "sms-1", result: int | None = 0, *, app_key: str = APP_KEY, **fields: Any) -> dict[str, Any]:
    """Return an SMS notification of Acme's with a text of one part."""
    message = {
        "smsIdentifier": sms_id,
        "notificationMode": "Notify",
        "calling": "+8613900000101",
        "called": "+8613900000202",
        "virtualNumber": X,
        "event": "Text SMS ",
        "timeStamp": "2026-03-01T02:03:06.001Z",
        "smsContent": "hello",
        "sendResult": result,
        **fields,
    }
    return {"appKey": app_key, "smsEvent": _without_gaps(message)}


def number_status(number: str = X, status: str = "9", **fields: Any) -> dict[str, Any]:
    """Return a number status push with one entry."""
    return {"eventType": "numStatus", "numInfo": [{"number": number, "status": status, **fields}]}


def body(*pushes: Any) -> bytes:
    """Return the bytes of one push, or of an array of them."""
    return orjson.dumps(pushes[0] if len(pushes) == 1 else list(pushes))


def _without_gaps(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not ...}
