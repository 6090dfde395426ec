"""By what bindings can be searched: any number a binding has or had, X, its id."""

from collections.abc import Callable
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.scope import Scope
from console.history.kinds import ANYTHING, BINDING, NUMBER, X_NUMBER, Branches, Kind, anything, number, x_number
from privacy.models import BindingVersion

MODIFIED_AT_MOST = 500


def party(*fields: str) -> Callable[[Scope, str], Branches]:
    """Return branches for a real number that a binding has, or had before it was modified."""
    now = number(*fields)

    def branches(scope: Scope, text: str) -> Branches:
        has = now(scope, text)
        versions = [scope.rows(BindingVersion).filter(branch).values_list("binding_id", flat=True) for branch in has]
        had = {pk for rows in versions for pk in rows.order_by("-pk")[:MODIFIED_AT_MOST]}
        return [*has, Q(pk__in=had)] if had else has

    return branches


def binding_id(_scope: Scope, text: str) -> Branches:
    """Return branches for a binding id: ours, or the one an upstream gave."""
    try:
        return [Q(pk=UUID(text.strip()))]
    except ValueError:
        return [Q(foreign_id=text.strip())]


KINDS = {
    "any": Kind(ANYTHING, anything(party("a_number", "b_number"), lambda scope, text: [Q(foreign_id=text.strip())])),
    "number": Kind(NUMBER, party("a_number", "b_number")),
    "a": Kind(_("A"), party("a_number")),
    "b": Kind(_("B"), party("b_number")),
    "x": Kind(X_NUMBER, x_number),
    "binding": Kind(BINDING, binding_id),
}
