import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from sukusuku_core.errors import ConfigError
from sukusuku_server.model.rounds import Reason, Word
from sukusuku_server.rounds.mails import LINKS_LAST_MS, RoundComposer, Sending
from sukusuku_server.rounds.signed_links import Action
from sukusuku_server.rounds.texts import Speech, reasons
from sukusuku_server.settings import FacilityIndex, Language
from tests.server.rounds.golden_rounds import FOLDER, THIRD, body, mails, parse, people, rendered, words
from tests.server.rounds.mail_cases import FACILITY, LINKS, NOTHING, PICTURE, PLAN, STOPS, drawn, facility, run, texts
from tests.server.rounds.plan_cases import MORNING

GOLDEN = sorted(path.name for path in FOLDER.iterdir())
BOTH: tuple[Language, ...] = ("ja", "en")


@pytest.mark.parametrize("name", GOLDEN)
def test_round_mails_look_like_the_golden_files(name: str) -> None:
    assert rendered()[name] == (FOLDER / name).read_text(encoding="utf-8")


def test_every_mail_has_its_golden_file_and_none_is_left_over() -> None:
    assert set(rendered()) == set(GOLDEN)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.sources: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.sources += [value or "" for name, value in attrs if name in {"src", "background"}]
        self.links += [value or "" for name, value in attrs if name == "href"]


def page(html: str) -> _Page:
    found = _Page()
    found.feed(html)
    return found


@pytest.mark.parametrize("step", [1, 2, 3])
def test_every_stop_has_its_signed_links_for_whoever_gets_the_mail(step: int) -> None:
    for mail in mails(step):
        message = parse(mail.content)
        html, plain = page(body(message, "html")), body(message, "plain")
        tokens = [link.rpartition("/")[2] for link in html.links if link.startswith("https://wall.example.jp/r/")]
        claims = [LINKS.read(token, MORNING) for token in tokens]
        whom = [person for person in people(step) if person.mail == mail.recipient]

        assert {claim.person for claim in claims} == {person.id for person in whom}
        assert {claim.expires for claim in claims} == {PLAN.returns + LINKS_LAST_MS}
        assert [(claim.stop, claim.action) for claim in claims] == [
            (0, Action.ACCEPT),
            (0, Action.DECLINE),
            (0, Action.ROUND),
            *((stop, action) for stop in (40, 41, 42) for action in (Action.DONE, Action.CANNOT, Action.NEEDLESS)),
        ]
        assert all(token in plain for token in tokens)


def test_the_html_asks_no_host_for_anything() -> None:
    html = body(parse(mails(1)[0].content), "html")

    assert page(html).sources == ["cid:round.png"]
    assert page(html).tags.isdisjoint({"script", "link", "style", "iframe", "form"})
    assert "url(" not in html


def test_the_picture_is_in_the_mail_or_the_mail_goes_without() -> None:
    with_picture = parse(mails(1)[0].content)
    shown = [part for part in with_picture.walk() if part.get_content_type() == "image/png"]
    without = RoundComposer(FacilityIndex(facility()), LINKS, lambda _: None)
    settings = facility().round[0]
    pictures = without.pictures(settings, people(1), drawn)
    found = without.round_mails(Sending(settings, run(), people(1), MORNING), drawn, pictures)

    assert [part.get_payload(decode=True) for part in shown] == [PICTURE]
    assert "cid:" not in body(parse(found[0].content), "html")
    assert body(parse(found[0].content), "plain") == body(with_picture, "plain")


def test_the_chain_ends_with_the_contacts_who_want_everything() -> None:
    assert [[mail.recipient for mail in mails(step)] for step in (1, 2, 3, 4)] == [
        ["suzuki@example.jp"],
        ["sato@example.jp"],
        ["office@example.jp", "seibu@example.jp"],
        [],
    ]


def test_who_is_told_as_crew_is_not_told_again_as_contact() -> None:
    again = FACILITY.replace("office@example.jp", "Suzuki@example.jp")

    assert [mail.recipient for mail in mails(3, text=again)] == ["seibu@example.jp"]


def test_a_round_without_crew_goes_to_the_contacts_at_once() -> None:
    head, tail = FACILITY.split("[[round.crew]]", 1)
    text = head + "[[site]]" + tail.split("[[site]]", 1)[1]

    assert [mail.recipient for mail in mails(1, text=text)] == ["office@example.jp", "seibu@example.jp"]
    nobody = text.split("[[contact]]", maxsplit=1)[0]
    assert mails(1, text=nobody) == []


def test_without_a_mail_server_there_are_no_mails() -> None:
    assert mails(1, text=FACILITY.replace('[mail]\nsender = "sukusuku@example.jp"\n', "")) == []


def test_a_round_with_nothing_to_collect_says_why_and_asks_nothing() -> None:
    [mail] = mails(1, NOTHING)
    message = parse(mail.content)

    assert "回収なし" in mail.subject
    assert "次回11月27日（金）までに回収が必要な圧縮機はありません。" in body(message, "plain")
    assert page(body(message, "html")).links == []
    assert list(message.iter_attachments()) == []


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (Reason.CLOSED, "Units need a visit, but none could be planned."),
        (Reason.NO_CAPACITY, "Units need a visit, but none could be planned."),
        (Reason.ENOUGH_ROOM, "No unit needs a visit before the next round on Fri 27 Nov."),
    ],
)
def test_why_nothing_is_collected(reason: Reason, said: str) -> None:
    plan = replace(NOTHING, stops=tuple(replace(stop, reason=reason) for stop in NOTHING.stops))

    assert said in Speech(drawn("en", plan), texts("en"), "").round().lead


