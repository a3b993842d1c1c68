"""The `from` and `to` of a request."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query

from sukusuku_api.problem import ProblemError
from sukusuku_api.times import parse

Time = Annotated[str | None, Query(max_length=64)]
DAY_MS = 86_400_000
FROM = Query(alias="from", description="ISO 8601 (without offset: Japan's time) or UTC ms")
TO = Query(alias="to", description="As `from`; not included; default: now")


def between(start: str | None, end: str | None, now: int, default_ms: int) -> tuple[int, int]:
    """The stretch in UTC ms; without `from` it is `default_ms` long. Raises ProblemError with what is wrong."""
    times: dict[str, int | None] = {}
    for name, text in (("from", start), ("to", end)):
        try:
            times[name] = None if text is None else parse(text)
        except ValueError as error:
            raise invalid(f"query.{name}", f"{error}; found {text!r}") from error
    stop = now if times["to"] is None else times["to"]
    first = stop - default_ms if times["from"] is None else times["from"]
    if first >= stop:
        raise invalid("query.from", "must be before `to`")
    return max(first, 0), stop


def invalid(field: str, message: str) -> ProblemError:
    """The problem of a request in which one field is wrong."""
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not valid.", errors=[(field, message)])
