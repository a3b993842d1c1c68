"""The matrix the other way round."""

from pathlib import Path

from tests.api.access.matrix import MOST_SHOWN, of_a_centre


def test_somebody_of_seibu_sees_and_changes_what_they_would_without_tobu(tmp_path: Path, cheap: None) -> None:
    unexpected = of_a_centre(tmp_path, "seibu", "tobu")
    assert not unexpected, "\n".join(unexpected[:MOST_SHOWN])
