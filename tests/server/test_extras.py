"""How what is missing is installed: by the libraries' own names."""

import pytest

from sukusuku_server.extras import how_to_install


@pytest.mark.parametrize(
    ("extra", "names"),
    [("reports", ["weasyprint"]), ("export", ["pyarrow"]), ("notify", ["apprise"]), ("demo", ["aiosmtpd", "iotcore"])],
)
def test_the_libraries_are_named_with_their_bounds_and_nothing_of_ours(extra: str, names: list[str]) -> None:
    said = how_to_install(extra)

    assert [word.strip("'").split("<")[0].split(">")[0] for word in said.split("pip install ")[1].split()] == names
    assert "sukusuku" not in said
