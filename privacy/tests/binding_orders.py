"""Short words for tests of bindings: parties, numbers of a mode, binds, and what must always be true of the tables."""

from collections import Counter
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from accounts.models import Account, Application
from accounts.tests import cast
from privacy import bindings
from privacy.bindings import Actor, BindOrder
from privacy.models import Availability, Binding, Number, PartyLoad, Route

A, B, C, D = "+8613800000001", "+8613900000001", "+8613700000001", "+8613600000001"
BY = Actor(name="tester")
# Area codes: 13800000001 and 13900000001 are Beijing's.
HERE, NEAR, FAR = "0755", "020", "0571"


def party(n: int) -> str:
    """Return the n-th of many mobile numbers."""
    return f"+86138{n:08d}"


def pool(mode: str, areas: str = HERE, count: int = 1, account: Account | None = None, **fields: Any) -> Application:
    """Return an application of a mode with so many numbers in each area (codes separated by blanks)."""
    owner = account or Account.objects.filter(code="acme").first() or cast.make_account("acme")
    key = f"{mode}Key{Application.objects.count()}"
    application = cast.make_application(owner, key, mode, **{"extension_digits": 4, **fields})
    for area in areas.split():
        for n in range(count):
            cast.make_number(application, f"+86171{application.pk % 1000:03d}{int(area):04d}{n:03d}", area_code=area)
    return application


def numbers(application: Application) -> list[Number]:
    """Return the numbers an application holds, in the order of their ids."""
    return list(Number.objects.filter(holdings__application=application, holdings__valid_to=None).order_by("pk"))


def bind(application: Application, a: str = A, b: str | None = None, x: str = "", **order: Any) -> Binding:
    """Bind; in AXB mode to B unless another is named, in the city HERE unless X or an area is named."""
    if application.mode == "AXB" and b is None:
        b = B
    if not x:
        order = {"area_code": HERE, **order}
    return bindings.bind(application, BindOrder(a=a, b=b, x=x, **order), BY)


def bind_yb(parent: Binding, b: str = B, seconds: int | None = None, **order: Any) -> Binding:
    """Join B to an AX of AXYB."""
    order = {"area_code": HERE, "loose": False, "terms": {}, **order}
    return bindings.bind_yb(parent.application, parent, b=b, seconds=seconds, actor=BY, **order)


def unbind(*which: Binding) -> int:
    """End bindings as their customer does."""
    return bindings.end(which, cause=Binding.End.UNBOUND, actor=BY)


def pass_time(binding: Binding, seconds: int) -> None:
    """Move a binding, its YB and their routes so many seconds into the past, as if that time had gone by."""
    _moved(binding, PASS_TIME, seconds)


def expire(binding: Binding) -> None:
    """Let a binding that expires some day, and its YB, expire at this instant."""
    _moved(binding, EXPIRE, 0)


HOLD = """SELECT number_id FROM privacy_availability WHERE number_id IN
          (SELECT number_id FROM privacy_binding WHERE id = %(id)s OR parent_id = %(id)s)
          ORDER BY number_id FOR NO KEY UPDATE"""
PASS_TIME = """UPDATE privacy_binding SET valid_from = valid_from - %(seconds)s * interval '1 s',
               changed_at = changed_at - %(seconds)s * interval '1 s',
               expires_at = expires_at - %(seconds)s * interval '1 s'
               WHERE (id = %(id)s OR parent_id = %(id)s) AND valid_to IS NULL"""
EXPIRE = """UPDATE privacy_binding SET expires_at = least(expires_at, clock_timestamp())
            WHERE (id = %(id)s OR parent_id = %(id)s) AND valid_to IS NULL AND expires_at IS NOT NULL"""
FOLLOW = """UPDATE privacy_route r SET expires_at = b.expires_at FROM privacy_binding b
            WHERE b.id = r.binding_id AND (b.id = %(id)s OR b.parent_id = %(id)s)"""


def _moved(binding: Binding, how: str, seconds: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in (HOLD, how, FOLLOW):
            cursor.execute(statement, {"id": binding.pk, "seconds": seconds})


def assert_sound() -> None:
    """Check that routes and counters are exactly those of the bindings that were not ended."""
    live = list(Binding.objects.filter(valid_to=None))
    expected = {
        "AX": ["A", "anyone"], "AXYB": ["A", "anyone"], "AXB": ["A", "B"], "AXE": ["A", "extension"], "YB": ["A"]
    }  # fmt: skip
    routes = {pk: sorted(kinds) for pk, kinds in _kinds().items()}
    assert routes == {one.pk: expected[one.kind] for one in live}
    assert not Route.objects.exclude(number=F("binding__number")).exists()
    used = Counter(one.number_id for one in live)
    roles = {"AX": "AX", "AXB": "AXB", "AXE": "AXE", "AXYB": "X", "YB": "Y"}
    role = {one.number_id: roles[one.kind] for one in live}
    for row in Availability.objects.all():
        assert (row.used, row.role) == (used[row.number_id], role.get(row.number_id, "")), row
    loads = Counter((one.application_id, one.a_number) for one in live if one.kind in ("AX", "AXYB"))
    counted = sorted(PartyLoad.objects.exclude(numbers=0).values_list("application_id", "numbers"))
    assert counted == sorted((application, n) for (application, _), n in loads.items())


def _kinds() -> dict[Any, list[str]]:
    kinds: dict[Any, list[str]] = {}
    for binding_id, kind in Route.objects.values_list("binding_id", "kind"):
        kinds.setdefault(binding_id, []).append(kind)
    return kinds
