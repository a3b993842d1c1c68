"""The settings that are given for a Grafana without log-in: it is safe and silent by its file alone."""

import configparser
from pathlib import Path

import pytest

import sukusuku_dashboards

FILE = Path(sukusuku_dashboards.__file__).parents[1] / "deploy" / "grafana-wall.ini"
NEEDED = {
    "no account admin with a known password": ("security", "disable_initial_admin_creation", "true"),
    "no form to sign in with": ("auth", "disable_login_form", "true"),
    "nobody makes an account": ("users", "allow_sign_up", "false"),
    "walls without log-in": ("auth.anonymous", "enabled", "true"),
    "who is not logged in may look": ("auth.anonymous", "org_role", "Viewer"),
    "no plugin is installed at the start": ("plugins", "preinstall_disabled", "true"),
    "no plugin is renewed": ("plugins", "preinstall_auto_update", "false"),
    "no keys are asked for": ("plugins", "public_key_retrieval_disabled", "true"),
    "nothing is told of its use": ("analytics", "reporting_enabled", "false"),
    "no request for news of versions": ("analytics", "check_for_updates", "false"),
    "no request for news of plugins": ("analytics", "check_for_plugin_updates", "false"),
    "no news": ("news", "news_feed_enabled", "false"),
    "no pictures of people": ("security", "disable_gravatar", "true"),
}
"""Section, key and value of each promise; `admin` and the four requests were seen with Grafana 12.4.0 without them."""


def broken(text: str) -> list[str]:
    """The promises that a file of settings does not keep."""
    # as Grafana reads it: case of keys does not matter, `;` begins a comment, `%` stands for itself
    found = configparser.ConfigParser(interpolation=None, comment_prefixes=(";", "#"))
    found.read_string(text)
    told = [
        f"{promise}: [{section}] {key} = {value}"
        for promise, (section, key, value) in NEEDED.items()
        if found.get(section, key, fallback=None) != value
    ]
    known = {"password", "secret", "token"}
    return told + [f"[{name}] {key}: no secrets" for name in found for key in found[name] if known & {*key.split("_")}]


def test_a_grafana_with_this_file_has_no_administrator_and_asks_nobody_for_anything() -> None:
    assert broken(FILE.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("promise", NEEDED)
def test_each_promise_is_missed_when_its_line_is_gone_or_says_otherwise(promise: str) -> None:
    section, key, value = NEEDED[promise]
    text, line = FILE.read_text(encoding="utf-8"), f"{key} = {value}\n"
    assert text.count(line) == 1
    for changed in (text.replace(line, ""), text.replace(line, f";{line}"), text.replace(line, f"{key} = no\n")):
        assert broken(changed) == [f"{promise}: [{section}] {key} = {value}"]
    assert broken(text + "[x]\nadmin_password = y\n") == ["[x] admin_password: no secrets"]
