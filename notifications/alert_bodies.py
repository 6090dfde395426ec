"""What a webhook is posted: our own JSON, or the text of a common chat robot, and how each says that it took it.

Chat robots sign in their own way where the route has a secret: DingTalk in the query, Feishu in the body. Standard
Webhooks headers are sent beside them to all.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

MASKLINE, DINGTALK, WECOM, FEISHU, SLACK = "maskline", "dingtalk", "wecom", "feishu", "slack"
TEMPLATES: list[tuple[str, str | Promise]] = [
    (MASKLINE, gettext_lazy("Maskline's own JSON")),
    (DINGTALK, gettext_lazy("DingTalk robot")),
    (WECOM, gettext_lazy("WeCom robot")),
    (FEISHU, gettext_lazy("Feishu or Lark robot")),
    (SLACK, gettext_lazy("Slack webhook")),
]
# WeCom refuses a longer text; the others take far more than an alert has.
WECOM_BYTES = 2048


def body(template: str, text: str, facts: Mapping[str, Any], *, secret: str, at: datetime) -> bytes:
    """Return the body: `text` for people, `facts` for programs. `secret` is "" where none is set."""
    match template:
        case "dingtalk":
            shaped: dict[str, Any] = {"msgtype": "text", "text": {"content": text}}
        case "wecom":
            shaped = {"msgtype": "text", "text": {"content": _fitting(text, WECOM_BYTES)}}
        case "feishu":
            # "<at user_id=..." would call people.
            shaped = {"msg_type": "text", "content": {"text": text.replace("<", "‹")}}
            if secret:
                shaped = {**_feishu_signature(secret, at), **shaped}
        case "slack":
            shaped = {"text": text.translate({ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"})}
        case _:
            shaped = {**facts, "text": text}
    return json.dumps(shaped, ensure_ascii=False, separators=(",", ":")).encode()


def address(template: str, url: str, *, secret: str, at: datetime) -> str:
    """Return where to post: a DingTalk robot with a secret wants its signature in the query."""
    if template != DINGTALK or not secret:
        return url
    milliseconds = int(at.timestamp() * 1000)
    signed = hmac.digest(secret.encode(), f"{milliseconds}\n{secret}".encode(), "sha256")
    url = url.partition("#")[0]
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}timestamp={milliseconds}&sign={quote_plus(base64.b64encode(signed))}"


def refusal(template: str, answer: bytes) -> int | None:
    """Return the code by which a robot refused although it answered 200; None when it took the message."""
    names = {DINGTALK: ("errcode",), WECOM: ("errcode",), FEISHU: ("code", "StatusCode")}.get(template)
    if names is None:
        return None
    try:
        told = json.loads(answer)
    except ValueError:
        return -1
    codes = [told[name] for name in names if name in told] if isinstance(told, dict) else []
    wrong = [code for code in codes if code != 0]
    if not codes or wrong:
        return int(wrong[0]) if wrong and isinstance(wrong[0], int) else -1
    return None


def _fitting(text: str, most: int) -> str:
    """Return the text cut in the middle to so many bytes: its last line is where to go on."""
    if len(text.encode()) <= most:
        return text
    last = "…\n" + text.rpartition("\n")[2]
    return text.encode()[: most - len(last.encode())].decode(errors="ignore") + last


def _feishu_signature(secret: str, at: datetime) -> dict[str, str]:
    seconds = str(int(at.timestamp()))
    # Feishu's robot takes "time\nsecret" as the key and signs nothing with it.
    signed = hmac.digest(f"{seconds}\n{secret}".encode(), b"", "sha256")
    return {"timestamp": seconds, "sign": base64.b64encode(signed).decode("ascii")}
