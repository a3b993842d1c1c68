"""What the contacts of a centre hear when a round does not come to its units, or comes after all. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from gettext import NullTranslations

from sukusuku_server.model.rounds import Run, Word
from sukusuku_server.model.run_state import unplanned
from sukusuku_server.rounds.next_visit import NextVisit
from sukusuku_server.rounds.route_sheet import Line
from sukusuku_server.rounds.texts import Speech


@dataclass(frozen=True, slots=True)
class Wording:
    """What is said of a run at `now` (UTC ms): the word about each stop by its id, and which round comes to it next."""

    run: Run
    said: Mapping[int, Word]
    following: Mapping[str, NextVisit]
    now: int


@dataclass(frozen=True, slots=True)
class WordWords:
    """A word in words: `items` are the units, one a line, `facts` are label and value. `tone` picks the colours."""

    subject: str
    headline: str
    lead: str
    items: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    tone: str = "danger"


def about(wording: Wording, speech: Speech, texts: NullTranslations, word: Word, lines: Sequence[Line]) -> WordWords:
    """Return what a mail says about some units of a run."""
    gettext, first, departs = texts.gettext, lines[0], wording.run.plan.departs
    values = {"site": first.site, "unit": first.unit, "count": len(lines), "round": speech.name}
    values |= {"day": speech.day(wording.run.plan.date), "time": speech.clock(departs)}
    single = len(lines) == 1
    match word:
        case Word.LEFT_OUT:
            headline = gettext("%(day)s: %(site)s, %(unit)s is not on the round")
            headline = headline if single else gettext("%(day)s: the round leaves out %(count)d units")
            lead = gettext("Please change the bag yourselves, or arrange another visit.")
        case Word.CANNOT:
            headline = gettext("The bag in %(site)s, %(unit)s could not be collected")
            headline = headline if single else gettext("%(count)d bags could not be collected")
            lead = gettext("A visit has been requested for the next round. If it cannot wait, please call the crew.")
        case Word.NOBODY:
            headline = gettext("%(day)s, %(round)s: nobody has confirmed the round")
            lead = _why_nobody(wording, texts)
        case Word.NONE:
            headline = gettext("The bag in %(site)s, %(unit)s is collected after all")
            headline = headline if single else gettext("%(count)d bags are collected after all")
            lead = gettext("What we wrote before no longer holds. No action is needed.")
    return WordWords(
        subject=headline % values,
        headline=headline % values,
        lead=lead % values,
        items=() if single and word is Word.NONE else tuple(_item(speech, texts, word, line) for line in lines),
        facts=_facts(wording, speech, texts, values, lines) if word is not Word.NONE else (),
        tone="good" if word is Word.NONE else "danger",
    )


def _why_nobody(wording: Wording, texts: NullTranslations) -> str:
    gettext = texts.gettext
    if unplanned(wording.run):
        return gettext(
            "Sukusuku was not running when the round was due to depart at %(time)s, so nobody was notified in time. "
            "Please agree with each other who changes these bags."
        )
    run = wording.run
    if wording.now < run.plan.departs and run.refused is None and any(p.declined is None for p in run.people):
        return gettext(
            "Nobody who was asked can go; some of them cannot be reached by mail. "
            "Please find somebody who can, or change these bags yourselves."
        )
    if wording.now < run.plan.departs:
        return gettext(
            "Everyone who was asked has said that they cannot go. "
            "Please find somebody who can, or change these bags yourselves."
        )
    return gettext("The round was due to depart at %(time)s. Please ask the crew, or change these bags yourselves.")


def _item(speech: Speech, texts: NullTranslations, word: Word, line: Line) -> str:
    gettext = texts.gettext
    values = {"site": line.site, "unit": line.unit, "level": speech.now(line), "note": speech.stop(line).remark}
    if word is Word.LEFT_OUT:
        return speech.item(speech.stop(line))
    if word is Word.CANNOT and values["note"]:
        return gettext("%(site)s %(unit)s: %(note)s") % values
    return gettext("%(site)s %(unit)s (%(level)s)") % values


def _facts(
    wording: Wording, speech: Speech, texts: NullTranslations, values: Mapping[str, object], lines: Sequence[Line]
) -> tuple[tuple[str, str], ...]:
    gettext = texts.gettext
    facts = [(gettext("Round"), gettext("%(round)s, %(day)s") % values)]
    said = {(line.answered_by, line.answered) for line in lines if line.answered is not None}
    if len({who for who, _ in said}) == 1:
        who, time = max(said, key=lambda found: found[1] or 0)
        values = {"who": who or "", "time": speech.moment(time or 0)}
        facts.append((gettext("Reported by"), gettext("%(who)s, %(time)s") % values))
    comes = {visit.departs for line in lines if (visit := wording.following.get(line.asset)) is not None}
    if comes:
        facts.append((gettext("Next round"), speech.moment(min(comes))))
    return tuple(facts)
