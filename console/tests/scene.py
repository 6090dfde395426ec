"""What the console's tests look at: one of everything for Acme, the same for Bolt, with numbers to recognise."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from django.utils import timezone

from accounts.models import Account, Application, AuditEntry, Upstream
from accounts.tests import cast
from billing import ledger, purchases, settlement, tariffs
from billing.models import Charge, Package
from common import partitions, periods, timeid
from console.tests import bound
from notifications.models import Alert, Endpoint, Push
from privacy.models import (
    Call,
    CallEvent,
    Message,
    MessageResult,
    Number,
    NumberStatus,
    Quarantined,
    RecordingFile,
    Session,
    Source,
    Usage,
    VoiceFile,
)

PRICED_FROM = datetime.fromisoformat("2026-01-01T00:00:00+08:00")
SECRETS = ("Geheimtext", "order-4711", "98761234")  # a text, user data, digits: shown only when revealed


@dataclass
class Tenant:
    """One account with its rows."""

    account: Account
    application: Application
    number: Number
    a: str
    b: str
    call: Any = None
    failed: Any = None
    event: Any = None
    message: Any = None
    charge: Any = None
    push: Any = None
    source: Any = None
    rows: dict[str, Any] = field(default_factory=dict)


@dataclass
class Scene:
    """Both tenants and what they share."""

    acme: Tenant
    bolt: Tenant
    upstream: Upstream
    now: datetime

    @property
    def real_numbers(self) -> list[str]:
        """Return what no page may show unrevealed: the national part is enough to recognise a number."""
        return [n[3:] for tenant in (self.acme, self.bolt) for n in (tenant.a, tenant.b)]


def build(now: datetime | None = None) -> Scene:
    """Return a scene with settled calls of the day before."""
    now = now or timezone.now()
    at = periods.hour_of(now) - timedelta(hours=3) + timedelta(minutes=10)
    upstream = cast.make_upstream()
    partitions.ensure(Call, "month", [at])
    partitions.ensure(Message, "month", [at])
    partitions.ensure(CallEvent, "week", [at])
    tariffs.set_price(
        item="call", number_kind="any", price=Decimal("0.06"), currency="CNY", account=None, valid_from=PRICED_FROM
    )
    tariffs.set_price(
        item="sms", number_kind="any", price=Decimal("0.28"), currency="CNY", account=None, valid_from=PRICED_FROM
    )
    package = Package.objects.create(code="call2", name="2 minutes", minutes=2, messages=0, price=Decimal("1.00"))
    acme = _tenant("acme", "01", upstream, package, at)
    bolt = _tenant("bolt", "02", upstream, package, at)
    settlement.settle(until=now, now=now)
    for tenant in (acme, bolt):
        tenant.charge = Charge.objects.get(pk=tenant.call.pk)
    return Scene(acme, bolt, upstream, now)


def make_call(
    tenant: Tenant, upstream: Upstream, at: datetime, key: str, seconds: int | None = 130, **fields: Any
) -> Call:
    """Return a stored call with its usage in the queue; `seconds` None was not answered."""
    call_id = timeid.time_id(at, "call", tenant.account.code, key)
    answered = None if seconds is None else at + timedelta(seconds=10)
    ended = at + timedelta(seconds=30) if answered is None else answered + timedelta(seconds=seconds or 0)
    number = tenant.number
    code = tenant.account.code
    values: dict[str, Any] = {
        "account": tenant.account, "application": tenant.application, "number": number, "upstream": upstream,
        "source": tenant.source, "source_line": 1, "session_id": f"session-{code}-{key}", "direction": 0,
        "record_id": f"icid-{code}-{key}", "subscription_id": f"binding-{code}", "caller_number": tenant.a,
        "callee_number": number.number, "display_number": number.number, "destination_number": tenant.b,
        "call_in_at": at, "answered_at": answered, "ended_at": ended, "release_reason": 0 if answered else 8102,
        "user_data": SECRETS[1], "unknown_fields": b'{"other":"Geheimtext"}',
    }  # fmt: skip
    call = Call.objects.create(id=call_id, **{**values, **fields})
    Usage.objects.create(
        usage_id=call_id, account=tenant.account, shard=tenant.account.shard, hour=periods.hour_of(ended),
        item="unanswered" if answered is None else "call", application=tenant.application, number=number,
        number_kind=number.kind, rated_at=answered, ended_at=ended, seconds=seconds or 0, session_id=call.session_id,
    )  # fmt: skip
    return call


def _tenant(code: str, digits: str, upstream: Upstream, package: Package, at: datetime) -> Tenant:
    account = cast.make_account(code, state=Account.State.GOOD)
    application = cast.make_application(account)
    number = cast.make_number(application, f"+86171000000{digits}")
    tenant = Tenant(account, application, number, f"+86139777700{digits}", f"+86138666600{digits}")
    ledger.open_account(account)
    ledger.topup(account=account, amount=Decimal("10"), reference="t-1", now=at - timedelta(days=2))
    purchases.buy(
        account=account,
        package=package,
        reference=f"p-{code}",
        purchased_at=at - timedelta(days=1),
        now=at,
        charge=True,
    )
    tenant.source = Source.objects.create(
        door="import", upstream=upstream, received=1, stored=1, file_name=f"{code}.csv"
    )
    tenant.call = make_call(tenant, upstream, at, "1")
    tenant.failed = make_call(tenant, upstream, at + timedelta(minutes=1), "2", seconds=None)
    _more(tenant, upstream, at)
    return tenant


def _more(tenant: Tenant, upstream: Upstream, at: datetime) -> None:
    """Add an event, a message, a push, and one row of each kind that is left."""
    owner: dict[str, Any] = {"account": tenant.account, "application": tenant.application}
    received: dict[str, Any] = {**owner, "number": tenant.number, "upstream": upstream, "source": tenant.source}
    code = tenant.account.code
    tenant.event = CallEvent.objects.create(
        id=timeid.time_id(at, "event", code), **received, source_line=1, session_id=tenant.call.session_id,
        event_type="callout", occurred_at=at, caller_number=tenant.a, called_number=tenant.b, digits=SECRETS[2],
        user_data=SECRETS[1],
    )  # fmt: skip
    tenant.message = Message.objects.create(
        id=timeid.time_id(at, "message", code), **received, source_line=1, sms_id=f"sms-{code}",
        notification_mode="Notify", calling_number=tenant.a, called_number=tenant.b, occurred_at=at, sent_at=at,
        send_result=0, parts=1, content=SECRETS[0],
    )  # fmt: skip
    endpoint = Endpoint.objects.create(
        **owner, url=f"https://{code}.example/", url_digest=hashlib.sha256(code.encode()).digest(), shard=0
    )
    tenant.push = Push.objects.create(
        **owner, endpoint=endpoint, shard=0, kind="fee", cause_id=tenant.call.pk, order_key=1, sequence=1, body=b"{}"
    )
    tenant.rows = {
        "endpoint": endpoint,
        "session": Session.objects.create(
            **owner, number=tenant.number, upstream=upstream, session_id=tenant.call.session_id, first_at=at,
            last_at=at, session_key=hashlib.sha256(tenant.call.session_id.encode()).digest()[:16],
        ),
        "status": NumberStatus.objects.create(number=tenant.number, at=at, status=9, reason=f"reason-{code}"),
        "result": MessageResult.objects.create(
            message_id=tenant.message.pk, send_result=0, ordinal=1, occurred_at=at, source=tenant.source
        ),
        "quarantined": Quarantined.objects.create(
            reason="unknown_number", kind=1, upstream=upstream, source=tenant.source, account=tenant.account,
            body_digest=hashlib.sha256(code.encode()).digest(),
            body=orjson.dumps({"callerNum": tenant.a, "calleeNum": tenant.b, "userData": SECRETS[1]}),
        ),
        "waiting": Usage.objects.create(
            usage_id=timeid.time_id(at, "waiting", code), **owner, shard=tenant.account.shard, hour=periods.hour_of(at),
            item="sms", number=tenant.number, number_kind="virtual", rated_at=at, ended_at=at,
            session_id=f"wait-{code}",
        ),
        "voice": VoiceFile.objects.create(
            account=tenant.account, name=f"hello-{code}.wav", stored_as=f"{tenant.account.pk}/none", size=52,
            milliseconds=1, sha256="0" * 64, uploaded_by=code, purpose=f"greeting of {code}", state="approved",
        ),
        "recording": RecordingFile.objects.create(
            **owner, upstream=upstream, session_id=tenant.call.session_id, call_id=tenant.call.pk, domain="rec.example",
            name=f"recording-{code}.wav", path=f"{code}/none.wav", size=52, stored_at=at, delete_at=at,
        ),
        "alert": Alert.objects.create(
            kind="low_balance", severity="warning", account=tenant.account, subject=str(tenant.account.pk),
            values={"account": code}, first_seen_at=at, last_seen_at=at,
        ),
        **bound.rows(tenant.application, tenant.number, tenant.a, tenant.b, at, SECRETS[1]),
        "audit": AuditEntry.objects.create(
            username=code, action="reveal", subject=f"subject-{code}", account=tenant.account
        ),
    }  # fmt: skip


def unknown_id() -> UUID:
    """Return an id that no row has."""
    return timeid.time_id(timezone.now(), "nobody")
