import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from sukusuku_collector.alerts.context import name_of, site_of
from sukusuku_collector.alerts.mails.composer import Composer
from sukusuku_collector.alerts.mails.phrases import Incident, Item
from sukusuku_collector.alerts.mails.texts import about
from sukusuku_collector.alerts.mails.texts_several import several
from sukusuku_server import i18n
from sukusuku_server.settings import Language
from tests.collector.alerts.alert_cases import FACILITY, HOUR, MINUTE, SECOND, T0, facility
from tests.collector.alerts.mails.golden_mails import CASES, FOLDER, LINKS, body, incident, mails, parse, rendered

GOLDEN = sorted(path.name for path in FOLDER.iterdir())
BOTH = ("ja", "en")


def mail(about: Incident, language: str = "en", text: str = FACILITY) -> tuple[str, str, str]:
    """Subject, text and HTML of a mail."""
    [found] = [item for item in mails(Composer(facility(text), LINKS), about) if item.language == language]
    message = parse(found.content)
    return found.subject, body(message, "plain"), body(message, "html")


@pytest.mark.parametrize("name", GOLDEN)
def test_mails_look_like_the_golden_files(name: str) -> None:
    assert rendered()[name] == (FOLDER / name).read_text(encoding="utf-8")


def test_every_mail_has_its_golden_file_and_none_is_left_over() -> None:
    assert set(rendered()) == set(GOLDEN)


@pytest.mark.parametrize("rule", sorted(CASES))
@pytest.mark.parametrize("language", BOTH)
@pytest.mark.parametrize("kind", ["firing", "resolved"])
def test_every_mail_says_what_where_when_and_leads_to_the_wall(rule: str, language: str, kind: str) -> None:
    resolved = kind == "resolved"
    about = incident(rule, resolved=resolved)
    subject, text, html = mail(about, language)
    site, asset = site_of(about.subject).name[language], name_of(about.subject)[language]  # type: ignore[index]  # a str here

    for part in (subject, text, html):
        assert site in part
        assert asset in part
    for part in (text, html):
        assert "https://wall.example.jp/wall" in part
        assert ("2026年11月22日（日）9:41" if language == "ja" else "Sun 22 Nov 2026, 09:41 JST") in part
        assert (("2時間5分" if language == "ja" else "2 h 5 min") in part) is resolved


