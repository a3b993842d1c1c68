"""Our pages link to the board about the same, once the settings say where Grafana is."""

import re

import msgspec
import pytest

from sukusuku_api.web.base import environment
from sukusuku_dashboards.boards import boards
from sukusuku_dashboards.export import LANGUAGES
from sukusuku_server.settings import Facility, Language
from sukusuku_server.settings.facility import Web
from tests.dashboards.test_boards import facility

PAGES = ("/wall", "/wall/centre-0", "/wall/all", "/wall/a.b", "/collection", "/rooms")


def navigation(settings: Facility, page: str, language: Language, *, public: bool = False) -> str:
    """The links that stand on a page."""
    text = '{% from "nav.html" import nav with context %}{{ nav(page, language, public) }}'
    return environment(language).from_string(text).render(
        facility=settings, page=page, language=language, public=public, who=None
    )  # fmt: skip


def with_grafana(address: str) -> Facility:
    """Three centres, two of them with ids that Grafana cannot take as they are."""
    found = facility(3, 1)
    sites = [
        msgspec.structs.replace(it, id=ident) for it, ident in zip(found.site, ("centre-0", "all", "a.b"), strict=True)
    ]
    return msgspec.structs.replace(found, site=tuple(sites), web=msgspec.convert({"grafana": address}, Web))


@pytest.mark.parametrize("address", ["http://grafana.local:3000", "https://house.example/grafana/"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_page_leads_to_a_board_that_there_is(address: str, language: Language) -> None:
    settings = with_grafana(address)
    uids = {board.uid for board in boards(settings, language)}
    linked = []
    for page in PAGES:
        (found,) = re.findall(r'href="([^"]*)">Grafana<', navigation(settings, page, language))
        base, _, uid = found.rpartition("/d/")
        assert base == address.rstrip("/")
        assert uid in uids, page
        linked.append(uid)
    assert len(set(linked)) == len(PAGES), "each to its own"


def test_no_page_speaks_of_a_grafana_that_is_not_set_and_no_board_is_shown_to_parents() -> None:
    assert all("Grafana" not in navigation(facility(), page, "ja") for page in PAGES)
    settings = with_grafana("http://grafana.local:3000")
    assert "Grafana" not in navigation(settings, "/vacancy", "ja", public=True)
    assert "Grafana" not in navigation(settings, "/reports", "ja"), "there is no board about reports"


@pytest.mark.parametrize("address", ["grafana.local", "http://g/?x=1", "javascript:alert(1)", "http://g/#a b"])
def test_an_address_that_no_link_can_have_is_refused(address: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="grafana"):
        msgspec.convert({"grafana": address}, Web)
