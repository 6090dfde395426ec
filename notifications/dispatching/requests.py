"""One push as a request, and what its answer means."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.utils.translation import gettext_noop

from common.keyring import keyring
from notifications import retry, signing
from notifications.asking import NOT_200, REDIRECTED
from notifications.attempts import KEPT_ANSWER_BYTES
from notifications.dispatching.lines import Claimed, Recipient
from notifications.models import Attempt
from notifications.sending import Sent

Result = Attempt.Result
NOT_2XX = gettext_noop("The server answered, but not with a status that says it took the push.")
GONE = gettext_noop("The server answered 410: nothing is to be sent there any more.")
GAVE_UP = gettext_noop("Given up: the last re-push failed as well.")
WAITED = gettext_noop("Given up: it had waited for three days.")
POISON = gettext_noop("Set aside: the server takes other pushes and refused this one again and again.")
STOPPED = gettext_noop("The dispatcher was stopped before the server had answered.")
NOT_MADE = gettext_noop("The request could not be made; the log of the dispatcher says why.")
UNREADABLE = gettext_noop("Set aside: its stored body could not be opened with the data keys of this installation.")


def headers(recipient: Recipient, push: Claimed, body: bytes, at: datetime) -> dict[str, str]:
    """Return the headers of an attempt: both signatures, made now, and where the push stands (pushes.md 0)."""
    vendor = signing.vendor_headers(
        recipient.app_key, recipient.secret, nonce=secrets.token_hex(16), at=at, wsse=recipient.wsse
    )
    webhook = signing.webhook_headers("msg_" + push.id.replace("-", ""), at, body, recipient.keys)
    place = {"X-Maskline-Sequence": str(push.sequence), "X-Maskline-Attempt": str(push.attempt + 1)}
    if push.replay:
        place["X-Maskline-Replay"] = "1"
    if push.gap:
        place["X-Maskline-Gap"] = "1"
    return vendor | webhook | place


def verdict(sent: Sent, *, any_2xx: bool) -> tuple[str, str]:
    """Return the result of a request, and its reason in words without numbers."""
    if sent.problem:
        return sent.problem, sent.reason
    if retry.succeeded(sent.status, any_2xx=any_2xx):
        return Result.DELIVERED, ""
    if sent.status == retry.GONE:
        return Result.REFUSED, GONE
    if sent.status is not None and 300 <= sent.status < 400:
        return Result.REFUSED, REDIRECTED
    return Result.REFUSED, NOT_2XX if any_2xx else NOT_200


def kept_answer(answer: bytes) -> str | None:
    """Return the first 4 KiB of an answer sealed, as hexadecimal digits; None for an empty one."""
    return keyring().seal_body(answer[:KEPT_ANSWER_BYTES]).hex() if answer else None


def bytes_of(id: str) -> bytes:
    """Return the sixteen bytes of the id of a push."""
    return bytes.fromhex(id.replace("-", ""))


def uuid_of(id: str) -> UUID:
    """Return the id of a push as a UUID."""
    return UUID(hex=id)


def as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows as one parameter of a statement (json_to_recordset)."""
    return orjson.dumps(list(rows)).decode()
