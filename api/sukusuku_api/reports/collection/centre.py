"""The tables of the report on collection about one centre: its days or months, its units, its emptyings. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from sukusuku_api.reports.collection import words
from sukusuku_api.reports.collection.accounts import Accounts
from sukusuku_api.reports.collection.columns import columns
from sukusuku_api.reports.collection.values import of_kpi, of_part
from sukusuku_api.reports.model import Cell, Chart, Column, Kind, Moment, Shape, Sheet, Table
from sukusuku_core.time import local_day
from sukusuku_server.kpi.unit_month import total
from sukusuku_server.settings import Site

_DAY = ("emptyings", "level", "kg", "limit_kg", "of_limit")
_MONTH = ("emptyings", "level", "kg", "days", "kg_per_day", "most_kg", "limit_kg", "days_at_limit")
_UNIT = (
    "emptyings",
    "level",
    "lowest",
    "highest",
    "kg",
    "open",
    "known",
    "known_share",
    "full",
    "availability",
    "wait",
    "alerts",
)


def tables(accounts: Accounts, site: Site) -> Iterator[Table]:
    """All of them; of a centre of which nothing is known only that."""
    if not accounts.facts.presences[site.id].days:
        yield _nothing(accounts, site)
        return
    yield _parts(accounts, site)
    yield _units(accounts, site)
    yield _emptyings(accounts, site)
    yield _outcomes(accounts, site)


def _nothing(accounts: Accounts, site: Site) -> Table:
    translate = accounts.asked.translate
    title, said = translate("Units"), translate("Nothing is known of this centre in the period.")
    return Table(f"{site.id}-units", title, (Column(translate("Unit")),), (), notes=(said,))


def _parts(accounts: Accounts, site: Site) -> Table:
    asked, translate, year = accounts.asked, accounts.asked.translate, accounts.asked.period.whole_year
    presence, keys = accounts.facts.presences[site.id], _MONTH if year else _DAY
    kg_of = {unit.id: unit.collection.kg_on for unit in site.unit}
    own = [visit for visit in accounts.facts.visits if visit.asset in kg_of]
    ends = [*accounts.begun[1:], asked.period.end if year else accounts.begun[-1] + timedelta(days=1)]
    rows = []
    for first, end in zip(accounts.begun, ends, strict=True):
        within = [visit for visit in own if first <= local_day(visit.time) < end]
        values = of_part(within, kg_of, presence, first, end)
        rows.append((asked.period.dated(first, translate, asked.language), *(values.get(key) for key in keys)))
    everything = of_part(own, kg_of, presence, asked.period.first, asked.period.end)
    left_out = () if year else ("limit_kg", "of_limit")
    last = (None if key in {"limit_kg", *left_out} else everything.get(key) for key in keys)
    title = translate("By month") if year else translate("By day")
    y = keys.index("most_kg" if year else "kg") + 1
    return Table(
        f"{site.id}-{accounts.sheet_of_parts}",
        title,
        (Column(translate("Month") if year else translate("Day")), *columns(*keys, translate=translate)),
        (*rows, (translate("Total"), *last)),
        total=1,
        chart=Chart(
            Shape.BARS,
            translate("Most on one day, against the ward's limit (line)")
            if year
            else translate("Weight by day, against the ward's limit (line)"),
            y=y,
            line=keys.index("limit_kg") + 1,
            shared=True,
        ),
        sheet=_sheet(accounts, site, accounts.sheet_of_parts, title),
    )


def _units(accounts: Accounts, site: Site) -> Table:
    asked, translate = accounts.asked, accounts.asked.translate
    keys = _UNIT
    own = [unit for unit in accounts.told.units if accounts.site_of(unit.asset) == site.id]
    rows = []
    for kpi in own:
        values = of_kpi(kpi)
        _, unit = accounts.index.units[kpi.asset or ""]
        rows.append((unit.name[asked.language], *(values.get(key) for key in keys)))
    everything = of_kpi(total(own, 0, 0))
    return Table(
        f"{site.id}-units",
        translate("Units"),
        (Column(translate("Unit")), *columns(*keys, translate=translate)),
        (*rows, (translate("Total"), *(everything.get(key) for key in keys))),
        total=1,
        sheet=_sheet(accounts, site, "units", translate("Units")),
    )


def _emptyings(accounts: Accounts, site: Site) -> Table:
    asked, translate = accounts.asked, accounts.asked.translate
    units = {unit.id: unit for unit in site.unit}
    rows: list[tuple[Cell, ...]] = []
    for visit in accounts.facts.visits:
        if visit.emptied is not None and visit.asset in units:
            unit = units[visit.asset]
            kg = (visit.nappies or 0.0) * unit.collection.kg_on(local_day(visit.time))
            kind = translate(words.KINDS[visit.kind])
            rows.append((Moment(visit.emptied), unit.name[asked.language], visit.percent, kg, kind))
    return Table(
        f"{site.id}-emptyings",
        translate("Emptyings"),
        (
            Column(translate("Time")),
            Column(translate("Unit")),
            Column(translate("Fill level"), "%", Kind.PERCENT),
            Column(translate("Weight"), "kg", Kind.DECIMAL),
            Column(translate("Visit")),
        ),
        tuple(rows),
        sheet=_sheet(accounts, site, "emptyings", translate("Emptyings")),
        long=True,
    )


def _outcomes(accounts: Accounts, site: Site) -> Table:
    """Every forecast of the period with its outcome, in hours from its issue."""
    asked, translate = accounts.asked, accounts.asked.translate
    units = {unit.id: unit for unit in site.unit}
    hour = translate("h")
    rows: list[tuple[Cell, ...]] = []
    for item in accounts.facts.scored:
        made = item.forecast
        if made.asset in units:
            name, method = units[made.asset].name[asked.language], translate(words.METHODS[made.method])
            error = None if made.hours50 is None else abs(made.hours50 - item.outcome)
            times = (made.hours10, made.hours50, made.hours90, item.outcome, error)
            rows.append((Moment(made.issued), name, method, made.percent, *times))
    heads = (translate("Early"), translate("Median"), translate("Late"), translate("Full after"), translate("Error"))
    return Table(
        f"{site.id}-outcomes",
        translate("Forecasts and outcomes"),
        (
            Column(translate("Issued")),
            Column(translate("Unit")),
            Column(translate("Method")),
            Column(translate("Fill level"), "%", Kind.PERCENT),
            *(Column(head, hour, Kind.DECIMAL) for head in heads),
        ),
        tuple(rows),
        sheet=_sheet(accounts, site, "outcomes", translate("Forecasts and outcomes")),
        long=True,
    )


def _sheet(accounts: Accounts, site: Site, key: str, title: str) -> Sheet:
    centre = Column(accounts.asked.translate("Centre"))
    return Sheet(key, title, ((centre, site.name[accounts.asked.language]),))
