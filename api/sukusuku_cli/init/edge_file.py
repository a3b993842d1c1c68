"""The text of an `edge.toml`. Pure."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Literal

from sukusuku_cli.init.bindings import Binding, bindings
from sukusuku_cli.init.facility_file import HOST_ID
from sukusuku_cli.init.plan import BROKER_PASSWORD, Asset, Device, Plan, Site
from sukusuku_cli.init.toml_text import line, quoted, remark
from sukusuku_edge.target import Target
from sukusuku_server.i18n import Translate


def edge_text(plan: Plan, edge: str, sites: Sequence[Site], _: Translate) -> str:
    """Return the file of one edge node, which serves these centres."""
    assets: list[tuple[Literal["unit", "room"], Asset, Site]] = []
    for site in sites:
        assets += [("unit", unit, site) for unit in site.units]
        assets += [("room", room, site) for room in site.rooms]
    devices = [device for _kind, asset, _site in assets for device in asset.devices]
    lines = _lines(devices)
    parts = [*_head(plan, edge, _), *_buses(lines, _)]
    for device in devices:
        parts += _device(device, lines, _)
    for kind, asset, site in assets:
        parts += _asset(kind, asset, site, _)
    return "\n".join([*parts, ""])


def _head(plan: Plan, edge: str, _: Translate) -> Iterator[str]:
    broker = plan.broker
    yield remark(
        _("Written by `sukusuku init` for the edge node %(edge)s. `sukusuku-edge check` says what is wrong.")
        % {"edge": edge}
    )
    yield remark(_("edge/deploy/edge.example.toml explains every key that there is."))
    yield ""
    yield line("group", quoted(plan.operator.id), _("id of [operator] in facility.toml"))
    yield line("node", quoted(edge), _("`edge` of its units and rooms in facility.toml"))
    yield line("primary_host", quoted(HOST_ID), _("`host_id` in facility.toml"))
    yield line("refresh", "900.0", _("seconds; an unchanged value is sent again after this"))
    yield from ("", "[broker]", line("host", quoted(broker.edge_host)), line("port", str(broker.port)))
    if broker.username:
        yield line("username", quoted(edge), _("an account of its own"))
        yield line("password", quoted(f"env:{BROKER_PASSWORD}"), _("from the environment"))
    if broker.ca_file:
        yield line("ca_file", quoted(PurePath(broker.ca_file).name), _("copy it beside this file"))
    yield from ("", "[outbox]", line("path", quoted(f"outbox-{edge}.db"), _("on a disk that survives a power cut")))


def _lines(devices: Sequence[Device]) -> dict[str, str]:
    """Return the ids of the serial lines by their ports."""
    ports = dict.fromkeys(device.at.line for device in devices if isinstance(device.at, Target) and device.at.line)
    return {port: f"rs485-{n}" for n, port in enumerate(ports, 1)}


def _buses(lines: dict[str, str], _: Translate) -> Iterator[str]:
    for port, ident in lines.items():
        yield from ("", "[[bus]]", line("id", quoted(ident)), line("port", quoted(port)))


def _device(device: Device, lines: dict[str, str], _: Translate) -> Iterator[str]:
    yield from ("", remark(f"{device.profile.maker} {device.profile.model}"), "[[device]]")
    yield from (line("id", quoted(device.id)), line("profile", quoted(device.profile.profile)))
    if isinstance(device.at, str):
        yield line("topic", quoted(device.at))
        return
    if device.at.line:
        yield line("bus", quoted(lines[device.at.line]))
    else:
        yield from (line("host", quoted(device.at.host)), line("port", str(device.at.port)))
    yield line("unit", str(device.at.unit))


def _asset(kind: Literal["unit", "room"], asset: Asset, site: Site, _: Translate) -> Iterator[str]:
    sensors = [(device.id, device.profile) for device in asset.devices]
    found = bindings(kind, sensors, [zone.id for zone in site.zones])
    yield ""
    if not found:
        yield remark(
            _("%(asset)s has no sensors yet: name them with [[device]] and [[asset]].") % {"asset": asset.named.id}
        )
        return
    yield from ("[[asset]]", line("id", quoted(asset.named.id)), line("kind", quoted(kind)))
    for binding in found:
        yield from _binding(binding, _)


def _binding(binding: Binding, _: Translate) -> Iterator[str]:
    yield "[[asset.binding]]"
    yield line("metric", quoted(binding.metric))
    yield line("device", quoted(binding.device))
    wired = _("as it is wired; or %(others)s") % {"others": ", ".join(binding.others)} if binding.others else ""
    drawn = _("draw this region over the whole room, at the sensor") if binding.region else ""
    yield line("point", quoted(binding.point), wired or drawn)
    if binding.distance is not None:
        value = f"{{ empty_mm = {binding.distance.empty_mm:g}, full_mm = {binding.distance.full_mm:g} }}"
        yield line("distance", value, _("measure both at this unit"))
