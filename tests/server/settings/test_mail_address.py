from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sukusuku_core.errors import ConfigError
from sukusuku_server import settings
from sukusuku_server.settings import MailAddress
from tests.server.rounds.mail_cases import FACILITY


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("name@example.jp", "name@example.jp"),
        ("Name+bags@EXAMPLE.jp", "Name+bags@example.jp"),
        ("a..b@docomo.ne.jp", '"a..b"@docomo.ne.jp'),
        (".taro.@ezweb.ne.jp", '".taro."@ezweb.ne.jp'),
        ("taro.@docomo.ne.jp", '"taro."@docomo.ne.jp'),
        ('"a..b"@docomo.ne.jp', '"a..b"@docomo.ne.jp'),
        ('"taro"@docomo.ne.jp', "taro@docomo.ne.jp"),
        ("taro@例え.jp", "taro@xn--r8jz45g.jp"),
        ("taro@xn--r8jz45g.jp", "taro@xn--r8jz45g.jp"),
        ("taro@ｅｘａｍｐｌｅ.jp", "taro@example.jp"),
        ("facility@mail.local", "facility@mail.local"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_an_address_is_kept_as_mail_servers_take_it(written: str, sent: str) -> None:
    assert MailAddress(written) == sent
    assert MailAddress(sent) == sent


@pytest.mark.parametrize(
    "wrong",
    [
        "", "@", "name", "name@", "@example.jp", '""@example.jp', "a@b@example.jp", "太郎@example.jp", "a b@example.jp",
        '"a b"@example.jp', '"a\\"b"@example.jp', '"a@example.jp', "a..b c@example.jp", "a..<b@example.jp",
        "Taro <a@example.jp>", "a@example.jp\n", "a..\r\nBcc: x@example.jp", "a@example..jp", "a@-example.jp",
        "a@[192.0.2.1]", "=?utf-8?q?a?=@example.jp", f"{'a' * 250}@example.jp", f"a@{'b' * 64}.jp",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_the_reason(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"^not a mail address like name@example\.jp: .+[^.]$"):
        MailAddress(wrong)


@given(st.text('ab."@ \\=?<>\n例') | st.text().map(lambda text: f"{text}@example.jp"))
@example("..@x")
def test_an_address_is_plain_text_of_one_line(text: str) -> None:
    try:
        address = MailAddress(text)
    except ValueError:
        return

    local, _, domain = address.rpartition("@")
    assert address.isascii()
    assert address.isprintable()
    assert set(local.strip('"')).isdisjoint('"@ <>,;:\\')
    assert set(domain).isdisjoint('"@ <>,;:\\')


def test_a_wrong_address_is_told_with_its_place_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "facility.toml"
    for old, new, message in (
        ('"office@example.jp"', '"taro@@example.jp"', "contact[0].mail: not a mail address like name@example.jp: "),
        ('"office@example.jp"', "5", "contact[0].mail: expected `str`, got `int`, found 5"),
        ('"suzuki@example.jp"', '"鈴木@example.jp"', "round[0].crew[0].mail: not a mail address like"),
    ):
        path.write_text(FACILITY.replace(old, new), encoding="utf-8")
        with pytest.raises(ConfigError) as error:
            settings.read(path)
        assert message in str(error.value)


def test_addresses_of_carriers_are_taken_in_every_place(tmp_path: Path) -> None:
    path = tmp_path / "facility.toml"
    path.write_text(FACILITY.replace('"office@example.jp"', '"a..b@docomo.ne.jp"'), encoding="utf-8")

    assert settings.read(path).contact[0].mail == '"a..b"@docomo.ne.jp'
