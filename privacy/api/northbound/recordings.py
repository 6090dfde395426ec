"""GET /rest/provision/voice/record/v1.0: where a recording can be fetched (northbound.md 7)."""

from django.http import HttpResponse

from privacy import recordings
from privacy.api.northbound import schema
from privacy.api.northbound.door import ApiProblem, Endpoint, Order
from privacy.wire.northbound.reading import read
from privacy.wire.northbound.recordings import RecordingQuery

NO_RECORD = "1012007"


@schema.RECORDING
class DownloadAddress(Endpoint):
    """The address is the answer's Location; clients look for exactly 301, and only errors have a body."""

    operations = {"GET": "recordings.address"}

    def get_order(self, order: Order) -> HttpResponse:
        """Return 301 with the signed link; it ends, so no client may keep it."""
        wanted = read(RecordingQuery, order.parameters, order.application)
        try:
            found = recordings.find(order.application, **wanted, now=order.now)
        except recordings.NoRecording:
            raise ApiProblem(NO_RECORD) from None
        return HttpResponse(status=301, headers={"Location": recordings.link(found)}, content_type="text/plain")
