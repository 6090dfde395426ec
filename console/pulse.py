"""The sign of life of a running job, on a thread and a database connection of its own."""

import logging
import threading
from types import TracebackType
from typing import Self

from django.db import DatabaseError, connection
from django.utils import timezone

from console.models import Job

log = logging.getLogger(__name__)

EVERY_SECONDS = 1.0


class Stopped(Exception):
    """The job is to stop: cancelled by a person, or given to another worker (`cancelled` False)."""

    def __init__(self, *, cancelled: bool) -> None:
        super().__init__("cancelled" if cancelled else "lost")
        self.cancelled = cancelled


class Pulse:
    """Writes heartbeat and progress of one attempt each second while its block runs; `watch` raises Stopped."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.rows = 0
        self._cancelled = False
        self._lost = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"pulse of {job.pk}", daemon=True)

    def watch(self, rows: int) -> None:
        """Note the rows done so far. Raises Stopped when the job is cancelled or lost."""
        self.rows = max(self.rows, rows)
        if self._cancelled or self._lost:
            raise Stopped(cancelled=self._cancelled)

    def __enter__(self) -> Self:
        """Start beating."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop beating."""
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._over.wait(EVERY_SECONDS):
                try:
                    self._once()
                except DatabaseError:
                    # The work itself fails or goes on; a silent row is what the sweeper looks for.
                    log.warning("job %s: no sign of life could be written", self.job.pk)
                    connection.close()
        finally:
            connection.close()

    def _once(self) -> None:
        ours = Job.objects.filter(pk=self.job.pk, attempts=self.job.attempts, state=Job.State.RUNNING)
        self._lost = not ours.update(heartbeat_at=timezone.now(), progress=self.rows)
        self._cancelled = ours.filter(cancel_requested=True).exists()
