"""`sukusuku dashboards export | push`: the boards as files that Grafana is provisioned with, or over HTTP."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError
from sukusuku_dashboards.export import LANGUAGES, PASSWORD, TOKEN, files
from sukusuku_dashboards.push import changes
from sukusuku_dashboards.server import Grafana, GrafanaError
from sukusuku_dashboards.wall import rotation
from sukusuku_server import settings
from sukusuku_server.facility_document import places
from sukusuku_server.model.boards import ALL, wall_uid
from sukusuku_server.settings import Facility

_BARE = "kiosk&_dash.hideTimePicker=true&_dash.hideLinks=true"
KIOSK = f"{_BARE}&hideLogo=true&refresh=30s&theme=dark"
"""How a screen asks for a wall: without menus, time picker, links and logo, and dark."""
KIOSK_ROTATION = f"{_BARE}&_dash.hidePlaylistNav=true&hideLogo=true&theme=dark"
"""How it asks for several in turn; each of them refreshes as its board says."""
PUSH_TOKEN = "SUKUSUKU_GRAFANA_TOKEN"  # noqa: S105 - the name of a variable


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 done, 1 refused by Grafana, 2 wrong settings."""
    arguments = parser().parse_args(argv)
    try:
        facility = settings.present(places.read(arguments.facility), now_ms())
        if arguments.command == "export":
            return _export(facility, arguments.folder)
        token = arguments.token or os.environ.get(PUSH_TOKEN, "")
        return _push(facility, arguments.url, token, dry_run=arguments.dry_run)
    except ConfigError as error:
        print(f"sukusuku dashboards: {error}", file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku dashboards",
        description="Writes data source and dashboards for Grafana, into files or over HTTP. "
        "Grafana のデータソースとダッシュボードを、ファイルまたは HTTP で書き込みます。",
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    export = commands.add_parser("export", help="into a folder, for file provisioning · フォルダーへ書き出し")
    export.add_argument("facility", type=Path, metavar="FACILITY.toml", help=places.ONE)
    export.add_argument("folder", type=Path, metavar="DIR", help="made when it is not there · 無ければ作成")
    push = commands.add_parser("push", help="to a running Grafana; may be repeated · 稼働中の Grafana へ反映")
    push.add_argument("facility", type=Path, metavar="FACILITY.toml", help=places.ONE)
    push.add_argument("--url", required=True, help="http://host:3000 · Grafana のアドレス")
    push.add_argument("--token", help=f"of a service account; else from {PUSH_TOKEN} · サービスアカウントのトークン")
    push.add_argument("--dry-run", action="store_true", help="only tell what would change · 変更点の表示のみ")
    return made


def _export(facility: Facility, folder: Path) -> int:
    count = 0
    try:
        for path, text in files(facility, folder.resolve()):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            count += 1
    except OSError as error:
        print(f"sukusuku dashboards: {folder} cannot be written: {error}", file=sys.stderr)
        return 2
    print(f"{count} files in {folder}")
    if facility.store.influx.token is not None:
        print(f"Grafana reads its own token, one that can only read, from the environment variable {TOKEN}")
    elif facility.store.influx.username is not None:
        print(f"Grafana logs in as `grafana` with the password from the environment variable {PASSWORD}")
    return 0


def _push(facility: Facility, url: str, token: str, *, dry_run: bool) -> int:
    count = Counter(dict.fromkeys(("new", "changed", "same"), 0))
    try:
        for change in changes(facility, Grafana(url, token), os.environ):
            print(change)
            count[change.how] += 1
            if not dry_run:
                change.write()
    except GrafanaError as error:
        print(f"sukusuku dashboards: {error}", file=sys.stderr)
        return 1
    told = ", ".join(f"{number} {how}" for how, number in count.items())
    print(f"{told}; nothing was written (--dry-run)" if dry_run else told)
    for language in LANGUAGES:
        print(f"wall ({language}): {url.rstrip('/')}/d/{wall_uid(ALL, language)}?{KIOSK}")
    if not count["left out"]:
        for playlist in (found for language in LANGUAGES if (found := rotation(facility, language)) is not None):
            print(f"{playlist.title}: {url.rstrip('/')}/playlists/play/{playlist.uid}?{KIOSK_ROTATION}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
