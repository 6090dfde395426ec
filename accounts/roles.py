"""What each role may do: the one table, kept by hand. A role is a Django group; a user may have several."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

SUPPORT = "support"
FINANCE = "finance"
OPERATOR = "operator"
AUDITOR = "auditor"
CUSTOMER = "customer"

# look: calls, events, SMS, numbers, numbers masked.       money: charges, ledger, packages, charge reports.
# reveal: one real number, with a reason.                  raw_export: real numbers in an export, with a reason.
# replay: send pushes again, hold and release endpoints.   correct: quarantine, corrections, credits.
# approve: what someone else asked for.                    operate: numbers, top-ups, purchases, jobs of everyone.
# configure: accounts, applications, upstreams, prices.    audit: the audit trail.
# bind: bindings made and ended in the console, with a reason; a customer's developers have the API for it.
# listen: recordings of calls, played and downloaded, each noted; customers fetch theirs through the API, and those who
# audit read who listened, which does not need the voices.
# try_out: test calls, whose pushes go to the customer's own server.
# upload: voice files, and deleting them; a customer's user those of his account.
# attend: alerts acknowledged, silenced and closed by hand; who is told of them is the operator's to configure.
PERMISSIONS: dict[str, frozenset[str]] = {
    "look": frozenset({SUPPORT, FINANCE, OPERATOR, AUDITOR, CUSTOMER}),
    "money": frozenset({FINANCE, OPERATOR, AUDITOR, CUSTOMER}),
    "reveal": frozenset({SUPPORT, OPERATOR}),
    "raw_export": frozenset({OPERATOR}),
    "listen": frozenset({SUPPORT, OPERATOR}),
    "replay": frozenset({SUPPORT, OPERATOR}),
    "bind": frozenset({SUPPORT, OPERATOR}),
    "try_out": frozenset({SUPPORT, OPERATOR, CUSTOMER}),
    "upload": frozenset({OPERATOR, CUSTOMER}),
    "attend": frozenset({SUPPORT, FINANCE, OPERATOR}),
    "correct": frozenset({FINANCE, OPERATOR}),
    "approve": frozenset({FINANCE}),
    "operate": frozenset({OPERATOR}),
    "configure": frozenset({OPERATOR}),
    "audit": frozenset({AUDITOR, OPERATOR}),
}
ROLES = frozenset().union(*PERMISSIONS.values())

User = AbstractBaseUser | AnonymousUser
P = ParamSpec("P")


def roles_of(user: User) -> frozenset[str]:
    """Return the roles of a user: his groups, and for a superuser the operator's beside them."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    kept: Any = user
    known: frozenset[str] | None = getattr(kept, "_maskline_roles", None)
    if known is None:
        names = set(Group.objects.filter(user=user.pk, name__in=ROLES).values_list("name", flat=True))
        known = frozenset(names | {OPERATOR}) if getattr(user, "is_superuser", False) else frozenset(names)
        # Kept on the object, which lives as long as one request: a page asks a dozen times.
        kept._maskline_roles = known
    return known


def may(user: User, action: str) -> bool:
    """Return whether a user may do `action`. Raises KeyError for an action the table does not know."""
    allowed = PERMISSIONS[action]
    return not allowed.isdisjoint(roles_of(user))


def require(
    action: str,
) -> Callable[[Callable[P, HttpResponseBase]], Callable[P, HttpResponseBase]]:
    """Return a decorator that lets a view be called by those who may do `action`: others get the login or a 403."""
    if action not in PERMISSIONS:
        raise KeyError(action)

    def decorate(view: Callable[P, HttpResponseBase]) -> Callable[P, HttpResponseBase]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            request: Any = next(arg for arg in args if isinstance(arg, HttpRequest))
            if not may(request.user, action):
                raise PermissionDenied
            return view(*args, **kwargs)

        checked: Any = login_required(guarded)
        checked.required_action = action
        return checked  # type: ignore[no-any-return]

    return decorate
