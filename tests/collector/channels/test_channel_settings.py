"""Settings of channels: what is wrong is told, a secret is not shown, and a message tries one."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from sukusuku_collector.channels.__main__ import main
from sukusuku_core.errors import ConfigError
from sukusuku_server import settings
from tests.collector.alerts.alert_cases import FACILITY, facility
from tests.collector.channels.contacts import CHANNELS
from tests.support.far_end import far_end


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ('[[contact]]\nname = "x"\n', "contact[2]: x has neither mail nor channels"),
        ('[[contact]]\nname = "x"\nchannels = ["no"]\n', "contact[2].channels: no channel ['no']; there are []"),
        ('[[channel]]\nid = "mail"\nkind = "webhook"\n', "channel[0].id: `mail` is what [mail] is called"),
        ('[[channel]]\nid = "a"\nkind = "webhook"\n', "channel[0]: give url or url_file, one of them"),
        ('[[channel]]\nid = "a"\nkind = "webhook"\nurl = ""\n', "channel[0].url: empty"),
    ],
)
def test_wrong_settings_say_where_and_what(added: str, said: str) -> None:
    def read() -> None:
        settings.check(facility(FACILITY + added), "facility.toml")

    with pytest.raises(ConfigError) as failed:
        read()
    assert said in str(failed.value)


@pytest.mark.parametrize(
    ("table", "where"),
    [('[[channel]]\nid = "a"\nkind = "lineworks"', "channel[0]"), ('[[bookings.feed]]\nid = "a"', "bookings.feed[0]")],
)
def test_an_authority_without_certificate_is_told_by_the_check(tmp_path: Path, table: str, where: str) -> None:
    (tmp_path / "ca.pem").write_text("no certificate", encoding="utf-8")
    path = tmp_path / "facility.toml"
    path.write_text(f'{FACILITY}{table}\nurl = "https://h.jp/x"\nca_file = "ca.pem"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape(f"{where}.ca_file: {tmp_path / 'ca.pem'} holds no certificate")):
        settings.read(path)


def test_a_secret_is_not_shown_with_the_settings() -> None:
    found = facility(FACILITY + CHANNELS.format(url="10.0.0.1/T0ken"))
    assert "T0ken" not in repr(found)
    assert "whsec" not in repr(found)
    assert msgspec.structs.replace(found.channel[0], id="other").address().endswith("T0ken/hook")


def test_a_test_message_says_what_the_far_end_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "facility.toml"
    with far_end() as end:
        path.write_text(FACILITY + CHANNELS.format(url=end.url), encoding="utf-8")
        end.answers = [200, 410]
        assert main([str(path), "hook", "--lang", "en"]) == 0
        assert main([str(path), "hook"]) == 1
    assert main([str(path)]) == main(["--new-key"]) == 0
    assert main([str(path), "fax"]) == 2
    assert json.loads(end.asked[0].body)["type"] == "sukusuku.test"
    said = capsys.readouterr()
    assert "hook: taken" in said.out
    assert "answered 410" in said.err
    assert "there is no channel `fax`; there are: hook, push" in said.err
