"""Requests and answers as the OpenAPI file shows them: {operation: {"request": ..., "reply": ...}}.

An operation with several forms has `requests` instead, by their titles.
"""

from typing import Any

A, B, X, Y = "+8613800000021", "+8613900000022", "+8617100000001", "+8617100000002"
ID = "1d39eaef-3f0c-4b61-9a36-2f6d5a0c7b11"
DONE = {"resultcode": "0", "resultdesc": "Success"}

EXAMPLES: dict[str, dict[str, Any]] = {
    "axb.bind": {
        "request": {"callerNum": A, "relationNum": X, "calleeNum": B, "duration": 7200, "recordFlag": "false"},
        "reply": {
            **DONE,
            "subscriptionId": ID,
            "relationNum": X,
            "callDirection": 0,
            "duration": 7200,
            "maxDuration": 0,
        },
    },
    "axb.unbind": {"reply": DONE},
    "axb.modify": {"request": {"subscriptionId": ID, "duration": 3600}, "reply": DONE},
    "axb.query": {
        "reply": {
            **DONE,
            "app_key": "demoAppKey01",
            "totalCount": 1,
            "pageIndex": 1,
            "pageSize": 50,
            "relationNumList": [
                {
                    "subscriptionId": ID,
                    "callerNum": A,
                    "relationNum": X,
                    "calleeNum": B,
                    "callDirection": 0,
                    "duration": 7200,
                    "maxDuration": 0,
                    "recordFlag": "false",
                    "subscribeTime": "2026-03-01 03:00:21",
                    "privateSms": "true",
                }
            ],
        }
    },
    "ax.bind": {
        "request": {"origNum": A, "privateNum": X, "calleeNumDisplay": "0"},
        "reply": {**DONE, "origNum": A, "privateNum": X, "subscriptionId": ID},
    },
    "ax.unbind": {"reply": DONE},
    "ax.modify": {"request": {"privateNum": X, "turnFlag": "off"}, "reply": DONE},
    "ax.query": {
        "reply": {
            **DONE,
            "privateNumList": [
                {
                    "origNum": A,
                    "privateNum": X,
                    "privateNumType": "mobile-virtual",
                    "subscribeTime": "2026-03-01 03:00:21",
                    "subscriptionId": ID,
                    "recordFlag": "false",
                    "calleeNumDisplay": "0",
                    "privateSms": "true",
                    "maxDuration": 0,
                    "turnFlag": "on",
                    "callDirection": 0,
                }
            ],
        }
    },
    "ax.callee": {"request": {"subscriptionId": ID, "calleeNum": B, "duration": 120}, "reply": DONE},
    "axe.bind": {
        "request": {"virtualNum": X, "bindNum": A, "extendNum": "0012", "timeUnit": "0", "bindExpiredTime": 24},
        "reply": {**DONE, "subscriptionId": ID, "virtualNum": X, "extendNum": "0012"},
    },
    "axe.unbind": {"reply": DONE},
    "axe.modify": {"request": {"virtualNum": X, "extendNum": "0012", "callbackNum": B}, "reply": DONE},
    "axe.query": {
        "reply": {
            **DONE,
            "subscriptionId": ID,
            "virtualNum": X,
            "extendNum": "0012",
            "bindNum": A,
            "displayNumMode": "0",
            "recordFlag": "false",
            "timeUnit": "0",
            "bindExpiredTime": 24,
            "callbackNum": B,
        }
    },
    "axyb.bind": {
        "requests": {
            "A to X": {"origNum": A, "areaCode": "0755", "areaMatchMode": "1", "duration": 7200},
            "B to Y": {"origNum": B, "subscriptionId": ID, "ybDuration": 3600},
        },
        "reply": {**DONE, "subscriptionId": ID, "relationNumber": X},
    },
    "axyb.unbind": {"reply": DONE},
    "axyb.query": {
        "reply": {
            **DONE,
            "xyRelationNumList": [
                {
                    "bindId": ID,
                    "numA": A,
                    "numX": X,
                    "recordFlag": "false",
                    "subscribeTime": "2026-03-01 03:00:21",
                    "callDirection": 0,
                    "duration": "7200",
                    "ybDuration": "0",
                    "numY": Y,
                    "numB": B,
                }
            ],
        }
    },
    "calls.stop": {
        "request": {"sessionid": "1202_566_0_20161228102743@callenabler.home1.com", "signal": "call_stop"},
        "reply": DONE,
    },
}
