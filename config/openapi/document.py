"""The OpenAPI file: what drf-spectacular reads off the views, completed with what all of them share."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from django.utils import translation
from drf_spectacular.generators import SchemaGenerator

from config.openapi import recordings, shared, switch, upstream

METHODS_WITH_KEY = {"post", "put"}
METHODS_WITH_BODY = {"post", "put", "delete"}
CUSTOMERS = ("/rest/", "/api/v1/")


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI file, in English; made once a process."""
    with translation.override("en"):
        made: dict[str, Any] = SchemaGenerator().get_schema(None, public=True)  # type: ignore[no-untyped-call]
    return made


def complete(result: dict[str, Any], generator: SchemaGenerator, request: Any, public: bool) -> dict[str, Any]:
    """Add to what was read off the views: signatures, refusals, headers, and the doors of upstreams.

    A hook of drf-spectacular (SPECTACULAR_SETTINGS). What an operation says itself stays.
    """
    components = result.setdefault("components", {})
    _add(components, "securitySchemes", shared.SECURITY_SCHEMES)
    _add(components, "schemas", {"Refusal": shared.REFUSAL, **upstream.SCHEMAS, **switch.SCHEMAS, **recordings.SCHEMAS})
    _add(components, "responses", shared.ANSWERS)
    _add(components, "headers", {"X-Request-Id": shared.REQUEST_ID, "Retry-After": shared.RETRY_AFTER})
    for method, operation in _operations(result["paths"]):
        _complete_operation(method, operation)
    result["paths"] |= upstream.PATHS | switch.PATHS | recordings.PATHS
    return result


def _add(components: dict[str, Any], kind: str, parts: dict[str, Any]) -> None:
    components[kind] = {**parts, **components.get(kind, {})}


def _operations(paths: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in paths.items():
        if path.startswith(CUSTOMERS):
            yield from methods.items()


def _complete_operation(method: str, operation: dict[str, Any]) -> None:
    operation["security"] = shared.SECURITY
    parameters = operation.setdefault("parameters", [])
    if method in METHODS_WITH_KEY:
        parameters.append(shared.IDEMPOTENCY_KEY)
    if method in METHODS_WITH_BODY:
        parameters.append(shared.CONTENT_DIGEST)
    answers = operation.setdefault("responses", {})
    for answer in answers.values():
        if "$ref" not in answer:
            answer["description"] = answer.get("description") or "Done."
            answer.setdefault("headers", {})["X-Request-Id"] = {"$ref": "#/components/headers/X-Request-Id"}
    if links := shared.LINKS.get(operation["operationId"]):
        answers["200"]["links"] = links
    for status, name in shared.BY_STATUS.items():
        answers.setdefault(status, {"$ref": f"#/components/responses/{name}"})
