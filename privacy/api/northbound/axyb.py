"""AXYB: /rest/omp/xyrelationnumber/v1.0 (northbound.md 6)."""

from typing import Any

from django.http import HttpResponse

from accounts.models import Application
from privacy import bindings
from privacy.api.northbound import finding, schema
from privacy.api.northbound.door import Endpoint, Order
from privacy.bindings import NoSuchBinding
from privacy.models import Binding
from privacy.wire.northbound import axyb as wire
from privacy.wire.northbound.reading import missing, read

AX, YB = Binding.Kind.AXYB, Binding.Kind.YB


@schema.AXYB
class Bindings(Endpoint):
    """Bind A to X, and B to that by Y; unbind and query. There is no modify."""

    mode = Application.Mode.AXYB
    operations = {"POST": "axyb.bind", "DELETE": "axyb.unbind", "GET": "axyb.query"}

    def handle(self, order: Order) -> dict[str, Any] | HttpResponse:
        """Every request carries the app_key in its query (1.3)."""
        wire.check_app_key(order.parameters, order.query, order.application)
        return super().handle(order)

    def post_order(self, order: Order) -> dict[str, Any]:
        """6.2: AX, or YB onto the AX that subscriptionId names."""
        values = read(wire.BindAXYB, order.parameters, order.application)
        if "subscriptionId" in values:
            order.binding = self._bind_yb(order, values)
        else:
            order.binding = bindings.bind(order.application, wire.bind_order(values), order.actor)
        return wire.bound(order.binding)

    def delete_order(self, order: Order) -> dict[str, Any]:
        """6.3: AX with all its YB, or one YB."""
        values = read(wire.UnbindAXYB, order.parameters, order.application)
        if "subscriptionId" not in values:
            raise missing("subscriptionId")
        binding = finding.by_id(order, values["subscriptionId"], AX, YB)
        if "y" in values or "b" in values:
            binding = finding.noted(order, _relation(binding, values), YB)
        if not bindings.end([binding], cause=Binding.End.UNBOUND, actor=order.actor):
            raise NoSuchBinding
        return {}

    def get_order(self, order: Order) -> dict[str, Any]:
        """6.4: an AX by id or X, or one YB by its id."""
        values = read(wire.QueryAXYB, order.parameters, order.application)
        if "subscriptionId" in values:
            binding = finding.by_id(order, values["subscriptionId"], AX, YB)
        elif "x" in values:
            binding = finding.noted(order, finding.on_x(order, values["x"], AX).first(), AX)
        else:
            raise missing("subscriptionId")
        if binding.kind == YB:
            assert binding.parent is not None
            return wire.found(binding.parent, [binding])
        latest = bindings.yb_of(binding).select_related("number").order_by("-valid_from", "-id")
        return wire.found(binding, latest[: wire.MOST_LISTED])

    def _bind_yb(self, order: Order, values: dict[str, Any]) -> Binding:
        parent = finding.by_id(order, values["subscriptionId"], AX)
        wanted = wire.yb_order(values, parent)
        return bindings.bind_yb(
            order.application,
            parent,
            b=wanted.b,
            area_code=wanted.area_code,
            loose=wanted.loose,
            seconds=wanted.seconds,
            terms=wanted.terms,
            actor=order.actor,
        )


def _relation(binding: Binding, values: dict[str, Any]) -> Binding | None:
    """Return the YB of an AX (or this YB itself) that yNum, or else bNum, names."""
    relations = Binding.objects.filter(pk=binding.pk) if binding.kind == YB else bindings.yb_of(binding)
    if "y" in values:
        return relations.filter(number__number=values["y"]).first()
    return finding.narrowed(relations, "b_number", values["b"]).first()
