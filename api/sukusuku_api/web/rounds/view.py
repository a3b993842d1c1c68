"""The page of a round in words, as it is now."""

from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec

from sukusuku_api.collector_texts import collector_texts
from sukusuku_api.queries import emptying_doubt
from sukusuku_api.web import base, forms
from sukusuku_api.web.rounds.opening import HEADERS, ROUNDS, Opened
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.modes import Modes, is_out
from sukusuku_server.live.views import UnitView
from sukusuku_server.model.rounds import Answer
from sukusuku_server.rounds.answers import LONGEST_NOTE, UNDO_MS, Seen
from sukusuku_server.rounds.route_sheet import Present, Sheet, as_now
from sukusuku_server.rounds.signed_links import Action
from sukusuku_server.rounds.texts import RoundWords, Speech, StopWords, obstacles
from sukusuku_server.rounds.way import Directions, directions, spots
from sukusuku_server.settings import Unit


@dataclass(frozen=True, slots=True)
class Page:
    """What the templates show. `stop` is the one that the link is about, `following` the next one without an answer.

    `way` is the map as JSON, empty without places; `out`: the vehicle is out of service.
    """

    seen: Seen
    sheet: Sheet
    words: RoundWords
    speech: Speech
    stop: StopWords | None
    following: StopWords | None
    way: str
    directions: Directions | None
    out: bool

    def may_undo(self, stop: StopWords) -> bool:
        """Whether the answer for a stop is so fresh that it may be a slip."""
        return stop.line.answered is not None and self.seen.now < stop.line.answered + UNDO_MS


def render(opened: Opened, template: str) -> str:
    """Return a page of a round, or a part of it."""
    page, language = _page(opened), opened.language
    web = opened.context.facility.web

    def link(action: str, stop: int = 0) -> str:
        return opened.link(Action[action.upper()], stop)

    values = {
        "page": page,
        "sheet": page.sheet,
        "words": page.words,
        "action": opened.seen.claim.action.name.lower(),
        "state": opened.seen.state.value,
        "link": link,
        "home": opened.home,
        "rounds": ROUNDS if opened.seen.account else "",
        "language": language,
        "other": "en" if language == "ja" else "ja",
        "longest_note": LONGEST_NOTE,
        "obstacles": obstacles(collector_texts(language)),
        "tiles": web.map_tiles or "",
        "asked": emptying_doubt.asked(opened.context.operations),
        "credit": web.map_credit,
    }
    return base.environment(language).get_template(template).render(values)


def digest(opened: Opened) -> str:
    """Return what is other when the page is."""
    return sha256(render(opened, "answer_round_part.html").encode()).hexdigest()


def headers(opened: Opened) -> dict[str, str]:
    """Return the headers of the page. Its map may have tiles of another host.

    Behind a link its own address is told to nobody; forms of an account must say where they come from.
    """
    found, tiles = HEADERS, opened.context.facility.web.map_tiles
    if opened.seen.account:
        found = found | {"Referrer-Policy": forms.HEADERS["Referrer-Policy"]}
    if tiles is None:
        return found
    host = urlsplit(tiles)
    policy = HEADERS["Content-Security-Policy"].replace(
        "img-src 'self'", f"img-src 'self' {host.scheme}://{host.netloc}"
    )
    return found | {"Content-Security-Policy": policy}


def words_of(opened: Opened) -> tuple[Sheet, RoundWords]:
    """Return a round as it is now, and in words."""
    sheet = as_now(opened.seen.sheets(opened.language), _present(opened), opened.seen.now)
    return sheet, _speech(opened, sheet).round()


def _page(opened: Opened) -> Page:
    seen, context = opened.seen, opened.context
    sheet, words = words_of(opened)
    every = (*words.stops, *words.unmet, *words.others)
    stop = next((found for found in every if found.line.id == seen.claim.stop), None)
    waiting = (found for found in words.stops if found.line.answer is Answer.NONE and found is not stop)
    active = Modes(context.operations).active(seen.now)
    return Page(
        seen=seen,
        sheet=sheet,
        words=words,
        speech=_speech(opened, sheet),
        stop=stop,
        following=next(waiting, None),
        way=_way(sheet),
        directions=directions(context.facility.web.way_link, sheet),
        out=not seen.over and is_out(seen.run.plan.vehicle, active, seen.now),
    )


def _speech(opened: Opened, sheet: Sheet) -> Speech:
    return Speech(sheet, collector_texts(opened.language), opened.context.facility.web.map_link)


def _present(opened: Opened) -> dict[str, Present]:
    """Return how the units of a round are now."""
    context, now = opened.context, opened.seen.now
    emptied = Emptyings(context.operations).last_times({it.stop.asset for it in opened.seen.records}, now)
    found = {}
    for record in opened.seen.records:
        asset = context.whole.assets.get(record.stop.asset)
        if asset is None or not isinstance(asset.settings, Unit):
            continue
        view = context.view(asset.id, now)
        ahead = view.outlook if isinstance(view, UnitView) and not view.stale else None
        percent, confidence = (None, 0.0) if ahead is None else (ahead.percent, ahead.confidence)
        found[asset.id] = Present(percent, confidence, emptied.get(asset.id))
    return found


def _way(sheet: Sheet) -> str:
    found = spots(sheet.stops)
    if not found:
        return ""
    places = [
        {
            "at": [spot.place.lat, spot.place.lon],
            "label": spot.label,
            "name": spot.lines[0].site,
            "left": spot.left,
            "stop": spot.lines[0].id,
        }
        for spot in found
    ]
    depot = sheet.depot
    home = None if depot is None else {"at": [depot.lat, depot.lon], "name": depot.name[sheet.language]}
    return msgspec.json.encode({"spots": places, "depot": home}).decode()
