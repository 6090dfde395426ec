"""One batch of items into the database, with what they leave behind. Inside a transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from accounts import lookup
from accounts.models import Upstream
from notifications import outbox
from privacy import reasons
from privacy.models.arrivals import Kind
from privacy.numbers import telling
from privacy.numbers.telling import Told
from privacy.reasons import Problem
from privacy.storing import (
    calls,
    claims,
    duplicates,
    messages,
    pushes,
    recordings,
    refusals,
    sessions,
    statuses,
    unknown,
    updates,
    usage,
)
from privacy.storing.calls import Sealer
from privacy.storing.candidates import Candidate
from privacy.storing.claims import Outcome
from privacy.storing.directory import Loader
from privacy.storing.examining import RECORDED, Examined, examine
from privacy.storing.sources import Opened
from privacy.wire import Item


class Writer:
    """Stores the batches of one source (a request, or a file) in one transaction.

    `push`: whether pushes are queued. `confirmed`: a person looked at the items, so that neither a possible duplicate
    nor an earlier discard speaks against them.
    """

    def __init__(
        self,
        *,
        upstream: Upstream,
        source: Opened,
        signed_app_key: str,
        now: datetime,
        push: bool = True,
        confirmed: bool = False,
    ) -> None:
        self.upstream = upstream
        self.source_id = source.id
        self.signed = signed_app_key
        self.now = now
        self.push = push
        self.confirmed = confirmed
        self._several_upstreams = source.upstreams > 1
        self._heed_discarded = source.has_discarded and not confirmed
        self._loader = Loader(upstream)
        self._sealer = Sealer()
        self._keyed = lookup.hasher()

    def store(self, items: Sequence[Item]) -> Outcome:
        """Store a batch; return what became of its items. What was refused is not written anywhere yet."""
        outcome = Outcome()
        examined = examine(
            self._sound(items, outcome),
            upstream=self.upstream,
            loader=self._loader,
            signed=self.signed,
            keyed=self._keyed,
            now=self.now,
        )
        for item, problem in examined.refused:
            outcome.refuse(item, problem)
        if self._several_upstreams and not self.confirmed:
            doubts = examined.doubts[Kind.CDR]
            examined.candidates[Kind.CDR] = duplicates.part(examined.candidates[Kind.CDR], doubts, self.upstream.pk)
        self._write(examined, outcome)
        return outcome

    def finish(self) -> None:
        """End the last batch of the transaction."""
        if self._several_upstreams and not self.confirmed:
            duplicates.release()

    def _sound(self, items: Sequence[Item], outcome: Outcome) -> list[Item]:
        """Return the items that can be read and that no person discarded before."""
        sound = [item for item in items if item.problem is None]
        for item in items:
            if item.problem is not None:
                outcome.refuse(item, item.problem)
        if not self._heed_discarded:
            return sound
        discarded = refusals.discarded(self.upstream.pk, sound)
        for position in discarded:
            outcome.refuse(sound[position], Problem(reasons.DISCARDED_BEFORE))
        return [item for position, item in enumerate(sound) if position not in discarded]

    def _write(self, examined: Examined, outcome: Outcome) -> None:
        """Write everything in the one order of locks: records, sessions, messages, numbers, endpoints."""
        claimed = {
            kind: claims.claim(
                kind,
                examined.candidates[kind],
                examined.doubts[kind],
                upstream_id=self.upstream.pk,
                source_id=self.source_id,
                outcome=outcome,
            )
            for kind in RECORDED
        }
        new_calls, events, new_messages = (claimed[kind].new for kind in RECORDED)
        joined = new_calls + events
        if self.push:
            pushes.mark_asked(self.upstream.pk, joined, self.now)
        sessions.place(self.upstream.pk, joined, {id(c) for c in joined if self.push and pushes.url_of(c)})
        ids = (self.upstream.pk, self.source_id, self._sealer)
        calls.copy_calls(new_calls, *ids)
        recordings.expect(new_calls, self.upstream, self.now)
        calls.copy_events(events, *ids)
        messages.copy_messages(new_messages, *ids)
        usage.queue((*calls.due_of_calls(new_calls), *messages.due_of_messages(new_messages)))
        updated = self._update(claimed[Kind.SMS].updates, outcome)
        changed, told = statuses.store(examined.reports, self.source_id, self.now)
        outcome.stored += changed
        outcome.repeated += len(examined.reports) - changed
        unknown.note(new_calls, events, examined.reports, self.now)
        if self.push:
            self._push(joined, new_messages + updated, told)

    def _update(self, notifications: list[tuple[Candidate, UUID]], outcome: Outcome) -> list[Candidate]:
        """Book the later notifications of stored messages; return those that told something new."""
        told: list[Candidate] = []
        for candidate, message_id in sorted(notifications, key=lambda one: one[0].key):
            match updates.apply(candidate, message_id, self.source_id):
                case "stored":
                    outcome.stored += 1
                    told.append(candidate)
                case "outdated":
                    outcome.stored += 1
                case "repeated":
                    outcome.repeated += 1
                case "conflict":
                    claims.refuse_other_content(candidate, message_id, outcome)
        return told

    def _push(self, joined: list[Candidate], messages: list[Candidate], told: list[Told]) -> None:
        due = [*pushes.of_calls(joined), *pushes.of_messages(messages), *telling.pushes(told)]
        outbox.enqueue(due, new_causes=True)
