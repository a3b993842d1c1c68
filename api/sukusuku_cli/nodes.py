"""`sukusuku nodes FACILITY.toml`: keys and certificates of edge nodes, from the command line of the server."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from sukusuku_cli import broker_accounts, broker_folder
from sukusuku_cli.operations_command import BY, begin, carry_out
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import SukusukuError, TransientError
from sukusuku_core.time import japan_time
from sukusuku_server.access.records import UnknownAccountError
from sukusuku_server.db import Operations
from sukusuku_server.db.node_certificates import NodeCertificateRow, NodeCertificates
from sukusuku_server.db.node_keys import NodeKeys
from sukusuku_server.model.proofs import ProofState, proof_key
from sukusuku_server.settings import Facility
from sukusuku_server.timeseries import backends

_EPILOG = """examples · 例:
  sukusuku nodes facility.toml list
  sukusuku nodes facility.toml key tobu-pi                       # prints it, once · 一度だけ表示
  sukusuku nodes facility.toml key tobu-pi --file tobu-pi.key    # writes it (mode 0600) · ファイルに保存
  sukusuku nodes facility.toml rotate tobu-pi                    # another certificate · 証明書の更新
  sudo sukusuku nodes facility.toml broker /etc/mosquitto/sukusuku   # files of the broker · ブローカーの設定ファイル
  sudo sukusuku nodes facility.toml revoke tobu-pi --broker /etc/mosquitto/sukusuku
"""
_STATES = {
    ProofState.NO_KEY: "no key: believes whoever may publish · 鍵なし",
    ProofState.PROVED: "believes only what is proved · 証明を検証中",
    ProofState.NOT_ASKED: "does not use its key · 鍵を使用していない",
    ProofState.UNKNOWN_KEY: "uses a key that is not known here, its readings wait · 未登録の鍵を使用、計測値は待機中",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command. Returns the exit status."""
    return carry_out(parser(), argv)


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made, which = begin(
        "sukusuku nodes",
        "Keys and certificates of edge nodes: with its key a node deletes a reading only when the collector proves "
        "that it is stored; with its certificate the broker lets it in. エッジノードの鍵と証明書。鍵があるノードは、"
        "収集サーバーの証明を確認してから計測値を削除します。証明書でブローカーに接続します。",
        _EPILOG,
    )
    which.add_parser("list", help="list edge nodes, their keys and certificates · 一覧").set_defaults(act=_list)
    key = which.add_parser("key", help="make a key, to be carried there; the one before holds on · 鍵を作成")
    key.add_argument("node", help="edge node, as in facility.toml · エッジノード")
    key.add_argument("--file", type=Path, help="write it there instead of printing it · 保存先")
    key.set_defaults(act=_key)
    rotate = which.add_parser("rotate", help="have a node renew its certificate within the hour · 証明書を更新")
    rotate.add_argument("node", help="edge node · エッジノード")
    rotate.set_defaults(act=_rotate)
    broker = which.add_parser(
        "broker",
        help="write Mosquitto's settings and rules, and what it must know of certificates · ブローカー用ファイル",
    )
    broker.add_argument("folder", type=Path, help="such as /etc/mosquitto/sukusuku · 保存先")
    broker.set_defaults(act=_broker)
    change = which.add_parser("authority", help="let another authority sign certificates from now on · 認証局の交換")
    change.add_argument("folder", type=Path, help="of the broker, as above · ブローカーの設定フォルダー")
    change.set_defaults(act=_authority)
    revoke = which.add_parser("revoke", help="end all keys and certificates of a node; its readings wait then · 失効")
    revoke.add_argument("node", help="edge node · エッジノード")
    revoke.add_argument(
        "--passwords", type=Path, metavar="FILE", help="Mosquitto's password file, to end its account there too"
    )
    revoke.add_argument(
        "--broker", type=Path, metavar="FOLDER", help="the broker's folder, to have it refuse the certificates"
    )
    revoke.set_defaults(act=_revoke)
    return made


def _list(_: argparse.Namespace, facility: Facility, operations: Operations) -> None:
    rows, states = NodeKeys(operations).holding(), _states(facility)
    certificates = {row.node: row for row in NodeCertificates(operations).newest()}
    for node in facility.own_edges():
        held = [f"{row.key.ident} of {japan_time(row.created):%Y-%m-%d}" for row in rows if row.node == node]
        state = ProofState.UNKNOWN_KEY if states.get(node) == ProofState.PROVED and not held else states.get(node)
        said = _STATES[ProofState(state)] if state else "has not been heard yet · 未受信"
        print(f"{node:<24} {', '.join(held) or '-'}: {said}")
        if node in certificates:
            print(f"{'':<24} {_certificate(certificates[node])}")


def _certificate(row: NodeCertificateRow) -> str:
    asked = "never · なし" if row.asked is None else f"{japan_time(row.asked):%Y-%m-%d %H:%M}"
    renew = "; it shall renew it · 更新待ち" if row.outdated else ""
    return f"certificate until · 証明書の期限 {japan_time(row.ends):%Y-%m-%d}, asked · 最終確認 {asked}{renew}"


def _states(facility: Facility) -> dict[str, int]:
    """Return what the collector has noted; nothing while there is no store."""
    try:
        with closing(backends.open_reader(facility)) as store:
            return {node: store.noted(proof_key(node)) or 0 for node in facility.own_edges()}
    except TransientError:
        return {}


def _key(arguments: argparse.Namespace, facility: Facility, operations: Operations) -> None:
    own, keys = facility.own_edges(), NodeKeys(operations)
    if arguments.node not in own:
        raise UnknownAccountError(f"facility.toml has no edge node {arguments.node!r}; it has {', '.join(own)}")
    if arguments.file is None:
        print(
            "put it into a file of the edge node that only its service may read; it is not shown again", file=sys.stderr
        )
        print(keys.make(arguments.node, now_ms(), BY).text)
        return
    with os.fdopen(os.open(arguments.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        try:
            file.write(keys.make(arguments.node, now_ms(), BY).text + "\n")
        except SukusukuError:
            arguments.file.unlink()  # or the next try would find a file there
            raise


def _rotate(arguments: argparse.Namespace, _: Facility, operations: Operations) -> None:
    NodeCertificates(operations).replace(arguments.node, now_ms())


def _broker(arguments: argparse.Namespace, facility: Facility, operations: Operations) -> None:
    broker_folder.write_settings(arguments.folder, facility)
    _certificates(arguments.folder, operations)


def _certificates(folder: Path, operations: Operations) -> None:
    broker_folder.write_certificates(folder, NodeCertificates(operations).for_broker(now_ms(), BY))
    print("next: systemctl restart mosquitto · 次：ブローカーの再起動", file=sys.stderr)


def _authority(arguments: argparse.Namespace, _: Facility, operations: Operations) -> None:
    NodeCertificates(operations).change_authority(now_ms(), BY)
    _certificates(arguments.folder, operations)


def _revoke(arguments: argparse.Namespace, _: Facility, operations: Operations) -> None:
    NodeKeys(operations).revoke(arguments.node, now_ms(), BY)
    if arguments.passwords is not None:
        broker_accounts.remove(arguments.passwords, arguments.node)
        print(
            "systemctl reload mosquitto ends its session at the broker · ブローカーの再読み込みで切断", file=sys.stderr
        )
    if arguments.broker is not None:
        broker_folder.write_certificates(arguments.broker, NodeCertificates(operations).for_broker(now_ms(), BY))
        print("next: systemctl restart mosquitto, which ends its session · 次：ブローカーの再起動", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
