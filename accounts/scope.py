"""Whose rows a user sees: everyone's, one account's, or none. Pages and exports reach rows only through here.

A model says how its rows belong to an account: a field `account`, or `account_path` (a lookup), or `account_rows`
(a class method that returns a Q, where a lookup is not enough). A model without any of them has no rows for a user
who is bound to an account.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from accounts import roles
from accounts.models import Account, StaffProfile

NOBODY = 0  # no account has this id

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Scope:
    """What a user sees. `account_id` is None for every account; it is also the parameter of raw SQL."""

    account_id: int | None

    def sees(self, account_id: int | None) -> bool:
        """Return whether the rows of an account are in scope; None stands for what belongs to nobody."""
        return self.account_id is None or self.account_id == account_id

    def rows(self, model: type[M]) -> QuerySet[M]:
        """Return the rows of a model that are in scope."""
        every: QuerySet[M] = model._default_manager.all()
        if self.account_id is None:
            return every
        condition, many = _belongs(model, self.account_id)
        if condition is None:
            return every.none()
        if many:
            return every.filter(pk__in=model._default_manager.filter(condition).values("pk"))
        return every.filter(condition)


def for_user(user: roles.User) -> Scope:
    """Return a user's scope: his profile's account, else all; nothing without a role, or as an unbound customer."""
    found = roles.roles_of(user)
    if not found:
        return Scope(NOBODY)
    profile = StaffProfile.objects.filter(user_id=int(user.pk or 0)).first()
    if profile is not None and profile.account_id is not None:
        return Scope(profile.account_id)
    return Scope(NOBODY if roles.CUSTOMER in found else None)


def _belongs(model: type[Model], account_id: int) -> tuple[Q | None, bool]:
    """Return the condition for an account's rows, and whether it may match a row more than once (per holding)."""
    rows: Any = getattr(model, "account_rows", None)
    if rows is not None:
        return rows(account_id), True
    path: str = "pk" if model is Account else getattr(model, "account_path", "")
    if not path:
        path = "account" if any(field.name == "account" for field in model._meta.get_fields()) else ""
    if not path:
        return None, False
    first = path.partition("__")[0]
    many = first != "pk" and bool(model._meta.get_field(first).one_to_many)
    return Q(**{path: account_id}), many
