"""The routes of one worker behind an HTTP API, with what all workers share around them."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.typing import LambdaContext

from runtime.ads.errors import AdError
from runtime.web import exact_json
from runtime.web.observability import Worker, observed
from runtime.web.operation import Answer, Function, Operation, inputs_of
from runtime.web.problem import INTERNAL, MEDIA_TYPE, NOT_FOUND, Kind, Problem, ProblemError
from runtime.web.refusals import KINDS, Kinds, problem_of

API_VERSION = "1.0.0"
DESCRIBED = Answer("OpenAPI 3.1")


def answer(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response[str]:
    """A JSON answer, its numbers exact."""
    return Response(int(status), "application/json", exact_json.dumps(body), dict(headers or {}))


def empty(status: int, headers: Mapping[str, str] | None = None) -> Response[str]:
    """An answer without a body."""
    return Response(int(status), None, "", dict(headers or {}))


class Api:
    """One worker's routes. Call it with an event and a context: it is the Lambda handler.

    Every exception becomes a problem; one that nobody foresaw is logged with its stack and tells
    the client nothing but the request's id.
    """

    def __init__(self, kinds: Kinds | None = None) -> None:
        """`kinds` says which problems the errors of this worker's own stores are."""
        self.operations: list[Operation] = []
        self._resolver = APIGatewayHttpResolver()
        self._kinds = {**KINDS, **(kinds or {})}
        self._logger = Logger()
        self._handler: Worker | None = None
        self._resolver.exception_handler(NotFoundError)(self._unknown_route)
        self._resolver.exception_handler([ProblemError, AdError, Exception])(self._refuse)

    def route(
        self,
        method: str,
        path: str,
        *,
        summary: str,
        answers: Mapping[int, Answer],
        problems: Sequence[Kind] = (),
    ) -> Callable[[Function], Function]:
        """Register a function; its parameters are named for their source, as `SOURCES` lists."""

        def register(function: Function) -> Function:
            operation = Operation(
                method, path, function, inputs_of(function), summary, answers, problems
            )
            self.operations.append(operation)
            self._resolver.route(operation.rule, method)(self._resolved(operation))
            return function

        return register

    def describe(self, title: str, others: Callable[[], Iterable[Operation]] = tuple) -> None:
        """Serve the OpenAPI of these operations and of `others` at /openapi.json."""

        def describe_api() -> Response[str]:
            # Only this route needs the generator.
            from runtime.web.openapi import document

            return answer(200, document(title, API_VERSION, [*others(), *self.operations]))

        self.route("GET", "/openapi.json", summary="This description", answers={200: DESCRIBED})(
            describe_api
        )

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Answer one request."""
        if self._handler is None:
            self._handler = observed(self._logger, self._resolve)
        return self._handler(event, context)

    def _resolved(self, operation: Operation) -> Callable[..., Response[str]]:
        def call(**arguments: str) -> Response[str]:
            return operation.call(arguments, self._resolver.current_event.raw_event)

        return call

    def _resolve(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        started = time.perf_counter()
        reply = self._resolver.resolve(event, context)
        self._logger.info(
            "answered",
            method=event["requestContext"]["http"]["method"],
            path=event.get("rawPath"),
            status=reply["statusCode"],
            duration_ms=round((time.perf_counter() - started) * 1000, 3),
        )
        return reply

    def _unknown_route(self, _error: NotFoundError) -> Response[str]:
        return refusal(Problem(NOT_FOUND, "No route has this method and path."))

    def _refuse(self, error: Exception) -> Response[str]:
        problem = problem_of(error, self._kinds)
        if problem is None:
            request_id = self._resolver.current_event.raw_event["requestContext"].get("requestId")
            problem = Problem(INTERNAL, f"The cause is in the log, under request {request_id}.")
        if problem.kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._logger.error(problem.kind.title, exc_info=error)
        return refusal(problem)


def refusal(problem: Problem) -> Response[str]:
    """A problem as an answer."""
    body = exact_json.dumps(problem.body())
    return Response(problem.kind.status, MEDIA_TYPE, body, dict(problem.headers))
