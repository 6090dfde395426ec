"""Every door of the product, and an empty view behind the same middleware."""

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config.urls import urlpatterns as doors

EMPTY = "bench/empty"


@csrf_exempt
def empty(request: HttpRequest) -> HttpResponse:
    """Do nothing."""
    return HttpResponse()


urlpatterns = [path(EMPTY, empty), *doors]
