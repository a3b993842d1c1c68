"""docs/figures.md is what the tables of figures in the code say."""

from bench.figures import page

from sukusuku_api.schemas.kpi import KpiOut, SiteWeightOut
from sukusuku_api.schemas.unit_figures import UNITS
from sukusuku_server.kpi import series


def test_the_page_is_current() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), "run: python -m bench.figures.page"


def test_every_figure_of_units_is_in_the_table_and_has_a_series_that_there_is() -> None:
    fields = {*KpiOut.model_fields, *SiteWeightOut.model_fields} - {"unit", "site", "most_kg", "days_at_limit"}
    assert {figure.field for figure in UNITS} == fields
    names = {figure.name.split("/")[0] for figure in series.FIGURES}
    assert {figure.series.split("/")[0] for figure in UNITS if figure.series} <= names
