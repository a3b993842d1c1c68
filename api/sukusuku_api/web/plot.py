"""Charts as what an SVG picture is made of. Colours are those of the page, by day and by night. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

Corner = tuple[float, float | None]
"""A place from which on a stepped line has a height, in units of the picture; None: there is no line from there on."""


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle; `kind` is its class."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Path:
    """A line or an area."""

    kind: str
    d: str


@dataclass(frozen=True, slots=True)
class Text:
    """A word at a place."""

    kind: str
    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A picture, from the back to the front."""

    width: int
    height: int
    rects: tuple[Rect, ...] = ()
    paths: tuple[Path, ...] = ()
    texts: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """The part of a picture in which values are drawn: `left` to `right`, `top` to `bottom`.

    Places on the axis are from `first` to `last`, heights from 0 to `most`.
    """

    left: float
    right: float
    top: float
    bottom: float
    first: float
    last: float
    most: float

    def x(self, at: float) -> float:
        """Return where a place on the axis is."""
        return self.left + (at - self.first) / (self.last - self.first) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Return where a height is."""
        return self.bottom - min(max(value, 0.0), self.most) / self.most * (self.bottom - self.top)

    def corners(self, steps: Sequence[Corner]) -> list[Corner]:
        """Return values from places on as corners of a line."""
        return [(self.x(at), None if value is None else self.y(value)) for at, value in steps]

    def grid(self, lines: int = 7) -> tuple[list[Path], list[Text]]:
        """Return lines at whole numbers, at most so many above 0, with their labels."""
        step = max(1, ceil(self.most / lines))
        values = range(0, int(self.most) + 1, step)
        paths = [Path("grid", f"M{self.left:.1f} {self.y(value):.1f}H{self.right:.1f}") for value in values]
        return paths, [Text("at-left", self.left - 6, self.y(value) + 4, str(value)) for value in values]


def line(corners: Sequence[Corner]) -> str:
    """Return a line that keeps its height up to the next corner."""
    return "".join(_line(corners))


def _line(corners: Sequence[Corner]) -> Iterator[str]:
    drawn = False
    for x, y in corners:
        if y is not None:
            yield f"H{x:.1f}V{y:.1f}" if drawn else f"M{x:.1f} {y:.1f}"
        elif drawn:
            yield f"H{x:.1f}"
        drawn = y is not None


def area(corners: Sequence[Corner], bottom: float) -> str:
    """Return the area under such a line."""
    return "".join(_area(corners, bottom))


def _area(corners: Sequence[Corner], bottom: float) -> Iterator[str]:
    drawn, last = False, 0.0
    for x, y in corners:
        if y is not None:
            yield f"H{x:.1f}V{y:.1f}" if drawn else f"M{x:.1f} {bottom:.1f}V{y:.1f}"
        elif drawn:
            yield f"H{x:.1f}V{bottom:.1f}Z"
        drawn, last = y is not None, x
    if drawn:
        yield f"H{last:.1f}V{bottom:.1f}Z"


def rule(x: float, top: float, bottom: float) -> str:
    """Return a vertical line."""
    return f"M{x:.1f} {top:.1f}V{bottom:.1f}"


def box(left: float, right: float, top: float, bottom: float) -> str:
    """Return a rectangle as a path."""
    return f"M{left:.1f} {top:.1f}H{right:.1f}V{bottom:.1f}H{left:.1f}Z"


def triangle(x: float, y: float, size: float = 5.0) -> str:
    """Return a mark that points down to a place."""
    return f"M{x - size:.1f} {y - size:.1f}H{x + size:.1f}L{x:.1f} {y + size:.1f}Z"


def diamond(x: float, y: float, size: float = 5.5) -> str:
    """Return a mark around a place."""
    return f"M{x:.1f} {y - size:.1f}L{x + size:.1f} {y:.1f}L{x:.1f} {y + size:.1f}L{x - size:.1f} {y:.1f}Z"
