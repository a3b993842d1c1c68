"""`sukusuku notify FACILITY.toml CHANNEL`: a test message, at once and past the outbox."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sukusuku_collector.channels import registry, signing_key
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError, SukusukuError
from sukusuku_server.facility_document import places
from sukusuku_server.i18n import texts
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.model.notices import Notice, encode
from sukusuku_server.settings import Facility, Language


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 taken, 1 not taken, 2 wrong settings or arguments."""
    arguments = parser().parse_args(argv)
    if arguments.new_key:
        print(signing_key.new())
        return 0
    if arguments.facility is None:
        parser().error("name a FACILITY.toml, or ask for --new-key")
    try:
        print(_run(places.read(arguments.facility), arguments.channel, arguments.lang))
    except SukusukuError as error:
        print(f"sukusuku notify: {error}", file=sys.stderr)
        return 2 if isinstance(error, ConfigError) else 1
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku notify",
        description="Send a test message through a channel of facility.toml, and say what the far end answers. "
        "facility.toml の通知先にテスト送信し、相手の応答を表示します。",
        epilog="Without CHANNEL the channels are listed. See docs/notifications.md. "
        "CHANNEL を省略すると通知先の一覧を表示します。",
    )
    made.add_argument("facility", nargs="?", type=Path, metavar="FACILITY.toml", help=places.ONE)
    made.add_argument("channel", nargs="?", metavar="CHANNEL", help="id of a [[channel]] · 通知先の id")
    made.add_argument("--lang", choices=("ja", "en"), default="ja", help="language of the message · 言語")
    made.add_argument(
        "--new-key", action="store_true", help="print a fresh key for signed webhooks · Webhook の署名鍵を生成"
    )
    return made


def _run(facility: Facility, ident: str | None, language: Language) -> str:
    if ident is None:
        lines = [f"{channel.id:<20} {channel.kind}" for channel in facility.channel]
        return (
            "\n".join(lines) or "There is no [[channel]] in the settings; docs/notifications.md shows how to write one."
        )
    found = next((channel for channel in facility.channel if channel.id == ident), None)
    if found is None:
        there = ", ".join(channel.id for channel in facility.channel) or "none"
        raise ConfigError(f"there is no channel `{ident}`; there are: {there}")
    registry.opened_one(found).send(_message(facility, ident, language))
    return f"{ident}: taken"


def _message(facility: Facility, ident: str, language: Language) -> OutgoingMail:
    gettext, now, operator = texts("sukusuku_server", language).gettext, now_ms(), facility.operator.id
    title = " ".join((gettext("[Sukusuku]"), gettext("Test message")))
    own = f"<test-{now}@{operator}>"
    notice = Notice(
        ident=own.strip("<>"),
        event="test",
        time=now,
        title=title,
        text=gettext("If you can read this, alerts will arrive here."),
        url=f"{facility.web.url.rstrip('/')}/wall",
        tone="good",
        language=language,
        operator=operator,
    )
    return OutgoingMail("test", "", ident, language, title, own, encode(notice), ident)


if __name__ == "__main__":
    sys.exit(main())
