"""The matrix: 0 unexpected answers. Each part is a module of its own, so that they can be judged at the same time."""

from pathlib import Path

from tests.api.access.matrix import MOST_SHOWN, of_a_centre
from tests.api.access.routes import routes
from tests.api.access.rows import ELSEWHERE, PUBLIC, ROWS


def test_every_route_has_a_row_or_a_reason_why_it_is_public() -> None:
    assert routes().keys() == {row.route for row in ROWS} | PUBLIC.keys() | ELSEWHERE.keys()
    assert {route for route, needed in routes().items() if needed is None} == PUBLIC.keys()


def test_somebody_of_tobu_sees_and_changes_what_they_would_without_seibu(tmp_path: Path, cheap: None) -> None:
    unexpected = of_a_centre(tmp_path, "tobu", "seibu")
    assert not unexpected, "\n".join(unexpected[:MOST_SHOWN])
