"""A wrong URI under /rest: 404 without an envelope (northbound.md 9.1), kept in the log of requests like any other."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.views import APIView

from privacy.api.northbound import answers, requests


class Nowhere(APIView):
    """What is not there."""

    schema = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return a bare 404, whatever the method."""
        entry = requests.begin(request)
        response = HttpResponse(b"Not Found", status=404, content_type="text/plain")
        response["X-Request-Id"] = str(entry.id)
        requests.keep(entry, response)
        return answers.finish(response, head=request.method == "HEAD")
