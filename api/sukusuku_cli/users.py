"""`sukusuku users FACILITY.toml`: accounts from the command line of the server, for whoever may log in there."""

import argparse
import sys
from collections.abc import Sequence

from sukusuku_cli.operations_command import BY, add_site, begin, carry_out, site
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError
from sukusuku_server.access.records import Account, AccountKind, Purpose, UnknownAccountError
from sukusuku_server.access.rights import Role
from sukusuku_server.db import Operations
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.db.grants import Grants
from sukusuku_server.db.one_time_links import OneTimeLinks, purpose_for
from sukusuku_server.settings import Facility
from sukusuku_server.settings.mail_address import MailAddress

_EPILOG = """examples · 例:
  sukusuku users facility.toml list
  sukusuku users facility.toml add hanako@city.example.jp --name 鈴木花子 --role admin
  sukusuku users facility.toml add kaori@city.example.jp --name 佐藤 --role staff --site tobu
  sukusuku users facility.toml reset hanako@city.example.jp
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command. Returns the exit status."""
    return carry_out(parser(), argv)


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made, which = begin(
        "sukusuku users",
        "Accounts: list them, add one, end or bring back one, send a link for a new password. "
        "利用者の一覧・追加・停止・パスワード再設定。",
        _EPILOG,
    )
    which.add_parser("list", help="list accounts with their roles · 一覧").set_defaults(act=_list)
    add = which.add_parser("add", help="add an account and print its link · 追加して招待リンクを表示")
    add.add_argument("login", help="mail address with which the person signs in · ログインに使うメールアドレス")
    add.add_argument("--name", required=True, help="name as others see it · 表示名")
    add.add_argument(
        "--role", required=True, choices=[role.value for role in Role if role is not Role.DISPLAY], help="role · 役割"
    )
    add_site(add)
    add.add_argument("--language", choices=["ja", "en"], default="ja", help="language of mails · メールの言語")
    add.add_argument(
        "--shared", action="store_true", help="several people use it, such as a tablet · 複数人で共用する端末など"
    )
    add.set_defaults(act=_add)
    for name, text, act in (
        ("reset", "print a link that sets a new password · パスワード再設定リンクを表示", _reset),
        ("disable", "end every way in for an account · 利用停止", _disable),
        ("enable", "let an account sign in again · 利用再開", _enable),
    ):
        one = which.add_parser(name, help=text)
        one.add_argument("login", help="mail address of the account · メールアドレス")
        one.set_defaults(act=act)
    return made


def _list(_: argparse.Namespace, __: Facility, operations: Operations) -> None:
    grants, now = Grants(operations), now_ms()
    for account in Accounts(operations).all():
        held = [grant for grant in grants.of(account) if grant.holds(now)]
        roles = ", ".join(f"{grant.role.value}{'' if grant.site is None else ' at ' + grant.site}" for grant in held)
        marks = [
            *(["disabled"] if account.disabled is not None else []),
            *([] if account.has_password or account.subject else ["invited"]),
            *(["second factor"] if account.second_factor else []),
        ]
        print(
            f"{account.login:<32} {account.name}: {roles or 'no role'}{' (' + ', '.join(marks) + ')' if marks else ''}"
        )


def _add(arguments: argparse.Namespace, facility: Facility, operations: Operations) -> None:
    where, now = site(arguments, facility), now_ms()
    try:
        login = MailAddress(arguments.login)
    except ValueError as error:
        raise ConfigError(f"{arguments.login}: {error}") from error
    with operations.together():
        account = Accounts(operations).add(
            login,
            arguments.name,
            now,
            BY,
            kind=AccountKind.SHARED if arguments.shared else AccountKind.PERSON,
            language=arguments.language,
        )
        Grants(operations).give(Role(arguments.role), where, now, BY, account=account.id)
    _print_link(facility, operations, account)


def _reset(arguments: argparse.Namespace, facility: Facility, operations: Operations) -> None:
    _print_link(facility, operations, _account(arguments, operations))


def _disable(arguments: argparse.Namespace, _: Facility, operations: Operations) -> None:
    Accounts(operations).disable(_account(arguments, operations).id, now_ms(), BY)


def _enable(arguments: argparse.Namespace, _: Facility, operations: Operations) -> None:
    Accounts(operations).enable(_account(arguments, operations).id, now_ms(), BY)


def _account(arguments: argparse.Namespace, operations: Operations) -> Account:
    found = Accounts(operations).by_login(arguments.login)
    if found is None:
        raise UnknownAccountError(f"there is no account {arguments.login!r}; `list` shows those that there are")
    return found


def _print_link(facility: Facility, operations: Operations, account: Account) -> None:
    purpose = purpose_for(account)
    token = OneTimeLinks(operations).make(purpose, account.id, now_ms(), BY)
    print(
        f"{account.name} sets a password at (once, within {'an hour' if purpose is Purpose.RESET else 'seven days'}):"
    )
    print(f"{facility.web.url.rstrip('/')}/welcome/{token}?lang={account.language}")


if __name__ == "__main__":
    sys.exit(main())
