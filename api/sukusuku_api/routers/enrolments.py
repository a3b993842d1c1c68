"""Edge nodes that come with a one-time code and get their key and certificate, and those that renew theirs."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated

from fastapi import Path, Request
from pydantic import BaseModel, ConfigDict, Field

from sukusuku_api.access.authentication import client_address
from sukusuku_api.dependencies import Context, PublicContext
from sukusuku_api.problems import ProblemError, documented
from sukusuku_api.routes import resource
from sukusuku_api.schemas.collection import Shape
from sukusuku_core.renewal import Asked
from sukusuku_server.db.enrolments import Asking as EnrolmentAsking
from sukusuku_server.db.enrolments import Enrolments
from sukusuku_server.db.node_certificates import NodeCertificates
from sukusuku_server.db.sign_in_attempts import SignInAttempts
from sukusuku_server.settings import authority

router = resource("/enrolments", "enrolments")

_Hex = Annotated[str, Field(pattern="^[0-9a-f]+$", min_length=32, max_length=64)]


_Request = Annotated[str, Field(max_length=4000, description="Of a certificate for its new key, as PEM; empty: none")]


class Asking(BaseModel):
    """The random number of an edge node, and the proof that it has the code."""

    model_config = ConfigDict(extra="forbid")

    challenge: _Hex
    request: _Request = ""
    proof: _Hex


class Renewing(BaseModel):
    """The random number of an edge node that has a key, the proof of that, and the serial of its certificate."""

    model_config = ConfigDict(extra="forbid")

    challenge: _Hex
    serial: str = Field(pattern="^[0-9a-f]*$", max_length=40)
    request: _Request = ""
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
    asked = EnrolmentAsking(asking.challenge, asking.request, asking.proof)
    with _one_guess(context, request, f"enrolment of {node}") as now:
        proved = Enrolments(context.operations).accept(node, asked, context.facility.certificates, now)
        if proved is None:
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                "This code opens nothing: it was used, is older than ten minutes, or was mistyped. "
                "Make another one on the server: sukusuku enrol FACILITY.toml NODE",
            )
    return EnrolledOut(answer=proved.answer.decode(), proof=proved.proof)


@router.post(
    "/{node}/certificate",
    summary="Renew the certificate of an edge node",
    responses=documented(HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS),
)
def renew(
    node: Annotated[str, Path(max_length=63, examples=["tobu-pi"])],
    asking: Renewing,
    request: Request,
    context: PublicContext,
) -> EnrolledOut:
    """Tell an edge node by whom it knows the broker, and give it a new certificate when it asks for one.

    Its key is the proof, so this also works when its certificate has ended.
    """
    asked = Asked(challenge=asking.challenge, serial=asking.serial, request=asking.request, proof=asking.proof)
    with _one_guess(context, request, f"renewal of {node}") as now:
        settings = context.facility.certificates
        if settings is None:
            raise ProblemError(HTTPStatus.FORBIDDEN, "facility.toml has no [certificates]: edge nodes get none here.")
        proved = NodeCertificates(context.operations).renew(
            node, asked, authority.pem(context.facility.broker.ca_file), settings.valid_days, now
        )
        if proved is None:
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                "The server does not know the key of this node, or has revoked it. "
                "Enrol it again: sukusuku enrol FACILITY.toml NODE",
            )
    return EnrolledOut(answer=proved.answer.decode(), proof=proved.proof)


@contextmanager
def _one_guess(context: Context, request: Request, what: str) -> Iterator[int]:
    """Admit one try of a proof and forget it when the block ends well. The value is the time, UTC ms.

    Raises ProblemError after too many tries, and instead of a ValueError of the block: a request that cannot be read.
    """
    now, guesses, whence = context.clock(), SignInAttempts(context.operations), client_address(request)
    if guesses.admit(what, whence, now):
        raise ProblemError(HTTPStatus.TOO_MANY_REQUESTS, "Too many tries. Wait a minute.")
    try:
        yield now
    except ValueError as error:
        text = f"request: expected one for a certificate, as PEM: {error}"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, text) from error
    guesses.succeeded(what, whence)
