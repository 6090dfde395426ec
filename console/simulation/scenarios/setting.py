"""What a scenario is played with: an account, an application and numbers of its own, and people who are made up.

Each run makes them anew, so that nothing of it meets an earlier run or anybody's real traffic.
"""

import json
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from accounts.models import Application
from common.periods import hour_of
from console.provisioning import provision
from console.simulation.people import PREFIXES
from console.simulation.scenarios.script import Script
from privacy.models import Number, RiskRule

PRICES = {"call": "0.06", "sms": "0.28"}
SINCE = "2026-01-01T00:00:00+08:00"
RUN_OF_NUMBERS = "+8617199"
DIGITS = 6
BALANCE = "100.00"
CITY = "0755"
# Nobody is spoken to there: pushes are only queued. Where the customer is asked, his server stands in for it.
NOWHERE = "https://customer.example"
URLS = {"call_status_url": "status", "cdr_url": "fee", "sms_url": "sms", "number_status_url": "numbers"}
ASKED_AT = {"call_status_url": "status", "sms_control_url": "block"}
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass
class Setting:
    """One run: its names, and the moment the scenario's clock starts (UTC, a full hour that is over)."""

    run: str
    app_key: str
    secret: str
    starts_at: datetime
    numbers: dict[str, str] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)

    def number(self, symbol: str) -> str:
        """Return the X, or the real number of the person, that a name stands for; a new name is a new person."""
        if symbol in self.numbers:
            return self.numbers[symbol]
        while symbol not in self.people:
            drawn = f"{secrets.choice(PREFIXES)}{secrets.randbelow(10_000):04d}"
            if drawn not in self.people.values():
                self.people[symbol] = drawn
        return self.people[symbol]

    def take_given(self, symbol: str, number: str) -> None:
        """Let a name stand for the number that the platform selected; the other name takes this one's."""
        for other, one in self.numbers.items():
            if one == number:
                self.numbers[other], self.numbers[symbol] = self.numbers[symbol], number
                return

    def application(self) -> Application:
        """Return the row."""
        return Application.objects.select_related("account").get(app_key=self.app_key)


def make(script: Script, now: datetime, server_url: str) -> Setting:
    """Make the account, the application and the numbers of a run. `server_url`: the customer's server."""
    run = "sim-" + "".join(secrets.choice(LETTERS) for _ in range(8))
    made = Setting(
        run=run,
        app_key=f"{run}-{script.mode.lower()}",
        secret=secrets.token_hex(16),
        starts_at=_start(now, script.lasts),
        people=dict(script.people),
    )
    made.numbers = dict(zip(script.numbers, _free_numbers(len(script.numbers)), strict=True))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{run}.json"
        file.write_text(json.dumps(_provision_file(script, made, server_url)), encoding="utf-8")
        provision(file, now)
    if script.rules:
        application = made.application()
        Application.objects.filter(pk=application.pk).update(risk_control=True)
        for rule in script.rules:
            RiskRule.objects.create(application=application, made_by="simulate", **rule)
    return made


def _start(now: datetime, lasts: timedelta) -> datetime:
    """Return the full hour from which everything is over an hour before the present one: it can be settled."""
    hours = lasts // timedelta(hours=1) + 2
    return hour_of(now.astimezone(UTC)) - timedelta(hours=hours)


def _free_numbers(count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        drawn = f"{RUN_OF_NUMBERS}{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        if drawn not in found and not Number.objects.filter(number=drawn).exists():
            found.append(drawn)
    return found


def _provision_file(script: Script, setting: Setting, server_url: str) -> dict[str, Any]:
    account = {"account": setting.run}
    file: dict[str, Any] = {
        "accounts": [
            {
                "code": setting.run,
                "name": f"Simulated: {script.title}"[:128],
                "low_balance": "0",
                "topup": {"amount": BALANCE, "reference": setting.run},
            }
        ],
        "applications": [{**account, **_application(script, setting, server_url)}],
        "numbers": [_number(setting, symbol, told) for symbol, told in script.numbers.items()],
        "tariffs": [{**account, "item": item, "price": price, "valid_from": SINCE} for item, price in PRICES.items()],
    }
    if script.package:
        file["packages"] = [{"code": setting.run, "name": "simulated", "price": "0", **script.package}]
        file["purchases"] = [{**account, "package": setting.run, "reference": setting.run, **_window(setting)}]
    return file


def _window(setting: Setting) -> dict[str, Any]:
    """Return when a package holds: from before the scenario to a day after it."""
    start = setting.starts_at
    bought = start - timedelta(hours=2)
    times = {"purchased_at": bought, "starts_at": start - timedelta(hours=1), "ends_at": start + timedelta(days=2)}
    return {name: at.isoformat() for name, at in times.items()}


def _application(script: Script, setting: Setting, server_url: str) -> dict[str, Any]:
    urls = {name: f"{NOWHERE}/{path}" for name, path in URLS.items()}
    urls["sms_control_url"] = f"{server_url}/{ASKED_AT['sms_control_url']}"
    if script.mode == "X":
        urls["call_status_url"] = f"{server_url}/{ASKED_AT['call_status_url']}"
    return {
        "app_key": setting.app_key,
        "app_secret": setting.secret,
        "name": "simulated",
        "mode": script.mode,
        "keep_sms_content": True,
        **urls,
        **script.application,
    }


def _number(setting: Setting, symbol: str, told: Mapping[str, Any]) -> dict[str, Any]:
    own = {"number": setting.numbers[symbol], "application": setting.app_key, "issued_at": SINCE, "area_code": CITY}
    return {**own, **told}