@pytest.mark.parametrize("language", BOTH)
def test_every_reason_has_words(language: Language) -> None:
    found = reasons(texts(language))

    assert set(found) == set(Reason)
    assert len(set(found.values())) == len(Reason)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"percent": None, "percent_then": None}, "fill level unknown"),
        ({"percent": 64.0, "percent_then": 70.0, "confidence": 30.0}, "fill level about 64 %, uncertain"),
        ({"percent": 64.0, "percent_then": 64.3}, "fill level 64 %"),
        ({"percent": 64.0, "percent_then": None}, "fill level 64 %"),
        ({"percent": 64.0, "percent_then": 70.0}, "fill level 64 % (70 % on arrival)"),
    ],
)
def test_levels_in_words(changes: dict[str, float | None], said: str) -> None:
    plan = replace(PLAN, stops=(replace(STOPS[0], **changes),))  # type: ignore[arg-type]  # single fields by name

    assert Speech(drawn("en", plan), texts("en"), "").round().stops[0].level == said


def test_a_unit_that_the_settings_no_longer_have_goes_by_its_id() -> None:
    text = FACILITY.replace('id = "seibu-unit-1"', 'id = "seibu-unit-9"')
    mail = body(parse(mails(1, text=text)[0].content), "plain")

    assert "seibu / seibu-unit-1" in mail


def test_the_map_link_is_the_facilitys_choice() -> None:
    text = FACILITY.replace("[mail]\n", 'map_link = "https://maps.apple.com/?ll={lat},{lon}"\n[mail]\n')

    assert "https://maps.apple.com/?ll=35.729500,139.732000" in body(parse(mails(1, text=text)[0].content), "plain")


def test_names_are_hostile_text() -> None:
    nasty = "<img src=x onerror=alert(1)> & %(site)s {{ 7 * 7 }}"
    found = parse(mails(1, text=FACILITY.replace("おむつ圧縮機1", nasty))[0].content)

    assert nasty in body(found, "plain")
    assert page(body(found, "html")).sources == ["cid:round.png"]
    assert not re.search(r"\b49\b", body(found, "html"))


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('ja = "東部・西部ルート"', 'ja = "=?UTF-8?Q?=0A?="', r"round\[0\].name.ja"),
        ('en = "Nappy unit"', 'en = "a \\u202e b"', r"site\[\d\].unit\[\d\].name.en"),
    ],
)
def test_what_cannot_stand_in_a_header_is_refused_at_the_start(old: str, new: str, field: str) -> None:
    with pytest.raises(ConfigError, match=f"^{field}"):
        RoundComposer(FacilityIndex(facility(FACILITY.replace(old, new))), LINKS)


def test_the_contacts_of_the_centre_hear_that_a_unit_could_not_be_collected() -> None:
    told = words({THIRD: Word.CANNOT}, note="<b>通行止め</b>")

    assert [(mail.recipient, mail.kind) for mail in told] == [
        ("office@example.jp", "cannot"),
        ("seibu@example.jp", "cannot"),
    ]
    assert "&lt;b&gt;通行止め&lt;/b&gt;" in body(parse(told[0].content), "html")
    assert [mail.kind for mail in words({THIRD: Word.NONE})] == ["can", "can"]
    assert len({mail.message_id for mail in told}) == 2


def test_a_contact_hears_of_its_own_centres_only_and_of_all_of_them_in_one_mail() -> None:
    told = words(dict.fromkeys((40, 41, 42), Word.NOBODY))
    plain = {mail.recipient: body(parse(mail.content), "plain") for mail in told}

    assert list(plain) == ["office@example.jp", "seibu@example.jp"]
    assert plain["office@example.jp"].count("\n- ") == 3
    assert plain["seibu@example.jp"].count("\n- ") == 1


def test_what_needs_a_visit_and_gets_none_stands_above_what_needs_none() -> None:
    closed = replace(STOPS[3], reason=Reason.CLOSED, percent=130.0, percent_then=130.0)
    plain = body(parse(mails(2, replace(NOTHING, stops=(*NOTHING.stops, closed)))[0].content), "plain")

    assert "Units need a visit, but none could be planned." in plain
    unmet, others = plain.split("Needs a visit, but not on this round")[1].split("Not on this round")
    assert "the centre is closed then (fill level 130 %)" in unmet
    assert others.count("\n- ") == 2


def test_simulated_data_is_called_so() -> None:
    for kind in ("plain", "html"):
        assert "模擬データ" in body(parse(mails(1, simulated=True)[0].content), kind)
        assert "模擬データ" not in body(parse(mails(1)[0].content), kind)


def test_thirty_stops_are_not_cut_off_by_mail_programs() -> None:
    many = replace(PLAN, stops=tuple(replace(STOPS[1], position=n) for n in range(1, 31)))
    for step in (1, 2):
        html = body(parse(mails(step, many)[0].content), "html")

        assert len(html.encode()) < 102_000
        assert html.count("https://wall.example.jp/r/") == 3 + 3 * 30
