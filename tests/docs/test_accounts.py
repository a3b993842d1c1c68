from pathlib import Path

from sukusuku_server.access.rights import ROLES, Act, Role

PAGE = Path(__file__).parents[2] / "docs" / "accounts.md"


def test_the_table_of_roles_is_that_of_the_code() -> None:
    table = PAGE.read_text(encoding="utf-8").split("<!-- roles -->\n")[1].split("<!-- /roles -->")[0]

    rows = ["| | " + " | ".join(role.value for role in Role) + " |", "|---|" + "---|" * len(Role)]
    for act in Act:
        marks = " | ".join("●" if act in ROLES[role] else "" for role in Role)
        rows.append(f"| {act.value.replace('_', ' ')} | {marks} |")
    assert table.splitlines() == rows
