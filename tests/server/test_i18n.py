import re
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from sukusuku_core.errors import ConfigError
from sukusuku_core.time import japan_time
from sukusuku_server.i18n import translations
from tests.collector.alerts.alert_cases import T0

CATALOGUE = files("sukusuku_server") / "locale"
"""One catalogue for both packages: a term that alerts and rounds share is translated once."""
PACKAGES = [str(files("sukusuku_server")), str(files("sukusuku_collector"))]
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[a-z%]")


def catalogue() -> Catalog:
    with (CATALOGUE / "ja.po").open("rb") as stream:
        return read_po(stream, locale="ja", abort_invalid=True)


def used() -> set[str]:
    methods = [("**.py", "python"), ("**/templates/**.*", "jinja2")]
    return {str(found[2]) for package in PACKAGES for found in extract_from_dir(package, methods, {})}


def test_every_text_is_translated_and_no_translation_is_left_over() -> None:
    translated = {str(message.id) for message in catalogue() if message.id}

    assert used() == translated
    assert [message.id for message in catalogue() if message.id and (not message.string or message.fuzzy)] == []


def test_translations_keep_the_placeholders() -> None:
    for message in catalogue():
        if message.id:
            wanted = sorted(PLACEHOLDER.findall(str(message.id)))
            assert sorted(PLACEHOLDER.findall(str(message.string))) == wanted, message.id


def test_english_is_the_source_and_japanese_comes_from_the_catalogue() -> None:
    assert translations(CATALOGUE, "en").gettext("Threshold") == "Threshold"
    assert translations(CATALOGUE, "ja").gettext("Threshold") == "基準"
    assert translations(CATALOGUE, "ja").gettext("no such text") == "no such text"


@pytest.mark.parametrize("broken", [b'msgid "a"\nmsgstr "\xff"', b'msgid "a"\nnonsense'])
def test_a_missing_or_broken_catalogue_is_an_error(tmp_path: Path, broken: bytes) -> None:
    with pytest.raises(ConfigError, match="texts of language ja cannot be read"):
        translations(tmp_path, "ja")
    (tmp_path / "ja.po").write_bytes(broken)
    with pytest.raises(ConfigError, match="texts of language ja cannot be read"):
        translations(tmp_path, "ja")


def test_times_are_those_of_japan() -> None:
    assert japan_time(T0).isoformat() == "2026-11-22T09:41:00+09:00"
