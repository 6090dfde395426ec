"""POST /upstream/v1/notifications as an OpenAPI path (docs/ingest.md). Its view is no REST framework view."""

from typing import Any

from config.openapi import shared

_TIME = "UTC without a zone, `yyyy-MM-dd HH:mm:ss`"
_ITEM = {"type": "object", "additionalProperties": True}
CDR: dict[str, Any] = {
    "eventType": "fee",
    "feeLst": [
        {
            "direction": 1,
            "spId": "acme",
            "appKey": "demoAppKey01",
            "icid": "ba171f34e6953fcd751edc77127748f4.3757223714.337238282.9",
            "bindNum": "+8617100000001",
            "sessionId": "1200_1827_4294967295_20260301030021@callenabler246.huaweicaas.com",
            "callerNum": "+8613800000001",
            "calleeNum": "+8617100000001",
            "fwdDisplayNum": "+8617100000001",
            "fwdDstNum": "+8613900000001",
            "callInTime": "2026-03-01 03:00:21",
            "fwdStartTime": "2026-03-01 03:00:23",
            "fwdAlertingTime": "2026-03-01 03:00:25",
            "fwdAnswerTime": "2026-03-01 03:00:32",
            "callEndTime": "2026-03-01 03:02:11",
            "fwdUnaswRsn": 0,
            "ulFailReason": 0,
            "sipStatusCode": 0,
            "recordFlag": 0,
            "serviceType": "004",
        }
    ],
}
EVENT: dict[str, Any] = {
    "eventType": "answer",
    "statusInfo": {
        "sessionId": "1200_1827_4294967295_20260301030021@callenabler246.huaweicaas.com",
        "timestamp": "2026-03-01 03:00:32",
        "caller": "+8613800000001",
        "called": "+8617100000001",
        "subscriptionId": "f0d8e6a2-1c0e-4c8f-9a6e-0f4c9f4a7a10",
    },
}
SCHEMAS: dict[str, Any] = {
    "Notification": {
        "type": "object",
        "description": f"One push in the wire format of the vendor. Times are {_TIME}.",
        "properties": {
            "eventType": {
                "type": "string",
                "description": "`fee`: CDRs in feeLst. `numStatus`: numbers in numInfo. Else a call event. "
                "An SMS notification has none.",
            },
            "feeLst": {"type": "array", "items": _ITEM},
            "statusInfo": _ITEM,
            "numInfo": {"type": "array", "items": _ITEM},
        },
        "additionalProperties": True,
    },
    "Received": {
        "type": "object",
        "description": "After the commit. received = stored + repeated + quarantined.",
        "properties": {
            "resultcode": {"type": "string", "const": "0"},
            "resultdesc": {"type": "string"},
            "stored": {"type": "integer", "minimum": 0},
            "repeated": {"type": "integer", "minimum": 0},
            "quarantined": {"type": "integer", "minimum": 0},
        },
        "required": ["resultcode", "resultdesc", "stored", "repeated", "quarantined"],
    },
}
_REF = {"$ref": "#/components/schemas/Notification"}
_BODY = {"anyOf": [_REF, {"type": "array", "items": _REF, "minItems": 1, "maxItems": 1000}]}
_ACCEPTED = {
    "description": "Stored, or in quarantine with a reason; bad items keep no good neighbour from being stored.",
    "headers": {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}},
    "content": {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/Received"},
            "example": {"resultcode": "0", "resultdesc": "Success", "stored": 1, "repeated": 0, "quarantined": 0},
        }
    },
}


def _refusal(description: str, *, retry: bool = False) -> dict[str, Any]:
    headers = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
    if retry:
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    schema = {"$ref": "#/components/schemas/Refusal"}
    return {"description": description, "headers": headers, "content": {"application/json": {"schema": schema}}}


PATHS: dict[str, Any] = {
    "/upstream/v1/notifications": {
        "post": {
            "operationId": "upstream_notifications",
            "tags": ["Upstream"],
            "summary": "Deliver records",
            "description": (
                "A switch or an upstream platform delivers CDRs, call events, SMS notifications and number statuses: "
                "one push or an array, 1 to 1,000 items, at most 8 MiB. Signed with the upstream's key, or with an "
                "app_key that is listed for it. Sending the same again changes nothing."
            ),
            "parameters": [shared.CONTENT_DIGEST],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": _BODY,
                        "examples": {"a CDR": {"value": CDR}, "a call event": {"value": EVENT}},
                    }
                },
            },
            "security": shared.SECURITY,
            "responses": {
                "200": _ACCEPTED,
                "400": _refusal("Headers malformed; no JSON, a wrong shape, 0 or more than 1,000 items (1010002)."),
                "401": {"$ref": "#/components/responses/NotSigned"},
                "403": _refusal("Key unknown or not usable, address not listed, locked out."),
                "413": _refusal("The body is larger than 8 MiB."),
                "503": _refusal("The database is away: nothing was stored. Send again after Retry-After.", retry=True),
            },
        }
    }
}
