"""Groups of sites: what is refused, and how a facility is divided."""

import pytest

from sukusuku_core.errors import ConfigError
from sukusuku_core.settings import parse
from sukusuku_server.settings import Facility
from sukusuku_server.settings.facility_checks import mistakes
from sukusuku_server.settings.shard import Shard, same_division, shard_of_edge, shards

HEAD = """
[operator]
id = "toshima"
name = {ja = "豊島区", en = "Toshima"}

[operations]
url = "postgresql+psycopg://db/sukusuku"

[store]
kind = "postgres"
"""
SITE = """
[[site]]
id = "{site}"
name = {{ja = "{site}", en = "{site}"}}

[[site.unit]]
id = "{site}-unit"
name = {{ja = "1号機", en = "Unit 1"}}
edge = "{edge}"
{more}

[[site.room]]
id = "{site}-room"
name = {{ja = "一時保育室", en = "Childcare room"}}
edge = "{edge}"
capacity = 12
"""
GROUP = """
[[group]]
id = "{id}"
host_id = "{host}"
schema = "{schema}"
sites = {sites}
"""


def site(name: str, edge: str = "", more: str = "") -> str:
    return SITE.format(site=name, edge=edge or f"{name}-pi", more=more)


def group(ident: str, *sites: str, host: str = "", schema: str = "") -> str:
    return GROUP.format(id=ident, host=host or ident, schema=schema or f"readings_{ident}", sites=list(sites))


def facility(*parts: str, head: str = HEAD) -> Facility:
    return parse(head + "".join(parts), Facility, "facility.toml")


SITES = site("tobu"), site("seibu"), site("hombu")
DIVIDED = *SITES, group("north", "tobu"), group("south", "seibu")


def test_a_facility_without_groups_is_one_shard_that_sees_the_very_same_settings() -> None:
    whole = facility(*SITES)
    [only] = shards(whole)
    assert only.own is whole
    assert only.leads
    assert only.minds("tobu-unit")
    assert only.minds("of-last-year")


def test_each_shard_has_its_sites_and_the_names_of_its_own() -> None:
    whole = facility(*DIVIDED)
    assert list(mistakes(whole)) == []
    own, north, south = shards(whole)
    named = [(it.own.operator.id, it.own.host_id, it.own.store.postgres.schema) for it in (own, north, south)]
    assert named == [
        ("toshima", "sukusuku", "readings"),
        ("north", "north", "readings_north"),
        ("south", "south", "readings_south"),
    ]
    assert [[it.id for it in shard.own.site] for shard in (own, north, south)] == [["hombu"], ["tobu"], ["seibu"]]
    assert [shard.leads for shard in (own, north, south)] == [True, False, False]
    assert own.own.operator.name == north.own.operator.name


@pytest.mark.parametrize("subject", ["tobu", "tobu-unit", "seibu-room", "hombu", "of-last-year"])
def test_whatever_an_alert_is_about_one_shard_minds_it(subject: str) -> None:
    assert sum(it.minds(subject) for it in shards(facility(*DIVIDED))) == 1


def test_an_edge_node_waits_for_the_collector_of_its_sites() -> None:
    whole = facility(*DIVIDED)
    assert [shard_of_edge(whole, it).group for it in ("tobu-pi", "seibu-pi", "hombu-pi")] == ["north", "south", None]


def test_there_must_be_a_group_of_that_name() -> None:
    with pytest.raises(ConfigError, match="no group `west`"):
        Shard(facility(*DIVIDED), "west")


GATEWAY = """
[[gateway]]
id = "press"

[[gateway.metric]]
name = "*/Level"
asset = "*-unit"
metric = "Fill/Percent"
"""


@pytest.mark.parametrize(
    ("parts", "where", "text"),
    [
        ((group("north", "tobu"), group("south", "tobu")), "group[1].sites", "already in group[0].sites"),
        ((group("north", "nanbu"),), "group[0].sites", "no site `nanbu`"),
        ((group("toshima", "tobu"),), "group[0].id", "already operator.id"),
        ((group("north", host="sukusuku"),), "group[0].host_id", "already host_id"),
        ((group("north", schema="readings"),), "group[0].schema", "already store.postgres.schema"),
        ((group("north"), group("North", schema="north")), "group[1].id", "already group[0].id"),
        ((site("nanbu", "tobu-pi"), group("north", "tobu")), "group", "edge node `tobu-pi`"),
        ((GATEWAY, group("north", "tobu")), "group", "edge node `press`"),
        (
            (site("nanbu", more='collection = { room = "tobu-room" }'), group("north", "tobu")),
            "group",
            "its room `tobu-room`",
        ),
    ],
)
def test_what_cannot_be_divided_so_is_refused(parts: tuple[str, ...], where: str, text: str) -> None:
    found = list(mistakes(facility(*SITES, *parts)))
    assert [it.where for it in found if text in it.text] == [where], found


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (HEAD.replace('kind = "postgres"', ""), "found store.kind `sqlite`"),
        (HEAD.replace("postgresql+psycopg://db/sukusuku", "sqlite:///operations.db"), "found operations.url"),
    ],
)
def test_groups_need_postgresql(head: str, text: str) -> None:
    [found] = mistakes(facility(*DIVIDED, head=head))
    assert text in found.text


def test_a_new_site_changes_no_division_and_one_that_moves_does() -> None:
    before = facility(*DIVIDED)
    added = facility(*SITES, site("nanbu"), group("north", "tobu", "nanbu"), group("south", "seibu"))
    assert same_division(before, added)
    assert not same_division(before, facility(*SITES, group("north", "tobu", "seibu"), group("south")))
    assert not same_division(before, facility(*SITES, group("north", "tobu")))
