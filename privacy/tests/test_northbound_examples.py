"""The examples of the OpenAPI file are such as the API takes and gives."""

from typing import Any

import pytest
from rest_framework import serializers

from privacy.tests.northbound_tables import misfits
from privacy.wire.northbound import ax, axb, axe, axyb, replies
from privacy.wire.northbound.examples import EXAMPLES

FORMS = {
    "ax.bind": ax.BindAX,
    "ax.modify": ax.ModifyAX,
    "ax.callee": ax.CalleeAX,
    "axb.bind": axb.BindAXB,
    "axb.modify": axb.ModifyAXB,
    "axe.bind": axe.BindAXE,
    "axe.modify": axe.ModifyAXE,
    "axyb.bind": axyb.BindAXYB,
}
REPLIES: dict[str, type[serializers.Serializer[Any]]] = {
    "ax.bind": replies.BoundAX,
    "ax.query": replies.FoundAX,
    "axb.bind": replies.BoundAXB,
    "axb.query": replies.FoundAXB,
    "axe.bind": replies.BoundAXE,
    "axe.query": replies.FoundAXE,
    "axyb.bind": replies.BoundAXYB,
    "axyb.query": replies.FoundAXYB,
}


@pytest.mark.parametrize("name", FORMS)
def test_an_example_of_a_request_is_taken_and_leaves_out_nothing(name: str) -> None:
    shown = EXAMPLES[name]
    for request in [shown["request"]] if "request" in shown else shown["requests"].values():
        form = FORMS[name](data=request)
        assert form.is_valid(), form.errors
        assert set(request) <= set(form.fields)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if "reply" in EXAMPLES[name]])
def test_an_example_of_an_answer_is_as_its_reply(name: str) -> None:
    assert not [*misfits(REPLIES.get(name, replies.Reply)(), EXAMPLES[name]["reply"])]


@pytest.mark.parametrize("form", FORMS.values())
def test_every_parameter_is_explained(form: type[serializers.Serializer[Any]]) -> None:
    assert all(field.help_text for field in form().fields.values())
