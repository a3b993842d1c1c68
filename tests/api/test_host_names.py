"""A page of others cannot lead a browser here under its own name."""

import httpx
import pytest

from sukusuku_api.host_names import known
from sukusuku_core.settings import parse
from sukusuku_server.settings import Web

OURS = Web(url="https://sukusuku.example.jp", hosts=("sukusuku.local", "Wall"))


@pytest.mark.parametrize(
    "host",
    [
        "sukusuku.example.jp", "SUKUSUKU.example.jp:443", "sukusuku.example.jp.", "sukusuku.local:8080", "wall",
        "localhost", "localhost:8080", "demo.localhost", "127.0.0.1:8080", "[::1]:8080", "192.168.1.10",
        "[fe80::1%25eth0]:80",
    ],
)  # fmt: skip
def test_own_names_loopback_and_addresses_are_known(host: str) -> None:
    assert known(host, OURS)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.sukusuku.example.jp", "sukusuku.example.jp.evil.example", "localhost.evil.example",
        "127.0.0.1.evil.example", "", "[", "sukusuku.example.jp@evil.example", "1.2.3",
    ],
)  # fmt: skip
def test_names_of_others_are_not(host: str) -> None:
    assert not known(host, OURS)


@pytest.mark.parametrize("path", ["/api/v1/units", "/wall", "/vacancy", "/wall/static/wall.css", "/r/x"])
def test_nothing_is_answered_under_another_name(api: httpx.Client, path: str) -> None:
    answer = api.get(path, headers={"host": "evil.example"})

    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"
    assert "`hosts` of [web]" in answer.json()["detail"]
    assert api.get(path, headers={"host": "localhost:8080"}).status_code != 421


def test_a_host_in_the_settings_is_a_name_without_port() -> None:
    assert parse('hosts = ["sukusuku.local"]', Web, "f.toml").hosts == ("sukusuku.local",)
    for wrong in ("sukusuku.local:80", "http://sukusuku.local", "*.example.jp", ""):
        with pytest.raises(Exception, match=r"hosts\[0\]"):
            parse(f'hosts = ["{wrong}"]', Web, "f.toml")
