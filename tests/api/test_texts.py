from importlib.resources import as_file, files
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from sukusuku_api.web import texts
from sukusuku_core.model import FaultCode, UnitState
from sukusuku_server.i18n import translations
from sukusuku_server.live.views import Condition

PACKAGE = files("sukusuku_api")
METHODS = [("**.py", "python"), ("web/templates/**.html", "jinja2.ext:babel_extract")]
KEYWORDS = {"_": None, "N_": None, "gettext": None, "translate": None}


def _used() -> set[str]:
    with as_file(PACKAGE) as folder:
        options = {"web/templates/**.html": {"trimmed": "true"}}
        found = extract_from_dir(Path(folder), METHODS, options, KEYWORDS)
        return {text if isinstance(text, str) else text[0] for _, _, text, _, _ in found}


def test_every_text_of_the_wall_is_translated_and_no_other() -> None:
    with (PACKAGE / "locale" / "ja.po").open("rb") as stream:
        catalogue = read_po(stream, locale="ja")

    assert {message.id for message in catalogue if message.id} == _used()
    assert all(message.string for message in catalogue if message.id)


def test_every_condition_state_and_fault_has_a_word() -> None:
    assert set(texts.CONDITIONS) == set(Condition)
    assert set(texts.STATES) == set(UnitState)
    assert set(texts.FAULTS) == set(FaultCode) - {FaultCode.NONE}


@pytest.mark.parametrize(
    ("seconds", "ja", "en"),
    [
        (-3, "0 秒前", "0 s ago"),
        (59.9, "59 秒前", "59 s ago"),
        (60, "1 分前", "1 min ago"),
        (3599, "59 分前", "59 min ago"),
        (7200, "2 時間前", "2 h ago"),
        (200_000, "2 日前", "2 d ago"),
    ],
)
def test_ages_are_said_in_both_languages(seconds: float, ja: str, en: str) -> None:
    for language, text in (("ja", ja), ("en", en)):
        translate = translations(PACKAGE / "locale", language).gettext
        assert texts.age(seconds, translate) == text
