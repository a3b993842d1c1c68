"""The matrix the other way round: whether the place in the facility matters. `test_matrix` asks what each role may."""

from pathlib import Path

from tests.api.access.matrix import MOST_SHOWN, of_a_centre

ROLES = ("manager", "staff", "partner")


def test_somebody_of_seibu_sees_and_changes_what_they_would_without_tobu(tmp_path: Path, cheap: None) -> None:
    unexpected = of_a_centre(tmp_path, "seibu", "tobu", ROLES)
    assert not unexpected, "\n".join(unexpected[:MOST_SHOWN])
