"""The mails that the golden files hold. `python -m tests.collector.alerts.mails.golden_mails` rewrites them."""

import functools
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from sukusuku_collector.alerts.context import Subject, Supply
from sukusuku_collector.alerts.mails.composer import Composer
from sukusuku_collector.alerts.mails.phrases import Incident, Item
from sukusuku_server.db import Alert, AlertState, OutgoingMail
from sukusuku_server.escalation.recipients import chain
from sukusuku_server.live.outlook import Outlook
from sukusuku_server.mail.alert_links import AlertLinks
from sukusuku_server.model.rules import Rule
from sukusuku_server.rooms.capacity_limit import room_limit
from sukusuku_server.rooms.standards import national
from sukusuku_server.settings.rooms import Standards
from tests.collector.alerts.alert_cases import FACILITY, HOUR, MINUTE, ROOM, SITE, T0, UNIT, facility

FOLDER = Path(__file__).parents[3] / "fixtures" / "golden" / "mail"
CASES: dict[str, tuple[str, float | None, float | None, float | None, str, int]] = {
    "collection": (UNIT, 82.4, 80.0, 4.0, "level", 1),
    "collection.bag": (UNIT, None, 80.0, None, "bag_full", 3),
    "collection.risk": (UNIT, 61.0, 80.0, 4.0, "overflow_risk", 1),
    "collection.before_next": (UNIT, 72.0, 80.0, 4.0, "before_next", 1),
    "collection.today": (UNIT, 88.0, 80.0, 4.0, "full_today", 2),
    "collection.age_today": (UNIT, 30.0, 80.0, 0.0, "age_today", 2),
    "collection.full": (UNIT, 103.0, 80.0, 4.0, "full", 3),
    "collection.over_age": (UNIT, 30.0, 80.0, 0.0, "over_age", 3),
    "unit_fault": (UNIT, 1.0, None, 0.0, "", 1),
    "unit_fault.flapping": (UNIT, 1.0, None, 0.0, "", 1),
    "film_low": (UNIT, 14.0, 15.0, 100.0, "", 1),
    "room_over_capacity": (ROOM, 9.0, 8.0, 7.0, "places", 2),
    "room_over_capacity.staff": (ROOM, 7.0, 6.0, None, "staff", 2),
    "room_over_capacity.full": (ROOM, 8.0, 8.0, 6.0, "places", 1),
    "zone_over_capacity": (ROOM, 6.0, 5.0, 4.0, "eating", 1),
    "asset_silent": (UNIT, None, 1800.0, None, "", 1),
    "asset_silent.level": (UNIT, None, 1800.0, None, "Fill/Percent", 1),
    "kg_limit": (SITE, 8.4, 10.0, 0.0, "near", 1),
    "kg_limit.over": (SITE, 12.2, 10.0, 0.0, "over", 2),
    "stock_low": (SITE, 1.0, 14.0, None, "film", 1),
}
"""Rule (and which case of it): subject, value when it fires, threshold, value when it resolves, reason, stage."""
STAFF_OF = {"room_over_capacity": 3, "room_over_capacity.staff": 2, "room_over_capacity.full": 4}
STANDARDS = Standards(effective_m2=30.0, ages={"0": 1})
PLACES = FACILITY.replace(
    "capacity = 8\n",
    'capacity = 8\n[[site.room.zone]]\nid = "eating"\nname = {ja = "食事ゾーン", en = "Eating zone"}\ncapacity = 5\n',
)
FORECAST = {"risk", "before_next", "today", "age_today", "full", "over_age"}
"""Cases of a unit whose future is known."""


def incident(case: str, *, resolved: bool, open_still: bool = False) -> Incident:
    ident, value, threshold, after, reason, stage = CASES[case]
    rule, _, detail = case.partition(".")
    places = facility(PLACES)
    subjects: list[Subject] = [*places.assets(), *places.site]
    alert = Alert(
        id=7,
        rule=rule,
        site="tobu",
        asset=ident,
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
        told=1,
        told_first=T0 + MINUTE,
        stage=stage,
        reason=reason,
        returns=43 if detail == "flapping" else 0,
    )
    now = alert.resolved or T0 + MINUTE
    limit = {"age_today": T0 + 3 * HOUR, "over_age": T0 - HOUR}.get(reason, T0 + 40 * HOUR)
    ahead = Outlook(value or 0.0, 40.0, 20, 92.0, T0 + 5 * HOUR, T0 + 7 * HOUR, limit)
    return Incident(
        alert=alert,
        subject=next(item for item in subjects if item.id == ident),
        value=after if resolved else value,
        fill_clear=60.0,
        last_time=now if resolved else T0,
        simulated=rule == "collection",
        now=now,
        ahead=ahead if detail in FORECAST else None,
        next_round=T0 + 27 * HOUR if detail in FORECAST else None,
        supplies=(Supply("film", 1, 6.0), Supply("bag", 40, None)) if rule == "stock_low" else (),
        limit=room_limit(8, STANDARDS, STAFF_OF[case], national()) if case in STAFF_OF else None,
        open_still=open_still,
    )


