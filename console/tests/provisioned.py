"""What the tests of provisioning share: a file with one of each, and how it is applied, refused and counted."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.errors import MasklineError
from console.provisioning import provision

NOW = datetime(2026, 3, 10, 4, 0, tzinfo=UTC)
FEBRUARY = datetime(2026, 1, 31, 16, 0, tzinfo=UTC)  # 1 February in Shanghai
DAY = timedelta(days=1)

FILE: dict[str, Any] = {
    "accounts": [{"code": "acme", "name": "Acme", "topup": {"amount": "100.00", "reference": "t-1"}}],
    "upstreams": [
        {
            "code": "switch1",
            "secret": "switch-secret",
            "accounts": ["acme"],
            "applications": [{"app_key": "vendorKey", "app_secret": "vendor-secret", "application": "demoAppKey01"}],
        }
    ],
    "applications": [{"account": "acme", "app_key": "demoAppKey01", "app_secret": "demoSecret01", "name": "rides"}],
    "numbers": [
        {
            "number": "+8617100000001",
            "application": "demoAppKey01",
            "area_code": "0755",
            "issued_at": "2026-02-01T00:00:00+08:00",
        }
    ],
    "tariffs": [{"item": "call", "price": "0.06", "valid_from": "2026-01-01T00:00:00+08:00"}],
    "packages": [{"code": "call500", "name": "500 minutes", "minutes": 500, "messages": 50, "price": "38.00"}],
    "purchases": [
        {"account": "acme", "package": "call500", "reference": "p-1", "purchased_at": "2026-02-01T10:03:00+08:00"}
    ],
    "bindings": [],
}

Apply = Callable[..., Any]


@pytest.fixture
def apply(db: None, tmp_path: Path) -> Apply:
    """Apply lists and return the tally."""

    def run(now: datetime = NOW, **lists: Any) -> Any:
        path = tmp_path / "file.json"
        path.write_text(json.dumps(lists), encoding="utf-8")
        return provision(path, now)

    return run


def refusal(apply: Apply, **lists: Any) -> str:
    with pytest.raises(MasklineError) as refused:
        apply(**lists)
    return str(refused.value)


def counts(tally: Any, name: str) -> tuple[int, int, int]:
    found = tally.counts[name]
    return found["created"], found["updated"], found["unchanged"]
