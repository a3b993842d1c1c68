"""`sukusuku keys FACILITY.toml`: access keys of programs and links of displays, from the command line of the server."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date, timedelta

from sukusuku_cli.operations_command import BY, add_site, begin, carry_out, site
from sukusuku_core.clock import now_ms
from sukusuku_core.time import day_start, japan_time
from sukusuku_server.access.records import KeyKind
from sukusuku_server.access.rights import Role
from sukusuku_server.db import Operations
from sukusuku_server.db.access_keys import AccessKeys
from sukusuku_server.db.grants import Grants
from sukusuku_server.settings import Facility

_EPILOG = """examples · 例:
  sukusuku keys facility.toml list
  sukusuku keys facility.toml add monitoring --role integrator
  sukusuku keys facility.toml add statistics --role viewer --site tobu --until 2027-03-31
  sukusuku keys facility.toml display entrance --site tobu
  sukusuku keys facility.toml revoke 3
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command. Returns the exit status."""
    return carry_out(parser(), argv)


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made, which = begin(
        "sukusuku keys",
        "Access keys for programs that ask the API, and links that a wall display opens. "
        "API のアクセスキーと表示端末用リンク。",
        _EPILOG,
    )
    which.add_parser("list", help="list keys and links · 一覧").set_defaults(act=_list)
    add = which.add_parser("add", help="make a key and print it, once · キーを発行（表示は一度だけ）")
    add.add_argument("--role", required=True, choices=[role.value for role in Role], help="role · 役割")
    add.set_defaults(act=_add, kind=KeyKind.API)
    display = which.add_parser("display", help="make the link of a display · 表示端末用リンクを発行")
    display.set_defaults(act=_add, kind=KeyKind.DISPLAY, role=Role.DISPLAY.value)
    for one in (add, display):
        one.add_argument("name", help="what it is for, or where it hangs · 用途、設置場所")
        add_site(one)
        one.add_argument("--until", type=date.fromisoformat, help="its last day, such as 2027-03-31 · 最終日")
    revoke = which.add_parser("revoke", help="end a key or link at once · 失効")
    revoke.add_argument("number", type=int, help="its number in the list · 一覧の番号")
    revoke.set_defaults(act=_revoke)
    return made


def _list(_: argparse.Namespace, __: Facility, operations: Operations) -> None:
    grants, now = Grants(operations), now_ms()
    for key in AccessKeys(operations).all():
        roles = ", ".join(
            f"{grant.role.value}{'' if grant.site is None else ' at ' + grant.site}" for grant in grants.of_key(key.id)
        )
        used = "never used" if key.used is None else f"last used {japan_time(key.used):%Y-%m-%d}"
        print(
            f"{key.id:>4} {key.kind.value:<8} {key.start}… {key.name}: {roles}, {used}"
            f"{'' if key.holds(now) else ' (holds no more)'}"
        )


def _add(arguments: argparse.Namespace, facility: Facility, operations: Operations) -> None:
    where, until, now = site(arguments, facility), arguments.until, now_ms()
    expires = None if until is None else day_start(until + timedelta(days=1))
    with operations.together():
        key, token = AccessKeys(operations).make(arguments.kind, arguments.name, now, BY, expires)
        Grants(operations).give(Role(arguments.role), where, now, BY, key=key.id)
    if arguments.kind is KeyKind.API:
        print("send it with each request as Authorization: Bearer ...; it is not shown again", file=sys.stderr)
        print(token)
    else:
        of = "" if where is None else f"?site={where}"
        print(f"{facility.web.url.rstrip('/')}/d/{token}{of}")


def _revoke(arguments: argparse.Namespace, _: Facility, operations: Operations) -> None:
    AccessKeys(operations).revoke(arguments.number, now_ms(), BY)


if __name__ == "__main__":
    sys.exit(main())
