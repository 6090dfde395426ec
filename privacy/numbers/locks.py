"""The order in which a step that ends bindings of many numbers takes its locks, so that no bind meets it crosswise.

A bind takes the row of its party's load, then the rows of availability, ascending (docs/decisions.md). A step over many
numbers would take load, availability, load, availability: so it takes all of them first, in that order.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext as _

from common.errors import NotReady
from privacy import bindings
from privacy.bindings import keys
from privacy.bindings.orders import Actor
from privacy.models import Availability, Binding, Holding, Number, PartyLoad

TRIES = 5
LOADED = (Binding.Kind.AX, Binding.Kind.AXYB)
INSTANT = timedelta(microseconds=1)


class _Changed(Exception):
    """A party was bound between the two looks; nothing is held."""


def hold(numbers: Sequence[Number]) -> None:
    """Lock what ending every binding on the numbers will lock. Inside the caller's transaction.

    Who was bound between the look and the locks is seen by looking again; then all is let go and taken anew.
    Raises NotReady.
    """
    ids = sorted(number.pk for number in numbers)
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                _hold(ids)
                return
        except _Changed:
            continue
    raise NotReady(_("These numbers are bound all the time. Try again in a moment."))


def end_of(holding: Holding, now: datetime) -> datetime:
    """Return when a holding ends that ends now: later than it began, also by two clocks."""
    return max(now, holding.valid_from + INSTANT)


def end_all(numbers: Sequence[Number], *, cause: Binding.End, actor: Actor, now: datetime) -> int:
    """End everything on numbers that are held, what is recorded of an upstream too; return how many ended now."""
    bound = set(Binding.objects.filter(number__in=numbers, valid_to=None).values_list("number_id", flat=True))
    ended = sum(bindings.end_number(number, cause=cause, actor=actor) for number in numbers if number.pk in bound)
    recorded = Binding.objects.filter(number__in=bound, step=Binding.Step.UPSTREAM, valid_to=None)
    return ended + recorded.update(
        valid_to=Greatest("valid_from", Value(now)), end_cause=cause, ended_by=actor.name, reason=actor.reason[:500]
    )


def bound_on(numbers: Sequence[Number]) -> int:
    """Return how many bindings hold on the numbers, the YB on others that end with an AX on these among them."""
    living = Binding.objects.filter(valid_to=None).exclude(expires_at__lte=Now())
    related = living.filter(parent__number__in=numbers, parent__valid_to=None).exclude(number__in=numbers)
    return living.filter(number__in=numbers).count() + related.count()


def _hold(ids: Sequence[int]) -> None:
    loads, related = _loads(ids), _numbers(ids)
    list(PartyLoad.objects.select_for_update(no_key=True).filter(pk__in=loads).order_by("application_id", "party"))
    list(Availability.objects.select_for_update(no_key=True).filter(pk__in=related).order_by("pk"))
    if not (_loads(ids) <= loads and _numbers(ids) <= related):
        raise _Changed


def _loads(ids: Sequence[int]) -> set[int]:
    """Return the load rows of the parties bound on numbers of AX and AXYB."""
    bound = Binding.objects.filter(number__in=ids, kind__in=LOADED, valid_to=None).only("application_id", "a_number")
    parties: dict[int, set[bytes]] = {}
    for binding in bound:
        parties.setdefault(binding.application_id, set()).add(keys.caller(binding.a_number))
    found: set[int] = set()
    for application_id, hashes in parties.items():
        rows = PartyLoad.objects.filter(application=application_id, party__in=hashes)
        found.update(rows.values_list("pk", flat=True))
    return found


def _numbers(ids: Sequence[int]) -> set[int]:
    """Return the numbers and those Y whose relations end with an X among them."""
    relations = Binding.objects.filter(parent__number__in=ids, parent__valid_to=None, valid_to=None)
    return {*ids, *relations.values_list("number_id", flat=True)}
