"""The migrations of the operations data are one chain, and each file is named after its place in it."""

from itertools import pairwise
from pathlib import Path

from alembic.script import ScriptDirectory

from sukusuku_server import db

MIGRATIONS = Path(db.__file__).parent / "migrations"


def test_each_migration_has_its_own_number_and_follows_the_one_before() -> None:
    found = list(reversed(list(ScriptDirectory(str(MIGRATIONS)).walk_revisions())))

    assert found[0].down_revision is None
    assert [(later.down_revision, later.revision) for _, later in pairwise(found)] == [
        (before.revision, f"{int(before.revision) + 1:04}") for before, _ in pairwise(found)
    ]
    assert [Path(item.path).name[:4] for item in found] == [item.revision for item in found]
