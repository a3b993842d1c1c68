"""The manual pages say what the commands say."""

import argparse
import gzip
from collections.abc import Iterator

import pytest
from packages import manual
from packages.product import PRODUCTS, VERSION


def options(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Every option and command, however deep."""
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield name
                yield from options(below)


@pytest.mark.parametrize("name", PRODUCTS)
def test_every_option_of_every_command_is_on_its_page(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1796000000")
    product = PRODUCTS[name]
    pages = {page: gzip.decompress(content).decode() for page, content in manual.pages(product).items()}
    assert manual.pages(product) == {page: gzip.compress(text.encode(), mtime=0) for page, text in pages.items()}
    for program, module in product.programs.items():
        for page, parser in manual._parsers(program, module).items():
            text = pages[f"{page}.1.gz"]
            assert text.startswith(f".TH {page.upper()}".replace("-", "\\-"))
            assert f"Sukusuku {VERSION}" in text
            said = text.replace("\\-", "-")
            assert [option for option in options(parser) if option not in said] == []
            assert f"\n{page} - " in said, "`apropos` wants to know what it is for"
