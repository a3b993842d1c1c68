import re
from collections import Counter
from pathlib import Path

import pytest

from sukusuku_server.access.rights import ROLES, Act, Role
from tests.api.access.routes import Needed, routes

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"


def test_the_table_of_routes_is_that_of_the_code() -> None:
    table = PAGE.read_text(encoding="utf-8").split("<!-- routes -->\n")[1].split("<!-- /routes -->")[0]

    wanted = _table()
    assert table.splitlines() == wanted, "the table is now:\n" + "\n".join(wanted)


def _table() -> list[str]:
    """How many routes each role opens at a centre, and for the operator (+) besides, by the act that they need."""
    counted = Counter(routes().values())
    rows = ["| | " + " | ".join(role.value for role in Role) + " |", "|---|" + "---:|" * len(Role)]
    for act in Act:
        here, whole = counted[Needed(act)], counted[Needed(act, everywhere=True)]
        told = f"{here} + {whole}" if whole else str(here)
        cells = " | ".join(told if act in ROLES[role] else "" for role in Role)
        if here or whole:
            rows.append(f"| {act.value.replace('_', ' ')} | {cells} |")
    rows.append(f"| one's own account: {counted[Needed()]} | " + " | " * (len(Role) - 1) + " |")
    rows.append(f"| nothing: {counted[None]} | " + " | " * (len(Role) - 1) + " |")
    return rows


@pytest.mark.parametrize("name", ["findings", "requirements"])
def test_what_shows_a_cure_or_a_requirement_is_there(name: str) -> None:
    rows = _rows(name)
    shown = [item for row in rows for item in re.findall(r"`([^`]+)`", row[-1])]
    missing = [item for item in shown if not _exists(item)]
    assert len(shown) >= len(rows)
    assert missing == []
    assert all(re.search(r"`[^`]+`", row[-1]) for row in rows), "each row names a test or a file"


def test_every_finding_of_the_review_has_its_test() -> None:
    numbers = [row[0] for row in _rows("findings")]
    assert numbers == [*(f"S{n}" for n in range(1, 8)), "S7b", *(f"S{n}" for n in range(8, 15)), "S17", "S19"]
    assert all("tests/" in row[-1] for row in _rows("findings"))


def test_every_criterion_and_every_group_of_provisions_has_a_row() -> None:
    named = ", ".join(row[1] for row in _rows("requirements")) + ","
    criteria = {f"{n:02}" for n in range(1, 17)}
    groups = {f"5.{n}-1" for n in range(1, 14)}
    letters = {f"({letter})" for letter in "abcdefghijklm"}
    assert criteria <= set(re.findall(r"(?<![.\d])\d\d(?=,)", named))
    assert groups <= set(re.findall(r"5\.\d+-\d+", named))
    assert letters <= set(re.findall(r"\([a-m]\)", named))


def _rows(name: str) -> list[list[str]]:
    """The rows of a table, without its head."""
    table = PAGE.read_text(encoding="utf-8").split(f"<!-- {name} -->\n")[1].split(f"<!-- /{name} -->")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def _exists(item: str) -> bool:
    """Whether there is a file, and in it the test after `::`."""
    path, _, test = item.partition("::")
    file = ROOT / path
    return file.is_file() and (not test or f"def {test}(" in file.read_text(encoding="utf-8"))
