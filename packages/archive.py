"""From a filled folder to a .deb: units, commands, manual pages, examples, and what dpkg does with them."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from string import Template

from packages import manual
from packages.product import PYTHONS, ROOT, VERSION, Product
from sukusuku_edge.database import FORMAT

_SCRIPTS = ("preinst", "postinst", "prerm")
_LAUNCHER = """#!/usr/bin/python3 -I
import os
import sys

tree = "{home}/python%d.%d" % sys.version_info[:2]
if sys.version_info[:2] not in {pythons}:
    sys.exit("{name}: this package is for Python {told}, the one of this computer is %d.%d" % sys.version_info[:2])
sys.path.insert(0, tree)
os.environ["PYTHONPATH"] = tree  # for the programs that this one starts
from {module} import main

sys.exit(main())
"""


def build(product: Product, architecture: str, root: Path, bill: str, into: Path) -> Path:
    """Write everything beside the trees in `root` and pack it. Returns the .deb."""
    for program, module in product.programs.items():
        _write(root / "usr/bin" / program, _launcher(product, module), 0o755)
    for unit in map(Path, product.units):
        text = (ROOT / unit).read_text(encoding="utf-8").replace("/opt/sukusuku/bin/", "/usr/bin/")
        _write(root / "usr/lib/systemd/system" / unit.name, text, 0o644)
    for shipped, target in product.files.items():
        _write(root / target, (ROOT / shipped).read_text(encoding="utf-8"), 0o644)
    for page, compressed in manual.pages(product).items():
        _write(root / "usr/share/man/man1" / page, compressed, 0o644)
    documents = root / "usr/share/doc" / product.name
    _write(documents / "copyright", (ROOT / "LICENSE").read_text(encoding="utf-8"), 0o644)
    _write(documents / "sbom.cdx.json", bill, 0o644)
    values = {
        "version": VERSION,
        "format": str(FORMAT),
        "architecture": architecture,
        "home": product.home,
        "size": str(_kilobytes(root)),
    }
    for name in ("control", *_SCRIPTS):
        source = Path(__file__).parent / product.folder / name
        _write(root / "DEBIAN" / name, Template(source.read_text("utf-8")).substitute(values), 0o755)
    (root / "DEBIAN/control").chmod(0o644)
    _settle(root)
    made = into / f"{product.name}_{VERSION}_{architecture}.deb"
    command = ["dpkg-deb", "--root-owner-group", "-Zzstd", "-z9", "--threads-max=1", "--build", str(root), str(made)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return made


def _launcher(product: Product, module: str) -> str:
    pythons = tuple(tuple(map(int, python.split("."))) for python in PYTHONS)
    told = " and ".join(PYTHONS)
    return _LAUNCHER.format(home=product.home, pythons=pythons, name=product.name, told=told, module=module)


def _write(path: Path, content: str | bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)


def _kilobytes(root: Path) -> int:
    seen = {path.stat().st_ino: path.stat().st_size for path in _files(root)}
    return sum(-(-size // 1024) for size in seen.values())


def _settle(root: Path) -> None:
    """Give every file the same time and ordinary modes, so that nothing tells where and when it was built."""
    moment = int(os.environ["SOURCE_DATE_EPOCH"])
    for path in [root, *sorted(root.rglob("*"))]:
        if path.is_symlink():
            continue
        if path.is_dir():
            path.chmod(0o755)
        elif not re.search(r"/(DEBIAN|usr/bin)/", str(path)):
            path.chmod(0o644)
        os.utime(path, (moment, moment))


def _files(root: Path) -> Iterator[Path]:
    return (path for path in root.rglob("*") if path.is_file())
