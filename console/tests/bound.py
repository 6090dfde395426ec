"""Bindings and API requests for the scene: one that was modified, its routes, a temporary callee, a refused request."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from accounts.models import Application
from common import partitions, timeid
from privacy.models import (
    ApiRequest,
    Availability,
    Binding,
    BindingVersion,
    Cooling,
    IdempotentAnswer,
    Number,
    PartyLoad,
    Route,
    TemporaryCallee,
)

HASH = b"0123456789abcdef"


def rows(application: Application, number: Number, a: str, b: str, at: datetime, secret: str) -> dict[str, Any]:
    """Return one of each, `secret` as user data; not made by privacy.bindings, for the scene's time is past."""
    code = application.account.code
    parties: dict[str, Any] = {"a_number": a, "b_number": b, "user_data": secret}
    binding = Binding.objects.create(
        id=timeid.time_id(at, "binding", code), account=application.account, application=application, number=number,
        kind="AXB", valid_from=at, changed_at=at + timedelta(minutes=30), version=2, callback_number=b, **parties,
    )  # fmt: skip
    until = at + timedelta(minutes=30)
    return {
        "binding": binding,
        "version": BindingVersion.objects.create(
            binding=binding, version=1, valid_from=at, valid_to=until, **{**parties, "b_number": a[:-4] + "9999"}
        ),
        "route": Route.objects.create(number=number, key=HASH, kind="A", binding=binding),
        "callee": TemporaryCallee.objects.create(
            binding=binding, callee_number=b, callee_key=HASH, set_at=at, expires_at=until, user_data=secret
        ),
        "load": PartyLoad.objects.create(application=application, party=HASH, numbers=1),
        "cooling": Cooling.objects.create(number=number, key=HASH, counterpart=HASH, released_at=at),
        "availability": Availability.objects.get(number=number),
        "idempotent": IdempotentAnswer.objects.create(application=application, key=HASH, body=HASH, created_at=at),
        "api_request": api_request(application, at, a, b, secret, binding.pk),
    }


def api_request(
    owner: Application, at: datetime, a: str, b: str, secret: str, binding_id: UUID | None = None, **fields: Any
) -> ApiRequest:
    """Return one kept request that names two parties."""
    partitions.ensure(ApiRequest, "week", [at])
    body = orjson.dumps({"callerNum": a, "calleeNum": b, "userData": secret, "duration": 7776000}).decode()
    sent = orjson.dumps({"query": f"callerNum=%2B{a[1:]}", "body": body})
    values: dict[str, Any] = {
        "account": owner.account, "application": owner, "app_key": owner.app_key,
        "address": "192.0.2.7", "method": "POST", "path": "/rest/caas/relationnumber/partners/v1.0",
        "operation": "axb.bind", "http_status": 200, "code": "0", "duration_us": 2500, "binding_id": binding_id,
        "request": sent, "answer": orjson.dumps({"resultcode": "0", "callerNum": a}),
    }  # fmt: skip
    key = timeid.time_id(at, "request", owner.app_key, repr(sorted(fields)))
    return ApiRequest.objects.create(id=fields.pop("id", key), **{**values, **fields})
