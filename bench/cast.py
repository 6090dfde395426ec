"""The accounts, applications and numbers of the benchmarks, and their upstream."""

from datetime import datetime

from accounts.models import Account, Application, Upstream
from billing import ledger
from console.simulation.people import Line
from privacy.models import Holding, Number

SECRET = "bench-secret"


def make(*, accounts: int, numbers_each: int, issued_at: datetime, cdr_url: str | None = None) -> list[Line]:
    """Make an upstream `bench` and accounts with one application each; return their numbers."""
    Upstream.objects.create(code="bench", key="bench", secret=SECRET)
    lines = []
    for index in range(accounts):
        account = Account.objects.create(code=f"bench{index}", name="bench")
        ledger.open_account(account)
        application = Application.objects.create(
            account=account, app_key=f"benchKey{index}", app_secret=SECRET, name="bench", mode="AXB", cdr_url=cdr_url
        )
        for place in range(numbers_each):
            number = Number.objects.create(number=f"+86171{index:04d}{place:04d}", issued_at=issued_at)
            Holding.objects.create(number=number, application=application, valid_from=issued_at)
            lines.append(Line(number.number, account.code, application.app_key, "AXB"))
    return lines
