"""Manual pages, made from what the commands themselves say, so that they cannot say anything else."""

import argparse
import gzip
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import import_module

from argparse_manpage.manpage import Manpage

from packages.product import VERSION, Product
from sukusuku_cli.__main__ import COMMANDS
from sukusuku_cli.completion import whole


def pages(product: Product) -> Mapping[str, bytes]:
    """Return the compressed pages of a product's commands by file name; their day is `SOURCE_DATE_EPOCH`."""
    return {
        f"{name}.1.gz": gzip.compress(_page(name, parser).encode(), mtime=0)
        for program, module in product.programs.items()
        for name, parser in _parsers(program, module).items()
    }


def _parsers(program: str, module: str) -> Mapping[str, argparse.ArgumentParser]:
    """Return what can be said to a program; of `sukusuku`, everything at once and each command by itself."""
    if program != "sukusuku":
        return {program: import_module(module).parser()}
    return {program: whole(COMMANDS)} | {
        f"{program}-{name}": import_module(command.module).parser() for name, command in COMMANDS.items()
    }


def _page(name: str, parser: argparse.ArgumentParser) -> str:
    examples, parser.epilog = parser.epilog, None
    page = Manpage(parser, format="single-commands-section")
    page.prog, page.source, page.manual = name, f"Sukusuku {VERSION}", "Sukusuku"
    page.date = f"{datetime.fromtimestamp(int(os.environ['SOURCE_DATE_EPOCH']), UTC):%Y-%m-%d}"
    page.description = " ".join((parser.description or "").split()).partition(". ")[0]
    if examples:  # lines as they are
        page.add_section("EXAMPLES", "=", "\n".join([".nf", *map(_line, examples.splitlines()), ".fi"]))
    return str(page)


def _line(text: str) -> str:
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped
