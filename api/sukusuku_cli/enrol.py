"""`sukusuku enrol FACILITY.toml NODE`: prints a one-time code with which an edge node gets all that it needs."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from sukusuku_cli import broker_accounts, language
from sukusuku_cli.operations_command import BY
from sukusuku_core.clock import now_ms
from sukusuku_core.enrolment import VALID_SECONDS, Answer
from sukusuku_core.errors import ConfigError
from sukusuku_server.db import Operations
from sukusuku_server.db.enrolments import Enrolments
from sukusuku_server.facility_document import places
from sukusuku_server.settings import Facility, authority
from sukusuku_server.settings.shard import shard_of_edge

_EPILOG = """examples · 例:
  sudo sukusuku enrol /etc/sukusuku/facility.toml tobu-pi --passwords /etc/mosquitto/sukusuku/passwords
  sukusuku enrol facility.toml tobu-pi --broker broker.example.jp:8883
The same command again gives the node another key: the one that it has holds until it has got the new one.
同じコマンドを再度実行すると鍵を交換できます。新しい鍵が届くまで、いまの鍵が有効です。
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Print a code. Returns the exit status."""
    options = parser().parse_args(argv)
    _ = language.told(options)
    facility = places.read(options.facility)
    node, own = options.node, facility.own_edges()
    if node not in own:
        raise ConfigError(f"facility.toml has no edge node {node!r}; it has {', '.join(own)}")
    answer = _answer(facility, options)
    with closing(Operations(facility.operations.address)) as operations:
        code = Enrolments(operations).offer(answer, node, now_ms(), BY)
    if options.passwords is not None:
        broker_accounts.put(options.passwords, node, code.broker_password())
        print(_("The broker has an account for it: systemctl reload mosquitto"), file=sys.stderr)
    print(_("On the edge node, within %(minutes)d minutes:") % {"minutes": VALID_SECONDS // 60}, file=sys.stderr)
    print(f"sudo sukusuku-edge enrol {facility.web.url.rstrip('/')} {code.text}")
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku enrol",
        description="Print a one-time code with which an edge node gets its key, the broker's authority and its first "
        "settings. エッジノードの登録コード（10分間・1回限り）を表示します。",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("facility", type=Path, metavar="FACILITY.toml", help=places.ONE)
    made.add_argument("node", help="edge node, as in facility.toml · エッジノード")
    made.add_argument(
        "--broker",
        metavar="HOST[:PORT]",
        action="append",
        type=_server,
        help="as edge nodes reach it, once for each server of a cluster (default: as the collector) "
        "· エッジノードから見たブローカーの接続先（クラスタではサーバーごとに指定）",
    )
    made.add_argument(
        "--passwords", type=Path, metavar="FILE", help="Mosquitto's password file, to make its account there"
    )
    language.add_option(made)
    return made


def _answer(facility: Facility, options: argparse.Namespace) -> Answer:
    broker, own = facility.broker, shard_of_edge(facility, options.node).own
    known = options.broker or [(_reachable(host, facility), port) for host, port in broker.addresses]
    servers = [(host, port or broker.port) for host, port in known]
    begin = facility.own_edges().index(options.node) % len(servers)  # so that edge nodes spread over a cluster
    (host, port), *others = servers[begin:] + servers[:begin]
    return Answer(
        group=own.operator.id,
        primary_host=own.host_id,
        host=host,
        port=port,
        account=options.passwords is not None,
        ca=authority.pem(broker.ca_file),
        nonce="",
        url=facility.web.url.rstrip("/"),
        others=tuple(f"[{other}]:{number}" if ":" in other else f"{other}:{number}" for other, number in others),
        subscribe_qos=broker.subscribe_qos,
    )


def _server(text: str) -> tuple[str, int | None]:
    host, colon, port = text.partition(":")
    if not host or (colon and not port.isdecimal()):
        raise argparse.ArgumentTypeError(f"found {text!r}, expected HOST or HOST:PORT, such as broker.example.jp:8883")
    return host, int(port) if port else None


def _reachable(host: str, facility: Facility) -> str:
    """Return the broker's host as others see it: the collector may reach it on its own computer."""
    try:
        local = ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    return (urlsplit(facility.web.url).hostname or host) if local else host


if __name__ == "__main__":
    sys.exit(main())
