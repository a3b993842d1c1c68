from collections import Counter
from pathlib import Path

from sukusuku_server.access.rights import ROLES, Act, Role
from tests.api.access.routes import Needed, routes

PAGE = Path(__file__).parents[2] / "docs" / "security.md"


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
