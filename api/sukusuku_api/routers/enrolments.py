"""Edge nodes that come with a one-time code, and get their key and how the broker is reached."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from sukusuku_api.access.authentication import client_address
from sukusuku_api.dependencies import PublicContext
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.schemas.collection import Shape
from sukusuku_server.db.enrolments import Enrolments
from sukusuku_server.db.sign_in_attempts import SignInAttempts

router = APIRouter(prefix="/enrolments", tags=["enrolments"])

_Hex = Annotated[str, Field(pattern="^[0-9a-f]+$", min_length=32, max_length=64)]


class Asking(BaseModel):
    """The random number of an edge node, and the proof that it has the code; see `sukusuku_core/enrolment.py`."""

    model_config = ConfigDict(extra="forbid")

    challenge: _Hex
    proof: _Hex


class EnrolledOut(Shape):
    """What the edge node is told, as a JSON text, and the proof over that text."""

    answer: str
    proof: str


@router.post(
    "/{node}",
    summary="Enrol an edge node",
    responses=documented(HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS),
)
def enrol(
    node: Annotated[str, Path(max_length=63, examples=["tobu-pi"])],
    asking: Asking,
    request: Request,
    context: PublicContext,
) -> EnrolledOut:
    """Give an edge node its key. Its proof shows that it has the code that `sukusuku enrol` has printed.

    The key itself is not in the answer: both sides make it from the code and what they tell each other here.
    """
    now, guesses = context.clock(), SignInAttempts(context.operations)
    if guesses.admit(f"enrolment of {node}", client_address(request), now):
        raise ProblemError(HTTPStatus.TOO_MANY_REQUESTS, "Too many tries. Wait a minute.")
    found = Enrolments(context.operations).accept(node, asking.challenge, asking.proof, now)
    if found is None:
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "This code opens nothing: it was used, is older than ten minutes, or was mistyped. "
            "Make another one on the server: sukusuku enrol FACILITY.toml NODE",
        )
    guesses.succeeded(f"enrolment of {node}", client_address(request))
    return EnrolledOut(answer=found.answer.decode(), proof=found.proof)
