"""Many bindings: a full X ends, the last extensions are found, what is over is forgotten (northbound.md 10)."""

from datetime import timedelta
from time import perf_counter

import pytest
from django.db import connection

from accounts.models import Application
from accounts.tests.fixtures import *  # noqa: F403
from privacy import bindings, tasks
from privacy.bindings import BindOrder, keys, problems
from privacy.models import Availability, Binding, Cooling, Route
from privacy.tests.binding_orders import (
    BY,
    B,
    C,
    D,
    assert_sound,
    bind,
    numbers,
    party,
    pool,
    unbind,
)

pytestmark = pytest.mark.django_db


SECOND = timedelta(seconds=1)


def test_a_number_with_5000_pairs_ends_within_two_seconds():
    application = pool("AXB")
    x = numbers(application)[0]
    fill(application, x.pk, 5000)
    assert_sound()
    with pytest.raises(problems.NumberFull):
        bind(application, C, D, x.number)
    started = perf_counter()
    assert bindings.end_number(x, cause=Binding.End.UNBOUND, actor=BY) == 5000
    assert perf_counter() - started < 4, "2 s on a machine of its own"
    assert Cooling.objects.count() == 10_000
    assert_sound()


def test_the_last_extensions_of_9999_are_found_quickly():
    application = pool("AXE")
    x = numbers(application)[0]
    made = bind(application, x=x.number, extension="9999")
    with connection.cursor() as cursor:
        cursor.execute(COPIES, {"count": 9990, "id": made.pk})
    copies = Binding.objects.exclude(pk=made.pk).values_list("pk", "extension")
    Route.objects.bulk_create(
        Route(number=x, key=keys.extension(extension), kind="extension", binding_id=pk) for pk, extension in copies
    )
    Availability.objects.filter(number=x).update(used=9991)
    started = perf_counter()
    got = [bind(application, party(100 + n), x=x.number if n % 2 else "").extension for n in range(8)]
    assert perf_counter() - started < 2
    assert set(got) <= {f"{n:04}" for n in range(9991, 9999)}
    for x_wanted, problem in ((x.number, problems.ExtensionTaken), ("", problems.NoneLeft)):
        with pytest.raises(problem):
            bind(application, B, x=x_wanted)


def test_cool_downs_and_answers_are_forgotten_after_their_time(settings):
    application = pool("AX", count=3)
    unbind(bind(application))
    settings.MASKLINE = {**settings.MASKLINE, "remember_pairs_days": 2}
    assert Cooling.objects.count() == 1
    assert bindings.forget_released() == 1, "the empty count of A"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE privacy_cooling SET released_at = now() - interval '49 hours'")
    Application.objects.filter(pk=application.pk).update(cool_down_hours=50)
    assert tasks.forget_released() == 0
    Application.objects.filter(pk=application.pk).update(cool_down_hours=24)
    assert tasks.forget_released() == 1


def fill(application: Application, number_id: int, count: int) -> None:
    """Bind so many pairs on a number, by rows that look as a bind leaves them."""
    made = bindings.bind(application, BindOrder(a=party(0), b=party(1), x=numbers(application)[0].number), BY)
    with connection.cursor() as cursor:
        cursor.execute(COPIES, {"count": count - 1, "id": made.pk})
        cursor.execute(ROUTES_OF_COPIES, {"id": made.pk, "number": number_id})
        cursor.execute("UPDATE privacy_availability SET used = %s WHERE number_id = %s", [count, number_id])


COPIES = """
    INSERT INTO privacy_binding SELECT c.* FROM privacy_binding b, generate_series(1, %(count)s) n,
        jsonb_populate_record(b, jsonb_build_object('id', gen_random_uuid(), 'extension',
                                                    CASE b.kind WHEN 'AXE' THEN lpad(n::text, 4, '0') ELSE '' END)) c
    WHERE b.id = %(id)s
"""


ROUTES_OF_COPIES = """
    INSERT INTO privacy_route (number_id, key, kind, binding_id)
    SELECT number_id, substr(sha256((b.id::text || k)::bytea), 1, 16), k, b.id
    FROM privacy_binding b, unnest(ARRAY['A', 'B']) k WHERE b.number_id = %(number)s AND b.id <> %(id)s
"""
