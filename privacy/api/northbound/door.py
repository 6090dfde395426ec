"""The door of the northbound API: the checks in the order of northbound.md 9, one handler, one answer, one entry."""

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from rest_framework.views import APIView

from accounts import flow
from accounts.authentication import authenticate
from accounts.models import Account, Application
from accounts.refusals import Refused
from common.errors import BadInput, MasklineError, NotReady
from privacy.api import bodies
from privacy.api.northbound import answers, codes, idempotency, orders, requests
from privacy.api.northbound.orders import Order
from privacy.api.northbound.requests import Entry
from privacy.bindings.orders import Actor
from privacy.bindings.problems import BindingRefused, OwnNumber

__all__ = ["ApiProblem", "Endpoint", "Order"]

log = logging.getLogger(__name__)
# A bind with every parameter has less than 8 KiB.
LARGEST_BODY = 1024 * 1024


class ApiProblem(MasklineError):
    """An order is refused with a code of northbound.md 9 that no BindingRefused stands for."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class FlowControlled(MasklineError):
    """Too many requests of one application (1010010) or address (1011006) at this moment."""

    def __init__(self, code: str, retry_after: int) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class Endpoint(APIView):
    """One path of the API.

    `operations` names what each method does there, and `post_order`, `get_order`, `put_order` and `delete_order` do it:
    they return the fields of a success, or the whole answer. They raise BadInput (1010002 naming the parameter),
    BindingRefused (the mode's code) or ApiProblem (its code). With `mode`, applications of other modes get 1010040.
    """

    mode: ClassVar[Application.Mode | None] = None
    operations: ClassVar[Mapping[str, str]] = {}
    # Whether the door keeps answers by Idempotency-Key, in a transaction around the order. An operation that waits for
    # somebody else's server sees to repeats itself.
    keeps_answers: ClassVar[bool] = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give each method of `operations` a name of Django's, by which the OpenAPI file finds it."""
        super().__init_subclass__(**kwargs)
        for method in cls.operations:
            if method.lower() not in cls.__dict__:
                setattr(cls, method.lower(), _documented(method))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the answer to a request, after it has been kept."""
        entry = requests.begin(request)
        entry.operation = self.operations.get(entry.method, "")
        response = self._answer(request, entry)
        entry.code = entry.code or getattr(response, "resultcode", "")
        response["X-Request-Id"] = str(entry.id)
        requests.keep(entry, response)
        return answers.finish(response, head=entry.method == "HEAD")

    def handle(self, order: Order) -> dict[str, Any] | HttpResponse:
        """Do what is ordered; return the fields of a success, or an answer."""
        done: dict[str, Any] | HttpResponse = getattr(self, f"{order.method.lower()}_order")(order)
        return done

    def _answer(self, request: HttpRequest, entry: Entry) -> HttpResponse:
        try:
            return self._obey(request, entry)
        except Refused as refused:
            entry.refused(refused)
            return answers.refusal(refused.code, refused.description, refused.http_status)
        except FlowControlled as controlled:
            entry.step = "flow"
            return _later(_refusal(codes.of_code(controlled.code)), controlled.retry_after)
        except BadInput as problem:
            entry.parameter = problem.field
            return _refusal(codes.of_code(codes.INVALID, str(problem)))
        except ApiProblem as problem:
            return _refusal(codes.of_code(problem.code))
        except (OperationalError, InterfaceError, InternalError) as error:
            # Away, full, read-only, out of connections or locked for too long; any other error is a fault of ours.
            log.warning("request %s: the database is away: %s", entry.id, type(error.__cause__ or error).__name__)
            return _unavailable()
        except NotReady as problem:
            log.warning("request %s: %s", entry.id, problem)
            return _unavailable()
        except Exception:
            log.exception("request %s failed", entry.id)
            return _refusal(codes.of_code(codes.INTERNAL))

    def _obey(self, request: HttpRequest, entry: Entry) -> HttpResponse:
        """Check and carry out. Raises whatever refuses it."""
        body = _read_body(request, entry)
        if not entry.operation:
            raise ApiProblem(codes.WRONG_METHOD)
        application = _signer(request, entry, body or b"")
        entry.application, entry.app_key = application, application.app_key
        _control_flow(application, entry)
        if self.mode is not None and application.mode != self.mode:
            raise ApiProblem(codes.WRONG_MODE)
        if application.account.state == Account.State.ARREARS:
            raise ApiProblem(codes.FROZEN)
        if body is None:
            raise BadInput("body", f"is larger than {LARGEST_BODY} bytes")
        order = _order(request, entry, application, body)
        try:
            response = self._answer_once(request, order, body, entry.operation)
        finally:
            entry.binding_id = order.binding.pk if order.binding else None
        if response.has_header(idempotency.REPLAYED):
            entry.detail = "answered as the first time (Idempotency-Key)"
        return response

    def _answer_once(self, request: HttpRequest, order: Order, body: bytes, operation: str) -> HttpResponse:
        if not self.keeps_answers:
            return self._carry_out(order, operation)
        return idempotency.answer_once(request, order, body, lambda: self._carry_out(order, operation))

    def _carry_out(self, order: Order, operation: str) -> HttpResponse:
        """Return the answer to an order, also to one that is refused for a reason of trade."""
        try:
            with idempotency.undone_if_refused():
                done = self.handle(order)
        except ApiProblem as problem:
            return _refusal(codes.of_code(problem.code))
        except OwnNumber as problem:
            raise codes.bad_party(problem, order.application.mode) from problem
        except BindingRefused as problem:
            return _refusal(codes.answer(problem, order.application.mode, operation))
        return done if isinstance(done, HttpResponse) else answers.success(**done)


def _read_body(request: HttpRequest, entry: Entry) -> bytes | None:
    """Return the body, and note it; None when it is too large, which is told once the signature is checked."""
    try:
        entry.body = bodies.read(request, LARGEST_BODY)
    except bodies.TooLarge:
        bodies.drain(request, LARGEST_BODY)
        return None
    return entry.body


def _signer(request: HttpRequest, entry: Entry, body: bytes) -> Application:
    principal = authenticate(request.headers, address=entry.address, door="customer", now=entry.at, body=body)
    assert principal.application is not None
    return principal.application


def _control_flow(application: Application, entry: Entry) -> None:
    """Raise FlowControlled when the application or the address has used up its share (northbound.md 12)."""
    verdict = flow.take(application.pk, entry.address)
    if verdict.refused is not None:
        code = codes.PLATFORM_FLOW if verdict.refused == "application" else codes.REQUESTER_FLOW
        raise FlowControlled(code, verdict.retry_after)


def _order(request: HttpRequest, entry: Entry, application: Application, body: bytes) -> Order:
    query = orders.read_query(request)
    return Order(
        application=application,
        request_id=entry.id,
        now=entry.at,
        method=entry.method,
        parameters=orders.read_parameters(request, body, query),
        query=query,
        actor=Actor(request_id=entry.id),
    )


def _refusal(answer: codes.Answer) -> HttpResponse:
    return answers.refusal(answer.code, answer.description, answer.http_status)


def _unavailable() -> HttpResponse:
    _, text = codes.TEXTS[codes.INTERNAL]
    return _later(answers.refusal(codes.INTERNAL, text, 503), answers.RETRY_AFTER_SECONDS)


def _later(response: HttpResponse, seconds: int) -> HttpResponse:
    response["Retry-After"] = str(seconds)
    return response


def _documented(method: str) -> Any:
    def documented(self: Endpoint, request: HttpRequest) -> HttpResponse:
        return self.dispatch(request)

    documented.__name__ = method.lower()
    documented.__doc__ = None
    return documented
