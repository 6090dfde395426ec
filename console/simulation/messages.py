"""One simulated SMS: its notification, for the modes that have SMS (pushes.md 4). Pure."""

from datetime import datetime
from random import Random

from console.simulation.people import Line, Pair, digest
from console.simulation.records import Json, wire_time_ms
from console.simulation.texts import parts, text

MODES = frozenset({"AX", "AXB", "X"})
FAILED_SHARE = 0.06
# Result codes of pushes.md 4.2.1 that occur in daily traffic.
RESULTS = ((2, 30), (10, 30), (8, 10), (11, 5), (13, 10), (5, 5), (9, 10))
PARTLY_SENT = 9
NO_BINDING = 2
ALL_FAILED = 10


def notification(rng: Random, *, seed: str, index: int, line: Line, pair: Pair, at: datetime) -> Json:
    """Return the Notify of SMS number `index` of the seed, forwarded by `line` at `at`."""
    content = text(rng)
    sender, receiver = (pair.a, pair.b) if rng.random() < 0.5 else (pair.b, pair.a)
    if line.mode == "AX":
        # The platform forwards to A and shows him who wrote (pushes.md 4.4).
        sender, receiver = pair.b, pair.a
        content += f"[From{sender}]"
    count = parts(content)
    result = _result(rng, count)
    extras = {"splitNum": str(count), "direction": "1"}
    if result == PARTLY_SENT:
        extras["sentNum"] = str(count - 1)
    event: Json = {
        "smsIdentifier": digest(seed, "sms", index).hex()[:32],
        "notificationMode": "Notify",
        "calling": sender,
        "virtualNumber": line.number,
        "event": "Text SMS",
        "timeStamp": wire_time_ms(at),
        "smsContent": content,
        "sendResult": result,
    }
    if result == NO_BINDING:
        extras = {"splitNum": "0", "direction": "2"}
    else:
        event |= {"called": receiver, "userData": pair.user_data}
        event |= {"subscriptionId": pair.subscription_id} if pair.subscription_id else {}
    if line.area_code:
        event["areaCode"] = line.area_code
    event["extInfo"] = {"extParas": [{"key": key, "value": value} for key, value in extras.items()]}
    return {"appKey": line.app_key, "smsEvent": event}


def _result(rng: Random, count: int) -> int:
    """Return how it was sent: 0, or one of the failures; a single part cannot be sent in part."""
    if rng.random() >= FAILED_SHARE:
        return 0
    codes, weights = zip(*RESULTS, strict=True)
    code: int = rng.choices(codes, weights)[0]
    return ALL_FAILED if code == PARTLY_SENT and count == 1 else code
