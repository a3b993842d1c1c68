"""The mails about rounds: to those who go, and to the contacts of a centre about what does not happen as planned."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from gettext import NullTranslations
from hashlib import sha256

from sukusuku_core.time import HOUR_MS
from sukusuku_server.db import OutgoingMail
from sukusuku_server.i18n import texts
from sukusuku_server.mail.facility_checks import check
from sukusuku_server.mail.message import Draft, Part, build
from sukusuku_server.model.rounds import Person, Run, Word
from sukusuku_server.rounds.exports.csv_table import csv_table
from sukusuku_server.rounds.exports.geojson import geojson
from sukusuku_server.rounds.exports.gpx import gpx
from sukusuku_server.rounds.exports.ics import ics
from sukusuku_server.rounds.recipients import Recipient
from sukusuku_server.rounds.route_sheet import Line, Sheet, Sheets
from sukusuku_server.rounds.signed_links import Action, Claim, Links
from sukusuku_server.rounds.sketch import Sketch, render, sketch
from sukusuku_server.rounds.texts import Change, RoundWords, Speech
from sukusuku_server.rounds.word_texts import Wording, about
from sukusuku_server.settings import FacilityIndex, Language, Round
from sukusuku_server.templates import environment

LANGUAGES: tuple[Language, ...] = ("ja", "en")
LINKS_LAST_MS = 48 * HOUR_MS
"""How long after the end of a round its links still show what was answered."""
PICTURE = "round.png"
_STOP_ACTIONS = (Action.DONE, Action.CANNOT, Action.NEEDLESS)


@dataclass(frozen=True, slots=True)
class Sending:
    """A round as it is told to `people` at the time `now` (UTC ms). `change` is what they did not know before.

    `reopened`: they were asked before, and whoever wanted to go cannot.
    """

    settings: Round
    run: Run
    people: tuple[Person, ...]
    now: int
    change: Change | None = None
    reopened: bool = False


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
        check(facility)

    def texts(self, language: Language) -> NullTranslations:
        """Return the texts of the collector in a language."""
        return self._texts[language]

    def pictures(self, settings: Round, people: Iterable[Person | Recipient], sheets: Sheets) -> dict[Language, bytes]:
        """Return the pictures that the mails to some people need, drawn before any transaction begins."""
        if "png" not in settings.attach or self._facility.mail is None:
            return {}
        drawn = {language: sheets(language) for language in {_language(person) for person in people}}
        found = {
            language: self._draw(sketch(sheet, self._texts[language]))
            for language, sheet in drawn.items()
            if sheet.stops
        }
        return {language: picture for language, picture in found.items() if picture is not None}

    def round_mails(self, sending: Sending, sheets: Sheets, pictures: Mapping[Language, bytes]) -> list[OutgoingMail]:
        """Return the mails that tell people of a round; none without a mail server."""
        server, found = self._facility.mail, []
        for person in sending.people if server is not None else ():
            language = _language(person)
            found.append(self._round_mail(sending, sheets(language), person, pictures.get(language)))
        return found

    def word_mails(self, wording: Wording, sheets: Sheets, people: Iterable[Recipient]) -> list[OutgoingMail]:
        """Return what people must hear about units of a round: one mail for each of them and each kind of word."""
        if self._facility.mail is None:
            return []
        return [
            self._word_mail(wording, sheets(person.language), person, word, lines)
            for person in people
            for word in dict.fromkeys(wording.said.values())
            if (lines := _about(wording, sheets(person.language), person, word))
        ]

    def _round_mail(self, sending: Sending, sheet: Sheet, person: Person, picture: bytes | None) -> OutgoingMail:
        run, language = sending.run, _language(person)
        speech = Speech(sheet, self._texts[language], self._facility.web.map_link)
        told = speech.round(passed_on=person.step > 1, reopened=sending.reopened, change=sending.change)
        expires = run.plan.returns + LINKS_LAST_MS

        def link(action: Action, stop: int = 0) -> str:
            return self._links.url(Claim(run.id, stop, action, person.id, expires))

        context = {
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
            kind="change" if sending.change is not None else "again" if sending.reopened else "round",
            template="round",
            subject=told.subject,
            ident=f"round-{run.id}-{sending.now}-{person.id}",
            now=sending.now,
            context=context,
            pictures=() if context["picture"] is None or picture is None else (Part(PICTURE, "image/png", picture),),
            attachments=self._files(sending.settings, sheet, told) if sheet.stops else (),
        )
        return self._mail(letter, Recipient(person.name, person.mail, language))

    def _files(self, settings: Round, sheet: Sheet, told: RoundWords) -> tuple[Part, ...]:
        texts, name = self._texts[sheet.language], f"{sheet.round}-{sheet.day.isoformat()}"
        every = (*told.stops, *told.unmet, *told.others)
        made: dict[str, Callable[[], Part]] = {
            "ics": lambda: Part(
                f"{name}.ics", "text/calendar", ics(sheet, told, texts, self._sender.rpartition("@")[2])
            ),
            "gpx": lambda: Part(f"{name}.gpx", "application/gpx+xml", gpx(sheet, told.stops)),
            "geojson": lambda: Part(f"{name}.geojson", "application/geo+json", geojson(sheet, told.stops)),
            "csv": lambda: Part(f"{name}.csv", "text/csv", csv_table(sheet, every, texts)),
        }
        return tuple(made[kind]() for kind in dict.fromkeys(settings.attach) if kind in made)

    def _word_mail(
        self, wording: Wording, sheet: Sheet, person: Recipient, word: Word, lines: Sequence[Line]
    ) -> OutgoingMail:
        texts, run = self._texts[person.language], wording.run
        speech = Speech(sheet, texts, self._facility.web.map_link)
        told = about(wording, speech, texts, word, lines)
        letter = _Letter(
            kind=word.value or "can",
            template="word",
            subject=f"{texts.gettext('[Sukusuku]')} {told.subject}",
            ident=f"word-{run.id}-{word.value or 'can'}-{wording.now}",
            now=wording.now,
            context={"words": told, "simulated": sheet.simulated},
        )
        return self._mail(letter, person)

    @property
    def _sender(self) -> str:
        if self._facility.mail is None:
            raise ValueError("without [mail] there is nobody to send from")
        return self._facility.mail.sender

    def _mail(self, letter: _Letter, person: Recipient) -> OutgoingMail:
        templates, sender = self._templates[person.language], self._sender
        digest = sha256(person.mail.lower().encode()).hexdigest()[:16]
        own = f"<{letter.ident}-{digest}@{sender.rpartition('@')[2]}>"
        context = letter.context | {
            "language": person.language,
            "contact": person.name,
            "operator": self._facility.operator.name[person.language],
        }
        draft = Draft(
            sender_name=self._texts[person.language].gettext("Sukusuku"),
            sender=sender,
            recipient=person.mail,
            subject=letter.subject,
            message_id=own,
            date=letter.now,
            text=templates.get_template(f"{letter.template}.txt").render(context),
            html=templates.get_template(f"{letter.template}.html").render(context),
            pictures=letter.pictures,
            attachments=letter.attachments,
        )
        return OutgoingMail(
            kind=letter.kind,
            sender=sender,
            recipient=person.mail,
            language=person.language,
            subject=letter.subject,
            message_id=own,
            content=build(draft),
        )


def _language(person: Person | Recipient) -> Language:
    return "en" if person.language == "en" else "ja"


def _about(wording: Wording, sheet: Sheet, person: Recipient, word: Word) -> list[Line]:
    """Return the units about which a person must hear this word."""
    every = (*sheet.stops, *sheet.others)
    return [line for line in every if wording.said.get(line.id) is word and person.concerns(line.site_id)]
