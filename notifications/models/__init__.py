"""What customers are owed and were sent: the outbox, its endpoints, attempts, who sends, replays, alerts."""

from notifications.models.alerts import Alert, AlertMessage, AlertRoute
from notifications.models.attempts import Attempt
from notifications.models.dispatching import Dispatcher, Replay, ShardLease
from notifications.models.outbox import Endpoint, Push

__all__ = ["Alert", "AlertMessage", "AlertRoute", "Attempt", "Dispatcher", "Endpoint", "Push", "Replay", "ShardLease"]
