"""/api/schema/ and /api/docs/: open to everybody, for they hold nothing of anybody."""

from functools import cache

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

from config.openapi.document import document

KEPT_SECONDS = 300
# What `?format=` and Accept may say of each form.
FORMS = {
    "json": ("application/vnd.oai.openapi+json", "application/json"),
    "yaml": ("application/vnd.oai.openapi", "application/yaml", "text/yaml"),
}


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """Return the OpenAPI file: JSON, or YAML where `?format=yaml` or Accept asks for it."""
    form = _form(request)
    response = HttpResponse(_rendered(form), content_type=f"{FORMS[form][-1]}; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="maskline.{form}"'
    response["Access-Control-Allow-Origin"] = "*"
    patch_cache_control(response, public=True, max_age=KEPT_SECONDS)
    patch_vary_headers(response, ["Accept"])
    return response


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Return the page that shows the file. Everything it loads comes from this server, and no script is inline."""
    return render(request, "api/docs.html")


def _form(request: HttpRequest) -> str:
    asked = request.GET.get("format", "")
    if asked in FORMS:
        return asked
    accepted = [part.partition(";")[0].strip().lower() for part in request.headers.get("Accept", "").split(",")]
    for kind in accepted:
        if kind in FORMS["json"]:
            return "json"
        if kind in FORMS["yaml"]:
            return "yaml"
    return "json"


@cache
def _rendered(form: str) -> bytes:
    renderer = OpenApiJsonRenderer() if form == "json" else OpenApiYamlRenderer()
    return bytes(renderer.render(document(), renderer_context={}))
