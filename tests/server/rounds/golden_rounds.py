"""The round mails that the golden files hold. `python -m tests.server.rounds.golden_rounds` writes them anew."""

import functools
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from sukusuku_server.db import OutgoingMail
from sukusuku_server.model.rounds import Answer, Plan
from sukusuku_server.rounds.mails import Changed, Sending
from sukusuku_server.rounds.route_sheet import Sheet
from sukusuku_server.settings import Language
from tests.server.rounds.mail_cases import FACILITY, NOTHING, PLAN, composer, drawn, facility, run
from tests.server.rounds.plan_cases import HOUR, MORNING

FOLDER = Path(__file__).parent.parent.parent / "fixtures" / "golden" / "round_mail"


def mails(step: int, of: Plan = PLAN, text: str = FACILITY, *, simulated: bool = False) -> list[OutgoingMail]:
    """The mails of a step of the chain, with the picture that was drawn for them."""

    def sheets(language: Language) -> Sheet:
        return drawn(language, of, text, simulated=simulated)

    writer, settings = composer(text), facility(text).round[0]
    pictures = writer.pictures(settings, step, sheets)
    return writer.round_mails(Sending(settings, run(of), step, MORNING), sheets, pictures)


def changed(answer: Answer, note: str = "") -> list[OutgoingMail]:
    """The mails to the contacts when the third stop is answered."""

    def change(sheet: Sheet) -> Changed:
        return Changed(sheet.stops[2], answer, "鈴木", note, MORNING + 6 * HOUR, 1)

    return composer().changed_mails(run(), drawn, change)


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
        "nothing": [*mails(1, NOTHING), *mails(1, NOTHING, english)],
        "nothing.no-unit": mails(1, none_closed),
        "cannot": changed(Answer.CANNOT, "通行止め"),
        "can": changed(Answer.DONE),
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
