"""The one cast of all tests: Acme (in good standing), Bolt (in arrears), Corp (a stranger), a staff user per role."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import Group, User

from accounts import digests
from accounts.digests import Generation
from accounts.models import Account, Application, StaffProfile, Upstream
from privacy.models import Holding, Number

SECRET = "correct-horse-battery-staple-000"
ISSUED = datetime(2026, 1, 31, 16, 0, tzinfo=UTC)
STATES = {"bolt": Account.State.ARREARS}


def make_account(code: str = "acme", **fields: Any) -> Account:
    """Return a new account; `bolt` is in arrears unless told otherwise."""
    defaults = {"name": code.capitalize(), "state": STATES.get(code, Account.State.GOOD)}
    return Account.objects.create(code=code, **{**defaults, **fields})


def make_application(
    account: Account, app_key: str = "", mode: str = "AXB", secret: str = SECRET, **fields: Any
) -> Application:
    """Return a new application; its app_key is `<code>AppKey01` unless given."""
    key = app_key or f"{account.code}AppKey01"
    return Application.objects.create(
        account=account, app_key=key, app_secret=secret, mode=mode, **{"name": "rides", **fields}
    )


def make_upstream(code: str = "switch1", secret: str = SECRET, **fields: Any) -> Upstream:
    """Return a new upstream whose key is its code, and which serves every account."""
    return Upstream.objects.create(code=code, **{"key": code, "secret": secret, **fields})


def make_number(
    application: Application, number: str = "+8617100000001", issued_at: datetime = ISSUED, **fields: Any
) -> Number:
    """Return a new number, held by `application` since `issued_at`."""
    row = Number.objects.create(number=number, issued_at=issued_at, **{"area_code": "0755", **fields})
    Holding.objects.create(number=row, application=application, valid_from=issued_at)
    return row


def staff(role: str, account: Account | None = None, username: str = "") -> User:
    """Return a staff user of one role, `customer` bound to `account`. Log it in with `client.force_login`."""
    user = User.objects.create(username=username or role, is_staff=True)
    user.set_unusable_password()
    user.save()
    user.groups.add(Group.objects.get_or_create(name=role)[0])
    StaffProfile.objects.create(user=user, account=account)
    return user


def signed_headers(
    key: str, secret: str = SECRET, generation: Generation = "AKSK", now: datetime | None = None, nonce: str = ""
) -> dict[str, str]:
    """Return the two headers that sign a request, for `client.post(..., headers=...)`."""
    created = (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    nonce = nonce or uuid4().hex
    digest = (digests.aksk if generation == "AKSK" else digests.wsse)(nonce, created, secret)
    return {
        "Authorization": f'{generation} realm="SDP",profile="UsernameToken",type="Appkey"',
        f"X-{generation}": f'UsernameToken Username="{key}",PasswordDigest="{digest}",'
        f'Nonce="{nonce}",Created="{created}"',
    }
