"""A report as PDF: pages from HTML and CSS, charts as SVG, tagged for screen readers (PDF/UA, JIS X 8341-3)."""

import base64
import json
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from sukusuku_api.reports import fonts
from sukusuku_api.reports.charts import FONTS, picture, render
from sukusuku_api.reports.model import Kind, Report, Shape, Table, alternative, shown, signed
from sukusuku_core.errors import SukusukuError
from sukusuku_server.extras import how_to_install
from sukusuku_server.i18n import SOURCE_LANGUAGE, texts
from sukusuku_server.templates import environment

PANGO = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
FONT = "fonts-noto-cjk"
_VARIANT = "pdf/ua-1"
_JAPANESE = "一時保育室の回収"
_SHOWN = 5
"""So many characters are named that no font has."""


class MissingError(SukusukuError):
    """What PDF needs is not installed on this machine; `command` installs it."""

    def __init__(self, what: str, command: str) -> None:
        super().__init__(f"PDF cannot be made: {what}; install it with: {command}")
        self.command = command


def pdf(report: Report) -> bytes:
    """Return the pages. Raises MissingError that says what to install, DrawingError."""
    weasyprint = library()
    page = html(report)
    _check_fonts(page)
    only_ours = weasyprint.urls.URLFetcher(allowed_protocols=["data"])  # pages carry everything with them
    made = weasyprint.HTML(string=page, url_fetcher=only_ours)
    document: bytes = made.write_pdf(pdf_variant=_VARIANT, finisher=_say_scopes)
    return document


def check() -> None:
    """Look whether this computer can make a PDF in Japanese. Raises MissingError when it cannot."""
    library()
    _check_fonts(_JAPANESE)


def html(report: Report) -> str:
    """Return the pages as HTML that needs no other file."""
    tables = [table for _, table in report.tables if not table.long]
    drawn = {table.key: found for table in tables if (found := picture(table)) is not None}
    svgs = dict(zip(drawn, render(list(drawn.values())), strict=True))

    def source(table: Table) -> str:
        return "data:image/svg+xml;base64," + base64.b64encode(svgs[table.key].encode()).decode()

    style = Markup((files("sukusuku_api.reports") / "templates" / "report.css").read_text("utf-8"))  # noqa: S704 - ours
    values: dict[str, Any] = {
        "report": report,
        "shown": shown,
        "signed": signed,
        "alternative": alternative,
        "Kind": Kind,
        "Shape": Shape,
        "svgs": svgs,
        "source": source,
        "foot": _in_style(f"{report.operator}  {report.title}  {report.period}"),
        "page": _in_style(f"{report.words.page} "),
    }
    template = environment("sukusuku_api.reports", texts("sukusuku_api", SOURCE_LANGUAGE)).get_template("report.html")
    return template.render(values, style=style, fonts=FONTS)


def library() -> Any:
    """Return what writes PDF. Raises MissingError that says what to install."""
    try:
        import weasyprint  # type: ignore[import-untyped] # noqa: PLC0415 - no types; loads Pango, which may not be there
    except ModuleNotFoundError as error:
        command = how_to_install("reports").partition(": ")[2]
        raise MissingError(f"the library {error.name} is not installed", command) from error
    except OSError as error:
        raise MissingError(f"Pango is not installed ({error})", f"sudo apt-get install {PANGO} {FONT}") from error
    return weasyprint


def _say_scopes(_: Any, made: Any) -> None:
    """Say of each head of a table whether it is of its column or row: the one in the corner is named by no cell."""

    def owner(part: Any) -> Any:
        return made.objects[int(part["P"].split()[0])]

    for part in made.objects:
        if isinstance(part, dict) and part.get("S") == "/TH":
            part["A"]["Scope"] = "/Column" if owner(owner(part))["S"] == "/THead" else "/Row"


def _check_fonts(text: str) -> None:
    """Raise MissingError when the text would be printed with boxes in it."""
    found = fonts.missing(text, FONTS.partition(",")[0])
    if found:
        raise MissingError(
            f"no font on this computer has characters such as {' '.join(found[-_SHOWN:])}",
            f"sudo apt-get install {FONT}",
        )


def _in_style(text: str) -> Markup:
    """Return a text as a string of a style sheet inside HTML."""
    return Markup(json.dumps(text, ensure_ascii=False).replace("<", "\\3c "))  # noqa: S704 - quoted, and no tag ends
