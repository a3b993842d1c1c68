"""The mails that the golden files hold. `python -m tests.collector.golden_mails` writes them anew: read the diff."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from sukusuku_collector.mail.render import Composer
from sukusuku_collector.mail.words import Incident
from sukusuku_collector.operations import Alert, AlertState
from tests.collector.alert_cases import FACILITY, HOUR, MINUTE, ROOM, T0, UNIT, facility

FOLDER = Path(__file__).parent.parent / "fixtures" / "golden" / "mail"
CASES: dict[str, tuple[str, float | None, float | None, float | None]] = {
    "fill_level.bag": (UNIT, None, 80.0, None),
    "fill_level": (UNIT, 82.4, 80.0, 4.0),
    "unit_fault": (UNIT, 1.0, None, 0.0),
    "room_over_capacity": (ROOM, 9.0, 8.0, 7.0),
    "asset_silent": (UNIT, None, 1800.0, None),
    "asset_silent.level": (UNIT, None, 1800.0, None),
}
"""Rule (and which case of it): asset, value when it fires, threshold, value when it resolves."""


def incident(case: str, *, resolved: bool) -> Incident:
    asset, value, threshold, after = CASES[case]
    rule = case.partition(".")[0]
    found = next(item for item in facility().assets() if item.id == asset)
    alert = Alert(
        id=7,
        rule=rule,
        site="tobu",
        asset=asset,
        state=AlertState.RESOLVED if resolved else AlertState.FIRING,
        since=T0,
        fired=T0 + MINUTE,
        acknowledged=T0 + 10 * MINUTE if resolved else None,
        acknowledged_by="鈴木" if resolved else None,
        resolved=T0 + 2 * HOUR + 5 * MINUTE if resolved else None,
        value=value,
        detail="",
        threshold=threshold,
        raised=T0,
    )
    now = alert.resolved or T0 + MINUTE
    return Incident(
        alert=alert,
        asset=found,
        value=after if resolved else value,
        fill_clear=60.0,
        last_time=now if resolved else T0,
        simulated=rule == "fill_level",
        now=now,
        metric="Fill/Percent" if case == "asset_silent.level" and not resolved else None,
    )


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert isinstance(part, EmailMessage)
    text = part.get_content()
    assert isinstance(text, str)
    return text.replace("\r\n", "\n")


def parse(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def rendered() -> Iterator[tuple[str, str]]:
    """File name and content of every golden file."""
    composer = Composer(facility(FACILITY.replace("[mail]\n", "[mail]\nchild_counts = true\n")))
    for case in CASES:
        for resolved in (False, True):
            for mail in composer.mails(incident(case, resolved=resolved)):
                message = parse(mail.content)
                name = f"{case}.{mail.kind}.{mail.language}"
                yield f"{name}.txt", f"Subject: {message['Subject']}\n\n{body(message, 'plain')}"
                if case in {"fill_level", "asset_silent"}:
                    yield f"{name}.html", body(message, "html")


if __name__ == "__main__":
    for name, content in rendered():
        (FOLDER / name).write_text(content, encoding="utf-8")
