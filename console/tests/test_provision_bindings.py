"""`provision`, its list of bindings: what is bound at an upstream is recorded, shown, and never routed."""

from datetime import datetime
from typing import Any

from accounts.models import Application, Upstream
from console.tests.provisioned import *  # noqa: F403
from console.tests.provisioned import DAY, FILE, NOW, Apply, counts, refusal
from privacy import numbers
from privacy.bindings.orders import Actor
from privacy.models import Binding, CallEvent, NumberChange, Quarantined, Route
from privacy.tests import wires
from privacy.tests.deliveries import deliver

BOUND = {
    "subscription_id": "sub-1",
    "application": "demoAppKey01",
    "number": "+8617100000001",
    "a": "+8613900000101",
    "b": "+8613900000202",
    "valid_from": "2026-02-01T00:00:00+08:00",
}
STRANGERS = {"caller": "+8613900000101", "called": "+8613900000202", "sessionId": "session-9"}


def test_a_binding_is_recorded_once_and_never_routed(apply: Apply) -> None:
    assert counts(apply(**FILE | {"bindings": [BOUND]}), "bindings") == (1, 0, 0)
    binding = Binding.objects.get()
    assert (binding.kind, binding.step, binding.subscription_id) == ("AXB", "upstream", "sub-1")
    assert (binding.a_number, binding.b_number, binding.valid_to) == ("+8613900000101", "+8613900000202", None)
    assert not Route.objects.exists()
    again = apply(now=NOW + DAY, bindings=[BOUND])
    assert counts(again, "bindings") == (0, 0, 1)
    assert not again.changed


def test_a_binding_is_changed_and_ended_by_the_file_that_says_so(apply: Apply) -> None:
    apply(**FILE | {"bindings": [BOUND]})
    key = {"subscription_id": "sub-1", "application": "demoAppKey01"}
    moved = {**key, "b": "+8613900000303"}
    assert counts(apply(bindings=[moved]), "bindings") == (0, 1, 0)
    ended = {**key, "valid_to": "2026-02-02T00:00:00+08:00"}
    assert counts(apply(bindings=[ended]), "bindings") == (0, 1, 0)
    binding = Binding.objects.get()
    assert (binding.b_number, binding.end_cause) == ("+8613900000303", "upstream")
    assert binding.valid_to == datetime.fromisoformat("2026-02-02T00:00:00+08:00")


def test_what_cannot_be_a_binding_is_refused(apply: Apply) -> None:
    apply(**FILE)
    refused: list[tuple[dict[str, Any], str]] = [
        ({"b": None}, "bindings[0].b: is missing"),
        ({"number": "+8617100000009"}, "bindings[0].number: is none of the application's"),
        ({"application": "nobody"}, "bindings[0].application: is unknown"),
        ({"kind": "AX"}, "bindings[0].kind: is not what the application's mode binds"),
        ({"valid_to": "2026-01-01T00:00:00Z"}, "bindings[0].valid_to: is earlier than valid_from"),
        ({"extension": "12a"}, "bindings[0].extension: is no extension"),
        ({"colour": "red"}, "bindings[0].colour: is unknown"),
    ]
    for change, told in refused:
        assert refusal(apply, bindings=[BOUND | change]).startswith(told)
    Application.objects.update(mode="X")
    assert "mode X" in refusal(apply, bindings=[BOUND])
    assert not Binding.objects.exists()


def test_an_event_known_by_nothing_but_its_binding_finds_its_application(apply: Apply) -> None:
    apply(**FILE | {"bindings": [BOUND]})
    upstream = Upstream.objects.get()
    deliver(upstream, wires.event("callout", **STRANGERS))
    event = CallEvent.objects.get()
    assert event.number is not None
    assert (event.application.app_key, event.number.number) == ("demoAppKey01", "+8617100000001")
    deliver(upstream, wires.event("callout", **STRANGERS | {"sessionId": "other", "subscriptionId": "sub-2"}))
    assert Quarantined.objects.get().reason == "unknown_session"
    apply(bindings=[{**BOUND, "subscription_id": "sub-2"}])
    assert CallEvent.objects.count() == 2


def test_a_recorded_binding_ends_with_its_number(apply: Apply) -> None:
    apply(**FILE | {"bindings": [BOUND]})
    row = numbers.NumberRow(number="+8617100000001")
    assert numbers.unsubscribe([row], actor=Actor(name="operator"), now=NOW).bindings_ended == 1
    binding = Binding.objects.get()
    assert (binding.valid_to, binding.end_cause) == (NOW, "unsubscribed")


def test_a_number_that_the_file_moves_leaves_its_bindings_and_keeps_its_life(apply: Apply) -> None:
    other = {"account": "acme", "app_key": "other"}
    apply(**FILE | {"bindings": [BOUND], "applications": [*FILE["applications"], other]})
    apply(numbers=[{"number": "+8617100000001", "application": "other", "transfer": True}])
    assert Binding.objects.get().end_cause == "transferred"
    steps = NumberChange.objects.order_by("pk").values_list("kind", "before", "after", "cause")
    assert list(steps) == [
        ("issued", "", "demoAppKey01", "provision"),
        ("transferred", "demoAppKey01", "other", "provision"),
    ]
