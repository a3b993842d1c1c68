"""The icon of the application as a PNG, for the process that draws."""

import base64

import msgspec
import vl_convert


def draw(what: bytes) -> list[str]:
    """Return the picture of an SVG of 48 pixels, 180 wide and high, in base64. `what` is the SVG as JSON."""
    return [base64.b64encode(vl_convert.svg_to_png(msgspec.json.decode(what, type=str), scale=180 / 48)).decode()]
