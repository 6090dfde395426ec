"""The Y that a caller of X gets at his first call (northbound.md 6.1, AXYB)."""

import logging

from accounts.models import Application
from privacy import bindings
from privacy.bindings import Actor, BindingRefused, NoSuchBinding, PartyBound
from privacy.models import Binding
from privacy.routing.facts import CallAsked, CallDecision

log = logging.getLogger(__name__)
BY = Actor(name="switch", reason="first call at X")


class Meanwhile(Exception):
    """The AX ended, or the caller has a Y already: look again."""


def new_y(asked: CallAsked, decision: CallDecision) -> str | None:
    """Bind a Y for the caller to the AX of a decision, for the time the AX was told, and return it; None: none is left.

    Raises Meanwhile when another call, or the end of the AX, came first, and NotReady.
    """
    assert decision.binding_id is not None
    parent = Binding.objects.select_related("number").get(pk=decision.binding_id)
    application = Application.objects.get(pk=parent.application_id)
    try:
        made = bindings.bind_yb(
            application, parent, b=asked.caller, area_code="", loose=True, seconds=None, terms={}, actor=BY
        )
    except (PartyBound, NoSuchBinding):
        raise Meanwhile from None
    except BindingRefused as refused:
        log.warning("no Y for a caller of application %s: %s", application.pk, type(refused).__name__)
        return None
    return made.number.number
