"""The difference between two versions, as a person in an office reads it."""

import typing
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sukusuku_server.facility_document.difference import difference
from sukusuku_server.facility_document.editing import Add, Edit, Put, TakeOut, edited
from sukusuku_server.facility_document.words import HIDDEN
from sukusuku_server.settings import Facility, Secret

EXAMPLE = (Path(__file__).parents[3] / "collector/deploy/facility.example.toml").read_bytes().decode()
UNIT = {"id": "new-unit", "name": {"ja": "圧縮機9号", "en": "Unit 9"}, "edge": "tobu-pi"}
CENTRE = "Centre “Tobu Child and Family Centre”"


@pytest.mark.parametrize(
    ("edit", "english", "japanese"),
    [
        (
            Put("alerts.fill_rise", 85),
            "Alerts, fill level from which on it is told (%): 80 → 85",
            "お知らせ、お知らせする充填率（%）：80 → 85",
        ),
        (
            Put("site[tobu].room[0].capacity", 9),
            f"{CENTRE}, Room “Temporary childcare room”, capacity: 10 → 9",
            "センター 「東部子ども家庭支援センター」、部屋 「一時保育室」、定員：10 → 9",
        ),
        (Add("site[tobu].unit", UNIT), f"{CENTRE}, Unit “Unit 9”: added (edge node tobu-pi)", None),
        (
            Add("site[tobu].opening.later", {"from": date(2028, 4, 1), "mon": [], "tue": ["09:00-17:00"]}),
            f"{CENTRE}, Opening hours, New values from “2028-04-01”: added (Monday none, Tuesday 09:00-17:00)",
            None,
        ),
        (TakeOut("vehicle[van-1]"), "Vehicle “Van 1”: taken out", "車両 「回収車 1号」：削除"),
        (Put("mail.password", "hunter2"), "Mail server, password: changed", "メールサーバー、password：変更"),
        (
            Put("site[tobu].opening.mon", ["09:00-12:00"]),
            f"{CENTRE}, Opening hours, Monday: 09:00-12:00, 13:00-18:00 → 09:00-12:00",
            None,
        ),
        (TakeOut("alerts.fill_for"), "Alerts, fill_for: taken out (was 60)", None),
        (Put("calendar.year_end", []), "Calendar, year_end: 12-29, 01-03 → none", None),
    ],
)
def test_a_change_is_told_in_both_languages(edit: Edit, english: str, japanese: str | None) -> None:
    new = edited(EXAMPLE, [edit])

    assert difference(EXAMPLE, new, "en") == [english]
    if japanese is not None:
        assert difference(EXAMPLE, new, "ja") == [japanese]


def test_what_has_no_words() -> None:
    assert difference(EXAMPLE, EXAMPLE, "en") == []
    assert difference(EXAMPLE, f"# hello\n{EXAMPLE}", "en") == ["Only comments or the layout are different."]
    assert difference(EXAMPLE, "[", "ja") == ["TOMLとして読めないため、違いは分かりません。"]
    assert difference("a = 1", "a = true", "en") == ["a: 1 → yes"]


def test_the_keys_of_a_new_table_are_told_one_by_one() -> None:
    new = edited("", [Put("operator", {"id": "toshima", "name": {"ja": "としま市", "en": "Toshima City"}})])
    assert difference("", new, "en") == [
        "Operator, id: toshima (new)",
        "Operator, name: としま市 / Toshima City (new)",
    ]


def test_secrets_of_a_thing_that_is_added_are_not_shown() -> None:
    old = '[mail]\nsender = "a@example.jp"\n'
    told = " ".join(difference("", f'{old}password = "hunter2"\n', "en"))
    assert "hunter2" not in told
    assert "a@example.jp" in told


def secrets(kind: Any) -> Iterator[str]:
    """The keys of a type of settings, and of those in it, that hold a secret."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for field in msgspec.structs.fields(kind):
            inside = {field.type, *typing.get_args(field.type)}
            if Secret in inside or field.name in {"password", "token"}:
                yield field.encode_name
            yield from secrets(field.type)
    else:
        for argument in typing.get_args(kind):
            yield from secrets(argument)


def test_every_secret_of_the_settings_is_hidden() -> None:
    found = set(secrets(Facility))
    assert {"url", "password", "client_secret"} <= found
    assert found <= HIDDEN
