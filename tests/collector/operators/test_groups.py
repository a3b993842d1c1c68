"""Two collectors share the groups of one operator, with a real broker, PostgreSQL and mail server."""

from pathlib import Path

from tests.collector.operators.divided_town import DividedTown
from tests.collector.running_collector import run
from tests.collector.succession import TAKES_OVER
from tests.support.postgres import PostgresServer


def test_one_takes_over_the_groups_of_the_other(broker: int, tmp_path: Path, postgres: PostgresServer) -> None:
    """Everything is stored once, each alert is mailed once, and so is a round over sites of both groups."""
    town = DividedTown(tmp_path, broker, postgres)
    run(town.play(lease_seconds=2))
    assert max(town.took) < TAKES_OVER
