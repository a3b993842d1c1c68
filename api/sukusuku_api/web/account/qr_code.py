"""A QR code as SVG within a page: the one file that knows segno."""

from markupsafe import Markup

_MODULE, _QUIET = 4, 4
"""Pixels of a module, and modules of the margin that readers need (ISO/IEC 18004)."""


def svg(text: str) -> Markup:
    """Return the code of a text, black on white on every page; without styles, which pages forbid."""
    import segno  # noqa: PLC0415 - a page in a hundred shows one

    code = segno.make_qr(text, error="m")
    drawn = code.svg_inline(
        scale=_MODULE, border=_QUIET, dark="#000", light="#fff", svgclass=None, lineclass=None, omitsize=True
    )
    return Markup(drawn)  # noqa: S704 - it is made of numbers; the text is in the modules only
