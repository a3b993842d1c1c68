import json
from pathlib import Path

import pytest

from sukusuku_core.errors import ConfigError
from sukusuku_core.model import Quality
from sukusuku_core.registers import Decoded
from sukusuku_sim.truth import TruthLog


def shown(value: float) -> dict[str, Decoded]:
    return {"distance": Decoded(value, Quality.GOOD)}


def test_only_changes_are_written_and_a_reader_sees_them_after_a_flush(tmp_path: Path) -> None:
    file = tmp_path / "truth.jsonl"
    file.write_text("of an earlier run\n")
    with TruthLog(file) as truth:
        for time, value in ((1, 700), (2, 700), (3, 690), (4, 700)):
            truth.points(time, "laser", shown(value))
        truth.points(5, "other", shown(700), seq=8)
        truth.asset(6, "unit-1", "cycle")
        truth.device(7, "laser", "dead")
        truth.flush()
        lines = [json.loads(line) for line in file.read_text().splitlines()]

    point = {"kind": "point", "device": "laser", "point": "distance"}
    assert lines == [
        {"time": 1, **point, "value": 700},
        {"time": 3, **point, "value": 690},
        {"time": 4, **point, "value": 700},
        {"time": 5, "kind": "point", "device": "other", "point": "distance", "value": 700, "seq": 8},
        {"time": 6, "kind": "event", "asset": "unit-1", "event": "cycle"},
        {"time": 7, "kind": "event", "device": "laser", "event": "dead"},
    ]


def test_a_truth_log_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the truth log cannot be written"):
        TruthLog(tmp_path / "no" / "folder")
