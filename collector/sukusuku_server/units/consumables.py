"""How long what is consumed will last: film in the unit, bags and cassettes on the shelf. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from sukusuku_core.time import DAY_MS
from sukusuku_server.model.collection import Entry
from sukusuku_server.settings.collection import Collection
from sukusuku_server.units import arrival_rates as rate
from sukusuku_server.units.arrival_rates import Opening, Rates

LOOK_BACK_DAYS = 28
"""Days of the past from which the use of a shelf is taken."""


@dataclass(frozen=True, slots=True)
class FilmLeft:
    """The film in a unit: whole cycles that it lasts, and days at the pace of the coming week (None: no use)."""

    cycles: float
    days: float | None


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is left on a shelf and for how many days (None: nothing has been used lately, or nothing is counted).

    `left` below 0: more was used than there can have been; somebody should count.
    """

    left: int
    used: int
    """Since the last counting."""
    counted: int | None
    """When it was last counted; None: never, only deliveries are known."""
    days: float | None


def film(
    settings: Collection, remaining: float, nappies_per_cycle: float, rates: Rates, opening: Opening, now: int
) -> FilmLeft:
    """`remaining` percent of film. Days count all days; the coming week's closing days and holidays are known."""
    cycles = max(0.0, remaining) / 100 * settings.film_cycles
    week = sum(piece.nappies for piece in rate.expected(rates, opening, now, now + 7 * DAY_MS))
    return FilmLeft(float(int(cycles)), cycles * nappies_per_cycle / week * 7 if week > 0 else None)


def shelf(entries: Sequence[Entry], uses: Sequence[int], now: int) -> Shelf | None:
    """Return a shelf of bags or cassettes at `now`.

    `uses` are the times at which one was taken: emptyings, film changes.

    None: nobody has ever said what is on it. Entries and uses in any order; later ones than `now` do not count.
    """
    known = sorted((entry for entry in entries if entry.time <= now), key=lambda entry: entry.time)
    if not known:
        return None
    last = max((place for place, entry in enumerate(known) if entry.counted), default=0)
    since = known[last].time
    used = sum(1 for time in uses if since < time <= now)
    left = sum(entry.count for entry in known[last:]) - used
    first = min((time for time in uses if time <= now), default=now)
    begun = max(now - LOOK_BACK_DAYS * DAY_MS, first)
    lately = sum(1 for time in uses if begun <= time <= now)
    pace = lately / max((now - begun) / DAY_MS, 7.0)
    return Shelf(left, used, since if known[last].counted else None, max(0, left) / pace if lately else None)
