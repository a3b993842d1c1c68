"""Every route, asked by everybody, about their own centre and about another one, and what is wrong with the answers.

What somebody of one centre is answered, and what they change, is held against a facility that has no other centre: it
must be the same. That judges ids, names, counts, sums, lists of what is available and error texts at once.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
from tests.api.access.callers import NOBODY, Caller
from tests.api.access.neighbours import Things
from tests.api.access.routes import routes
from tests.api.access.rows import ROWS, Row
from tests.api.access.town import Rows, Town, same_question, town

from sukusuku_server.access.rights import Act

MOST_SHOWN = 40
SITES = ("tobu", "seibu")
_MARKS = {"tobu": re.compile("東[部野山田の圧保玄]|tobu"), "seibu": re.compile("西[部野山田の圧保玄]|seibu")}
"""What only the data of a centre says. Who asks for an id is told of that id."""
_BY_CHANCE = re.compile(r'(?a:[\w-]{43}|[\w-]{8}(?=…)|\b[A-Z2-7]{32}\b)|<div class="qr".*?</div>|data-mark="[^"]*"')
"""Marks of what a display shows, tokens, the beginnings of keys, secrets of second factors and their QR codes."""
_OF_THE_PLAN = re.compile(r'"(km|minutes|solver|settings)":("[^"]*"|[^,]*)| · [\d.]+ km、約\d+分')
"""What is told only to who sees all stops of a round; and the hash of all settings."""


ROUTES = routes()


def of_a_centre(folder: Path, home: str, away: str, roles: Sequence[str] | None = None) -> list[str]:
    """Return what is unexpected when everybody of one centre asks, or only who has one of these roles there."""
    with town(folder / "both", [home, away]) as both, town(folder / "alone", [home]) as alone:
        callers = [
            both.callers[name]
            for name in alone.callers
            if not name.endswith("everywhere") and (roles is None or name.partition(" at ")[0] in roles)
        ]
        things = [both.things[home], both.things[away]]
        return [
            f"{caller.name}: {row.route} about {about.site}: {text}"
            for caller, row, about in _questions([NOBODY, *callers], things)
            for text in _wrong(row, caller, both, alone, home, away, about)
        ]


def of_the_operator(folder: Path) -> list[str]:
    """Return what is unexpected when everybody of the operator asks about both centres."""
    with town(folder / "both", SITES) as both:
        callers = [caller for name, caller in both.callers.items() if name.endswith("everywhere")]
        return [
            f"{caller.name}: {row.route} about {about.site}: {text}"
            for caller, row, about in _questions(callers, list(both.things.values()))
            for text in _answer(row, caller, both, about, home=True)[1]
        ]


def _questions(callers: Sequence[Caller], things: Sequence[Things]) -> Iterator[tuple[Caller, Row, Things]]:
    """Yield who asks what about which centre; what changes something comes last, so that pages may keep figures."""
    dear = set()
    for row in sorted(ROWS, key=lambda row: row.route.startswith("POST")):
        for caller in callers:
            for about in things:
                if about is not things[0] and (not _holds(row, caller) or same_question(row, things[0], about, caller)):
                    continue  # who has no right is refused before it matters what it is about
                key = (repr(row), about.site, caller.rights.somewhere(Act.VIEW_ROOMS))
                if row.dear and _holds(row, caller):
                    if key in dear:
                        continue
                    dear.add(key)
                yield caller, row, about


def _wrong(row: Row, caller: Caller, both: Town, alone: Town, home: str, away: str, about: Things) -> Iterator[str]:
    """Yield what is not as it should be with the answer to one request, and with what it changes."""
    answer, wrong, changed = _answer(row, caller, both, about, home=about.site == home)
    yield from wrong
    if not _holds(row, caller):
        return
    expected = _alone(row, caller, alone, about)
    if _said(answer, changed) != expected:
        yield f"not as where there is no {away}: {_difference(_said(answer, changed), expected)}"
    if about.site == home and (found := _MARKS[away].search(answer.text)):
        yield f"tells of {away}: ...{answer.text[max(0, found.start() - 80) : found.end() + 40]}"
    if changed is not None:
        yield from _touched(both.untouched, changed, away)


def _alone(row: Row, caller: Caller, alone: Town, about: Things) -> tuple[int, str]:
    """Return what is answered where there is no other centre. Programs are answered alike if they see the same."""
    key = f"{row} {about.site} {caller.rights.somewhere(Act.VIEW_ROOMS)}"
    if key in alone.known:
        return alone.known[key]
    answer, _, changed = _answer(row, alone.callers[caller.name], alone, about, home=True)
    said = _said(answer, changed)
    if row.route.startswith("GET /api/"):
        alone.known[key] = said
    return said


def _answer(
    row: Row, caller: Caller, where: Town, about: Things, *, home: bool
) -> tuple[httpx.Response, list[str], Rows | None]:
    """Return the answer to one request, what is wrong with it, and the database after it; None: as it was."""
    version = where.version()
    answer = where.ask(caller, row, about)
    changed = None
    if where.version() != version:
        changed = where.rows()
        where.restore()
    expected = _expected(row, caller, home=home)
    wrong = (
        [] if answer.status_code in expected else [f"{answer.status_code} instead of {expected}: {answer.text[:300]}"]
    )
    if changed is not None and not home:
        wrong.append(f"changes something and answers {answer.status_code}")
    return answer, wrong, changed


def _expected(row: Row, caller: Caller, *, home: bool) -> set[int]:
    if caller is NOBODY:
        return {401}
    if not _holds(row, caller):
        return {403}
    if not home:
        return {404, 422} if row.route.startswith("POST /") and "/api/" not in row.route else set(row.unknown)
    if row.whole is not None and not caller.rights.may(row.whole):
        return {row.else_}
    if row.also is not None and not caller.rights.somewhere(row.also):
        return {row.else_}
    return {row.ok}


def _holds(row: Row, caller: Caller) -> bool:
    needed = ROUTES[row.route]
    return needed is not None and needed.holds(caller)


def _said(answer: httpx.Response, changed: Rows | None) -> tuple[int, str]:
    """The answer without what is made by chance; after a change, also without the ids of what is new."""
    text = _OF_THE_PLAN.sub("", _BY_CHANCE.sub("?", answer.text))
    where = answer.headers.get("location", "")
    return answer.status_code, where + (text if changed is None else re.sub(r"\d+", "N", text))


def _difference(one: tuple[int, str], other: tuple[int, str]) -> str:
    """Return where two answers begin to differ."""
    (status, text), (wanted_status, wanted) = one, other
    place = next((n for n, pair in enumerate(zip(text, wanted, strict=False)) if pair[0] != pair[1]), 0)
    part = slice(max(place - 60, 0), place + 60)
    return f"{status} ...{text[part]}... instead of {wanted_status} ...{wanted[part]}..."


def _touched(before: Rows, after: Rows, away: str) -> Iterator[str]:
    """Yield what belongs to the other centre, or tells of it, among the rows that are new, other or gone."""
    for table, rows in after.items():
        if table == "withheld":
            continue  # what is withheld of small counts follows from the whole facility
        for item in rows ^ before[table]:
            if _MARKS[away].search(repr(item)):
                yield f"changes {table}: {item}"
