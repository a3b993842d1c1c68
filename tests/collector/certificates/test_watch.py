"""Whoever looks after the server hears 14 days before a certificate ends, and that it has been renewed."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sukusuku_collector.certificates import shown
from sukusuku_collector.certificates.watch import CertificateWatch
from sukusuku_core.broker_settings import MqttSettings
from sukusuku_core.certificates import Request, read
from sukusuku_core.errors import TransientError
from sukusuku_core.settings import parse
from sukusuku_core.time import DAY_MS, HOUR_MS
from sukusuku_server.db import Operations
from sukusuku_server.db.node_certificates import issue, revoke
from sukusuku_server.settings import Facility
from tests.collector.operator_mails import CONTACTS, said
from tests.collector.small_facility import FACILITY
from tests.support import certificates
from tests.support.databases import both

T = 1_800_000_000_000


def facility(authority: str = "ca.pem") -> Facility:
    text = FACILITY.format(port=8883).replace("[broker]", f'[broker]\nca_file = "{authority}"')
    return parse(CONTACTS + text, Facility, "facility.toml")


def certified(operations: Operations, node: str, days: int, now: int) -> None:
    with operations.writing() as connection:
        issue(connection, node, Request.new(node).text, days, now, "test")


def test_a_certificate_of_a_node_that_is_not_renewed_is_told_once_and_that_it_was_too(tmp_path: Path) -> None:
    store, operations = both(tmp_path)
    now = T
    watch = CertificateWatch(facility(), store, operations, lambda: now, lambda _: (T + 400 * DAY_MS, 0))
    for node in ("tobu-pi", "gone-pi", "seibu-pi"):
        certified(operations, node, 90, T)
    with operations.writing() as connection:
        revoke(connection, "seibu-pi", T)
    now = T + 76 * DAY_MS - 1
    watch.look()
    assert said(operations) == []
    now += 2
    watch.look()
    watch.look()
    ((recipient, text),) = said(operations)
    assert recipient == "office@example.jp"
    assert "エッジノード tobu-pi の証明書：有効期限は 2027-04-15 17:00 です。" in text
    assert "gone-pi" not in text
    assert "seibu-pi" not in text
    certified(operations, "tobu-pi", 90, now)
    watch.look()
    watch.look()
    assert len(said(operations)) == 2
    assert "証明書が更新されました" in said(operations)[1][1]
    now += 90 * DAY_MS
    watch.look()
    assert "に有効期限が切れました" in said(operations)[2][1]
    store.close()
    operations.close()


def test_the_broker_and_who_has_signed_its_certificate_are_asked_each_hour(tmp_path: Path) -> None:
    store, operations = both(tmp_path)
    moments, asked = [T], 0
    ends = T + 20 * DAY_MS, T + 3000 * DAY_MS

    def ask(_: MqttSettings) -> tuple[int, int]:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise TransientError("away")
        return ends

    watch = CertificateWatch(facility(), store, operations, lambda: moments[-1], ask)
    for moment in (T, T + HOUR_MS - 1, T + 7 * DAY_MS):
        moments.append(moment)
        watch.look()
    ((_, text),) = said(operations)
    assert "ブローカーの証明書：有効期限は" in text
    assert "認証局" not in text
    assert asked == 2  # while it is away, what it has shown last counts
    ends = T + 400 * DAY_MS, moments[-1] + 10 * DAY_MS
    watch.look()
    texts = [text for _, text in said(operations)[1:]]
    assert ["ブローカー証明書の認証局：" in text for text in texts] == [True, False]
    assert "ブローカーの証明書：" in texts[1]
    store.close()
    operations.close()


@contextlib.contextmanager
def showing(context: ssl.SSLContext) -> Iterator[int]:
    """Yield the port of somebody who shows a certificate to two callers."""

    def shake_hands() -> None:
        for _ in range(2):
            connection, _address = listener.accept()
            with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=shake_hands, daemon=True).start()
        yield listener.getsockname()[1]


def test_what_a_broker_shows_is_read_whether_it_is_right_or_not(tmp_path: Path) -> None:
    own, other = certificates.make(tmp_path / "own"), certificates.make(tmp_path / "other")
    both_authorities = tmp_path / "both.pem"
    both_authorities.write_text(other.authority.read_text("ascii") + own.authority.read_text("ascii"), "ascii")
    ends = [read(file.read_text("ascii"))[0].ends for file in (own.certificate, own.authority)]
    with showing(own.server()) as port:
        settings = MqttSettings("127.0.0.1", port, "x", ca_file=both_authorities)
        assert shown.ends(settings) == tuple(ends)
        assert shown.ends(MqttSettings("127.0.0.1", port, "x", ca_file=other.authority)) == (ends[0], 0)
    with pytest.raises(TransientError, match="certificate of the broker"):
        shown.ends(settings)
