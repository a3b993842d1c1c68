"""In which language a command speaks: that of the terminal, unless it is told."""

import argparse
import os
from collections.abc import Mapping

from sukusuku_server.i18n import Translate, texts
from sukusuku_server.settings import Language

_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""In the order in which POSIX asks them."""


def of_terminal(environ: Mapping[str, str] = os.environ) -> Language:
    """Return the language that the environment asks for: Japanese, or else English."""
    said = next((environ[name] for name in _VARIABLES if environ.get(name)), "")
    return "ja" if said.lower().startswith("ja") else "en"


def add_option(parser: argparse.ArgumentParser) -> None:
    """Add `--lang`."""
    parser.add_argument(
        "--lang",
        choices=("ja", "en"),
        default=of_terminal(),
        help="language of what is printed (default: that of the terminal) · 表示の言語（既定は端末の言語）",
    )


def told(options: argparse.Namespace) -> Translate:
    """Return the texts of the command line in the language that was asked for."""
    return texts("sukusuku_cli", options.lang).gettext
