"""`[[gateway]]`: what the metrics of a Sparkplug gateway of another make are here."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Annotated, Self

import msgspec

from sukusuku_core import catalogue
from sukusuku_core.catalogue import DataType, Metric
from sukusuku_core.errors import Mistake
from sukusuku_core.model import AssetKind
from sukusuku_core.settings import Id, Settings

Value = bool | int | float | str
_NUMERIC = {DataType.INT64, DataType.DOUBLE}
_FITS: dict[DataType, tuple[type, ...]] = {
    DataType.INT64: (int,),
    DataType.DOUBLE: (int, float),
    DataType.BOOLEAN: (bool,),
    DataType.STRING: (str,),
}
_STAR = re.compile(r"\*\*|\*")


class NamePattern(str):
    """A name as the gateway writes it. `*` stands for any characters but `/`, `**` for any characters at all."""

    __slots__ = ("_form",)
    _form: re.Pattern[str]

    def __new__(cls, text: str) -> Self:
        """Raise ValueError for what can be no name."""
        if not 1 <= len(text) <= 255 or not text.isprintable():  # noqa: PLR2004 - as of names on the wire
            raise ValueError("a name of 1 to 255 printable characters, `*` and `**` allowed")
        found = super().__new__(cls, text)
        parts = [re.escape(part) for part in _STAR.split(text)]
        stars = [".+" if star == "**" else "([^/]+)" for star in _STAR.findall(text)]
        found._form = re.compile("".join(part + star for part, star in zip(parts, [*stars, ""], strict=True)))
        return found

    @property
    def stars(self) -> int:
        """How many `*` there are whose text may be used."""
        return self._form.groups

    def match(self, name: str) -> tuple[str, ...] | None:
        """Return what each `*` stands for in a name; None when the name is another."""
        found = self._form.fullmatch(name)
        return None if found is None else found.groups()


class GatewayMetric(Settings, frozen=True, kw_only=True):
    """Metrics of the gateway and what they are here. The first `[[gateway.metric]]` that matches counts.

    Each `*` in `device` and `name`, in this order, stands for the `*` in `asset` and `metric`, in this order.
    """

    device: NamePattern | None = None
    """The Sparkplug device; without it, metrics of the edge node itself."""
    name: NamePattern
    """The metric's name, folders included, such as `Press 1/Level`."""
    asset: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.*-]{1,63}\Z", description="id of a unit or room")]
    """The unit or room."""
    metric: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    """What it is there, such as `Fill/Percent`; docs/gateways.md lists all."""
    scale: float = 1.0
    """Stored is the number times this ..."""
    offset: float = 0.0
    """... plus this."""
    values: dict[str, Value] = msgspec.field(default_factory=dict)
    """What each number or text means, such as `{ RUN = 3, IDLE = 0 }`; one that is not listed is unknown."""
    true_values: tuple[Value, ...] = ()
    """Numbers or texts that mean true; all others mean false."""


class Gateway(Settings, frozen=True, kw_only=True):
    """A Sparkplug edge node of another make. It may speak for every asset that its metrics name."""

    id: Id
    """Its name here; `edge` of a unit or room that has no other edge node."""
    node: Annotated[str, msgspec.Meta(pattern=r"^[^+#/\x00-\x1f]{1,255}\Z", description="a Sparkplug id")] | None = None
    """Its edge node id on the wire; default: `id`."""
    metric: tuple[GatewayMetric, ...] = ()

    @property
    def wire_node(self) -> str:
        """Return its edge node id on the wire."""
        return self.id if self.node is None else self.node


def filled(pattern: str, stars: Sequence[str]) -> str:
    """Return an id or name with its `*` replaced in order."""
    rest = iter(stars)
    return re.sub(r"\*", lambda _: next(rest), pattern)


def key_of(value: Value) -> str:
    """Return a value as it stands in `values`: `true`, `3`, `2.5`, or the text itself."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else repr(value)


def check_gateways(
    gateways: Sequence[Gateway], assets: Mapping[str, AssetKind], taken: Collection[str]
) -> Iterator[Mistake]:
    """Yield mistakes between the keys; `taken` are ids of sites and assets."""
    ids: dict[str, int] = {}
    nodes: dict[str, int] = {}
    for n, gateway in enumerate(gateways):
        where = f"gateway[{n}]"
        for key, value, seen in (("id", gateway.id, ids), ("node", gateway.wire_node, nodes)):
            if (lower := value.lower()) in seen:
                yield Mistake(f"{where}.{key}", f"`{value}` is already that of gateway[{seen[lower]}]")
            seen[lower] = n
        if gateway.id.lower() in {ident.lower() for ident in taken}:
            yield Mistake(f"{where}.id", f"`{gateway.id}` is the id of a site, unit or room already")
        rules: dict[tuple[str | None, str], int] = {}
        for m, rule in enumerate(gateway.metric):
            names = rule.device, rule.name
            if names in rules:
                yield Mistake(f"{where}.metric[{m}]", f"metric[{rules[names]}] matches the same names before it")
            rules[names] = m
            yield from _check_rule(rule, assets, f"{where}.metric[{m}]")


def _check_rule(rule: GatewayMetric, assets: Mapping[str, AssetKind], where: str) -> Iterator[Mistake]:
    given = (0 if rule.device is None else rule.device.stars) + rule.name.stars
    wanted = rule.asset.count("*") + rule.metric.count("*")
    if wanted not in {0, given}:
        yield Mistake(
            where,
            f"`asset` and `metric` have {wanted} `*`, `device` and `name` have {given}; "
            "as many are needed, or none (`**` does not count)",
        )
        return
    matching = [kind for ident, kind in assets.items() if NamePattern(rule.asset).match(ident) is not None]
    if not matching:
        yield Mistake(f"{where}.asset", f"no unit or room `{rule.asset}`; there are {sorted(assets)}")
        return
    rows = [row for kind in dict.fromkeys(matching) if (row := _row(kind, rule.metric)) is not None]
    if not rows:
        known = ", ".join(dict.fromkeys(known for kind in dict.fromkeys(matching) for known in catalogue.names(kind)))
        yield Mistake(f"{where}.metric", f"`{rule.metric}` is not a metric of {rule.asset}; there are: {known}")
    for row in rows:
        yield from _check_conversion(rule, row, where)


def _row(kind: AssetKind, metric: str) -> Metric | None:
    pattern = NamePattern(metric)
    exact = catalogue.find(kind, metric)
    if exact is not None or "*" not in metric:
        return exact
    return next((row for row in catalogue.METRICS if row.kind is kind and pattern.match(row.name) is not None), None)


def _check_conversion(rule: GatewayMetric, row: Metric, where: str) -> Iterator[Mistake]:
    ways = [key for key in ("values", "true_values") if getattr(rule, key)]
    scaled = (rule.scale, rule.offset) != (1.0, 0.0)
    if len(ways) + scaled > 1:
        yield Mistake(where, "give one of `values`, `true_values`, and `scale` with `offset`")
    if scaled and (row.datatype not in _NUMERIC or rule.scale == 0):
        yield Mistake(f"{where}.scale", f"found {rule.scale:g} for {row.name} ({row.datatype.name}); it needs a number")
    if rule.true_values and row.datatype is not DataType.BOOLEAN:
        yield Mistake(f"{where}.true_values", f"{row.name} is {row.datatype.name}, not true or false; use `values`")
    for key, value in rule.values.items():
        fits = _FITS.get(row.datatype, ())
        if not isinstance(value, fits) or (isinstance(value, bool) and bool not in fits):
            yield Mistake(f"{where}.values.{key}", f"found {value!r}; {row.name} is {row.datatype.name}")
