"""/metrics for Prometheus, read from the database at each scrape: so every web process says the same.

It tells counts and ages, no number, name, key or address. It is read from this machine as it is; from elsewhere with
`Authorization: Bearer` and MASKLINE_METRICS_TOKEN.
"""

import hmac
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from accounts.addresses import parse
from common import sql, timeid

log = logging.getLogger(__name__)
LAST = timedelta(minutes=1)
# Longer and the scrape goes without that figure: a metric must not be what slows the database down.
PATIENCE = "2s"
# After so many the rest is left out as well: who scrapes waits for about ten.
ALL_SECONDS = 5.0
# What a proxy on this machine adds: then "from this machine" says nothing about who asks.
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


@dataclass(frozen=True)
class Gauge:
    """One metric: its query in config/sql/metrics.sql, whose rows are the labels' values and the figure."""

    name: str
    query: str
    help: str
    labels: Sequence[str] = ()


GAUGES = (
    Gauge("maskline_pushes", "metric_pushes", "Pushes in the outbox", ("endpoint", "state")),
    Gauge("maskline_push_oldest_due_seconds", "metric_oldest_due", "Age of the oldest due push", ("endpoint",)),
    Gauge("maskline_attempts_last_minute", "metric_attempts", "Requests to customers' servers", ("kind", "result")),
    Gauge("maskline_attempt_seconds", "metric_attempt_seconds", "Duration of these requests", ("quantile",)),
    Gauge("maskline_push_shards", "metric_shards", "Shares of the outbox with and without a lease", ("lease",)),
    Gauge("maskline_dispatchers", "metric_dispatchers", "Dispatchers that hold shares"),
    Gauge("maskline_endpoints", "metric_endpoints", "Customers' endpoints", ("state",)),
    Gauge("maskline_endpoints_left_alone", "metric_breakers", "Endpoints whose breaker is open"),
    Gauge("maskline_ingest_age_seconds", "metric_ingest_lag", "Since records last came", ("upstream",)),
    Gauge("maskline_settlement_lag_seconds", "metric_settlement_lag", "Since the oldest unsettled hour ended"),
    Gauge("maskline_usage_blocked", "metric_blocked_usage", "Usage that waits uncharged", ("reason",)),
    Gauge("maskline_quarantine_open", "metric_quarantine", "Records in quarantine"),
    Gauge("maskline_jobs", "metric_jobs", "Jobs that wait, run, or failed within a day", ("state",)),
    Gauge("maskline_alerts_open", "metric_alerts", "Open alerts", ("severity",)),
    Gauge("maskline_oldest_transaction_seconds", "metric_transactions", "Age of the oldest open transaction"),
    Gauge("maskline_heartbeat_age_seconds", "metric_heartbeats", "Age of the last sign of life", ("part",)),
)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return all metrics; 401 for who is elsewhere and has no token."""
    if not may_read(request):
        return HttpResponse(b"", status=401, headers={"WWW-Authenticate": 'Bearer realm="metrics"'})
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return HttpResponse(encode(registry), content_type=content_type, headers={"Cache-Control": "no-store"})


def may_read(request: HttpRequest) -> bool:
    """Return whether the request is from this machine, and nobody passed it on, or has the token."""
    token: str = settings.MASKLINE["metrics_token"]
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if token and kind.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()):
        return True
    peer = parse(str(request.META.get("REMOTE_ADDR", "")))
    return peer is not None and peer.is_loopback and not any(request.META.get(name) for name in FORWARDED)


class Figures(Collector):
    """What a scrape reads."""

    def describe(self) -> list[Metric]:
        """Say nothing in advance: reading is the only way to know."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield each metric; one that cannot be read is left out, and counted, and so is what there is no time for."""
        began = time.monotonic()
        yield GaugeMetricFamily("maskline_redis_up", "Whether Redis answers", value=_redis_up())
        up = _database_up()
        yield GaugeMetricFamily("maskline_database_up", "Whether the database answers", value=up)
        failed = 0
        for gauge in GAUGES if up else ():
            family = _read(gauge) if time.monotonic() - began < ALL_SECONDS else None
            failed += family is None
            if family is not None:
                yield family
        yield GaugeMetricFamily("maskline_metrics_left_out", "Metrics that could not be read in time", value=failed)
        took = time.monotonic() - began
        yield GaugeMetricFamily("maskline_metrics_seconds", "How long reading all this took", value=took)


def _read(gauge: Gauge) -> Metric | None:
    family = GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels)
    parameters = {"since": timeid.lower(timezone.now() - LAST)}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'")
            cursor.execute(sql.load("config", gauge.query), parameters)
            for *labels, value in cursor.fetchall():
                family.add_metric([str(label) for label in labels], float(value))
    except DatabaseError:
        log.warning("%s could not be read", gauge.name)
        return None
    return family


def _database_up() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _redis_up() -> bool:
    try:
        cache.get("metrics")
    except (RedisError, OSError):
        return False
    return True
