"""`sukusuku apt-repo DIR key|add|promote|remove|list`: packages for edge nodes, stage by stage."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from sukusuku_cli import language
from sukusuku_cli.apt_repo.release import Package
from sukusuku_cli.apt_repo.repository import PUBLIC_KEY, Repository, by_version
from sukusuku_core.clock import now_ms
from sukusuku_core.errors import ConfigError

if TYPE_CHECKING:
    from sukusuku_cli.apt_repo.signing import Key

_KEY = Path("/etc/sukusuku/apt-repo.key")
_EPILOG = """examples · 例:
  sukusuku apt-repo /srv/apt key                       # once; copy it elsewhere · 初回のみ。控えは別の場所へ
  sukusuku apt-repo /srv/apt add canary dist/*.deb     # edge nodes with stage = "canary" take it · 先行センターに公開
  sukusuku apt-repo /srv/apt promote canary stable     # after a few days: everybody · 全センターに公開
  sukusuku apt-repo /srv/apt remove canary sukusuku-edge 0.2.0
  python3 -m http.server --directory /srv/apt 8000     # or nginx: plain files · 静的ファイルとして公開
`sukusuku-edge update` on a Pi takes it from there; docs/updates.md has every step. 手順は docs/updates.md。
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command. Returns the exit status."""
    options = parser().parse_args(argv)
    try:
        options.act(options, Repository(options.folder))
    except OSError as error:
        raise ConfigError(f"{options.folder}: cannot be written: {error}") from error
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(
        prog="sukusuku apt-repo",
        description="A signed repository of packages from which edge nodes update themselves, stage by stage. "
        "エッジノードの更新元となる署名付きリポジトリ（段階的に公開）。",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("folder", type=Path, metavar="DIR", help="what a web server hands out · 公開するフォルダー")
    which = made.add_subparsers(required=True, metavar="COMMAND")
    key = which.add_parser("key", help="make the key that signs · 署名の鍵を作成")
    key.set_defaults(act=_key)
    add = which.add_parser("add", help="put packages into a stage · パッケージを段階に追加")
    add.add_argument("stage", help="such as canary, site-a, stable · 段階の名前")
    add.add_argument("files", nargs="+", type=Path, metavar="FILE.deb", help="packages · パッケージ")
    add.set_defaults(act=_add)
    promote = which.add_parser("promote", help="give a stage what another one has · 次の段階に公開")
    promote.add_argument("source", metavar="FROM", help="stage · 元の段階")
    promote.add_argument("target", metavar="TO", help="stage · 先の段階")
    promote.set_defaults(act=_promote)
    remove = which.add_parser("remove", help="take a version out of a stage · 版を段階から外す")
    remove.add_argument("stage", help="stage · 段階")
    remove.add_argument("name", help="such as sukusuku-edge · パッケージ名")
    remove.add_argument("version", help="such as 0.2.0 · 版")
    remove.set_defaults(act=_remove)
    which.add_parser("list", help="what there is · 一覧").set_defaults(act=_list)
    for name, command in which.choices.items():
        language.add_option(command)
        if name != "list":
            command.add_argument(
                "--key",
                type=Path,
                default=_KEY,
                metavar="FILE",
                help="key that signs (default: %(default)s) · 署名の鍵",
            )
    return made


def _key(options: argparse.Namespace, _repository: Repository) -> None:
    _ = language.told(options)
    key = _keys().new()
    key.write(options.key)
    print(_("%(path)s was made. Fingerprint: %(fingerprint)s") % {"path": options.key, "fingerprint": key.fingerprint})
    print(_("Copy it to a safe place: edge nodes take updates that are signed with it, and no others."))


def _add(options: argparse.Namespace, repository: Repository) -> None:
    added = repository.add(options.stage, options.files, _keys().read(options.key), now_ms())
    _tell(options, options.stage, added)
    _ = language.told(options)
    print(_("Edge nodes trust %(file)s.") % {"file": options.folder / PUBLIC_KEY})


def _promote(options: argparse.Namespace, repository: Repository) -> None:
    new = repository.promote(options.source, options.target, _keys().read(options.key), now_ms())
    if not new:
        _ = language.told(options)
        print(_("%(stage)s has everything already.") % {"stage": options.target})
    _tell(options, options.target, new)


def _remove(options: argparse.Namespace, repository: Repository) -> None:
    gone = repository.remove(options.stage, options.name, options.version, _keys().read(options.key), now_ms())
    _ = language.told(options)
    for (name, version), architectures in by_version(gone).items():
        said = _("%(stage)s no longer has %(name)s %(version)s (%(architectures)s); edge nodes that have it keep it.")
        print(said % _values(options.stage, name, version, architectures))


def _list(options: argparse.Namespace, repository: Repository) -> None:
    _ = language.told(options)
    stages = repository.stages()
    for stage in stages:
        _tell(options, stage, repository.packages(stage))
    if not stages:
        print(_("There is no stage yet: `add` makes one."))


def _keys() -> "type[Key]":
    """Load what signs only when something is signed."""
    keys: type[Key] = import_module("sukusuku_cli.apt_repo.signing").Key
    return keys


def _tell(options: argparse.Namespace, stage: str, packages: Iterable[Package]) -> None:
    _ = language.told(options)
    for (name, version), architectures in by_version(packages).items():
        said = _("%(stage)s has %(name)s %(version)s (%(architectures)s)")
        print(said % _values(stage, name, version, architectures))


def _values(stage: str, name: str, version: str, architectures: Sequence[str]) -> dict[str, str]:
    return {"stage": stage, "name": name, "version": version, "architectures": ", ".join(architectures)}


if __name__ == "__main__":
    sys.exit(main())
