"""`sukusuku doctor`: what it says of what its probes have seen."""

from dataclasses import replace
from pathlib import Path

import pytest

from sukusuku_cli.doctor.computer import FileSeen, StoreSeen
from sukusuku_cli.doctor.finding import Status
from sukusuku_cli.doctor.servers import BrokerSeen
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.live.clock import Cause, ClockDoubt
from tests.cli.doctor_world import FACILITY, HEARD, NOW, Fine, findings, wrongs


def test_where_all_is_well_nothing_is_wrong_and_what_is_missing_is_a_note(tmp_path: Path) -> None:
    found = findings(tmp_path, Fine())

    assert wrongs(found) == set()
    assert {subject for subject, finding in found.items() if finding.status is Status.NOTE} == {"mail", "backups"}
    assert {"broker", "store disk", "operations disk", "clock", "fonts", "time zone", "versions"} <= set(found)
    assert all(finding.todo for finding in found.values() if finding.status is not Status.OK)


@pytest.mark.parametrize(
    ("change", "subject", "said"),
    [
        ({"seen_broker": BrokerSeen(anonymous=True, told=True, largest=1)}, "broker anonymous", "lets everybody in"),
        ({"seen_broker": BrokerSeen(told=True)}, "broker size", "any size"),
        (
            {"seen_broker": BrokerSeen(certificate=NOW + 3 * DAY_MS, told=True, largest=1)},
            "broker certificate",
            "in 3 days",
        ),
        (
            {"seen_broker": BrokerSeen(certificate=NOW - 3 * DAY_MS, told=True, largest=1)},
            "broker certificate",
            "3 days ago",
        ),
        ({"seen_file": FileSeen(Path("x"), free=10**11)}, "store", "may not make it"),
        ({"seen_file": FileSeen(Path("x"), made=True, free=10**11)}, "store", "cannot be written by this account"),
        ({"seen_file": FileSeen(Path("x"), made=True, writable=True, free=10**8)}, "store disk", "0.1 GB free"),
        (
            {"seen_file": FileSeen(Path("x"), made=True, writable=True, trouble="malformed", free=10**11)},
            "operations",
            "malformed",
        ),
        (
            {"seen_store": StoreSeen({"unit-1": NOW - 3 * HOUR_MS, "pi": NOW})},
            "readings",
            "nothing comes from unit-1 (3 h), room-1 (never)",
        ),
        ({"seen_store": StoreSeen(HEARD, proofs={"pi": 4})}, "node keys", "pi: has a key that is not known here"),
        ({"seen_store": StoreSeen(HEARD, ClockDoubt(Cause.OUTVOTED, NOW, 7_200_000))}, "clock", "outvoted, +7200 s"),
        ({"kept": False}, "clock ntp", "nothing keeps the clock right"),
        ({"fonts": []}, "fonts", "boxes"),
        ({"zone": False}, "time zone", "nothing is known of Asia/Tokyo"),
        ({"parts": {"sukusuku": "1", "sukusuku-edge": "2"}}, "versions", "sukusuku 1, sukusuku-edge 2"),
    ],
)
def test_one_thing_that_is_wrong_is_found_alone(
    tmp_path: Path, change: dict[str, object], subject: str, said: str
) -> None:
    seen = Fine()
    for name, value in change.items():
        setattr(seen, name, value)

    found = findings(tmp_path, seen)

    assert said in found[subject].said
    assert found[subject].todo
    assert {subject} <= wrongs(found) <= {subject, "store", "operations", "operations disk"}


def test_modes_that_let_others_read_are_told_with_the_command(tmp_path: Path) -> None:
    seen = Fine()
    seen.seen_file = replace(
        seen.seen_file, modes={Path("/x/operations.db"): 0o644, Path("/x/operations.db-wal"): 0o600}
    )

    found = findings(tmp_path, seen)["operations modes"]

    assert found.status is Status.WRONG
    assert "/x/operations.db 644" in found.said
    assert found.todo.startswith("chmod 600 /x/operations.db;")


@pytest.mark.parametrize(
    "wrong", ["colour = 3\n", FACILITY + '[[channel]]\nid = "hook"\nkind = "webhook"\nurl = "ftp://x"\n']
)
def test_wrong_settings_are_one_finding_also_where_only_the_collector_sees_it(tmp_path: Path, wrong: str) -> None:
    (found,) = findings(tmp_path, Fine(), wrong).values()
    assert found.status is Status.WRONG
