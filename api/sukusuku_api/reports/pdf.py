"""A report as PDF: pages from HTML and CSS, charts as SVG, Japanese fonts by name."""

import base64
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from sukusuku_api.reports.charts import FONTS, picture, render
from sukusuku_api.reports.model import Kind, Report, Table, shown
from sukusuku_core.errors import SukusukuError
from sukusuku_server.extras import how_to_install
from sukusuku_server.i18n import SOURCE_LANGUAGE, texts
from sukusuku_server.templates import environment

APT = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk"


class MissingError(SukusukuError):
    """What PDF needs is not installed on this machine."""


def pdf(report: Report) -> bytes:
    """Return the pages. Raises MissingError that says what to install, DrawingError."""
    weasyprint = library()
    only_ours = weasyprint.urls.URLFetcher(allowed_protocols=["data"])  # pages carry everything with them
    document: bytes = weasyprint.HTML(string=html(report), url_fetcher=only_ours).write_pdf()
    return document


def html(report: Report) -> str:
    """Return the pages as HTML that needs no other file."""
    tables = [table for _, table in report.tables]
    drawn = {table.key: found for table in tables if (found := picture(table)) is not None}
    svgs = dict(zip(drawn, render(list(drawn.values())), strict=True))

    def source(table: Table) -> str:
        return "data:image/svg+xml;base64," + base64.b64encode(svgs[table.key].encode()).decode()

    style = Markup((files("sukusuku_api.reports") / "templates" / "report.css").read_text("utf-8"))  # noqa: S704 - ours
    values: dict[str, Any] = {"report": report, "shown": shown, "Kind": Kind, "svgs": svgs, "source": source}
    template = environment("sukusuku_api.reports", texts("sukusuku_api", SOURCE_LANGUAGE)).get_template("report.html")
    return template.render(values, style=style, fonts=FONTS)


def library() -> Any:
    """Return what writes PDF. Raises MissingError that says what to install."""
    try:
        import weasyprint  # type: ignore[import-untyped] # noqa: PLC0415 - no types; loads Pango, which may not be there
    except ModuleNotFoundError as error:
        raise MissingError(f"PDF needs {error.name}; {how_to_install('reports')}") from error
    except OSError as error:
        raise MissingError(f"PDF needs Pango; install it with: sudo apt-get install {APT} ({error})") from error
    return weasyprint
