"""Which jobs a shard does, and which are done once for an operator."""

from pathlib import Path
from typing import Any

from sukusuku_collector.clock.machine import SteadyMachine
from sukusuku_collector.clock.trusted import TrustedClock
from sukusuku_collector.works import Ground, Works
from sukusuku_core.clock import now_ms
from sukusuku_core.settings import parse
from sukusuku_server.settings import Facility
from sukusuku_server.settings.shard import Shard
from tests.collector.small_facility import FACILITY
from tests.support import databases

MAIL = '[mail]\nsender = "sukusuku@example.jp"\n[home_assistant]\n'
GROUP = '[[group]]\nid = "north"\nhost_id = "north"\nschema = "north"\nsites = ["tobu"]\n'
ONCE = {"outbox of mail", "rounds", "silences", "records", "backups", "certificates", "door home_assistant"}


def test_a_group_does_what_concerns_its_sites_and_the_operator_the_rest(tmp_path: Path) -> None:
    store, operations = databases.both(tmp_path)
    clock = TrustedClock(SteadyMachine(now_ms), store, ["tobu-pi"])
    ground = Ground(store, store, operations, clock, None)

    def jobs(text: str, group: str | None = None) -> set[str]:
        shard = Shard(parse(FACILITY.format(port=1883) + MAIL + text, Facility, "facility.toml"), group)
        nobody: Any = None  # only jobs that run ask session and ingest
        return set(Works(shard, ground, nobody, nobody, nobody)._jobs)

    everything = jobs("")
    assert everything > ONCE
    assert jobs(GROUP) == everything
    assert jobs(GROUP, "north") == everything - ONCE
    store.close()
    operations.close()
