"""The page of the vacancy board, for parents: what each centre tells them, and its coming days."""

from typing import Annotated, Literal, cast

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse

from sukusuku_api import routes
from sukusuku_api.access.principal import Principal
from sukusuku_api.cache import TtlCache
from sukusuku_api.dependencies import PublicContext, whoever
from sukusuku_api.queries.room_use import vacancy
from sukusuku_api.web import base
from sukusuku_api.web.base import Locale
from sukusuku_api.web.vacancy import view_model
from sukusuku_core.time import japan_time
from sukusuku_server import i18n
from sukusuku_server.live.views import RoomView
from sukusuku_server.settings import Language

PATH = "/vacancy"
SHOWN_DAYS = 14
KEPT_SECONDS = 120.0
Variant = Literal["ja", "easy", "en"]
"""Besides both languages, やさしい日本語: for those who are learning Japanese."""
VARIANTS: dict[Variant, tuple[Language, str]] = {"ja": ("ja", "ja"), "easy": ("ja", "ja-easy"), "en": ("en", "en")}
"""The language of each, and of its texts."""

router = APIRouter(include_in_schema=False)


def install(app: FastAPI) -> None:
    """Add the page."""
    routes.add(app, router)


def prepare(app: FastAPI) -> None:
    """Begin with nothing calculated."""
    app.state.vacancy = TtlCache(KEPT_SECONDS)


@router.get(PATH)
def board(
    request: Request,
    context: PublicContext,
    who: Annotated[Principal | None, Depends(whoever)],
    variant: Annotated[Variant, Query(alias="lang")] = "ja",
) -> HTMLResponse:
    """Return the page; at most two minutes old. Whoever has signed in keeps their navigation."""
    now, (language, texts) = context.clock(), VARIANTS[variant]
    reader = Locale(language, i18n.texts("sukusuku_api", texts).gettext, now)
    days = cast("TtlCache", request.app.state.vacancy).get("days", lambda: vacancy(context, SHOWN_DAYS))
    calendar, hours = context.facility.calendar, context.index.hours
    centres = [view_model.centre(site, found, hours[site.id], calendar, reader) for site, found in days]
    values = {
        "facility": context.facility,
        "who": who,
        "language": language,
        "variant": variant,
        "path": PATH,
        "clock": f"{japan_time(now):%H:%M}",
        "simulated": any(view.simulated for view in context.views(now) if isinstance(view, RoomView)),
        "centres": centres,
        "legend": view_model.legend(centres, reader.translate),
    }
    return HTMLResponse(base.environment(texts).get_template("vacancy.html").render(values), headers=base.HEADERS)
