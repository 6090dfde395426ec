"""Where pushes that are sent again go: to the endpoint they were for, while its URL is one of the application's.

Otherwise to the URL that their kind has now, and nowhere where it has none. What each URL takes at the moment.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils.module_loading import import_string

from common import sql
from common.errors import BadInput
from notifications import outbox
from notifications.models import Endpoint, Push

RESTING = (Endpoint.State.PAUSED, Endpoint.State.DISABLED)
# Of so many pushes at a time the URLs are asked for.
AT_ONCE = 10_000
# The URL that each of an application's pushes goes to as the application is now, by kind and cause (None: any of it).
Router = Callable[[int, Sequence[tuple[str, UUID | None]]], list[str | None]]


@dataclass(frozen=True, slots=True)
class Standing:
    """An endpoint, its application's URLs (`routing`), and how many pushes are due there, counted up to a limit."""

    endpoint: int
    application: int
    account: int
    url: str
    state: str
    routing: tuple[str, ...]
    due: int

    @property
    def configured(self) -> bool:
        """Return whether its URL is one of its application's."""
        return self.url in self.routing

    @property
    def resting(self) -> bool:
        """Return whether nothing is sent there until a person says so."""
        return self.state in RESTING


def standings(endpoints: Iterable[int], count_up_to: int = 1) -> dict[int, Standing]:
    """Return how endpoints stand, by id."""
    values: dict[str, Any] = {"endpoints": list(endpoints), "most": count_up_to}
    if not values["endpoints"]:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(sql.load("notifications", "endpoint_standings"), values)
        return {
            id: Standing(id, application, account, url, state, tuple(routing), due)
            for id, application, account, url, state, routing, due in cursor.fetchall()
        }


def resting(endpoints: Iterable[int]) -> list[Endpoint]:
    """Return the endpoints to which nothing is sent at the moment, of these and of those that took their place."""
    found = standings(endpoints).values()
    ids = [one.endpoint for one in found if one.configured]
    moved = [(one.application, one.routing) for one in found if not one.configured]
    there = Q(pk__in=ids)
    for application, routing in moved:
        there |= Q(application=application, url__in=routing)
    return list(Endpoint.objects.filter(there, state__in=RESTING).order_by("url", "pk"))


def urls(standing: Standing, pushes: Sequence[tuple[str, UUID | None]]) -> list[str | None]:
    """Return where an endpoint's pushes of these kinds and causes go now."""
    if standing.configured:
        return [standing.url] * len(pushes)
    return _router()(standing.application, pushes)


def shares(standing: Standing, kind: str, count: int, causes: Callable[[int, str], list[UUID]]) -> dict[str, int]:
    """Return how many of an endpoint's pushes of a kind go to which URL now, "" for nowhere.

    Where events in general have no URL any more call-ins may still have theirs: then it is told by their causes.
    """
    url = urls(standing, [(kind, None)])[0]
    if url or kind != Push.Kind.EVENT or not standing.routing:
        return {url or "": count}
    events = [(kind, cause) for cause in causes(standing.endpoint, kind)]
    found: Counter[str] = Counter()
    for start in range(0, len(events), AT_ONCE):
        found.update(url or "" for url in urls(standing, events[start : start + AT_ONCE]))
    return found


def endpoint_of(application_id: int, url: str) -> int:
    """Return the id of an application's endpoint with this URL. Raises BadInput where nothing was ever sent."""
    found = Endpoint.objects.filter(application_id=application_id, url_digest=hashlib.sha256(url.encode()).digest())
    endpoint = found.values_list("pk", flat=True).first()
    if endpoint is None:
        raise BadInput("url", "is no address that the application's pushes went to")
    return endpoint


def targets(standing: Standing, pushes: Sequence[tuple[str, UUID | None]]) -> list[int | None]:
    """Return the endpoints that an endpoint's pushes go to now, made where they are new."""
    if standing.configured:
        return [standing.endpoint] * len(pushes)
    found = urls(standing, pushes)
    known: dict[str | None, int | None] = {None: None}
    for url in sorted({url for url in found if url}):
        known[url] = outbox.endpoint_id(standing.application, standing.account, url)
    return [known[url] for url in found]


@cache
def _router() -> Router:
    """Return the rule of who knows applications' URLs and events; the settings name it, for it lies further up."""
    router: Router = import_string(settings.PUSH_ROUTER)
    return router
