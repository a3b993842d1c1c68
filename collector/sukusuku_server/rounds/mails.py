"""The mails about rounds: to those who go, and to the contacts of a centre when somebody cannot come."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from gettext import NullTranslations
from hashlib import sha256

from sukusuku_core.time import HOUR_MS
from sukusuku_server.db import OutgoingMail
from sukusuku_server.i18n import texts
from sukusuku_server.mail.message import Draft, Part, build, header_text
from sukusuku_server.model.rounds import Answer, Run
from sukusuku_server.rounds.exports.csv_table import csv_table
from sukusuku_server.rounds.exports.geojson import geojson
from sukusuku_server.rounds.exports.gpx import gpx
from sukusuku_server.rounds.exports.ics import ics
from sukusuku_server.rounds.recipients import Recipient, chain, recipients
from sukusuku_server.rounds.route_sheet import Line, Sheet
from sukusuku_server.rounds.signed_links import Action, Claim, Links
from sukusuku_server.rounds.sketch import Sketch, render, sketch
from sukusuku_server.rounds.texts import RoundWords, Speech
from sukusuku_server.settings import Facility, FacilityIndex, Language, MailServer, Round
from sukusuku_server.templates import environment

LANGUAGES: tuple[Language, ...] = ("ja", "en")
LINKS_LAST_MS = 48 * HOUR_MS
"""How long after the end of a round its links still show what was answered."""
PICTURE = "round.png"
_STOP_ACTIONS = (Action.DONE, Action.CANNOT, Action.NEEDLESS)

Sheets = Callable[[Language], Sheet]
"""Gives the sheet of a run in a language."""


@dataclass(frozen=True, slots=True)
class Changed:
    """An answer that the centre must hear of: the crew cannot collect a unit, or can after all.

    `serial` counts the answers to this stop.
    """

    line: Line
    answer: Answer
    who: str
    note: str
    time: int
    serial: int


@dataclass(frozen=True, slots=True)
class Sending:
    """One step (from 1) of the chain of a round, which is told at the time `now` (UTC ms)."""

    settings: Round
    run: Run
    step: int
    now: int


@dataclass(frozen=True, slots=True)
class _Letter:
    """A mail without its reader: the templates that make it and of what, and what is added."""

    kind: str
    template: str
    subject: str
    ident: str
    now: int
    context: dict[str, object]
    pictures: tuple[Part, ...] = ()
    attachments: tuple[Part, ...] = ()


class RoundComposer:
    """Writes the mails about the rounds of one facility. Without `[mail]` in `facility.toml` there are none.

    `draw` makes the picture; it takes seconds. Raises ConfigError when a name cannot stand in a mail header.
    """

    def __init__(self, index: FacilityIndex, links: Links, draw: Callable[[Sketch], bytes | None] = render) -> None:
        self._index = index
        self._facility = facility = index.facility
        self._links = links
        self._draw = draw
        self._texts = {language: texts("sukusuku_server", language) for language in LANGUAGES}
        self._templates = {
            language: environment("sukusuku_server.rounds", self._texts[language]) for language in LANGUAGES
        }
        if facility.mail is not None:
            check(facility)

    def texts(self, language: Language) -> NullTranslations:
        """Return the texts of the collector in a language."""
        return self._texts[language]

    def pictures(self, settings: Round, step: int, sheets: Sheets) -> dict[Language, bytes]:
        """Return the pictures that the mails of a step need, drawn before any transaction begins."""
        if "png" not in settings.attach or self._facility.mail is None:
            return {}
        steps = chain(self._facility, settings)
        wanted = {person.language for person in steps[step - 1]} if step <= len(steps) else set()
        drawn = {language: sheets(language) for language in wanted}
        found = {
            language: self._draw(sketch(sheet, self._texts[language]))
            for language, sheet in drawn.items()
            if sheet.stops
        }
        return {language: picture for language, picture in found.items() if picture is not None}

    def round_mails(self, sending: Sending, sheets: Sheets, pictures: Mapping[Language, bytes]) -> list[OutgoingMail]:
        """Return the mails of one step of the round's chain; none without a recipient or a mail server."""
        server, steps = self._facility.mail, chain(self._facility, sending.settings)
        if server is None or sending.step > len(steps):
            return []
        return [
            self._round_mail(sending, sheets(person.language), person, pictures.get(person.language), server)
            for person in steps[sending.step - 1]
        ]

    def changed_mails(self, run: Run, sheets: Sheets, changes: Callable[[Sheet], Changed | None]) -> list[OutgoingMail]:
        """One mail for each contact of the unit's centre about an answer that it must hear of."""
        server, settings = self._facility.mail, self._index.rounds.get(run.plan.round)
        if server is None or settings is None:
            return []
        found = []
        told: set[str] = set()
        for person in recipients(self._facility, settings):
            n = person.number - len(settings.crew)
            sheet = sheets(person.language)
            change = changes(sheet)
            if n < 0 or change is None or person.mail.lower() in told:
                continue
            wanted = self._facility.contact[n].sites
            asset = self._index.assets.get(change.line.asset)
            if not wanted or (asset is not None and asset.site.id in wanted):
                told.add(person.mail.lower())
                found.append(self._changed_mail(run, sheet, change, person, server))
        return found

    def _round_mail(
        self, sending: Sending, sheet: Sheet, person: Recipient, picture: bytes | None, server: MailServer
    ) -> OutgoingMail:
        run = sending.run
        speech = Speech(sheet, self._texts[person.language], self._facility.web.map_link)
        told = speech.round(passed_on=sending.step > 1)
        expires = run.plan.returns + LINKS_LAST_MS

        def link(action: Action, stop: int = 0) -> str:
            return self._links.url(Claim(run.id, stop, action, person.number, expires))

        context = self._context(person) | {
            "words": told,
            "sheet": sheet,
            "picture": PICTURE if picture is not None and sheet.stops else None,
            "simulated": sheet.simulated,
            "open": link(Action.ROUND),
            "accept": link(Action.ACCEPT),
            "decline": link(Action.DECLINE),
            "links": {
                stop.line.id: {action.name.lower(): link(action, stop.line.id) for action in _STOP_ACTIONS}
                for stop in told.stops
            },
            "until": speech.moment(expires),
        }
        letter = _Letter(
            kind="round",
            template="round",
            subject=told.subject,
            ident=f"round-{run.id}-{run.plan.planned}-{sending.step}",
            now=sending.now,
            context=context,
            pictures=() if context["picture"] is None or picture is None else (Part(PICTURE, "image/png", picture),),
            attachments=self._files(sending.settings, sheet, told, server) if sheet.stops else (),
        )
        return self._mail(letter, person, server)

    def _files(self, settings: Round, sheet: Sheet, told: RoundWords, server: MailServer) -> tuple[Part, ...]:
        texts, name = self._texts[sheet.language], f"{sheet.round}-{sheet.day.isoformat()}"
        every = (*told.stops, *told.unmet, *told.others)
        made: dict[str, Callable[[], Part]] = {
            "ics": lambda: Part(
                f"{name}.ics", "text/calendar", ics(sheet, told, texts, server.sender.rpartition("@")[2])
            ),
            "gpx": lambda: Part(f"{name}.gpx", "application/gpx+xml", gpx(sheet, told.stops)),
            "geojson": lambda: Part(f"{name}.geojson", "application/geo+json", geojson(sheet, told.stops)),
            "csv": lambda: Part(f"{name}.csv", "text/csv", csv_table(sheet, every, texts)),
        }
        return tuple(made[kind]() for kind in dict.fromkeys(settings.attach) if kind in made)

    def _changed_mail(
        self, run: Run, sheet: Sheet, change: Changed, person: Recipient, server: MailServer
    ) -> OutgoingMail:
        texts, line = self._texts[person.language], change.line
        speech = Speech(sheet, texts, self._facility.web.map_link)
        gettext = texts.gettext
        values = {"site": line.site, "unit": line.unit, "round": sheet.name, "day": speech.day(sheet.day)}
        cannot = change.answer is Answer.CANNOT
        if cannot:
            subject = gettext("%(site)s: bag in %(unit)s could not be collected")
            headline = gettext("The bag in %(unit)s could not be collected")
            lead = gettext("A visit has been requested for the next round. If it cannot wait, please call the crew.")
        else:
            subject = gettext("%(site)s: bag in %(unit)s can be collected after all")
            headline = gettext("The bag in %(unit)s can be collected after all")
            lead = gettext("The crew has withdrawn its report that it could not collect. No action is needed.")
        facts = [
            (gettext("Centre"), line.site),
            (gettext("Unit or room"), line.unit),
            (gettext("Round"), gettext("%(round)s, %(day)s") % values),
            (
                gettext("Reported by"),
                gettext("%(who)s, %(time)s") % {"who": change.who, "time": speech.moment(change.time)},
            ),
        ]
        if change.note:
            facts.append((gettext("Note"), change.note))
        context = self._context(person) | {
            "subject": subject % values,
            "headline": headline % values,
            "lead": lead,
            "rows": facts,
            "cannot": cannot,
            "simulated": sheet.simulated,
        }
        letter = _Letter(
            kind="cannot" if cannot else "can",
            template="changed",
            subject=f"{gettext('[Sukusuku]')} {subject % values}",
            ident=f"stop-{line.id}-{run.plan.planned}-{change.serial}",
            now=change.time,
            context=context,
        )
        return self._mail(letter, person, server)

    def _context(self, person: Recipient) -> dict[str, object]:
        return {
            "language": person.language,
            "contact": person.name,
            "operator": self._facility.operator.name[person.language],
        }

    def _mail(self, letter: _Letter, person: Recipient, server: MailServer) -> OutgoingMail:
        templates = self._templates[person.language]
        digest = sha256(f"{person.number} {person.mail}".encode()).hexdigest()[:16]
        own = f"<{letter.ident}-{digest}@{server.sender.rpartition('@')[2]}>"
        draft = Draft(
            sender_name=self._texts[person.language].gettext("Sukusuku"),
            sender=server.sender,
            recipient=person.mail,
            subject=letter.subject,
            message_id=own,
            date=letter.now,
            text=templates.get_template(f"{letter.template}.txt").render(letter.context),
            html=templates.get_template(f"{letter.template}.html").render(letter.context),
            pictures=letter.pictures,
            attachments=letter.attachments,
        )
        return OutgoingMail(
            kind=letter.kind,
            sender=server.sender,
            recipient=person.mail,
            language=person.language,
            subject=letter.subject,
            message_id=own,
            content=build(draft),
        )


def check(facility: Facility) -> None:
    """Everything that can come into a header, now rather than on the morning of a round. Raises ConfigError."""
    for n, settings in enumerate(facility.round):
        for language in LANGUAGES:
            header_text(f"round[{n}].name.{language}", settings.name[language])
    for asset in facility.assets():
        for language in LANGUAGES:
            header_text(f"{asset.site.id}: name.{language}", asset.site.name[language])
            header_text(f"{asset.id}: name.{language}", asset.settings.name[language])
