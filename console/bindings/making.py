"""Making a binding in the console: by the API's own functions, once for each form shown, with name and reason."""

import hashlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import OperationalError, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import Account, Application
from accounts.scope import Scope
from common.errors import MasklineError
from common.phone import mask_in_text
from privacy import bindings
from privacy.bindings import Actor
from privacy.models import Binding, IdempotentAnswer

TRIES = 3
DEADLOCK = "40P01"


class Refusal(MasklineError):
    """A bind that was refused: by which field of the form it can be mended ("" = by none), and how."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(field, sentence)
        self.field = field
        self.sentence = sentence


# What the API answers with a code, for people: the field to mend, and the cure.
REFUSALS: dict[type[bindings.BindingRefused], tuple[str, Any]] = {
    bindings.NotYourNumber: (
        "x",
        gettext_lazy("This is no number of the application. Choose one of its numbers, or leave it blank."),
    ),
    bindings.NumberFrozen: (
        "x",
        gettext_lazy("This number is suspended or frozen for new bindings. Choose another, or leave it blank."),
    ),
    bindings.NumberUnusable: (
        "x",
        gettext_lazy("This number is blacklisted, moving or cannot be used now. Choose another, or leave it blank."),
    ),
    bindings.NumberTaken: (
        "x",
        gettext_lazy("This number is bound to somebody else. Choose another, or leave it blank."),
    ),
    bindings.NumberFull: ("x", gettext_lazy("This number has no room left. Choose another, or leave it blank.")),
    bindings.NoneLeft: (
        "area_code",
        gettext_lazy("No number is free here for these parties. Allow another city, end bindings, or order numbers."),
    ),
    bindings.TooManyNumbers: ("a", gettext_lazy("A has five X already, which is the most. End one of them first.")),
    bindings.OwnNumber: ("", gettext_lazy("A or B is one of the platform's own numbers: calls would go in circles.")),
    bindings.PartyBound: (
        "x",
        gettext_lazy("A or B is bound on this number already. End that binding first, or choose another number."),
    ),
    bindings.ExtensionTaken: ("extension", gettext_lazy("This extension is taken. Choose another, or leave it blank.")),
    bindings.NoSuchBinding: ("", gettext_lazy("The binding has ended meanwhile.")),
}
BOUND_TO_IT = gettext_lazy("This B is bound to it already.")
BUSY = gettext_lazy("Too many are binding on the same numbers at this moment. Try again.")


def check_usable(application: Application) -> None:
    """Raise Refusal for an application that the API would refuse as well (1010008, 1010029, 1010040)."""
    if application.mode == Application.Mode.X:
        raise Refusal("", _("In mode X the customer's server keeps the bindings. There is nothing to bind here."))
    if application.state != Application.State.ACTIVE:
        raise Refusal("", _("The application is suspended. It binds again once it is active."))
    if application.account.state == Account.State.ARREARS:
        raise Refusal("", _("The account is in arrears and its service frozen. It binds again after a top-up."))


def bind_once(
    scope: Scope,
    application: Application,
    nonce: str,
    bind: Callable[[Actor], Binding],
    *,
    reason: str,
    request: HttpRequest,
) -> Binding:
    """Return the binding that `bind` makes, audited; the same nonce again gets the same one. Raises Refusal."""
    check_usable(application)
    actor = Actor(name=request.user.get_username(), reason=mask_in_text(reason)[:500])
    for attempt in range(1, TRIES + 1):
        try:
            with transaction.atomic():
                return _bound(scope, application, nonce, lambda: bind(actor), reason, request)
        except bindings.BindingRefused as problem:
            raise refusal(problem) from problem
        except OperationalError as error:
            if attempt == TRIES or getattr(error.__cause__, "sqlstate", "") != DEADLOCK:
                raise
        except MasklineError as problem:
            raise Refusal("", str(BUSY)) from problem
    raise AssertionError("unreachable")


def refusal(problem: bindings.BindingRefused) -> Refusal:
    """Return a refusal of the API as people read it."""
    field, sentence = REFUSALS[type(problem)]
    return Refusal(field, str(sentence))


def _bound(
    scope: Scope, application: Application, nonce: str, bind: Callable[[], Binding], reason: str, request: HttpRequest
) -> Binding:
    # The second of two clicks waits here for the first, and finds what that has bound.
    once, fresh = scope.rows(IdempotentAnswer).get_or_create(
        application=application,
        key=hashlib.sha256(f"console:{request.user.pk}:{nonce}".encode()).digest(),
        defaults={"body": b"", "created_at": timezone.now()},
    )
    if not fresh and once.answer:
        return scope.rows(Binding).get(pk=UUID(bytes(once.answer).decode()))
    binding = bind()
    once.answer = str(binding.pk).encode()
    once.save(update_fields=["answer"])
    audit.record(
        user=request.user, action="binding.bind", subject_kind="binding", subject=str(binding.pk),
        account=application.account, reason=reason, request=request,
        detail={"application": application.app_key, "kind": binding.kind, "number": binding.number.number},
    )  # fmt: skip
    return binding
