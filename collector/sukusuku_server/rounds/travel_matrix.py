"""How far and how long it is from place to place. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from sukusuku_server.settings.rounds import Routing

EARTH_KM = 6371.0
"""Mean radius of the Earth."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A site or depot on the map, WGS 84 degrees."""

    id: str
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Matrix:
    """Kilometres and seconds from each place (row) to each (column). `source` says in English how they are known."""

    spots: tuple[Spot, ...]
    km: tuple[tuple[float, ...], ...]
    seconds: tuple[tuple[int, ...], ...]
    source: str

    def index(self, spot: str) -> int:
        """Return the row and column of a place. Raises StopIteration for an unknown one."""
        return next(n for n, found in enumerate(self.spots) if found.id == spot)


def great_circle_km(a: Spot, b: Spot) -> float:
    """Return the way of a bird (haversine formula)."""
    lat_a, lat_b = radians(a.lat), radians(b.lat)
    north, east = sin((lat_b - lat_a) / 2), sin(radians(b.lon - a.lon) / 2)
    return 2 * EARTH_KM * asin(min(1.0, sqrt(north**2 + cos(lat_a) * cos(lat_b) * east**2)))


def estimated(spots: Sequence[Spot], routing: Routing) -> Matrix:
    """Return the great circle x `detour` at `kmh`; single pairs as the settings say."""
    km = tuple(tuple(great_circle_km(a, b) * routing.detour for b in spots) for a in spots)
    seconds = tuple(tuple(round(way / routing.kmh * 3600) for way in row) for row in km)
    source = f"great circle x {routing.detour:g} at {routing.kmh:g} km/h"
    return with_pairs(Matrix(tuple(spots), km, seconds, source), routing)


def with_pairs(matrix: Matrix, routing: Routing) -> Matrix:
    """Return the matrix with the pairs that the settings correct."""
    ways = {frozenset(pair.between): pair for pair in routing.pair}
    km, seconds = [list(row) for row in matrix.km], [list(row) for row in matrix.seconds]
    for a, start in enumerate(matrix.spots):
        for b, end in enumerate(matrix.spots):
            pair = ways.get(frozenset((start.id, end.id)))
            if pair is not None:
                km[a][b], seconds[a][b] = pair.km, round(pair.minutes * 60)
    return Matrix(matrix.spots, tuple(map(tuple, km)), tuple(map(tuple, seconds)), matrix.source)
