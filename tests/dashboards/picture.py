"""Draws the boards' layout with eight simulated weeks into pictures for the documents.

    python -m tests.dashboards.picture docs/images

What is asked is asked of a real influxd; what is drawn is our drawing of it, not a picture of Grafana.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import ViewportSize

from sukusuku_dashboards.boards import boards
from sukusuku_dashboards.grafana import classic
from tests.dashboards import grafana_query
from tests.dashboards.drawing import page
from tests.dashboards.history import NOW, loaded
from tests.support.browser import chromium
from tests.support.influxd import influxd

PICTURES = {
    "grafana-wall": "sukusuku-wall-tobu-ja",
    "grafana-collection": "sukusuku-collection-ja",
    "grafana-rooms": "sukusuku-rooms-ja",
    "grafana-operations": "sukusuku-operations-ja",
}
SCALE = 0.75
"""Pixels of a picture for one of the screen."""
LARGEST = 200_000
"""Bytes of a picture; a larger one gets along with 256 colours."""
NOTE = (
    "レイアウトの図（模擬データ）。Grafana の画面ではありません。 Layout with simulated data, not a picture of Grafana."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Write a PNG for each of `PICTURES`."""
    parser = argparse.ArgumentParser(prog="python -m tests.dashboards.picture", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    folder = parser.parse_args(argv).folder
    with tempfile.TemporaryDirectory(prefix="picture-") as place, influxd() as server:
        server.create("history")
        with loaded(Path(place), server, "history") as weeks, chromium() as browser:
            made = {board.uid: classic(board) for board in boards(weeks.facility, "ja")}
            for name, uid in PICTURES.items():
                board = made[uid]
                answers = [
                    (panel, weeks.query.ask(grafana_query.asked(board, panel, NOW), "raw")) for panel in board["panels"]
                ]
                html, height = page(board, answers, NOW, NOTE)
                size = ViewportSize(width=grafana_query.SCREEN, height=height)
                sheet = browser.new_page(viewport=size, device_scale_factor=SCALE)
                sheet.set_content(html)
                (folder / f"{name}.png").write_bytes(_small(sheet.screenshot()))
                sheet.close()
    return 0


def _small(picture: bytes) -> bytes:
    if len(picture) <= LARGEST:
        return picture
    made = BytesIO()
    found = Image.open(BytesIO(picture)).convert("RGB").quantize(256, Image.Quantize.FASTOCTREE)
    found.save(made, "PNG", optimize=True)
    return made.getvalue()


if __name__ == "__main__":
    sys.exit(main())
