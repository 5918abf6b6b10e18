"""A JSON API made of operations: routed, guarded, and described.

The description (OpenAPI 3.1) is made of the same operations, so that it cannot say anything else.
"""

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mox.http.bodies import read_json
from mox.http.jsontypes import encode, read_value, schema_of
from mox.http.problems import ProblemError

__all__ = ["Answer", "Api", "Cookie", "Operation", "Parameter"]

T_co = TypeVar("T_co", covariant=True)

_LONGEST_NUMBER = 15

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Something in the address of a request; `name` is also the argument's of the call.

    Attributes:
        is_query: Behind the question mark, and optional; else in the path.
        is_number: A whole number; else text.
    """

    name: str
    doc: str
    is_query: bool = False
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that the API does.

    Attributes:
        path: Below the API's root; a part in braces is a parameter.
        summary: One sentence.
        call: Takes what the guard returned, then parameters and `body` by name; what its annotations say of
            `body` and of the result goes into the description.
        is_open: Needs no session.
    """

    method: str
    path: str
    summary: str
    call: Callable[..., Awaitable[object]]
    parameters: tuple[Parameter, ...] = ()
    is_open: bool = False

    @property
    def body(self) -> Any:
        """The type of the body; None for none."""
        return get_type_hints(inspect.unwrap(self.call)).get("body")

    @property
    def result(self) -> Any:
        """The type of the result; NoneType for none."""
        result = get_type_hints(inspect.unwrap(self.call)).get("return")
        return get_args(result)[0] if get_origin(result) is Answer else result


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie for the pages of a site; `max_age` None: until the browser ends, 0: forget it."""

    name: str
    value: str
    path: str
    is_secure: bool
    max_age: int | None = None


@dataclass(frozen=True, slots=True)
class Answer(Generic[T_co]):
    """A result that comes with cookies."""

    value: T_co
    cookies: tuple[Cookie, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Operations with what surrounds them.

    Attributes:
        guard: Returns who calls, or raises `ProblemError`.
        security: Of OpenAPI: schemes by name, all of which an operation with a session needs.
    """

    title: str
    version: str
    description: str
    operations: Sequence[Operation]
    guard: Callable[[Request, Operation], Awaitable[object]]
    security: Mapping[str, object] = field(default_factory=dict)

    def routes(self, root: str) -> list[Route]:
        """Return routes below a root that ends with a slash; the description is at `openapi.json`."""
        document = json.dumps(self.document()).encode()

        async def description(_request: Request) -> Response:
            return Response(document, media_type="application/json", headers={"cache-control": "no-cache"})

        return [
            Route(f"{root}openapi.json", description, methods=["GET"]),
            *(
                Route(root + path, _dispatched(by_method), methods=list(by_method))
                for path, by_method in self._endpoints().items()
            ),
        ]

    def _endpoints(self) -> dict[str, dict[str, Endpoint]]:
        """Return endpoints by path and method: a refusal names all methods of a path."""
        found: dict[str, dict[str, Endpoint]] = {}
        for each in self.operations:
            found.setdefault(each.path, {})[each.method] = self._endpoint(each)
        return found

    def _endpoint(self, operation: Operation) -> Endpoint:
        body_type = operation.body

        async def endpoint(request: Request) -> Response:
            caller = await self.guard(request, operation)
            given: dict[str, object] = {
                each.name: value
                for each in operation.parameters
                if (value := _parameter(each, request)) is not None
            }
            if body_type is not None:
                given["body"] = read_value(body_type, await read_json(request))
            return _response(await operation.call(caller, **given))

        return endpoint

    def document(self) -> dict[str, object]:
        """Return the description (OpenAPI 3.1)."""
        components: dict[str, object] = {"Problem": _PROBLEM}
        paths: dict[str, dict[str, object]] = {}
        for each in self.operations:
            path = f"/{each.path}".replace(":path}", "}")
            paths.setdefault(path, {})[each.method.lower()] = self._described(each, components)
        return {
            "openapi": "3.1.0",
            "info": {"title": self.title, "version": self.version, "description": self.description},
            "servers": [{"url": "."}],
            "paths": paths,
            "components": {"schemas": components, "securitySchemes": dict(self.security)},
        }

    def _described(self, operation: Operation, components: dict[str, object]) -> dict[str, object]:
        described: dict[str, object] = {
            "operationId": getattr(operation.call, "__name__", operation.path),
            "summary": operation.summary,
            "responses": {
                **_success(operation.result, components),
                "default": {
                    "description": "It was refused, or failed.",
                    "content": {
                        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                    },
                },
            },
            "security": [] if operation.is_open else [{name: [] for name in self.security}],
        }
        if operation.parameters:
            described["parameters"] = [
                {
                    "name": each.name,
                    "in": "query" if each.is_query else "path",
                    "required": not each.is_query,
                    "description": each.doc,
                    "schema": {"type": "integer", "minimum": 0} if each.is_number else {"type": "string"},
                }
                for each in operation.parameters
            ]
        if operation.body is not None:
            schema = schema_of(operation.body, components)
            described["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": schema}},
            }
        return described


_PROBLEM = {
    "type": "object",
    "description": "Why something was refused or failed (RFC 9457).",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence for people."},
        "code": {"type": "string", "description": "For programs; stays the same."},
        "field": {"type": "string", "description": "Name of the field that is to blame."},
    },
    "required": ["type", "title", "status", "detail", "code"],
}


def _dispatched(by_method: Mapping[str, Endpoint]) -> Endpoint:
    async def dispatch(request: Request) -> Response:
        # HEAD is answered as GET; its body is left out on the way.
        method = "GET" if request.method == "HEAD" else request.method
        return await by_method[method](request)

    return dispatch


def _success(result: Any, components: dict[str, object]) -> dict[str, object]:
    if result in {None, type(None)}:
        return {"204": {"description": "Done."}}
    schema = schema_of(result, components)
    return {"200": {"description": "Done.", "content": {"application/json": {"schema": schema}}}}


def _parameter(parameter: Parameter, request: Request) -> object:
    source = request.query_params if parameter.is_query else request.path_params
    text = source.get(parameter.name)
    if text is None or not parameter.is_number:
        return text
    if not text.isascii() or not text.isdecimal() or len(text) > _LONGEST_NUMBER:
        raise ProblemError(
            422, f"{parameter.name} must be a whole number.", code="wrong-value", field=parameter.name
        )
    return int(text)


def _response(result: object) -> Response:
    answer = result if isinstance(result, Answer) else Answer(result)
    # What the API tells is this person's, and of this moment.
    headers = {"cache-control": "no-store"}
    if answer.value is None:
        response = Response(status_code=204, headers=headers)
    else:
        body = json.dumps(encode(answer.value), ensure_ascii=False).encode()
        response = Response(body, headers=headers, media_type="application/json")
    for cookie in answer.cookies:
        response.set_cookie(
            cookie.name,
            cookie.value,
            path=cookie.path,
            max_age=cookie.max_age,
            secure=cookie.is_secure,
            httponly=True,
            samesite="strict",
        )
    return response
