"""Two collectors over one PostgreSQL: one works, the other takes over."""

from pathlib import Path

from tests.collector.running_collector import run
from tests.collector.succession import TAKES_OVER, Succession
from tests.support.postgres import PostgresServer


def test_killed_hung_cut_off_and_stopped_holders_are_followed_without_a_loss_or_a_second_mail(
    broker: int, postgres: PostgresServer, tmp_path: Path
) -> None:
    succession = Succession(broker, postgres)

    async def scenario() -> None:
        await succession.play(tmp_path, lease_seconds=2)

    run(scenario())
    assert max(seconds for _, seconds in succession.took) < TAKES_OVER