def silent_room(*, resolved: bool) -> Incident:
    """A room that fell silent with the unit."""
    about = incident("asset_silent", resolved=resolved)
    room = next(asset for asset in facility(PLACES).assets() if asset.id == ROOM)
    return replace(about, subject=room, alert=replace(about.alert, id=8, asset=ROOM, since=T0 + 4 * MINUTE))


def mails(composer: Composer, about: Incident, kind: str = "firing") -> list[OutgoingMail]:
    """The mails to everybody who wants to know."""
    kind = "resolved" if about.resolved else kind
    steps = chain(facility(), "tobu", Rule(about.alert.rule))
    return [composer.message([Item(about, kind)], way, {}) for step in steps for way in step.destinations]


SEVERAL = {
    "outage": (Item(incident("asset_silent", resolved=False), "firing"), Item(silent_room(resolved=False), "firing")),
    "outage.ended": (
        Item(incident("asset_silent", resolved=True), "resolved"),
        Item(silent_room(resolved=True), "resolved"),
    ),
    "digest": tuple(
        Item(incident(case, resolved=False), "firing", "digest", T0)
        for case in ("collection.risk", "film_low", "stock_low")
    ),
    "mixed": (
        Item(incident("film_low", resolved=True), "resolved"),
        Item(incident("unit_fault", resolved=False, open_still=True), "again"),
        Item(incident("collection.full", resolved=False), "worse", "closed", T0),
    ),
}
"""Mails about several alerts: a common cause, its end, what a contact has as a digest, and whatever comes together."""


LINKS = AlertLinks([b"k" * 32], "https://wall.example.jp")


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


def _files() -> Iterator[tuple[str, str]]:
    composer = Composer(facility(FACILITY.replace("[mail]\n", "[mail]\nchild_counts = true\n")), LINKS)
    for case in CASES:
        abouts = [incident(case, resolved=False), incident(case, resolved=True)]
        again = [incident(case, resolved=False, open_still=True)] if case == "unit_fault" else []
        for kind, about in [*(("firing", item) for item in abouts), *(("again", item) for item in again)]:
            for mail in mails(composer, about, kind):
                message = parse(mail.content)
                name = f"{case}.{mail.kind}.{mail.language}"
                yield f"{name}.txt", f"Subject: {message['Subject']}\n\n{body(message, 'plain')}"
                if case in {
                    "collection",
                    "collection.today",
                    "asset_silent",
                    "room_over_capacity.staff",
                    "unit_fault.flapping",
                }:
                    yield f"{name}.html", body(message, "html")

    for case, items in SEVERAL.items():
        ways = [way for step in chain(facility(), "tobu", Rule.UNIT_FAULT) for way in step.destinations]
        for mail in (composer.message(items, way, {}) for way in ways):
            message = parse(mail.content)
            name = f"several.{case}.{mail.language}"
            yield f"{name}.txt", f"Subject: {message['Subject']}\n\n{body(message, 'plain')}"
            yield f"{name}.html", body(message, "html")
    waited = Item(incident("unit_fault", resolved=False), "firing", "closed", T0 - 14 * HOUR)
    for way in (way for step in chain(facility(), "tobu", Rule.UNIT_FAULT) for way in step.destinations):
        message = parse(composer.message([waited], way, {}).content)
        name = f"unit_fault.waited.{way.contact.language}.txt"
        yield name, f"Subject: {message['Subject']}\n\n{body(message, 'plain')}"


@functools.cache
def rendered() -> dict[str, str]:
    """The content of every golden file by its name."""
    return dict(_files())


if __name__ == "__main__":
    for name, content in rendered().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
