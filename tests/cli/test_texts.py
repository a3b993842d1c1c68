"""The texts of the command line come in pairs."""

import re
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from sukusuku_cli.language import of_terminal

PACKAGE = files("sukusuku_cli")
KEYWORDS = {"_": None, "N_": None}
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[a-z%]")


def test_every_text_is_translated_with_its_placeholders_and_none_is_left_over() -> None:
    with (PACKAGE / "locale" / "ja.po").open("rb") as stream:
        catalogue = [message for message in read_po(stream, locale="ja", abort_invalid=True) if message.id]
    with as_file(PACKAGE) as folder:
        used = {str(text) for _, _, text, _, _ in extract_from_dir(Path(folder), [("**.py", "python")], {}, KEYWORDS)}

    assert {str(message.id) for message in catalogue} == used
    for message in catalogue:
        assert message.string
        assert sorted(PLACEHOLDER.findall(str(message.string))) == sorted(PLACEHOLDER.findall(str(message.id)))


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "ja"}, "ja"),
        ({}, "en"),
    ],
)
def test_a_command_speaks_the_language_of_the_terminal(environ: dict[str, str], language: str) -> None:
    assert of_terminal(environ) == language
