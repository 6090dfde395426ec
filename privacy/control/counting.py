"""Counting in Redis: one script checks all windows of a call and counts it, or counts nothing.

A counter is a sorted set: a member for each call that passed, its score the instant in milliseconds. It is trusted
only while it cannot lack a call: filled from rows, after this Redis started, after the last moment when somebody
counted without it, and far enough back. Else it is filled again. Keys hold hashes, never a number.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson
from django.conf import settings
from redis.exceptions import RedisError

from common import quick_redis
from common.quick_redis import Outage
from privacy.control.judging import floor
from privacy.control.rows import Counts, longest_windows
from privacy.control.rules import Parties, Ruleset, Window

# A call that passed has its row by then: a counter filled later lacks none.
SETTLED_MILLISECONDS = 10_000
COLD, PASSED = -1, 0

# KEYS: when this Redis began to count for the application, then the counters. Scores of "!..." are negative, so that no
# window meets them. Gives {COLD}, {PASSED}, or {which window is full, when it opens again}.
SCRIPT = """
local asked = cjson.decode(ARGV[1])
local at = asked.at
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or '-'
local kept, since = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%d+)$')
if kept ~= run then
    since = at
    redis.call('SET', KEYS[1], string.format('%s %.0f', run, at))
end
for i, counter in ipairs(asked.counters) do
    local key, from = KEYS[i + 1], at - counter.keep
    if counter.rows then
        for _, row in ipairs(counter.rows) do redis.call('ZADD', key, 'GT', row[2], row[1]) end
        redis.call('ZADD', key, -at, '!merged')
    else
        local merged, covered = redis.call('ZSCORE', key, '!merged'), redis.call('ZSCORE', key, '!from')
        local sure = math.max(tonumber(since), counter.doubt) + asked.settled
        if not merged or not covered or -tonumber(merged) < sure or -tonumber(covered) > from then return {-1, 0} end
    end
    redis.call('ZREMRANGEBYSCORE', key, 0, from)
    redis.call('ZADD', key, -from, '!from')
end
local full, reopens = 0, 0
for i, window in ipairs(asked.windows) do
    local key = KEYS[window.counter + 1]
    local above, found = string.format('(%.0f', window.floor), {}
    if redis.call('ZCOUNT', key, above, '+inf') >= window.most then
        found = redis.call('ZREVRANGEBYSCORE', key, '+inf', above, 'WITHSCORES', 'LIMIT', 0, window.most + 1)
    end
    local others, last = 0, 0
    for n = 1, #found, 2 do
        if found[n] ~= asked.member and others < window.most then others, last = others + 1, tonumber(found[n + 1]) end
    end
    if others >= window.most then
        full, reopens = i, last + window.length
        break
    end
end
for i, counter in ipairs(asked.counters) do
    if full == 0 and asked.counts then redis.call('ZADD', KEYS[i + 1], 'GT', at, asked.member) end
    redis.call('PEXPIRE', KEYS[i + 1], counter.keep + asked.settled)
end
return {full, reopens}
"""


class Away(Exception):
    """Redis does not answer."""


def ask(
    who: Parties, ruleset: Ruleset, now: int, member: str, *, counts: bool, rows: Counts | None = None
) -> tuple[Window, int] | bool:
    """Return the window that is full and when it opens again; True when the call passed, and is counted if it `counts`;
    False when the counters are cold: then `rows` fill them. Raises Away."""
    if not _outage.over():
        raise Away
    keep = longest_windows(ruleset.windows)
    subjects = who.subjects()
    keys = [_key(who, "since"), *(_key(who, f"{kind}:{subjects[kind].hex()}") for kind in keep)]
    asked = {
        "at": now,
        "settled": SETTLED_MILLISECONDS,
        "member": member,
        "counts": counts,
        "counters": [_counter(kind, 1000 * seconds, ruleset, rows) for kind, seconds in keep.items()],
        "windows": _windows(ruleset, list(keep), now),
    }
    try:
        full, reopens = _script(settings.REDIS_URL)(keys=keys, args=[orjson.dumps(asked)])
    except (RedisError, OSError) as error:
        _outage.begin(error)
        raise Away from error
    if full == COLD:
        return False
    return True if full == PASSED else (ruleset.windows[full - 1], int(reopens))


def take_back(who: Parties, member: str) -> None:
    """Take a call out of its counters, which are then filled anew: the session may have passed before, too."""
    if not _outage.over():
        return
    try:
        with quick_redis.client(settings.REDIS_URL).pipeline(transaction=True) as together:
            for kind, subject in who.subjects().items():
                together.zrem(_key(who, f"{kind}:{subject.hex()}"), member, "!merged")
            together.execute()
    except (RedisError, OSError) as error:
        _outage.begin(error)


def _counter(kind: str, keep: int, ruleset: Ruleset, rows: Counts | None) -> dict[str, Any]:
    counter: dict[str, Any] = {"keep": keep, "doubt": ruleset.doubts.get(kind, 0)}
    return counter if rows is None else {**counter, "rows": list(rows[kind].items())}


def _windows(ruleset: Ruleset, kinds: Sequence[str], now: int) -> list[Mapping[str, int]]:
    return [
        {
            "counter": kinds.index(window.kind) + 1,
            "most": window.most,
            "length": 1000 * window.seconds,
            "floor": floor(window, ruleset.pardons, now),
        }
        for window in ruleset.windows
    ]


def _key(who: Parties, name: str) -> str:
    # The braces keep an application's keys together where Redis is a cluster.
    return f"maskline:risk:{{{who.application_id}}}:{name}"


@lru_cache(maxsize=4)
def _script(url: str) -> Any:
    return quick_redis.client(url).register_script(SCRIPT)


_outage = Outage("risk control counts by rows")
