"""Ways from an OSRM server (`/table`). Without an answer the estimate stands, and the matrix says so."""

from collections.abc import Sequence
from dataclasses import replace
from http.client import HTTPException
from typing import Annotated, Literal, TypeVar
from urllib.error import HTTPError
from urllib.request import urlopen

import msgspec

from sukusuku_core.errors import TransientError
from sukusuku_server.rounds.travel_matrix import Matrix, Spot, estimated, with_pairs
from sukusuku_server.settings.rounds import Routing

TIMEOUT_S = 5.0
MAX_BYTES = 16_000_000
"""More is no table of ours: 400 places make 4 MB."""

N = TypeVar("N", int, float)
_Number = Annotated[float, msgspec.Meta(ge=0, le=10_000_000)]
_Rows = tuple[tuple[_Number | None, ...], ...]


class _Table(msgspec.Struct, frozen=True):
    """The answer of `/table/v1` with `annotations=duration,distance`: seconds and metres, null where no road leads."""

    code: Literal["Ok"]
    durations: _Rows
    distances: _Rows


def measured(spots: Sequence[Spot], routing: Routing) -> Matrix:
    """Return the matrix by the server of the settings, or the estimate when there is none or it does not answer."""
    estimate = estimated(spots, routing)
    if routing.osrm_url is None:
        return estimate
    try:
        table = _ask(spots, routing.osrm_url)
    except TransientError as error:
        return replace(estimate, source=f"{estimate.source} (OSRM: {error})")
    km = _filled([[None if way is None else way / 1000 for way in row] for row in table.distances], estimate.km)
    seconds = _filled(
        [[None if way is None else round(way) for way in row] for row in table.durations], estimate.seconds
    )
    return with_pairs(Matrix(tuple(spots), km, seconds, "OSRM"), routing)


def _ask(spots: Sequence[Spot], url: str) -> _Table:
    places = ";".join(f"{spot.lon:.6f},{spot.lat:.6f}" for spot in spots)
    address = f"{url.rstrip('/')}/table/v1/driving/{places}?annotations=duration,distance"
    try:
        with urlopen(address, timeout=TIMEOUT_S) as answer:  # noqa: S310 - the settings allow http and https only
            table = msgspec.json.decode(answer.read(MAX_BYTES), type=_Table)
    except HTTPError as error:
        with error:
            raise TransientError(f"status {error.code}") from error
    except (OSError, HTTPException, msgspec.DecodeError) as error:
        raise TransientError(str(error)) from error
    if any([len(row) for row in rows] != [len(spots)] * len(spots) for rows in (table.durations, table.distances)):
        raise TransientError(f"the table has not {len(spots)} rows and columns")
    return table


def _filled(rows: Sequence[Sequence[N | None]], instead: Sequence[Sequence[N]]) -> tuple[tuple[N, ...], ...]:
    """Return the rows with the estimate where there is nothing."""
    return tuple(
        tuple(there if way is None else way for way, there in zip(row, estimates, strict=True))
        for row, estimates in zip(rows, instead, strict=True)
    )
