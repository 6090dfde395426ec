"""Bindings found: those that hold now, by the database's clock; who was bound then; how a call would be routed."""

import re
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from psycopg.types.numeric import Int8

from accounts.models import Application
from privacy.bindings import keys, statements
from privacy.models import Binding, BindingVersion, Number, Route

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


def holding(application: Application) -> QuerySet[Binding]:
    """Return the bindings of an application that hold now, but for those that only its upstream knows."""
    unexpired = Q(expires_at__isnull=True) | Q(expires_at__gt=Now())
    ours = Binding.objects.filter(unexpired, application=application, valid_to__isnull=True, foreign_id__isnull=True)
    return ours.select_related("number")


def find(application: Application, subscription_id: str) -> Binding | None:
    """Return the binding of that id if it holds now. Any text may be asked for."""
    if not _UUID.fullmatch(subscription_id):
        return None
    return holding(application).filter(pk=UUID(subscription_id)).first()


def _storable(text: str) -> str:
    """Return a text with what no column can hold replaced: no row has it."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def on_number(application: Application, x: str) -> QuerySet[Binding]:
    """Return the bindings that hold now on an X, in the order in which they were made."""
    # Each binding has one route of A; routes are few where history is long.
    routed = Route.objects.filter(number__number=_storable(x), kind=Route.Kind.A)
    return holding(application).filter(pk__in=routed.values("binding")).order_by("valid_from", "pk")


def of_party(application: Application, a: str) -> QuerySet[Binding]:
    """Return the bindings that hold now with that A, in the order in which they were made."""
    return holding(application).filter(a_number=a).order_by("valid_from", "pk")


def yb_of(binding: Binding) -> QuerySet[Binding]:
    """Return the YB that hold now on an AX of AXYB, in the order in which they were made."""
    return holding(binding.application).filter(parent=binding).order_by("valid_from", "pk")


def by_extension(application: Application, x: str, extension: str) -> Binding | None:
    """Return the binding that an extension of an X belongs to."""
    routed = Route.objects.filter(number__number=_storable(x), key=keys.extension(_storable(extension)))
    return holding(application).filter(pk__in=routed.values("binding")).first()


def probe(number: Number, *, caller: str = "", extension: str = "") -> tuple[Binding, Route.Kind] | None:
    """Return the binding a call to a number reaches, and by which way in: the caller's, the extension's, anyone's."""
    tried = [keys.caller(caller)] if caller else []
    tried += [keys.extension(extension)] if extension else []
    rows = statements.run("probe", {"number": Int8(number.pk), "keys": [*tried, keys.anyone()]})
    if not rows:
        return None
    binding_id, kind = rows[0]
    return Binding.objects.get(pk=binding_id), Route.Kind(kind)


def holding_at(number: Number, instant: datetime) -> list[Binding | BindingVersion]:
    """Return who was bound to a number at an instant, as the binding was told then, in the order of their making."""
    over = Q(valid_to__isnull=False, valid_to__lte=instant) | Q(expires_at__lte=instant, changed_at__lte=instant)
    bindings = Binding.objects.filter(number=number, valid_from__lte=instant).exclude(over).order_by("valid_from", "pk")
    found = list(bindings)
    earlier = _versions_at([one.pk for one in found if one.changed_at > instant], instant)
    return [earlier[one.pk] if one.changed_at > instant else one for one in found]


def _versions_at(bindings: Collection[UUID], instant: datetime) -> dict[UUID, BindingVersion]:
    versions = BindingVersion.objects.filter(binding__in=bindings, valid_from__lte=instant, valid_to__gt=instant)
    return {version.binding_id: version for version in versions}
