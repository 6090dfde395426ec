"""The doors of machines, served before the middleware for people: no session, no language, no CSRF, no CSP.

What those cost a request that needs none of them is a good part of a bind (docs/bench.md).
"""

import re
from collections.abc import Callable
from functools import lru_cache

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve

DOORS = ("/rest/", "/upstream/", "/switch/", "/api/v1/")
# /REST/ and //rest/ are wrong paths of that door, not pages for people.
_NEARLY = re.compile(r"/+rest(?:/|$)", re.IGNORECASE)
# They all stand there; the way through every other door of the product would be longer.
URLS = "privacy.urls"
PLAIN = "text/plain"


class MachineDoorsMiddleware:
    """Answers what is addressed to a machine's door at once, and passes on everything else. Stands first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the door's response, its length told; a bare 404 where there is no door."""
        if not request.path_info.startswith(DOORS) and not _NEARLY.match(request.path_info):
            return self.get_response(request)
        try:
            # HTTP/1.0 clients may send no Host.
            if "HTTP_HOST" in request.META:
                request.get_host()
            match = _door_of(request.path_info)
        except DisallowedHost:
            return _sized(HttpResponse(b"Bad Request", status=400, content_type=PLAIN))
        except Resolver404:
            return _sized(HttpResponse(b"Not Found", status=404, content_type=PLAIN))
        request.resolver_match = match
        return _sized(match.func(request, *match.args, **match.kwargs))


@lru_cache(maxsize=256)
def _door_of(path: str) -> ResolverMatch:
    """Return the door of a path; machines call few of them again and again. Raises Resolver404."""
    return resolve(path, URLS)


def _sized(response: HttpResponseBase) -> HttpResponseBase:
    if isinstance(response, HttpResponse) and not response.has_header("Content-Length"):
        response["Content-Length"] = str(len(response.content))
    return response
