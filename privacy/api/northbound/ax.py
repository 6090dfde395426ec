"""AX: /rest/provision/caas/privatenumber/v1.0, and whom A may call through X (northbound.md 4)."""

from collections.abc import Mapping
from typing import Any

from accounts.models import Application
from privacy import bindings
from privacy.api.northbound import finding, schema
from privacy.api.northbound.door import Endpoint, Order
from privacy.bindings import NoSuchBinding, NumberTaken, PartyBound
from privacy.models import Binding
from privacy.wire.northbound import ax as wire
from privacy.wire.northbound.reading import missing, read

KIND = Binding.Kind.AX


@schema.AX
class Bindings(Endpoint):
    """Bind, unbind, modify and query."""

    mode = Application.Mode.AX
    operations = {"POST": "ax.bind", "DELETE": "ax.unbind", "PUT": "ax.modify", "GET": "ax.query"}

    def post_order(self, order: Order) -> dict[str, Any]:
        """4.2. An X that this very A has already is a duplicate, not another's (9.2)."""
        wanted = wire.bind_order(order.parameters, order.application)
        try:
            order.binding = bindings.bind(order.application, wanted, order.actor)
        except NumberTaken:
            if any(holder.a_number == wanted.a for holder in finding.on_x(order, wanted.x, KIND)):
                raise PartyBound from None
            raise
        return wire.bound(order.binding)

    def delete_order(self, order: Order) -> dict[str, Any]:
        """4.3: by id, or by X, where A must be the one it represents if it is sent."""
        values = read(wire.NamedAX, order.parameters, order.application)
        binding = _named(order, values)
        by_x = "subscriptionId" not in values
        if by_x and values.get("a", binding.a_number) != binding.a_number:
            raise NoSuchBinding
        if not bindings.end([binding], cause=Binding.End.UNBOUND, actor=order.actor):
            raise NoSuchBinding
        return {}

    def put_order(self, order: Order) -> dict[str, Any]:
        """4.4."""
        values = read(wire.ModifyAX, order.parameters, order.application)
        binding = _named(order, values)
        bindings.modify(order.application, binding, wire.modify_order(values, binding), order.actor)
        return {}

    def get_order(self, order: Order) -> dict[str, Any]:
        """4.5: subscriptionId before origNum before privateNum."""
        values = read(wire.NamedAX, order.parameters, order.application)
        if "a" in values and "subscriptionId" not in values:
            found = list(finding.of_a(order, values["a"], KIND))
        else:
            found = [_named(order, values)]
        if not found:
            raise NoSuchBinding
        return wire.found(found)


@schema.AX_CALLEE
class TemporaryCallee(Endpoint):
    """Whom A reaches by calling X, for a short time."""

    mode = Application.Mode.AX
    operations = {"PUT": "ax.callee"}

    def put_order(self, order: Order) -> dict[str, Any]:
        """4.6."""
        values = read(wire.CalleeAX, order.parameters, order.application)
        binding = _named(order, values)
        wire.check_callee(values, binding)
        bindings.set_temporary_callee(
            binding, callee=values["callee"], seconds=values["seconds"], user_data=values.get("user_data")
        )
        return {}


def _named(order: Order, values: Mapping[str, Any]) -> Binding:
    """Return the binding that subscriptionId, or else privateNum, names. Raises BadInput, NoSuchBinding."""
    if "subscriptionId" in values:
        return finding.by_id(order, values["subscriptionId"], KIND)
    if "x" in values:
        return finding.noted(order, finding.on_x(order, values["x"], KIND).first(), KIND)
    raise missing("privateNum" if "a" in values else "subscriptionId")
