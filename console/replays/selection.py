"""What a person chose to have sent again, between the form, its preview and the click that orders it.

It travels as a token that opens only for the person who made it; each is another, so that it also names one click.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import roles
from accounts.models import Account, Application
from accounts.scope import Scope
from common.periods import parse_instant
from common.phone import mask_in_url
from console.history import terms
from notifications import listing, replay
from notifications.models import Endpoint, Push
from notifications.replay import Choice

KIND = "replay"


@dataclass(frozen=True)
class Selection:
    """Whose pushes, and which of them; `application` None: of every application of the account."""

    account: Account
    application: Application | None
    choice: Choice

    @property
    def application_id(self) -> int | None:
        """Return the application's id, None for all of the account."""
        return self.application.pk if self.application else None


def sealed(selection: Selection, user: roles.User) -> str:
    """Return the token of a selection for a form."""
    body = {"account": selection.account.pk, "application": selection.application_id, **selection.choice.kept()}
    return terms.seal(terms.Term(KIND, orjson.dumps(body).decode()), user)


def opened(token: str, user: roles.User, scope: Scope) -> Selection | None:
    """Return the selection of a token, or None for a damaged one, someone else's, or one out of scope."""
    term = terms.unseal(token, user)
    if term is None or term.kind != KIND:
        return None
    kept: dict[str, Any] = orjson.loads(term.text)
    account = scope.rows(Account).filter(pk=kept.pop("account")).first()
    application_id = kept.pop("application")
    application = scope.rows(Application).filter(pk=application_id, account=account).first()
    if account is None or (application_id and application is None):
        return None
    return Selection(account, application, replay.read_choice(kept))


def chosen_words(scope: Scope, kept: Mapping[str, Any]) -> list[str]:
    """Return what a replay holds, in words."""
    found: list[str] = []
    if push := kept.get("push"):
        found.append(f"{listing.PREFIX}{push}")
    if endpoint := kept.get("endpoint"):
        found += [mask_in_url(url) for url in scope.rows(Endpoint).filter(pk=endpoint).values_list("url", flat=True)]
    if kind := kept.get("kind"):
        found.append(str(Push.Kind(kind).label))
    if state := kept.get("state"):
        found.append(state_words(state))
    if start := kept.get("from"):
        found.append(_("from %(time)s") % {"time": _plain(start)})
    if end := kept.get("to"):
        found.append(_("until %(time)s") % {"time": _plain(end)})
    return found


def _plain(kept: str) -> str:
    """Return a kept time in the viewer's zone."""
    return timezone.localtime(parse_instant(kept)).strftime("%Y-%m-%d %H:%M:%S")


def state_words(state: str) -> str:
    """Return where a push stands, in words."""
    if state == listing.DELIVERED:
        return _("Delivered")
    return str(listing.STATES[state].label) if state in listing.STATES else state