class _Links(HTMLParser):
    """Tags, and everything that a mail program would fetch or open."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href", "background"}]


@pytest.mark.parametrize("rule", sorted(CASES))
def test_the_html_fetches_nothing(rule: str) -> None:
    _, _, html = mail(incident(rule, resolved=False))
    found = _Links()
    found.feed(html)

    take_on, wall = found.links
    assert re.fullmatch(r"https://wall\.example\.jp/a/[\w.-]+", take_on)
    assert wall == "https://wall.example.jp/wall"
    assert found.tags.isdisjoint({"img", "script", "link", "style", "iframe"})
    assert "url(" not in html


@pytest.mark.parametrize("language", BOTH)
def test_names_are_hostile_text(language: str) -> None:
    nasty = '<img src=x onerror=alert(1)> & "quote" %(site)s {{ 7 * 7 }}'
    text = FACILITY.replace("おむつ圧縮機1", nasty.replace('"', '\\"')).replace(
        "Nappy unit 1", nasty.replace('"', '\\"')
    )
    about = incident("collection", resolved=False)
    asset = next(facility(text).assets())
    subject, plain, html = mail(replace(about, subject=asset), language, text)
    found = _Links()
    found.feed(html)

    assert nasty in subject
    assert nasty in plain
    assert "img" not in found.tags
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert not re.search(r"\b49\b", html)


def test_simulated_data_is_called_so() -> None:
    real = replace(incident("collection", resolved=False), simulated=False)

    assert "Simulated data" in mail(replace(real, simulated=True))[1]
    assert "Simulated data" in mail(replace(real, simulated=True))[2]
    assert not any("Simulated data" in part for part in mail(real))


@pytest.mark.parametrize(
    ("code", "name", "step"),
    [
        (1, "jam", "Remove whatever is stuck"),
        (2, "out of film", "new film cassette"),
        (3, "motor overload", "cool down"),
        (4, "sensor fault", "Wipe the sensor."),
        (77, "unknown fault (code 77)", "manual of the unit"),
    ],
)
def test_each_fault_has_its_advice(code: int, name: str, step: str) -> None:
    about = incident("unit_fault", resolved=False)
    _, text, _ = mail(replace(about, alert=replace(about.alert, value=float(code))))

    assert name in text
    assert step in text


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (59 * SECOND, "less than a minute"),
        (MINUTE, "1 min"),
        (59 * MINUTE, "59 min"),
        (HOUR, "1 h 0 min"),
        (23 * HOUR + 59 * MINUTE, "23 h 59 min"),
        (51 * HOUR, "2 d 3 h"),
    ],
)
def test_durations_in_two_units(duration: int, words: str) -> None:
    about = incident("unit_fault", resolved=True)
    _, text, _ = mail(replace(about, alert=replace(about.alert, resolved=T0 + duration)))

    assert f"Duration: {words}\n" in text


@pytest.mark.parametrize("level", [-20.0, 0.0, 0.4, 99.7, 150.0])
def test_the_bar_stays_inside_its_frame(level: float) -> None:
    about = incident("collection", resolved=False)
    _, _, html = mail(replace(about, value=level))
    widths = [int(width) for width in re.findall(r'width="(\d+)%" style="(?:background:#\w+;)?height:16px', html)]

    assert sum(widths) == 100
    assert f"{level:.0f} %" in html


@pytest.mark.parametrize(
    ("metric", "en", "ja"),
    [
        ("Fill/Percent", "the fill level is", "の充填率が"),
        ("Occupancy/Children", "the number of children is", "の在室児童数が"),
        ("Zones/play/Children", "the number of children is", "の在室児童数が"),
        ("Occupancy/Count", "the number of people is", "の在室人数が"),
        ("Presence", "the presence is", "の在室検知が"),
    ],
)
def test_a_missing_metric_is_named(metric: str, en: str, ja: str) -> None:
    about = incident("asset_silent", resolved=False)
    about = replace(about, alert=replace(about.alert, reason=metric))

    assert en in mail(about, "en")[1]
    assert ja in mail(about, "ja")[1]


def test_an_asset_never_heard_has_no_last_reading() -> None:
    about = incident("asset_silent", resolved=False)

    assert "Last reading: never" in mail(replace(about, last_time=None))[1]


@pytest.mark.parametrize(("language", "topic"), [("en", "Fault, comes and goes"), ("ja", "異常（断続）")])
def test_what_flaps_is_said_to_flap_beside_other_alerts_too(language: Language, topic: str) -> None:
    items = [Item(incident(case, resolved=False), "firing") for case in ("unit_fault.flapping", "film_low")]
    told = several(items, i18n.texts("sukusuku_server", language), language, children=False)
    assert told.sections[0].entries[0].topic == topic

    ended = [Item(incident("unit_fault.flapping", resolved=True), "resolved"), items[1]]
    told = several(ended, i18n.texts("sukusuku_server", language), language, children=False)
    assert topic not in str(told)


@pytest.mark.parametrize("case", CASES)
def test_only_what_a_loose_contact_can_cause_sends_people_to_plugs_and_cables(case: str) -> None:
    """Children come and go at the limit of a room, and no cable is to blame."""
    found = incident(case, resolved=False)
    flapping = replace(found, alert=replace(found.alert, returns=3))
    told = about(flapping, i18n.texts("sukusuku_server", "en"), "en", children=True)
    assert told.subject.endswith(", comes and goes")
    assert any("cables" in step for step in told.steps) is not case.startswith(("room_", "zone_", "kg_", "stock_"))
