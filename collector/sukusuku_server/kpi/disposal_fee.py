"""What disposal costs: the fee tables of wards as data, with source and first day. Money in yen, weight in kg. Pure."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from importlib.resources import files

from sukusuku_core.settings import Settings, parse
from sukusuku_server.settings import Language


class Source(Settings, frozen=True, kw_only=True):
    """Where a fee is published."""

    ja: str
    en: str
    at: str
    """Page or document."""

    def __getitem__(self, language: Language) -> str:
        return f"{self.ja if language == 'ja' else self.en} ({self.at})"


class FeeTable(Settings, frozen=True, kw_only=True):
    """The fees of a municipality for business waste that can be burnt."""

    name_ja: str
    name_en: str
    since: date
    """The day from which these fees hold."""
    source: tuple[Source, ...]
    yen_per_kg: float
    """When the ward or a licensed hauler collects; for haulers it is the ceiling."""
    ticket_yen: dict[str, float]
    """Price of a paid ticket by the size of the bag in litres."""
    daily_limit_kg: float
    """From so much a day on, on average or once, the ward does not collect from a site any more."""

    def by_weight(self, kg: float) -> float:
        """Return what a weight costs."""
        return kg * self.yen_per_kg

    def by_ticket(self, bags: int, litres: int) -> float:
        """Return what bags with tickets cost. Raises KeyError for a size that there is no ticket for."""
        return bags * self.ticket_yen[str(litres)]


class Fees(Settings, frozen=True, kw_only=True):
    """Every table of fees, in order of the days from which they hold."""

    table: tuple[FeeTable, ...]

    def on(self, day: date) -> FeeTable:
        """Return the fees that hold on a day; of days before the first table, that one."""
        return next((table for table in reversed(self.table) if table.since <= day), self.table[0])

    def days_over(self, kg_by_day: Mapping[date, float]) -> list[date]:
        """Return the days on which a site put out as much as the ward did not collect any more."""
        return sorted(day for day, kg in kg_by_day.items() if kg >= self.on(day).daily_limit_kg)


@lru_cache
def all_fees() -> Fees:
    """Return the fees of Tokyo's 23 wards with Toshima's limit per day, from `fees.toml`."""
    text = (files("sukusuku_server.kpi") / "fees.toml").read_text(encoding="utf-8")
    return parse(text, Fees, "fees.toml")
