"""`python -m packages [edge|server ...] [--architecture amd64|arm64]`: builds packages and wheels into `dist/`.

Every library comes from a wheel whose hash is in `requirements/`. Two builds of one commit give the same bytes.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from packages import sbom, trees
from packages.archive import build
from packages.product import ARCHITECTURES, PRODUCTS, ROOT
from sukusuku_cli.apt_repo.signing import Key

SUMS = "SHA256SUMS"


def main(argv: Sequence[str] | None = None) -> int:
    """Build, and print each file with its SHA-256. Returns the exit status."""
    options = parser().parse_args(argv)
    options.into.mkdir(parents=True, exist_ok=True)
    key = Key.read(options.key) if options.key else None
    os.environ |= {"SOURCE_DATE_EPOCH": str(_moment()), "COLUMNS": "80"}  # the width of what manual pages show of usage
    made: list[Path] = []
    with tempfile.TemporaryDirectory(prefix="packages-") as work:
        wheels = trees.own_wheels(Path(work) / "wheels")
        made += [Path(shutil.copy(wheel, options.into)) for wheel in wheels.values()]
        for name in options.products or sorted(PRODUCTS):
            for architecture in options.architecture or ARCHITECTURES:
                product, root = PRODUCTS[name], Path(work) / f"{name}-{architecture}"
                trees.fill(product, architecture, wheels, root / product.home.lstrip("/"))
                bill = sbom.bill(product, root / product.home.lstrip("/"))
                package = build(product, architecture, root, bill, options.into)
                package.with_suffix(".cdx.json").write_text(bill, encoding="utf-8")
                made += [package, package.with_suffix(".cdx.json")]
                shutil.rmtree(root)
    sums = _sums(made)
    print(sums, end="")
    (options.into / SUMS).write_text(sums, encoding="utf-8")
    if key is not None:
        (options.into / f"{SUMS}.asc").write_bytes(key.clear_signed(sums.encode()))
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what the command line may say."""
    made = argparse.ArgumentParser(prog="python -m packages", description=__doc__)
    made.add_argument("products", nargs="*", choices=[*PRODUCTS, []], metavar="edge|server", help="default: both")
    made.add_argument("--architecture", action="append", choices=ARCHITECTURES, help="default: all")
    made.add_argument("--into", type=Path, default=ROOT / "dist", help="folder (default: dist)")
    made.add_argument("--key", type=Path, help="of `sukusuku apt-repo`: signs the list of hashes")
    return made


def _sums(made: Iterable[Path]) -> str:
    """Return what `sha256sum --check` reads."""
    digests = sorted((path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in made)
    return "".join(f"{digest}  {name}\n" for name, digest in digests)


def _moment() -> int:
    """Return when the commit was made (UTC s), which is the time of every file in the packages."""
    command = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    sys.exit(main())
