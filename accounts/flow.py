"""Flow control of the northbound API: a token bucket for each application, one for each address (northbound.md 12).

The buckets are in Redis, so that all web processes share them; both are asked in one round trip. While Redis is away
each process counts for itself: a limit is no reason to fail.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from django.conf import settings
from redis.exceptions import RedisError

from common import quick_redis
from common.quick_redis import Outage

Who = Literal["application", "address"]
PREFIX = "maskline:flow:"
SLOT_SECONDS, SLOTS = 10, 6
MOST_LOCAL = 10_000

# Takes one token from both buckets or from none. A bucket is {tokens, at}; its clock is that of Redis.
# Gives {0 or which bucket is empty, milliseconds until it has a token}.
TAKE = """
local rate, burst, slot_seconds, slots = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) + tonumber(clock[2]) / 1000000
local left, empty = {}, 0
for i = 1, 2 do
    local bucket = redis.call('HMGET', KEYS[i], 'tokens', 'at')
    local tokens, at = tonumber(bucket[1]) or burst, tonumber(bucket[2]) or now
    left[i] = math.min(burst, tokens + math.max(0, now - at) * rate)
    if empty == 0 and left[i] < 1 then empty = i end
end
local slot = math.floor(now / slot_seconds) % (slots + 1)
local stamp = math.floor(now / slot_seconds)
local field = empty == 1 and 'refused' or 'taken'
for i = 1, 2 do
    local tokens = left[i]
    if empty == 0 then tokens = tokens - 1 end
    redis.call('HSET', KEYS[i], 'tokens', string.format('%.6f', tokens), 'at', string.format('%.6f', now))
    redis.call('PEXPIRE', KEYS[i], math.max(1000 * (slots + 1) * slot_seconds, math.ceil(1000 * burst / rate) + 1000))
end
if empty ~= 2 then
    if tonumber(redis.call('HGET', KEYS[1], 'slot' .. slot) or '-1') ~= stamp then
        redis.call('HSET', KEYS[1], 'slot' .. slot, stamp, 'taken' .. slot, 0, 'refused' .. slot, 0)
    end
    redis.call('HINCRBY', KEYS[1], field .. slot, 1)
end
if empty == 0 then return {0, 0} end
return {empty, math.ceil(1000 * (1 - left[empty]) / rate)}
"""


@dataclass(frozen=True)
class Verdict:
    """Whether a request may pass: whose share is used up (None: nobody's), and after how many seconds to try again."""

    refused: Who | None = None
    retry_after: int = 0


@dataclass(frozen=True)
class Use:
    """How much of its share an application uses: requests a second, the most at once, what is left of that now."""

    rate: int
    burst: int
    left: int
    taken_last_minute: int
    refused_last_minute: int


def take(application_id: int, address: str) -> Verdict:
    """Take one request out of the shares of an application and an address, or say whose is used up."""
    rate, burst = settings.MASKLINE["flow_rate"], settings.MASKLINE["flow_burst"]
    if not rate:
        return Verdict()
    keys = [f"{PREFIX}application:{application_id}", f"{PREFIX}address:{address}"]
    if not _outage.over():
        return _verdict(*_local.take(keys, rate, burst))
    try:
        empty, wait = _script(settings.REDIS_URL)(keys=keys, args=[rate, burst, SLOT_SECONDS, SLOTS])
    except (RedisError, OSError) as error:
        _outage.begin(error)
        return _verdict(*_local.take(keys, rate, burst))
    return _verdict(int(empty), int(wait))


def use(application_id: int) -> Use:
    """Return how much of its share an application uses; as if it used none while Redis is away."""
    rate, burst = settings.MASKLINE["flow_rate"], settings.MASKLINE["flow_burst"]
    try:
        client = quick_redis.client(settings.REDIS_URL, text=True)
        bucket: dict[str, str] = client.hgetall(f"{PREFIX}application:{application_id}")  # type: ignore[assignment]
        seconds, micros = client.time()
    except (RedisError, OSError):
        return Use(rate, burst, burst, 0, 0)
    now = seconds + micros / 1e6
    left = float(bucket.get("tokens", burst)) + max(0.0, now - float(bucket.get("at", now))) * rate
    newest = int(now // SLOT_SECONDS)
    slots = [slot for slot in range(SLOTS + 1) if newest - int(bucket.get(f"slot{slot}", -SLOTS)) < SLOTS]
    taken, refused = (sum(int(bucket[f"{name}{slot}"]) for slot in slots) for name in ("taken", "refused"))
    return Use(rate, burst, min(burst, int(left)), taken, refused)


def _verdict(empty: int, wait_milliseconds: int) -> Verdict:
    if not empty:
        return Verdict()
    return Verdict("application" if empty == 1 else "address", max(1, -(-wait_milliseconds // 1000)))


@lru_cache(maxsize=4)
def _script(url: str) -> Any:
    return quick_redis.client(url, text=True).register_script(TAKE)


class _Local:
    """The buckets of this process, for as long as Redis is away; the longest unused ones are forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, keys: list[str], rate: int, burst: int) -> tuple[int, int]:
        """Return what the script returns."""
        now = time.monotonic()
        with self._lock:
            left = [self._left(key, now, rate, burst) for key in keys]
            empty = next((place for place, tokens in enumerate(left, start=1) if tokens < 1), 0)
            for key, tokens in zip(keys, left, strict=True):
                self._buckets[key] = (tokens if empty else tokens - 1, now)
                self._buckets.move_to_end(key)
            while len(self._buckets) > MOST_LOCAL:
                self._buckets.popitem(last=False)
        return empty, round(1000 * (1 - left[empty - 1]) / rate) if empty else 0

    def _left(self, key: str, now: float, rate: int, burst: int) -> float:
        tokens, at = self._buckets.get(key, (float(burst), now))
        return min(float(burst), tokens + (now - at) * rate)


_outage, _local = Outage("flow control counts by process"), _Local()
