"""The binding a request names. Another's, one of another kind and nonsense are as unknown as what is not there."""

from django.db.models import QuerySet

from common.phone import MAX_LENGTH
from privacy import bindings
from privacy.api.northbound.orders import Order
from privacy.bindings import NoSuchBinding
from privacy.models import Binding

Kind = Binding.Kind


def by_id(order: Order, subscription_id: str, *kinds: str) -> Binding:
    """Return the binding with that id that holds now. Raises NoSuchBinding."""
    return noted(order, bindings.find(order.application, subscription_id), *kinds)


def on_x(order: Order, x: str, kind: str) -> QuerySet[Binding]:
    """Return what holds now on one of the application's numbers, the oldest first."""
    return bindings.on_number(order.application, x).filter(kind=kind).select_related("number")


def of_a(order: Order, a: str, kind: str) -> QuerySet[Binding]:
    """Return what holds now with that A."""
    found = bindings.of_party(order.application, a).filter(kind=kind).select_related("number")
    return narrowed(found, "a_number", a)


def narrowed(found: QuerySet[Binding], field: str, number: str) -> QuerySet[Binding]:
    """Return those whose A or B is `number`; a text too long for a number is nobody's."""
    return found.filter(**{field: number}) if len(number) <= MAX_LENGTH else found.none()


def noted(order: Order, binding: Binding | None, *kinds: str) -> Binding:
    """Return the binding, kept in the request's record. Raises NoSuchBinding for None or another kind."""
    if binding is None or binding.kind not in kinds:
        raise NoSuchBinding
    order.binding = binding
    return binding
