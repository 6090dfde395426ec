"""Who signed a request, or why it is refused: both generations of signature, checks in the order of northbound.md 9."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings

from accounts import app_secrets, diagnosis, digests, headers, known, lockout, nonces
from accounts.addresses import is_listed
from accounts.headers import Credentials
from accounts.known import Known
from accounts.models import Application, Upstream, UpstreamApplication
from accounts.principals import Principal
from accounts.refusals import Refused, Step

__all__ = ["Principal", "Refused", "Step", "authenticate"]

Door = Literal["customer", "upstream"]
BEIJING = timedelta(hours=8)
# An unknown key costs a digest and a count too, so that its time does not tell it from a known one.
NOBODYS_SECRET = "0" * 32


@dataclass(frozen=True)
class _Holder:
    """A principal with what its signature is checked against: its secrets, the present one first."""

    principal: Principal
    secrets: list[str]
    usable: bool
    allowed_ips: list[str]
    strict_nonces: bool = False
    content_required: bool = False


def authenticate(
    headers_sent: Mapping[str, str], *, address: str, door: Door, now: datetime, body: bytes = b""
) -> Principal:
    """Return who signed a request from `address` at `now`. Raises Refused with the first check that fails.

    `body` is only needed where X-Content-SHA256 may be sent. Flow control, mode and frozen account come after this.
    Call it outside a transaction: what it counts must stand although the request fails.
    """
    credentials = headers.parse(headers_sent, lenient=_is_lenient if door == "customer" else headers.never)
    holder: _Holder | None = None
    try:
        found = _known(credentials, address, door, now)
        if found.locked:
            raise Refused("1020176")
        holder = _customer(found.application, now) if door == "customer" else _upstream(found.upstream, credentials.key)
        return _admit(credentials, holder, address=address, now=now, used=found.used, body=body)
    except Refused as refused:
        refused.key = credentials.key
        refused.principal = holder.principal if holder else None
        raise


def _admit(
    credentials: Credentials,
    holder: _Holder | None,
    *,
    address: str,
    now: datetime,
    used: datetime | None,
    body: bytes,
) -> Principal:
    """Return the principal after the checks from the key on. Raises Refused."""
    if holder is None:
        _digest_matches(credentials, NOBODYS_SECRET, body)
        lockout.count_unknown_key(address, now)
        raise Refused("1010003")
    if not holder.usable:
        raise Refused("1010008")
    if holder.allowed_ips and not is_listed(address, holder.allowed_ips):
        raise Refused("1020166", f"{address} is not on the list of {len(holder.allowed_ips)}")
    beijing = _clock(credentials, now, used)
    # The one before is tried only when the present one is wrong: it is good while a customer changes over.
    if not any(_digest_matches(credentials, secret, body) for secret in holder.secrets):
        _refuse_digest(credentials, holder.secrets[0], address=address, now=now, body=body)
    if holder.content_required and body and not credentials.content_sha256:
        raise Refused("1010010", "X-Content-SHA256 is required and missing")
    _check_reuse(credentials, now, beijing=beijing, strict=holder.strict_nonces)
    return holder.principal


def _known(credentials: Credentials, address: str, door: Door, now: datetime) -> Known:
    if not _is_storable(credentials.key):
        return Known()
    asked = known.of_customer if door == "customer" else known.of_upstream
    return asked(credentials, address, now)


def _clock(credentials: Credentials, now: datetime, used: datetime | None) -> bool:
    """Return whether Created was matched as UTC+8 (False: as UTC). Raises Refused when it fits neither clock."""
    skew = _skew()
    ahead = credentials.created_at - now
    if abs(ahead) <= skew:
        if used is not None and now - used > skew:
            raise Refused("1010013", _used_before(now - used))
        return False
    if settings.MASKLINE["accept_beijing_time"] and abs(ahead - BEIJING) <= skew:
        return True
    raise Refused("1010013", diagnosis.clock(ahead, skew))


def _check_reuse(credentials: Credentials, now: datetime, *, beijing: bool, strict: bool) -> None:
    """Remember what must be remembered. Raises Refused for a header that was used before and may not be again."""
    if not beijing and not strict:
        return
    used, first = nonces.remember(credentials, now, strict=strict)
    if not first and (strict or now - used > _skew()):
        raise Refused("1010013", _used_before(now - used))


def _used_before(ago: timedelta) -> str:
    return f"this header was used {round(ago.total_seconds()):,} s ago and is not good again"


def _digest_matches(credentials: Credentials, secret: str, body: bytes) -> bool:
    """Return whether the digest is right; X-Content-SHA256 is the body's and is digested with the nonce."""
    content, created = credentials.content_sha256, credentials.created
    # In upper case it may have been digested as sent, or as digests.content writes it.
    texts = [credentials.nonce + form for form in dict.fromkeys((content, content.lower()))]
    right = [digests.matches(credentials.generation, credentials.digest, text, created, secret) for text in texts]
    return any(right) and (not content or content.lower() == digests.content(body))


def _refuse_digest(credentials: Credentials, secret: str, *, address: str, now: datetime, body: bytes) -> None:
    """Count a wrong digest and refuse it; of many at once, those beyond the limit hear of the lock-out already."""
    failures = lockout.count_wrong_digest(address, credentials.key, now)
    detail = diagnosis.content(credentials, body) or diagnosis.digest(credentials, secret)
    raise Refused("1020176" if failures > settings.MASKLINE["lockout_failures"] else "1010010", detail)


def _customer(application: Application | None, now: datetime) -> _Holder | None:
    if application is None:
        return None
    return _Holder(
        Principal(application, None, application.app_key),
        app_secrets.valid(application, now),
        application.state == Application.State.ACTIVE,
        application.allowed_ips,
        application.strict_nonces,
        application.require_content_digest,
    )


def _upstream(upstream: Upstream | None, key: str) -> _Holder | None:
    """Return whose key it is: an upstream's own, or an app_key that one lists."""
    if upstream is None:
        return _vendor(key) if _is_storable(key) else None
    return _Holder(Principal(None, upstream, key), [upstream.secret], True, upstream.allowed_ips)


def _vendor(key: str) -> _Holder | None:
    listed = UpstreamApplication.objects.select_related("upstream", "application__account").filter(app_key=key).first()
    if listed is None:
        return None
    principal = Principal(listed.application, listed.upstream, key, signed_app_key=key)
    return _Holder(principal, [listed.app_secret], True, listed.upstream.allowed_ips)


def _is_lenient(key: str) -> bool:
    return _is_storable(key) and Application.objects.filter(app_key=key, lenient_headers=True).exists()


def _is_storable(key: str) -> bool:
    """Return whether a key can be in the database at all: a NUL or a megabyte need not be looked up."""
    return len(key) <= headers.LONGEST and key.isprintable()


def _skew() -> timedelta:
    return timedelta(seconds=settings.MASKLINE["clock_skew_seconds"])
