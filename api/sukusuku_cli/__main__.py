"""`sukusuku COMMAND ...`: one front door to the programs of the server.

Each command is a program of its own (`python -m PROGRAM` does the same), imported only when it is asked for.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from sukusuku_core import __version__
from sukusuku_core.errors import SukusukuError
from sukusuku_server.extras import how_to_install


@dataclass(frozen=True, slots=True)
class Command:
    """A command: what it does, and the module that has its `main(argv) -> int` and `parser()`."""

    module: str
    en: str
    ja: str


COMMANDS = {
    "demo": Command(
        "sukusuku_demo.__main__",
        "the whole system on this machine, with two simulated centres",
        "模擬した2つのセンターで全体を動かす",
    ),
    "init": Command(
        "sukusuku_cli.init.__main__",
        "ask a few questions and write facility.toml, with --edge the edge.toml that fits",
        "質問に答えて facility.toml（--edge で edge.toml も）を作成",
    ),
    "doctor": Command(
        "sukusuku_cli.doctor.__main__",
        "look at broker, store, mail server, fonts, clock, disk and certificates; each line ok or what to do",
        "ブローカー・データベース・メール・時計・ディスク・証明書などを点検し、対処を表示",
    ),
    "status": Command(
        "sukusuku_cli.status",
        "how the server is now: programs, readings, edge nodes, mails, backup",
        "サーバーの現在の状態を表示",
    ),
    "collector": Command(
        "sukusuku_collector.__main__",
        "receive, store and acknowledge readings; raise alerts; send mails",
        "計測値の受信・保存・応答、お知らせの判定、メール送信",
    ),
    "api": Command("sukusuku_api.__main__", "HTTP API and the wall display", "HTTP API と状況一覧"),
    "backup": Command(
        "sukusuku_cli.backup",
        "encrypted copies of everything, made while it runs; list and verify them",
        "稼働中のバックアップの作成・一覧・検証",
    ),
    "restore": Command(
        "sukusuku_cli.restore",
        "bring a backup back, here or on a new computer",
        "バックアップからの復元（新しいサーバーにも可能）",
    ),
    "users": Command(
        "sukusuku_cli.users",
        "accounts: list, add, disable, reset the password",
        "利用者の一覧・追加・停止・パスワード再設定",
    ),
    "keys": Command(
        "sukusuku_cli.keys", "access keys of programs and links of displays", "API のキーと表示端末用リンク"
    ),
    "enrol": Command(
        "sukusuku_cli.enrol",
        "a one-time code with which an edge node gets its key and its first settings",
        "エッジノードの登録コードを発行",
    ),
    "nodes": Command(
        "sukusuku_cli.nodes", "keys with which edge nodes check what the collector says", "エッジノードの鍵の発行と失効"
    ),
    "apt-repo": Command(
        "sukusuku_cli.apt_repo.__main__",
        "a signed repository from which edge nodes update themselves, stage by stage",
        "エッジノードの更新用リポジトリの作成と段階的な公開",
    ),
    "rounds": Command(
        "sukusuku_collector.dispatch.__main__",
        "collection rounds: who would be visited and why",
        "回収ルートの計画と理由",
    ),
    "notify": Command(
        "sukusuku_collector.channels.__main__",
        "send a test message through a channel (Teams, Slack, LINE WORKS, ntfy, webhook, ...)",
        "通知先（Teams、Slack、LINE WORKS、ntfy、Webhook など）へテスト送信",
    ),
    "mail": Command(
        "sukusuku_cli.mail",
        "send one test mail and say what the server answers",
        "試験メールを送り、サーバーの応答を表示",
    ),
    "report": Command(
        "sukusuku_api.reports.__main__",
        "use of the rooms in a month or fiscal year as XLSX, PDF and CSV",
        "部屋の利用状況の月報・年報（XLSX・PDF・CSV）",
    ),
    "evaluate": Command(
        "sukusuku_server.evaluate.__main__",
        "what would have been found in a history of levels that you have",
        "手元の充填率の記録で、検出と予測の当たり具合を試す",
    ),
    "import": Command(
        "sukusuku_collector.imports.__main__",
        "bring a history into the store of a unit or room, and take it back",
        "手元の記録を取り込む（取り消しも可能）",
    ),
    "sim": Command(
        "sukusuku_sim.__main__", "simulated units and rooms over Modbus TCP and MQTT", "圧縮機と部屋の模擬装置"
    ),
    "dashboards": Command(
        "sukusuku_dashboards.__main__",
        "Grafana's boards, into files or to a running Grafana",
        "Grafana のダッシュボードの書き出しと反映",
    ),
    "store": Command(
        "sukusuku_server.timeseries.__main__",
        "check InfluxDB, copy to it what SQLite holds",
        "InfluxDB の確認と、SQLite からのコピー",
    ),
    "tap": Command("sukusuku_cli.tap", "show the Sparkplug traffic as a readable table", "Sparkplug の通信を表で表示"),
    "check": Command("sukusuku_cli.check", "check settings files before they are used", "設定ファイルの検査"),
    "facility": Command(
        "sukusuku_cli.facility",
        "the history of facility.toml: who changed what, and taking it back",
        "facility.toml の変更履歴の表示と取り消し",
    ),
    "completion": Command(
        "sukusuku_cli.completion", "complete calls of sukusuku in bash and zsh", "bash・zsh での入力補完"
    ),
}


def usage() -> str:
    """Return what `sukusuku --help` prints."""
    lines = [
        f"Sukusuku {__version__}: watches nappy-compression units and childcare rooms.",
        "おむつ圧縮機と一時保育室の見守りシステム",
        "",
        "usage: sukusuku COMMAND [OPTIONS]      (sukusuku COMMAND --help explains a command)",
        "",
        *(f"  {name:<10} {command.en}\n  {'':<10} {command.ja}" for name, command in COMMANDS.items()),
        "",
        "Begin with `sukusuku demo`; `sukusuku init` begins a real one. On a Pi the program is `sukusuku-edge`.",
    ]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Exit status 2 for a wrong call or wrong settings."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        print(usage())
        return 0 if arguments else 2
    if arguments[0] == "--version":
        print(__version__)
        return 0
    command = COMMANDS.get(arguments[0])
    if command is None:
        print(f"sukusuku: there is no command `{arguments[0]}`\n\n{usage()}", file=sys.stderr)
        return 2
    try:
        status: int = import_module(command.module).main(arguments[1:])
    except ModuleNotFoundError as error:
        print(f"sukusuku {arguments[0]}: {error}; {how_to_install('demo')}", file=sys.stderr)
        return 2
    except SukusukuError as error:
        print(f"sukusuku {arguments[0]}: {error}", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
