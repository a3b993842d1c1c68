"""The matrix for those who have a role for the whole operator."""

from pathlib import Path

from tests.api.access.matrix import MOST_SHOWN, of_the_operator


def test_somebody_of_the_operator_has_the_same_rights_at_both_centres(tmp_path: Path, cheap: None) -> None:
    unexpected = of_the_operator(tmp_path)
    assert not unexpected, "\n".join(unexpected[:MOST_SHOWN])
