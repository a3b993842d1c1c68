"""Every error of the API as RFC 9457 problem details (`application/problem+json`)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException

from sukusuku_api.request_ids import HEADER
from sukusuku_core import logs

MEDIA_TYPE = "application/problem+json"
_SCHEMAS = "#/components/schemas/"
_NAMES = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content",
}
"""As RFC 9110 has them, and `HTTPStatus.phrase` only since Python 3.13."""


class FieldError(BaseModel):
    """One thing that is wrong with a request."""

    field: str = Field(description="Where: `query.from`, `body.by`", examples=["query.from"])
    message: str = Field(description="What is wrong and what is allowed")


class Problem(BaseModel):
    """RFC 9457 problem details; `errors` and `available` are extensions."""

    type: str = Field("about:blank", description="Always `about:blank`: the status says everything")
    title: str = Field(description="The name of the HTTP status", examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str | None = Field(None, description="What happened, for a person")
    errors: list[FieldError] | None = Field(None, description="With 422: every field that is wrong")
    available: list[str] | None = Field(None, description="With 404: the ids or names that exist")


class ProblemError(Exception):
    """Raised by a handler to answer with a problem."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        errors: Sequence[tuple[str, str]] = (),
        available: Sequence[str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.available = available
        self.headers = headers


def response(
    status: HTTPStatus,
    detail: str | None = None,
    *,
    errors: Sequence[tuple[str, str]] = (),
    available: Sequence[str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a problem as an HTTP response."""
    body: dict[str, Any] = {"type": "about:blank", "title": _name(status), "status": int(status)}
    if detail is not None:
        body["detail"] = detail
    if errors:
        body["errors"] = [{"field": field, "message": message} for field, message in errors]
    if available is not None:
        body["available"] = list(available)
    return Response(msgspec.json.encode(body), status, headers=headers, media_type=MEDIA_TYPE)


def of_bug() -> Response:
    """Return an error of the program, which the server logs. It is answered outside of `RequestIds`."""
    ident = logs.REQUEST.get()
    return response(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        f"Something went wrong here. The server's log says what, under {ident}.",
        headers={HEADER: ident},
    )


def of_problem(error: ProblemError) -> Response:
    """Return what a handler raised."""
    return response(error.status, error.detail, errors=error.errors, available=error.available, headers=error.headers)


def of_transient() -> Response:
    """Return that a database does not answer."""
    return response(HTTPStatus.SERVICE_UNAVAILABLE, "The data cannot be read right now. Try again soon.")


def of_http(request: Request, error: HTTPException) -> Response:
    """Return what the framework raised: a path or a method that there is not."""
    status = HTTPStatus(error.status_code)
    details = {
        HTTPStatus.NOT_FOUND: f"There is nothing at {request.url.path}.",
        HTTPStatus.METHOD_NOT_ALLOWED: f"{request.method} is not allowed at {request.url.path}.",
    }
    return response(status, details.get(status, error.detail), headers=error.headers)


def of_invalid(error: RequestValidationError) -> Response:
    """Return every field of a request that is wrong."""
    errors = [(".".join(map(str, item["loc"])), str(item["msg"])) for item in error.errors()]
    return response(HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not valid.", errors=errors)


def documented(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries for the problems that a route may answer with."""
    schema = {"$ref": f"{_SCHEMAS}{Problem.__name__}"}
    return {int(s): {"description": _name(s), "content": {MEDIA_TYPE: {"schema": schema}}} for s in statuses}


def schemas() -> dict[str, Any]:
    """Describe a problem, and the models in it, for OpenAPI: schemas by name."""
    _, found = models_json_schema([(Problem, "serialization")], ref_template=f"{_SCHEMAS}{{model}}")
    described: dict[str, Any] = found["$defs"]
    return described


def _name(status: HTTPStatus) -> str:
    return _NAMES.get(status, status.phrase)
