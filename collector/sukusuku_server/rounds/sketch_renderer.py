"""`python -m sukusuku_server.rounds.sketch_renderer`: a sketch as JSON on stdin, its PNG on stdout."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import altair as alt
import msgspec
import vl_convert

from sukusuku_server.rounds.sketch import Sketch

_FONT = "Noto Sans CJK JP, Noto Sans JP, Hiragino Sans, Yu Gothic, Meiryo, sans-serif"
_INK, _SOFT, _GROUND, _LINE, _RAIL = "#17211c", "#6b7a72", "#f6f9f7", "#8fb3a0", "#e3eae6"
_GOOD, _WARNING, _DANGER = "#34a870", "#f59e0b", "#e0483e"
_MAP_WIDTH, _BAR_WIDTH = 330, 190
_LEAST, _MOST = 190, 290
"""Height of the map; it takes what the way needs."""
_MARGIN_X, _MARGIN_Y = 1.3, 1.2
_EM, _LONGEST_NAME = 12, 210
"""Height and greatest width of a name, pixels."""
_LABEL_PX = 58
"""Room above and below the dots for their names."""
_WIDEST_STEP = 46
_LOOKS: tuple[dict[str, Any], ...] = ({"color": _GROUND, "stroke": _GROUND, "strokeWidth": 5}, {"color": _INK})


def chart(drawn: Sketch) -> Any:
    """Return the sketch as a Vega-Lite chart."""
    both = alt.hconcat(_map(drawn), _bars(drawn), spacing=26, background="#ffffff", padding=10)
    return both.configure(font=_FONT).configure_view(stroke=None)


def png(drawn: Sketch) -> bytes:
    """Return the sketch as a picture, twice as fine as it is shown."""
    picture: bytes = vl_convert.vegalite_to_png(chart(drawn).to_json(), scale=2)
    return picture


def _map(drawn: Sketch) -> Any:
    wide = _MARGIN_X * drawn.wide
    height = min(max(2 * drawn.high * _MAP_WIDTH / (2 * wide) * _MARGIN_Y + 2 * _LABEL_PX, _LEAST), _MOST)
    half = max(wide * height / _MAP_WIDTH, _MARGIN_Y * drawn.high / (1 - 2 * _LABEL_PX / height))
    wide = half * _MAP_WIDTH / height
    x = alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-wide, wide]))
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[-half, half]))
    way = _data([{"n": n, "x": east, "y": north} for n, (east, north) in enumerate(drawn.way)])
    dots = [{"label": dot.label, "name": dot.name, "x": dot.x, "y": dot.y, "depot": dot.depot} for dot in drawn.dots]
    stops, depot = _data([dot for dot in dots if not dot["depot"]]), _data([dot for dot in dots if dot["depot"]])
    size = alt.Size("size:Q", legend=None, scale=None)
    layers = [
        alt.Chart(way).mark_line(color=_LINE, strokeWidth=3, strokeJoin="round").encode(x=x, y=y, order="n:O"),
        alt.Chart(depot).mark_point(shape="square", size=190, filled=True, color=_INK, opacity=1).encode(x=x, y=y),
        alt.Chart(stops)
        .transform_calculate(size="430 + 250 * (length(datum.label) - 1)")
        .mark_circle(color="#1d7a4b", opacity=1, stroke="#ffffff", strokeWidth=2)
        .encode(x=x, y=y, size=size),
        alt.Chart(stops).mark_text(color="#ffffff", fontSize=13, fontWeight="bold").encode(x=x, y=y, text="label:N"),
        *_names(dots, wide, x, y),
        alt.Chart(_scale(wide, half)).mark_rule(color=_SOFT, strokeWidth=2).encode(x=x, x2="x2:Q", y=y),
        alt.Chart(_scale(wide, half))
        .mark_text(color=_SOFT, fontSize=11, align="left", dy=-8)
        .encode(x=x, y=y, text="name:N"),
    ]
    view = alt.ViewConfig(fill=_GROUND, stroke=_RAIL, cornerRadius=10)
    return alt.layer(*layers, width=_MAP_WIDTH, height=round(height), view=view)


def _names(dots: list[dict[str, Any]], wide: float, x: alt.X, y: alt.Y) -> Iterator[Any]:
    """Yield what the places are called, on a halo, above or below their dots, where it covers the least."""
    km = 2 * wide / _MAP_WIDTH
    taken = [_Box(dot["x"], dot["y"], 34 * km, 34 * km) for dot in dots]
    words = []
    for dot in dots:
        width = min(sum(_EM * (0.56 if char.isascii() else 1.0) for char in dot["name"]), _LONGEST_NAME) * km
        edge = wide - width / 2 - 6 * km
        middle = min(max(dot["x"], -edge), edge)
        sides = (1, -1) if dot["y"] >= 0 else (-1, 1)
        places = [_Box(middle, dot["y"] + side * 26 * km, width, 15 * km) for side in sides]
        hidden, best = min(((sum(map(place.covers, taken)), place) for place in places), key=lambda found: found[0])
        if hidden > best.width * best.height / 8:
            continue  # where it is crowded the numbers must do; the mail has the names
        taken.append(best)
        words.append({"x": best.x, "y": best.y, "name": dot["name"]})
    for look in _LOOKS:
        text = alt.Chart(_data(words)).mark_text(fontSize=_EM, limit=_LONGEST_NAME, **look)
        yield text.encode(x=x, y=y, text="name:N")


@dataclass(frozen=True, slots=True)
class _Box:
    """A rectangle on the map by its middle, in km."""

    x: float
    y: float
    width: float
    height: float

    def covers(self, other: "_Box") -> float:
        """Return the area that both have."""
        across = (self.width + other.width) / 2 - abs(self.x - other.x)
        along = (self.height + other.height) / 2 - abs(self.y - other.y)
        return max(min(across, self.width, other.width), 0) * max(min(along, self.height, other.height), 0)


def _scale(wide: float, half: float) -> alt.InlineData:
    """Return a rule of a round length in the lower left corner."""
    length = max(size for size in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0) if size <= max(wide / 2, 0.1))
    left, low = -wide * 0.94, -half * 0.92
    return _data([{"x": left, "x2": left + length, "y": low, "name": f"{length:g} km"}])


def _bars(drawn: Sketch) -> Any:
    rows = []
    for n, bar in enumerate(drawn.bars):
        then = bar.now if bar.then is None else bar.then
        row = {"n": n, "label": bar.label, "now": min(bar.now or 0, 120), "then": min(then or 0, 120)}
        rows.append(row | {"text": "?" if then is None else f"{then:.0f} %", "tone": _tone(then)})
    data, step = _data(rows), min(_WIDEST_STEP, _MOST / max(len(rows), 1))
    small = step < _WIDEST_STEP / 2
    y = alt.Y("n:O", axis=None)
    x = alt.X("now:Q", axis=None, scale=alt.Scale(domain=[0, 120]))
    thick, drop = max(step * 0.26, 3), (step * 0.2 if not small else 0)
    rail = alt.Chart(data).mark_bar(color=_RAIL, height=thick, yOffset=drop, cornerRadius=4)
    then = alt.Chart(data).mark_bar(height=thick, yOffset=drop, cornerRadius=4, opacity=0.4)
    now = alt.Chart(data).mark_bar(height=thick, yOffset=drop, cornerRadius=4)
    tone = alt.Color("tone:N", scale=None)
    words: dict[str, Any] = {"fontSize": 12 if not small else 10, "dy": -step * 0.18 if not small else 0}
    layers = [
        rail.encode(y=y, x=alt.X("full:Q", axis=None, scale=alt.Scale(domain=[0, 120]))).transform_calculate(
            full="100"
        ),
        then.encode(y=y, x=alt.X("then:Q", axis=None), color=tone),
        now.encode(y=y, x=x, color=tone),
        alt.Chart(data)
        .mark_text(align="right", color=_INK, fontWeight="bold", **words)
        .encode(y=y, x=alt.value(_BAR_WIDTH * 100 / 120), text="text:N"),
    ]
    label = alt.Chart(data).mark_text(align="left", color=_INK, limit=_BAR_WIDTH * 0.62, **words)
    layers.append(label.encode(y=y, x=alt.value(0), text="label:N"))
    key = f"■ {drawn.now}   □ {drawn.then}"
    title = alt.Title(key, fontSize=12, color=_SOFT, fontWeight="normal", anchor="start", offset=6)
    return alt.layer(*layers, width=_BAR_WIDTH, height=step * max(len(rows), 1), title=title)


def _tone(level: float | None) -> str:
    if level is None:
        return _SOFT
    return _DANGER if level >= 100 else _WARNING if level >= 80 else _GOOD  # noqa: PLR2004 - percent of a bag


def _data(rows: list[dict[str, Any]]) -> alt.InlineData:
    return alt.InlineData(values=rows)


if __name__ == "__main__":
    sys.stdout.buffer.write(png(msgspec.json.decode(sys.stdin.buffer.read(), type=Sketch)))
