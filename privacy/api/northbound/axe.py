"""AXE: /rest/caas/extendnumber/v1.0 (northbound.md 5)."""

from collections.abc import Mapping
from typing import Any

from accounts.models import Application
from privacy import bindings
from privacy.api.northbound import finding, schema
from privacy.api.northbound.door import Endpoint, Order
from privacy.bindings import NoSuchBinding
from privacy.models import Binding
from privacy.wire.northbound import axe as wire
from privacy.wire.northbound.reading import missing, read

KIND = Binding.Kind.AXE


@schema.AXE
class Bindings(Endpoint):
    """Bind, unbind, modify and query."""

    mode = Application.Mode.AXE
    operations = {"POST": "axe.bind", "DELETE": "axe.unbind", "PUT": "axe.modify", "GET": "axe.query"}

    def post_order(self, order: Order) -> dict[str, Any]:
        """5.2."""
        wanted = wire.bind_order(order.parameters, order.application)
        order.binding = bindings.bind(order.application, wanted, order.actor)
        return wire.bound(order.binding)

    def delete_order(self, order: Order) -> dict[str, Any]:
        """5.3."""
        binding = _named(order, read(wire.NamedAXE, order.parameters, order.application))
        if not bindings.end([binding], cause=Binding.End.UNBOUND, actor=order.actor):
            raise NoSuchBinding
        return {}

    def put_order(self, order: Order) -> dict[str, Any]:
        """5.4."""
        values = wire.read_modify(order.parameters, order.application)
        binding = _named(order, values)
        bindings.modify(order.application, binding, wire.modify_order(values, binding), order.actor)
        return {}

    def get_order(self, order: Order) -> dict[str, Any]:
        """5.5."""
        return wire.found(_named(order, read(wire.NamedAXE, order.parameters, order.application)))


def _named(order: Order, values: Mapping[str, Any]) -> Binding:
    """Return the binding that subscriptionId, or else X and extension, name. Raises BadInput, NoSuchBinding."""
    if "subscriptionId" in values:
        return finding.by_id(order, values["subscriptionId"], KIND)
    if "x" in values and "extension" in values:
        found = bindings.by_extension(order.application, values["x"], values["extension"])
        return finding.noted(order, found, KIND)
    raise missing("extendNum" if "x" in values else "virtualNum" if "extension" in values else "subscriptionId")
