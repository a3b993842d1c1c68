"""Plans for the tests of rounds. Times are UTC ms; Wednesday, 25 November 2026, in Japan."""

from datetime import date

from sukusuku_server.model.rounds import Person, Plan, Reason, Stop

HOUR = 3_600_000
MINUTE = 60_000
DAY = date(2026, 11, 25)
FRIDAY = date(2026, 11, 27)
MORNING = 1_795_562_400_000
"""2026-11-25 08:20 in Japan."""

PERSON = Person(0, 1, "鈴木", "suzuki@example.jp", "ja", MORNING)
"""Who is asked first to go on a round."""


def stop(asset: str = "tobu-unit-1", *, joined: bool = True, position: int | None = 1, **changes: object) -> Stop:
    values: dict[str, object] = {
        "asset": asset,
        "site": asset.split("-", 1)[0],
        "joined": joined,
        "reason": Reason.FULL if joined else Reason.ENOUGH_ROOM,
        "position": position if joined else None,
        "arrives": MORNING + 5 * HOUR if joined else None,
        "deadline": MORNING + 9 * HOUR,
        "percent": 81.5,
        "percent_then": 90.0,
        "confidence": 100.0,
        "bags": 1 if joined else 0,
        "kg": 8.1,
    }
    return Stop(**values | changes)  # type: ignore[arg-type]  # the tests change single fields by name


def plan(*stops: Stop, day: date = DAY, round_id: str = "north") -> Plan:
    return Plan(
        round=round_id,
        date=day,
        planned=MORNING,
        departs=MORNING + 5 * HOUR,
        returns=MORNING + 9 * HOUR,
        vehicle="truck",
        stops=stops or (stop(), stop("seibu-unit-1", joined=False)),
        km=12.3,
        minutes=58.0,
        solver="one stop",
    )
