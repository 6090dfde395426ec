"""Liveness and readiness for whoever runs this: /healthz says the process answers, /readyz that it can do its work."""

from datetime import timedelta

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.models import Max
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from redis.exceptions import RedisError

from console.models import Heartbeat, Job
from notifications.models import Dispatcher

# The worker writes its heartbeat every minute, out of a task; two missed ones mean it is stuck.
STALE_AFTER = timedelta(seconds=150)
# A dispatcher writes its own each second; after ten others take its work over.
DISPATCHER_STALE_AFTER = timedelta(seconds=15)


def healthz(request: HttpRequest) -> JsonResponse:
    """Return 200 as long as the web process answers."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Return 200 with each part's state when database, Redis, worker and dispatcher are there, otherwise 503.

    The worker of long jobs is told and not waited for: exports may be late, the rest need not.
    """
    parts = {"database": _database(), "redis": _redis()}
    parts["worker"] = _worker() if parts["database"] == "ok" else "unknown"
    parts["dispatcher"] = _dispatcher() if parts["database"] == "ok" else "unknown"
    ready = all(state == "ok" for state in parts.values())
    parts["jobs"] = jobs() if parts["database"] == "ok" else "unknown"
    return JsonResponse({"status": "ok" if ready else "unready", **parts}, status=200 if ready else 503)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unreachable"
    return "ok"


def _redis() -> str:
    try:
        cache.get("readyz")
    except (RedisError, OSError):
        return "unreachable"
    return "ok"


def _worker() -> str:
    newest = Heartbeat.objects.filter(name="worker").values_list("at", flat=True).first()
    if newest is None:
        return "no heartbeat yet"
    return "ok" if timezone.now() - newest < STALE_AFTER else "no heartbeat for over two minutes"


def jobs() -> str:
    """Return how the worker of long jobs is: it takes its heartbeat between two, and each of them gives its own."""
    running = Job.objects.filter(state=Job.State.RUNNING).aggregate(at=Max("heartbeat_at"))["at"]
    taken = Heartbeat.objects.filter(name="jobs").values_list("at", flat=True).first()
    newest = max((at for at in (running, taken) if at is not None), default=None)
    if newest is None:
        return "no heartbeat yet"
    return "ok" if timezone.now() - newest < STALE_AFTER else "no heartbeat for over two minutes"


def _dispatcher() -> str:
    newest = Dispatcher.objects.order_by("-seen_at").values_list("seen_at", flat=True).first()
    if newest is None:
        return "none runs"
    return "ok" if timezone.now() - newest < DISPATCHER_STALE_AFTER else "no sign of life for fifteen seconds"
