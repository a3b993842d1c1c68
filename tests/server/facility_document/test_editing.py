"""Edits of the document: what they change, and above all what they leave alone."""

import difflib
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sukusuku_server.facility_document.editing import Add, Edit, EditError, Put, TakeOut, edited
from sukusuku_server.facility_document.paths import NoSuchPlaceError
from sukusuku_server.facility_document.undoing import undone

EXAMPLE = (Path(__file__).parents[3] / "collector/deploy/facility.example.toml").read_bytes().decode()
UNIT = {"id": "new-unit", "name": {"ja": "新しい", "en": "New"}, "edge": "tobu-pi"}

EDITS: dict[str, Edit] = {
    "threshold": Put("alerts.fill_rise", 85),
    "threshold that was left to its default": Put("alerts.stock_days", 7),
    "threshold of a table of its own": Put("alerts.digest.rules", ["stock_low"]),
    "table that is not there": Put("bookings.stale_hours", 3),
    "table of a centre that is not there": Put("site[tobu].room[tobu-room].counting.staff", "none"),
    "name of a centre": Put("site[tobu].name.en", "East"),
    "hours": Put("site[tobu].opening.mon", ["09:00-12:00"]),
    "hours of a day with a date for its key": Put("site[tobu].opening.special.2026-12-24", []),
    "capacity of a zone": Put("site[tobu].room[tobu-room].zone[0].capacity", 4),
    "level inside a line": Put("site[tobu].unit[tobu-unit-1].alerts.fill_rise", 70),
    "last day": Put("site[tobu].unit[tobu-unit-1].until", tomllib.loads("a = 2027-03-31")["a"]),
    "contact's chain": Put("contact[0].after_minutes", 30),
    "unit": Add("site[tobu].unit", UNIT),
    "zone": Add("site[tobu].room[tobu-room].zone", {"id": "sleep", "name": {"ja": "ねる", "en": "Sleep"}}),
    "centre": Add("site", {"id": "kita", "name": {"ja": "北", "en": "North"}}),
    "contact": Add("contact", {"name": "夜間", "mail": "night@example.jp"}),
    "round": Add("round", {"id": "r2", "name": {"ja": "二", "en": "Two"}, "vehicle": "van-1"}),
    "gateway": Add("gateway", {"id": "gw"}),
    "crew": Add("round[nappies].crew", {"name": "応援", "mail": "help@example.jp"}),
    "no unit": TakeOut("site[tobu].unit[tobu-unit-1]"),
    "no zone": TakeOut("site[tobu].room[tobu-room].zone[0]"),
    "no threshold": TakeOut("alerts.fill_for"),
    "no level inside a line": TakeOut("site[tobu].unit[tobu-unit-1].alerts.fill_rise"),
    "no hours": TakeOut("site[tobu].opening"),
    "no mails": TakeOut("mail"),
    "no vehicle": TakeOut("vehicle[van-1]"),
    "no centre": TakeOut("site[tobu]"),
}


def lines(old: str, new: str) -> tuple[list[str], list[str]]:
    found = list(difflib.ndiff(old.splitlines(keepends=True), new.splitlines(keepends=True)))
    return [it[2:] for it in found if it[0] == "-"], [it[2:] for it in found if it[0] == "+"]


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_an_edit_touches_its_own_lines_and_undone_gives_the_same_bytes(edit: Edit, ends: str) -> None:
    text = EXAMPLE.replace("\n", ends)

    new = edited(text, [edit])

    gone, come = lines(text, new)
    assert new != text
    if isinstance(edit, Put):
        assert len(gone) <= 1, gone
        assert len([line for line in come if line.strip()]) <= 2, come  # a header, perhaps, and the key
    elif isinstance(edit, Add):
        assert gone == []
    else:
        assert come == [] or len(gone) == len(come) == 1, come
    assert ends == "\n" or "\n" not in new.replace(ends, "")
    assert undone(text, new, new) == text


def test_a_value_keeps_the_comment_behind_it_and_its_column() -> None:
    (gone,), (come,) = lines(EXAMPLE, edited(EXAMPLE, [Put("alerts.fill_clear", 50)]))
    assert gone == "fill_clear = 60                    # ... and clears here\n"
    assert come == "fill_clear = 50                    # ... and clears here\n"


