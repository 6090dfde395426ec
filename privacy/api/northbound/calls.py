"""POST /rest/httpsessions/callStop/v2.0: end a call (northbound.md 8)."""

from typing import Any

from privacy import stop_callbacks, stopping
from privacy.api.northbound import schema
from privacy.api.northbound.door import ApiProblem, Endpoint, Order
from privacy.wire.northbound.calls import StopOrderForm
from privacy.wire.northbound.reading import read

INVALID_SESSION = "1020152"


@schema.STOP
class Stop(Endpoint):
    """The order is handed to the switch; success says that it was given, and again for a call asked before."""

    operations = {"POST": "calls.stop"}

    def post_order(self, order: Order) -> dict[str, Any]:
        """Give the order."""
        wanted = read(StopOrderForm, order.parameters, order.application)
        try:
            given = stopping.stop(order.application, wanted["session_id"], request_id=order.request_id, now=order.now)
        except stopping.NotStoppable:
            raise ApiProblem(INVALID_SESSION) from None
        stop_callbacks.announce(given)
        return {}
