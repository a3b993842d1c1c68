"""Small Debian packages, made in a moment."""

import subprocess
from pathlib import Path


def package(folder: Path, version: str, *, name: str = "sukusuku-edge", architecture: str = "amd64") -> Path:
    """A package that holds nothing but a file with its version."""
    root = folder / f"{name}-{version}-{architecture}"
    control = f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: Sukusuku\n"
    for path, text in (("DEBIAN/control", f"{control}Description: 試験\n one\n"), (f"usr/share/{name}", version)):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    (root / "DEBIAN").chmod(0o755)  # dpkg-deb refuses another, whatever the umask is
    made = folder / f"{name}_{version}_{architecture}.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", root, made], check=True, capture_output=True)
    return made