def test_comments_of_others_stay_when_a_thing_goes() -> None:
    text = """# about all
[operator]
id = "a"

# ---- centres ----

# the first
[[site]]
id = "one"   # ours
# until next year

# ---- the rest ----

# the second
[[site]]
id = "two"
"""
    assert edited(text, [TakeOut("site[one]")]) == text.replace(
        '# the first\n[[site]]\nid = "one"   # ours\n# until next year\n\n', ""
    )


@pytest.mark.parametrize(
    ("text", "edit", "wanted"),
    [
        ("", Put("host_id", "x"), 'host_id = "x"\n'),
        ("a.b = 1", Put("a.c", 2), None),
        ("a.b = 1 # one\n", Put("a.b", 2), "a.b = 2 # one\n"),
        ("a = { b = 1 } # one\n", Put("a.c", 2), "a = { b = 1, c = 2} # one\n"),
        ("[a.b]\nc = 1\n", Put("a.x", 2), "[a]\nx = 2\n\n[a.b]\nc = 1\n"),
        ("x = [\n  1, # one\n  2,\n]\n", TakeOut("x[0]"), None),
        ("s = [{ id = 'a' }]\n", TakeOut("s[a]"), "s = []\n"),
        ("s = [{ id = 'a' }]\n", Add("s", {"id": "b"}), "s = [{ id = 'a' }, { id = \"b\" }]\n"),
        ('t = """\n[[no]]\n# no\n"""\n[y]\n', Put("y.z", 5), 't = """\n[[no]]\n# no\n"""\n[y]\nz = 5\n'),
        ("x = 'a#b' # c\n", Put("x", "d\\n"), 'x = "d\\\\n" # c\n'),
        ("'q.r' = 1\n", Put('"q.r"', 2), "'q.r' = 2\n"),
    ],
)
def test_other_layouts_of_the_same(text: str, edit: Edit, wanted: str | None) -> None:
    try:
        found = edited(text, [edit])
    except EditError:
        assert wanted is None
    else:
        assert wanted is None or found == wanted


def test_a_place_that_is_not_there_and_a_broken_text_are_told() -> None:
    with pytest.raises(NoSuchPlaceError, match="there is no `west` in `site`"):
        edited(EXAMPLE, [Put("site[west].name.en", "x")])
    with pytest.raises(NoSuchPlaceError, match="is no path"):
        edited(EXAMPLE, [Put("site[tobu", "x")])
    with pytest.raises(NoSuchPlaceError, match=r"there is no alerts\.nothing"):
        edited(EXAMPLE, [TakeOut("alerts.nothing")])
    with pytest.raises(EditError, match="only a person can mend it"):
        edited("[a", [Put("b", 1)])


def test_an_older_change_is_undone_while_later_ones_stay() -> None:
    first = edited(EXAMPLE, [EDITS["unit"]])
    second = edited(first, [EDITS["threshold"]])

    assert undone(EXAMPLE, first, second) == edited(EXAMPLE, [EDITS["threshold"]])
    assert undone(first, edited(first, [EDITS["no unit"]]), edited(EXAMPLE, [EDITS["no unit"], EDITS["crew"]])) is None


values = st.one_of(
    st.integers(-(2**40), 2**40),
    st.booleans(),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
    st.lists(st.text("ab\"'#[]\\", max_size=4), max_size=3),
    st.dictionaries(st.sampled_from(["ja", "en"]), st.text(max_size=4).filter(str.isprintable), min_size=1),
)
PUTS = [edit.path for edit in EDITS.values() if isinstance(edit, Put)]
edits = st.one_of(
    st.builds(Put, st.sampled_from(PUTS), values),
    st.sampled_from([edit for edit in EDITS.values() if not isinstance(edit, Put)]),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(edits, min_size=1, max_size=6))
def test_any_edits_leave_all_other_lines_as_they_were_and_are_undone_to_the_byte(found: list[Any]) -> None:
    texts = [EXAMPLE]
    for edit in found:
        try:
            texts.append(edited(texts[-1], [edit]))
        except (NoSuchPlaceError, EditError):
            texts.append(texts[-1])
    for edit, old, new in zip(found, texts, texts[1:], strict=False):
        comments = [line for line in new.splitlines() if line.startswith("#")]
        if not isinstance(edit, TakeOut):
            assert comments == [line for line in old.splitlines() if line.startswith("#")]
            assert len(lines(old, new)[0]) <= 1
        assert undone(old, new, new) == old
    back = texts[-1]
    for old, new in zip(texts[-2::-1], texts[:0:-1], strict=True):
        undo = undone(old, new, back)
        assert undo is not None
        back = undo
    assert back == EXAMPLE
