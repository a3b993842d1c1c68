"""The Python trees of a package: for each Python one folder with our code and every library, as wheels hold them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from packages.product import PYTHONS, ROOT, Product

_PLATFORMS = {"amd64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}
_LEFT = ("direct_url.json", "uv_cache.json", "uv_build.json", "REQUESTED", "INSTALLER")
"""What an installer notes of itself: paths and times of this computer."""


def own_wheels(into: Path) -> dict[str, Path]:
    """Build our own wheels; return them by distribution."""
    for project in (ROOT / "edge", ROOT):
        _uv("build", "--wheel", "--no-build-isolation", "--quiet", "--out-dir", str(into), str(project))
    return {path.name.split("-")[0]: path for path in into.glob("*.whl")}


def fill(product: Product, architecture: str, wheels: dict[str, Path], home: Path) -> None:
    """Install libraries and our code for every Python below `home`, for this architecture and without running it."""
    for python in PYTHONS:
        tree = home / f"python{python}"
        target = ("--target", str(tree), "--python-version", python, "--python-platform", _PLATFORMS[architecture])
        common = ("pip", "install", "--quiet", "--no-deps", "--no-compile", "--link-mode", "copy", *target)
        _uv(*common, "--only-binary", ":all:", "--require-hashes", "-r", str(ROOT / product.pins))
        _uv(*common, *(str(wheels[name]) for name in product.wheels))
        _clean(tree)
    _share(home)


def _clean(tree: Path) -> None:
    shutil.rmtree(tree / "bin", ignore_errors=True)
    (tree / ".lock").unlink(missing_ok=True)
    for info in tree.glob("*.dist-info"):
        for name in _LEFT:
            (info / name).unlink(missing_ok=True)
        record = info / "RECORD"
        if record.exists():
            lines = record.read_text(encoding="utf-8").splitlines()
            kept = [line for line in sorted(lines) if (tree / line.split(",")[0]).exists()]
            record.write_text("\n".join([*kept, ""]), encoding="utf-8")


def _share(home: Path) -> None:
    """Keep once what several trees have in common: its other names are hard links."""
    first, *others = (home / f"python{python}" for python in PYTHONS)
    for other in others:
        for path in sorted(other.rglob("*")):
            same = first / path.relative_to(other)
            if path.is_file() and same.is_file() and same.read_bytes() == path.read_bytes():
                path.unlink()
                os.link(same, path)


def _uv(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "uv", *arguments], check=True)
