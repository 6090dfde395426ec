"""AXB: /rest/caas/relationnumber/partners/v1.0 (northbound.md 3)."""

from typing import Any

from django.db.models import QuerySet

from accounts.models import Application
from privacy import bindings
from privacy.api.northbound import finding, schema
from privacy.api.northbound.door import Endpoint, Order
from privacy.bindings import NoSuchBinding
from privacy.models import Binding
from privacy.wire.northbound import axb as wire
from privacy.wire.northbound.reading import missing, read

KIND = Binding.Kind.AXB


@schema.AXB
class Bindings(Endpoint):
    """Bind, unbind, modify and query."""

    mode = Application.Mode.AXB
    operations = {"POST": "axb.bind", "DELETE": "axb.unbind", "PUT": "axb.modify", "GET": "axb.query"}

    def post_order(self, order: Order) -> dict[str, Any]:
        """3.2."""
        wanted = wire.bind_order(order.parameters, order.application)
        order.binding = bindings.bind(order.application, wanted, order.actor)
        return wire.bound(order.binding)

    def delete_order(self, order: Order) -> dict[str, Any]:
        """3.3: one binding, or all on an X."""
        values = read(wire.UnbindAXB, order.parameters, order.application)
        if "subscriptionId" in values:
            binding = finding.by_id(order, values["subscriptionId"], KIND)
            ended = bindings.end([binding], cause=Binding.End.UNBOUND, actor=order.actor)
        elif "x" in values:
            ended = self._end_all(order, values["x"])
        else:
            raise missing("subscriptionId")
        if not ended:
            raise NoSuchBinding
        return {}

    def put_order(self, order: Order) -> dict[str, Any]:
        """3.4."""
        values = read(wire.ModifyAXB, order.parameters, order.application)
        binding = finding.by_id(order, values["subscriptionId"], KIND)
        bindings.modify(order.application, binding, wire.modify_order(values, binding), order.actor)
        return {}

    def get_order(self, order: Order) -> dict[str, Any]:
        """3.5: one binding, or a page of those on an X."""
        app_key = order.application.app_key
        named = read(wire.NamedAXB, order.parameters, order.application)
        if "subscriptionId" in named:
            one = finding.by_id(order, named["subscriptionId"], KIND)
            return wire.found([one], app_key=app_key, total=1)
        values = read(wire.QueryAXB, order.parameters, order.application)
        if "x" not in values:
            raise missing("relationNum")
        rows, index, size = _asked(order, values), values["page"], values["size"]
        total = rows.count()
        page = list(rows[(index - 1) * size : index * size])
        if not page:
            raise NoSuchBinding
        return wire.found(page, app_key=app_key, total=total, index=index, size=size)

    def _end_all(self, order: Order, x: str) -> int:
        first = finding.on_x(order, x, KIND).first()
        if first is None:
            return 0
        return bindings.end_number(
            first.number, cause=Binding.End.UNBOUND, actor=order.actor, application=order.application
        )


def _asked(order: Order, values: dict[str, Any]) -> QuerySet[Binding]:
    rows = finding.on_x(order, values["x"], KIND)
    for name, field in (("a", "a_number"), ("b", "b_number")):
        if name in values:
            rows = finding.narrowed(rows, field, values[name])
    return rows
