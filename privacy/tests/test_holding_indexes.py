"""What holds now is found by an index of its own; states from before there were reasons get one."""

from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from accounts.tests.fixtures import *  # noqa: F403
from privacy.models import Binding, NumberReason

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("state", ["moving", "awaiting_real_name"])
def test_a_state_from_before_reasons_gets_its_reason_once(acme, state):
    acme.number.state = state
    acme.number.save()
    statement = import_module("privacy.migrations.0010_holding_now").REASONS
    for _twice in range(2):
        with connection.cursor() as cursor:
            cursor.execute(statement)
    reason = NumberReason.objects.get()
    assert (reason.state, reason.source) == (state, {"moving": "moving"}.get(state, "real_name"))


def test_what_holds_now_and_what_ended_lately_are_not_searched_in_all_of_history(acme):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    rows = Binding.objects.filter(application=acme.application).order_by()
    assert "binding_holding" in rows.filter(valid_to=None).explain()
    assert "binding_ended" in rows.filter(valid_to__gte=timezone.now()).explain()
