"""Bindings recorded of an upstream, met by what ends bindings of ours: no counter goes below zero."""

from datetime import UTC, datetime

import pytest

from accounts.tests.fixtures import *  # noqa: F403
from privacy import bindings
from privacy.bindings.orders import Actor
from privacy.models import Availability, Binding

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 2, tzinfo=UTC)


def test_a_recorded_binding_can_be_ended_like_any_other(acme):
    recorded = Binding.objects.create(
        account=acme.account,
        application=acme.application,
        number=acme.number,
        kind="AXB",
        step=Binding.Step.UPSTREAM,
        foreign_id="sub-1",
        a_number="+8613900000101",
        b_number="+8613900000202",
        valid_from=NOW,
        changed_at=NOW,
    )
    assert bindings.find(acme.application, "sub-1") == recorded
    assert bindings.end([recorded], cause=Binding.End.CONSOLE, actor=Actor(name="operator")) == 1
    assert Availability.objects.get(number=acme.number).used == 0
    assert bindings.find(acme.application, "sub-1") is None
