"""What the OpenAPI file says of the endpoints: read off the wire's forms and replies, with examples."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers

from privacy.api.northbound.operations import description
from privacy.wire.northbound import ax, axb, axe, axyb, replies
from privacy.wire.northbound.calls import StopOrderForm
from privacy.wire.northbound.examples import EXAMPLES
from privacy.wire.northbound.fields import PageSize, Whole
from privacy.wire.northbound.recordings import RecordingQuery

Form = type[serializers.Serializer[Any]]
Decorator = Callable[[Any], Any]
APP_KEY = OpenApiParameter("app_key", str, required=True, description="The app_key that signs.")


class ParameterExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A parameter says itself what it takes."""

    target_class = "privacy.wire.northbound.fields.Parameter"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        described: dict[str, Any] = self.target.described()
        return described


def operation(
    name: str, summary: str, form: Form, reply: Form, *, body: bool, extra: tuple[OpenApiParameter, ...] = ()
) -> Decorator:
    """Return what documents one operation: its parameters are a JSON body, or stand in the query."""
    mode = name.partition(".")[0].upper()
    shown: Any = EXAMPLES.get(name, {})
    requests = shown.get("requests") or ({"Request": shown["request"]} if "request" in shown else {})
    examples = [OpenApiExample(title, value=value, request_only=True) for title, value in requests.items()]
    if shown.get("reply"):
        examples.append(OpenApiExample("Success", value=shown["reply"], response_only=True, status_codes=["200"]))
    return extend_schema(
        operation_id=name.replace(".", "_"),
        summary=summary,
        description=description(name),
        tags=[mode],
        request=form if body else None,
        parameters=[*extra] if body else _query(form),
        responses={200: reply},
        examples=examples,
    )


def _query(form: Form) -> list[OpenApiParameter]:
    return [
        OpenApiParameter(
            name,
            int if isinstance(field, Whole | PageSize) else str,
            required=field.required,
            description=str(field.help_text),
        )
        for name, field in form().fields.items()
    ]


AXB = extend_schema_view(
    post=operation("axb.bind", "Bind A and B to an X", axb.BindAXB, replies.BoundAXB, body=True),
    delete=operation("axb.unbind", "End one binding, or all of an X", axb.UnbindAXB, replies.Reply, body=False),
    put=operation("axb.modify", "Change a binding", axb.ModifyAXB, replies.Reply, body=True),
    get=operation("axb.query", "Look at the bindings of an X, or at one", axb.QueryAXB, replies.FoundAXB, body=False),
)
AX = extend_schema_view(
    post=operation("ax.bind", "Give A an X", ax.BindAX, replies.BoundAX, body=True),
    delete=operation("ax.unbind", "End a binding", ax.NamedAX, replies.Reply, body=False),
    put=operation("ax.modify", "Change a binding", ax.ModifyAX, replies.Reply, body=True),
    get=operation("ax.query", "Look at a binding, or at those of an A", ax.NamedAX, replies.FoundAX, body=False),
)
AX_CALLEE = extend_schema_view(
    put=operation("ax.callee", "Say whom A reaches by calling X", ax.CalleeAX, replies.Reply, body=True),
)
AXE = extend_schema_view(
    post=operation("axe.bind", "Give A an extension of an X", axe.BindAXE, replies.BoundAXE, body=True),
    delete=operation("axe.unbind", "End a binding", axe.NamedAXE, replies.Reply, body=False),
    put=operation("axe.modify", "Change a binding", axe.ModifyAXE, replies.Reply, body=True),
    get=operation("axe.query", "Look at a binding", axe.NamedAXE, replies.FoundAXE, body=False),
)
AXYB = extend_schema_view(
    post=operation(
        "axyb.bind", "Give A an X, or B a Y to it", axyb.BindAXYB, replies.BoundAXYB, body=True, extra=(APP_KEY,)
    ),
    delete=operation("axyb.unbind", "End AX with its YB, or one YB", axyb.UnbindAXYB, replies.Reply, body=False),
    get=operation("axyb.query", "Look at an AX and its YB", axyb.QueryAXYB, replies.FoundAXYB, body=False),
)
LOCATION = OpenApiParameter(
    "Location",
    {"type": "string", "format": "uri"},
    OpenApiParameter.HEADER,
    required=True,
    description="A signed link that fetches the file with a plain GET, for a few days.",
    response=[301],
)
RECORDING = extend_schema_view(
    get=extend_schema(
        operation_id="recordings_address",
        summary="Where a recording can be fetched",
        tags=["Every mode"],
        parameters=[*_query(RecordingQuery), LOCATION],
        responses={301: OpenApiResponse(description="The address is in Location; there is no body.")},
    )
)
STOP = extend_schema_view(
    post=extend_schema(
        operation_id="calls_stop",
        summary="End a call",
        tags=["Every mode"],
        request=StopOrderForm,
        responses={200: replies.Reply},
        examples=[
            OpenApiExample("Request", value=EXAMPLES["calls.stop"]["request"], request_only=True),
            OpenApiExample("Success", value=EXAMPLES["calls.stop"]["reply"], response_only=True, status_codes=["200"]),
        ],
    )
)
