"""The round mails that the golden files hold. `python -m tests.server.rounds.golden_rounds` writes them anew."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from sukusuku_server.db import OutgoingMail
from sukusuku_server.model.rounds import Answer, Person, Plan, Word
from sukusuku_server.rounds.mails import Sending
from sukusuku_server.rounds.next_visit import NextVisit
from sukusuku_server.rounds.recipients import chain, contacts
from sukusuku_server.rounds.route_sheet import Sheet, sheet
from sukusuku_server.rounds.texts import Change
from sukusuku_server.rounds.word_texts import Wording
from sukusuku_server.settings import FacilityIndex, Language
from tests.server.rounds.mail_cases import FACILITY, NOTHING, PLAN, composer, drawn, facility, records, run
from tests.server.rounds.plan_cases import FRIDAY, HOUR, MINUTE, MORNING

THIRD = 42
"""Id of the third stop."""
CHANGE = Change(new=("tobu-unit-2",), gone=("seibu-unit-2",))

FOLDER = Path(__file__).parent.parent.parent / "fixtures" / "golden" / "round_mail"


def people(step: int, text: str = FACILITY) -> tuple[Person, ...]:
    """Those of a step of the chain, as a run has them."""
    groups = chain(facility(text), facility(text).round[0])
    group = groups[step - 1] if step <= len(groups) else ()
    return tuple(
        Person(10 * step + n, step, found.name, found.mail, found.language, MORNING) for n, found in enumerate(group)
    )


def mails(
    step: int,
    of: Plan = PLAN,
    text: str = FACILITY,
    *,
    simulated: bool = False,
    change: Change | None = None,
    reopened: bool = False,
) -> list[OutgoingMail]:
    """The mails of a step of the chain, with the picture that was drawn for them."""

    def sheets(language: Language) -> Sheet:
        return drawn(language, of, text, simulated=simulated)

    writer, settings, whom = composer(text), facility(text).round[0], people(step, text)
    pictures = writer.pictures(settings, whom, sheets)
    return writer.round_mails(Sending(settings, run(of), whom, MORNING, change, reopened), sheets, pictures)


def words(said: Mapping[int, Word], of: Plan = PLAN, *, note: str = "", now: int = MORNING) -> list[OutgoingMail]:
    """The mails to the contacts with a word about some stops; the third one was answered with a note."""
    found = [
        replace(record, answer=Answer.CANNOT, answered=now - 2 * MINUTE, answered_by="鈴木", note=note)
        if note and record.id == THIRD
        else record
        for record in records(of.stops)
    ]
    friday = NextVisit("north", FRIDAY, of.departs + 48 * HOUR, of.returns + 48 * HOUR, planned=False)
    wording = Wording(run(of), said, {stop.asset: friday for stop in of.stops}, now)
    settings = facility().round[0]

    def sheets(language: Language) -> Sheet:
        return sheet(FacilityIndex(facility()), run(of), found, language)

    return composer().word_mails(wording, sheets, contacts(facility(), settings))


def parse(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert isinstance(part, EmailMessage)
    text = part.get_content()
    assert isinstance(text, str)
    return text.replace("\r\n", "\n")


def _files() -> Iterator[tuple[str, str]]:
    none_closed = replace(NOTHING, stops=())
    english = FACILITY.replace('mail = "suzuki@example.jp"', 'mail = "suzuki@example.jp"\nlanguage = "en"')
    cases = {
        "round": mails(1, simulated=True),
        "round.passed-on": mails(2),
        "round.again": [*mails(1, reopened=True), *mails(2, reopened=True)],
        "nothing": [*mails(1, NOTHING), *mails(1, NOTHING, english)],
        "nothing.no-unit": mails(1, none_closed),
        "changed": [*mails(1, change=CHANGE), *mails(2, change=CHANGE)],
        "changed.nothing": mails(1, NOTHING, change=Change(gone=("tobu-unit-1",))),
        "left-out": words({44: Word.LEFT_OUT}),
        "cannot": words({THIRD: Word.CANNOT}, note="通行止め", now=MORNING + 6 * HOUR),
        "can": words({THIRD: Word.NONE}),
        "nobody": words(dict.fromkeys((40, 41, 42), Word.NOBODY), now=PLAN.departs),
        "nobody.declined": words(dict.fromkeys((40, 41, 42), Word.NOBODY)),
        "nobody.no-plan": words(
            dict.fromkeys((40, 41, 42), Word.NOBODY), replace(PLAN, planned=PLAN.departs), now=PLAN.departs
        ),
    }
    for case, found in cases.items():
        for mail in found:
            message = parse(mail.content)
            name = f"{case}.{mail.language}"
            yield f"{name}.txt", f"Subject: {message['Subject']}\n\n{body(message, 'plain')}"
            yield f"{name}.html", body(message, "html")


@functools.cache
def rendered() -> dict[str, str]:
    """The content of every golden file by its name."""
    return dict(_files())


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, content in rendered().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
