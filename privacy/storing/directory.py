"""Fills a Directory from the database, asking once for each app_key, application and number of a transaction."""

import re
from collections.abc import Iterable

from accounts.models import Upstream
from privacy.ownership import Bound, Directory, Held, KnownApplication
from privacy.storing import bulk

OWN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class Loader:
    """A directory that learns what a batch needs before anything is decided."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.directory = Directory()
        self._asked: set[str | int] = set()
        self._asked_numbers: set[str] = set()

    def learn(self, app_keys: Iterable[str], numbers: Iterable[str]) -> Directory:
        """Return the directory with these app_keys and numbers and the applications that held them."""
        self._learn_numbers(set(numbers) - self._asked_numbers)
        holders = {held.application_id for number in numbers for held in self.directory.held.get(number, ())}
        self.learn_applications(app_keys, (id for id in holders if id is not None))
        return self.directory

    def learn_applications(self, app_keys: Iterable[str], ids: Iterable[int]) -> None:
        """Learn applications by app_key and by id."""
        new_keys = set(app_keys) - self._asked
        new_ids = set(ids) - self._asked - self.directory.by_id.keys()
        if not new_keys and not new_ids:
            return
        self._asked |= new_keys | new_ids
        wanted = {"upstream": self.upstream.pk, "app_keys": list(new_keys), "ids": list(new_ids)}
        for wire_key, listed, *columns in bulk.run("known_applications", wanted):
            known = KnownApplication(*columns)
            self.directory.by_id[known.id] = known
            if wire_key in new_keys:
                (self.directory.listed if listed else self.directory.own)[wire_key] = known

    def learn_bindings(self, subscription_ids: Iterable[str]) -> None:
        """Learn whose bindings these are, by the upstream's ids or ours: few records are known by nothing else."""
        ids = [id for id in subscription_ids if id]
        if not ids:
            return
        own = [id for id in ids if OWN_ID.fullmatch(id)]
        for id, *bound in bulk.run("bound_subscriptions", {"ids": ids, "own": own}):
            self.directory.bound[id] = Bound(*bound)
        self.learn_applications((), {bound.application_id for bound in self.directory.bound.values()})

    def _learn_numbers(self, numbers: set[str]) -> None:
        if not numbers:
            return
        self._asked_numbers |= numbers
        for number, *holding in bulk.run("held_numbers", {"numbers": list(numbers)}):
            self.directory.held.setdefault(number, []).append(Held(*holding))
