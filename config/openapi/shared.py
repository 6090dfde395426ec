"""What every operation of the customers' door has in common, as parts of an OpenAPI file (northbound.md 1, 2 and 9)."""

from typing import Any

_DIGEST = (
    "`Nonce`: 1-128 letters and digits. `Created`: now in UTC, `yyyy-MM-ddTHH:mm:ssZ`, at most 5 minutes off. "
    "Attributes may stand in any order, with or without blanks after the commas."
)
SECURITY_SCHEMES: dict[str, Any] = {
    "AKSK": {
        "type": "apiKey",
        "in": "header",
        "name": "X-AKSK",
        "description": (
            "Signature of generation 2. Send it with "
            '`Authorization: AKSK realm="SDP",profile="UsernameToken",type="Appkey"`. Its value is\n\n'
            '    UsernameToken Username="<app_key>",PasswordDigest="<digest>",Nonce="<nonce>",Created="<created>"\n\n'
            "where digest = Base64(HMAC-SHA256(key = app_secret, message = Nonce + Created)), in a shell\n\n"
            '    printf %s "$nonce$created" | openssl dgst -sha256 -hmac "$secret" -binary | base64\n\n' + _DIGEST
        ),
    },
    "WSSE": {
        "type": "apiKey",
        "in": "header",
        "name": "X-WSSE",
        "description": (
            "Signature of generation 1. Send it with "
            '`Authorization: WSSE realm="SDP",profile="UsernameToken",type="Appkey"`. Its value is written as that of '
            "X-AKSK, where digest = Base64(SHA-256(Nonce + Created + app_secret)) over the raw 32 bytes, in a shell\n\n"
            '    printf %s "$nonce$created$secret" | openssl dgst -sha256 -binary | base64\n\n'
            "Base64 over the lower-case hex of the hash is accepted too. " + _DIGEST
        ),
    },
}
SECURITY: list[dict[str, list[str]]] = [{"AKSK": []}, {"WSSE": []}]

REFUSAL: dict[str, Any] = {
    "type": "object",
    "description": "Why a request was refused. Nothing was changed. docs/northbound.md lists every code with its cure.",
    "properties": {
        "resultcode": {"type": "string", "minLength": 1, "maxLength": 32, "not": {"const": "0"}},
        "resultdesc": {"type": "string", "maxLength": 256, "description": "ASCII, for people."},
    },
    "required": ["resultcode", "resultdesc"],
}
REQUEST_ID = {
    "description": "The id under which the request is kept and can be found in the console for 31 days.",
    "schema": {"type": "string", "format": "uuid"},
}
RETRY_AFTER = {"description": "Seconds after which to try again.", "schema": {"type": "integer", "minimum": 0}}

IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "Any text, best a UUID. The same key and request within 24 hours get the first answer again, with "
    "`Idempotent-Replayed: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
CONTENT_DIGEST = {
    "in": "header",
    "name": "X-Content-SHA256",
    "description": (
        "Lower-case hex SHA-256 of the body. It is then folded into the digest: Nonce + X-Content-SHA256 stands where "
        "Nonce stands. An application can require it."
    ),
    "schema": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
}


def _answer(description: str, examples: dict[str, tuple[str, str]], *, retry: bool = False) -> dict[str, Any]:
    shown = {name: {"value": {"resultcode": code, "resultdesc": text}} for name, (code, text) in examples.items()}
    headers = {"X-Request-Id": {"$ref": "#/components/headers/X-Request-Id"}}
    if retry:
        headers["Retry-After"] = {"$ref": "#/components/headers/Retry-After"}
    content = {"schema": {"$ref": "#/components/schemas/Refusal"}, "examples": shown}
    return {"description": description, "headers": headers, "content": {"application/json": content}}


ANSWERS: dict[str, Any] = {
    "BadHeader": _answer(
        "The headers of the signature are missing or malformed.",
        {"no Authorization": ("1023006", "Authorization not contained in the HTTP header.")},
    ),
    "NotSigned": _answer(
        "The digest is wrong, or the clock is off.",
        {"digest": ("1010010", "Invalid digest."), "clock": ("1010013", "Time out limit.")},
    ),
    "Refused": _answer(
        "The request was understood and is refused: a parameter, the application, the number, the binding, or too many "
        "requests (with Retry-After).",
        {
            "parameter": ("1010002", "Invalid request. callerNum: is missing"),
            "app_key": ("1010003", "Invalid app_key."),
            "flow control": ("1010010", "The flow control upper limit is reached on the platform."),
            "mode": ("1010040", "The app_key is not allowed to invoke the API."),
        },
        retry=True,
    ),
    "Failed": _answer("A fault of ours. Try again, later tell us the X-Request-Id.", {
        "fault": ("1010001", "Internal system error."),
    }),
    "Unavailable": _answer(
        "The database is away: nothing was done. Try again after Retry-After.",
        {"away": ("1010001", "Internal system error.")},
        retry=True,
    ),
}  # fmt: skip
BY_STATUS = {
    "400": "BadHeader",
    "401": "NotSigned",
    "403": "Refused",
    "500": "Failed",
    "503": "Unavailable",
}


def _link(operation: str, description: str, place: str = "query") -> dict[str, Any]:
    binding = {"subscriptionId": "$response.body#/subscriptionId"}
    where = {"parameters": {f"query.{name}": value for name, value in binding.items()}}
    if place == "body":
        where = {"requestBody": binding}
    return {"operationId": operation, "description": description, **where}


# What can be done next with the binding that a bind answers.
LINKS: dict[str, dict[str, Any]] = {
    f"{mode}_bind": {
        "query": _link(f"{mode}_query", "Look at it."),
        "unbind": _link(f"{mode}_unbind", "End it."),
        **({} if mode == "axyb" else {"modify": _link(f"{mode}_modify", "Change it.", "body")}),
    }
    for mode in ("ax", "axb", "axe", "axyb")
}
LINKS["ax_bind"]["callee"] = _link("ax_callee", "Say whom A reaches by calling X.", "body")
