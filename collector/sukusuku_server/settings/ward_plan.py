"""What the ward has planned of temporary childcare for a fiscal year."""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from sukusuku_core.errors import Mistake
from sukusuku_core.settings import Settings

FiscalYear = Annotated[int, msgspec.Meta(ge=2000, le=2100)]
Visits = Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]


class WardPlan(Settings, frozen=True, kw_only=True):
    """Child-visits (延べ人数) of a fiscal year, April of `year` to March, as in the five-year plan of the ward."""

    year: FiscalYear
    demand: Visits | None = None
    """量の見込み: how many are expected to be asked for."""
    supply: Visits | None = None
    """確保量: for how many there is room."""


def check_plans(plans: tuple[WardPlan, ...]) -> Iterator[Mistake]:
    """Yield mistakes between plans."""
    years = [plan.year for plan in plans]
    for n, year in enumerate(years):
        if year in years[:n]:
            yield Mistake(f"ward_plan[{n}].year", f"{year} is already at ward_plan[{years.index(year)}]")
