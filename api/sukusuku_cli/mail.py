"""`sukusuku mail test ADDRESS`: one real mail by the configured server, at once and past the outbox."""

import argparse
import sys
from collections.abc import Sequence
from html import escape
from secrets import token_hex

from sukusuku_cli import language, settings_argument
from sukusuku_cli.smtp_outcome import refused
from sukusuku_collector.channels.mail.smtp import Smtp
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError, PermanentError, TransientError
from sukusuku_core.time import japan_time
from sukusuku_server.facility_document import places
from sukusuku_server.i18n import texts
from sukusuku_server.mail.message import Draft, build
from sukusuku_server.settings import Facility, Language, MailAddress

_EXAMPLES = """examples 例:
  sukusuku mail test you@example.jp                            with ./facility.toml
  sukusuku mail test you@example.jp -f /etc/sukusuku/facility.toml --lang en
Exit status 終了コード: 0 the server has taken the mail, 1 it has not, 2 wrong settings or address
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 taken, 1 not taken, 2 wrong settings or arguments."""
    options = parser().parse_args(argv)
    _ = language.told(options)
    facility = places.read(options.facility)
    if facility.mail is None:
        raise ConfigError(
            _("%(file)s has no [mail]: write one, with `host`, `port` and `sender`") % {"file": options.facility}
        )
    try:
        address = MailAddress(options.address)
    except ValueError as error:
        raise ConfigError(f"{options.address}: {error}") from error
    try:
        Smtp(facility.mail).send(facility.mail.sender, address, _mail(facility, address))
    except (TransientError, PermanentError) as error:
        outcome = refused(error, facility.mail, _)
        print(f"{outcome.said}\n{outcome.todo}", file=sys.stderr)
        return 1
    mail = facility.mail
    print(
        _("%(host)s:%(port)s has taken the mail for %(address)s.")
        % {"host": mail.host, "port": mail.port, "address": address}
    )
    print(
        _(
            "Taken is not delivered: look into the mailbox, also among spam. "
            "If nothing arrives, its domain may want SPF or DKIM of %(sender)s."
        )
        % {"sender": mail.sender}
    )
    return 0


def _language(facility: Facility, address: MailAddress) -> Language:
    """Return the language of this contact, or else that of whom the operator named first."""
    own = [contact for contact in facility.contact if contact.mail == address]
    return next((contact.language for contact in [*own, *facility.contact]), "ja")


def _mail(facility: Facility, address: MailAddress) -> bytes:
    lang = _language(facility, address)
    _ = texts("sukusuku_cli", lang).gettext
    now, sender = now_ms(), str(facility.mail.sender if facility.mail is not None else "")
    values = {
        "operator": facility.operator.name[lang],
        "time": f"{japan_time(now):%Y-%m-%d %H:%M:%S}",
        "url": facility.web.url,
    }
    subject = _("[Sukusuku] Test mail of %(operator)s") % values
    lines = [
        _("If you can read this, mails of Sukusuku reach you."),
        _("Sent at %(time)s for %(operator)s. Nobody needs to do anything.") % values,
        values["url"],
    ]
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines)
    return build(
        Draft(
            sender_name=_("Sukusuku"),
            sender=sender,
            recipient=address,
            subject=subject,
            message_id=f"<test-{now}-{token_hex(4)}@{sender.rpartition('@')[2]}>",
            date=now,
            text="\n\n".join(lines) + "\n",
            html=f'<!doctype html><html lang="{lang}"><body>{paragraphs}</body></html>',
        )
    )


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku mail",
        description="Try the mail server of facility.toml. メールサーバーの設定を試します。",
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    text = (
        "Send one real mail now and say who took or refused it, and what to change. "
        "試験メールを1通すぐに送り、受け付けられたか、だれが何を拒んだかと対処を表示します。"
    )
    test = commands.add_parser(
        "test", help=text, description=text, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    test.add_argument("address", metavar="ADDRESS", help="who gets the mail · 宛先")
    settings_argument.add_option(test)
    language.add_option(test)
    return made
