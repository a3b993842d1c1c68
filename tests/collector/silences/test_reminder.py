"""Whoever has switched mails off is told every three days that they are off."""

from pathlib import Path

import pytest

from sukusuku_collector.silences.reminder import LONG_MS, SilenceReminder
from sukusuku_core.settings import parse
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.access.records import AccountKind, Actor
from sukusuku_server.db import Operations
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.modes import Mode, ModeKind, Modes
from sukusuku_server.settings import Facility, FacilityIndex
from tests.api.two_centres import fire
from tests.collector.operator_mails import CONTACTS, said
from tests.collector.small_facility import FACILITY
from tests.support import databases

T = 1_800_000_000_000


def look(operations: Operations, now: int) -> None:
    settings = CONTACTS + FACILITY.format(port=1883)
    index = FacilityIndex(parse(settings, Facility, "facility.toml"))
    SilenceReminder(index, operations, lambda: now).look()


def silence(operations: Operations, subject: str = "unit-1", days: int = 14) -> Mode:
    until = T + days * DAY_MS
    return Modes(operations).start(ModeKind.SILENCE, subject, now=T, until=until, who="佐藤", reason="換気工事")


def test_whoever_began_it_is_reminded_every_three_days_until_it_ends(tmp_path: Path) -> None:
    operations = databases.operations(tmp_path)
    account = Accounts(operations).add("sato@example.jp", "佐藤", T, "管理者", language="en")
    begun = silence(operations.acting(Actor(account.reference)))
    fire(operations, "unit_fault", "unit-1", T + HOUR_MS, 1.0)

    look(operations, T + LONG_MS - 1)
    assert said(operations) == []
    for _ in range(2):
        look(operations, T + LONG_MS)
    ((recipient, text),) = said(operations)
    assert recipient == "sato@example.jp"
    assert "佐藤 switched off the mails about Tobu Unit 1 at 2027-01-15 17:00. They stay off until 2027-01-29" in text
    assert "Reason given: 換気工事" in text
    assert "nobody is notified of now: 1." in text
    assert "/alerts?lang=en" in text

    look(operations, T + 2 * LONG_MS)
    assert len(said(operations)) == 2
    assert len({row.mail.message_id for row in operations.mails()}) == 2
    Modes(operations).end(begun.id, now=T + 2 * LONG_MS + 1, who="佐藤")
    look(operations, T + 3 * LONG_MS)
    assert len(said(operations)) == 2


@pytest.mark.parametrize("left", ["nobody", "shared", "disabled", "no mail"])
def test_where_nobody_can_be_reached_whoever_looks_after_the_server_hears_it(tmp_path: Path, left: str) -> None:
    operations = databases.operations(tmp_path)
    acting, accounts = operations, Accounts(operations)
    if left != "nobody":
        login = "tablet" if left == "no mail" else "tablet@example.jp"
        kind = AccountKind.SHARED if left == "shared" else AccountKind.PERSON
        account = accounts.add(login, "タブレット", T, "管理者", kind=kind)
        acting = operations.acting(Actor(account.reference))
        if left == "disabled":
            accounts.disable(account.id, T, "管理者")
    silence(acting, "tobu")

    look(operations, T + LONG_MS)
    ((recipient, text),) = said(operations)
    assert recipient == "office@example.jp"
    assert "2027-01-15 17:00に佐藤さんが東部の通知を停止しました" in text
    assert "お知らせ: " not in text, "there is none"


def test_of_two_silences_that_were_told_of_together_both_are_told_of_again(tmp_path: Path) -> None:
    operations = databases.operations(tmp_path)
    silence(operations, "unit-1")
    silence(operations, "tobu")
    for number in (1, 2):
        look(operations, T + number * LONG_MS)
    assert len(said(operations)) == 4


def test_a_silence_of_a_day_reminds_nobody(tmp_path: Path) -> None:
    operations = databases.operations(tmp_path)
    silence(operations, days=1)
    look(operations, T + LONG_MS)
    assert said(operations) == []
