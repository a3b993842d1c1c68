"""The device documentation, written from the profiles."""

from collections.abc import Iterable

from sukusuku_core.profile import (
    AnyProfile,
    JsonPoint,
    JsonProfile,
    ModbusPoint,
    ModbusProfile,
    Point,
    RegisterType,
    Standing,
    Status,
)
from sukusuku_core.word_order import WordOrder

_STATUS = {
    Status.MANUAL: "confirmed in the maker's manual or in agreeing public sources",
    Status.PARTIAL: "partly confirmed; the note names what is inferred",
    Status.GUESS: "a guess; check every value on the device",
}

_INTRODUCTION = """# Devices

This page is written from the profiles in `edge/sukusuku_core/profiles/`. To describe another model, copy the most
similar file into the folder that `profiles` in `edge.toml` names, change it, and run `sukusuku-edge check edge.toml`.

Addresses are wire addresses, which count from 0. A value is `raw * scale + offset`. Raw values under *no reading* are
those by which the device says that it has none; a value outside of the *plausible* range is stored with bad quality.
A counter with *wrap* restarts at 0 after `wrap - 1`; the edge agent turns it into a total that only grows.

The order of bytes is spelled as in meter manuals, `A` being the highest byte: `words = "abcd"` (or `high_first`),
`cdab` (or `low_first`), `badc`, `dcba`; for 64 bits also `cdabghef`, `dcbahgfe`, `efghabcd`, `fehgbadc`. `badc` and
`dcba` swap the bytes of each register, also those of texts. `sukusuku check --schema profile` lists all keys.
"""


def describe(profiles: Iterable[AnyProfile]) -> str:
    """Return the profiles as one Markdown page."""
    known = sorted(profiles, key=lambda profile: profile.profile)
    index = _table(
        ("Profile", "Model", "日本語", "Transport", "Status"),
        [
            (
                f"[`{profile.profile}`](#{profile.profile})",
                f"{profile.maker} {profile.model}",
                profile.ja,
                "Modbus" if isinstance(profile, ModbusProfile) else "JSON over MQTT",
                profile.status,
            )
            for profile in known
        ],
    )
    return "\n".join([_INTRODUCTION, index, *map(_profile, known)])


def _profile(profile: AnyProfile) -> str:
    lines = [
        f"\n## {profile.profile}\n",
        f"{profile.maker} {profile.model}: {profile.en} ({profile.ja}).\n",
        f"- Status: {profile.status}, {_STATUS[profile.status]}",
        f"- Source: {profile.source}",
    ]
    if profile.note:
        lines.append(f"- Note: {profile.note}")
    if isinstance(profile, ModbusProfile):
        if profile.serial is not None:
            line = profile.serial
            lines.append(f"- Serial line: {line.baud} baud, 8{line.parity}{line.stop_bits}, unit {line.unit}")
        lines.append(f"- At most {profile.defaults.max_read} addresses per request")
        if profile.defaults.pause:
            lines.append(f"- At least {profile.defaults.pause:g} s between two requests")
        if profile.defaults.connect_pause:
            lines.append(f"- Listens {profile.defaults.connect_pause:g} s after a connect")
        lines += [
            f"- An answer of several registers that all hold {word} is no reading" for word in profile.defaults.blank
        ]
        header: tuple[str, ...] = ("Point", "日本語", "Meaning", "Role", "Area", "Address", "Type", "Details")
        rows = [_modbus_row(profile, point) for point in profile.point]
    else:
        lines.append(_where(profile))
        when = f"`{profile.time}` of the message" if profile.time else "the arrival of the message"
        of_server = ", by a server's clock" if profile.clock == "server" else ""
        lines.append(f"- Time of measurement: {when}{of_server}")
        if profile.interval is not None:
            lines.append(f"- Sends at least every {profile.interval:g} s, also when nothing changes")
        lines += _life(profile)
        header = ("Point", "日本語", "Meaning", "Role", "Field", "Type", "Details")
        rows = [_json_row(point) for point in profile.point]
    return "\n".join([*lines, "", _table(header, rows)])


def _life(profile: JsonProfile) -> list[str]:
    """How the device proves that it lives."""
    lines = [
        f"- `{item.topic}`, from the device's topic, tells whether the {item.of} is there: "
        f"{' or '.join(f'`{word}`' for word in (item.online[0], item.offline[0]))}"
        for item in profile.availability
    ]
    if profile.changes_only:
        lines.append("- Says a value only when it changes: the last one holds while the device lives")
    if profile.quiet is not None:
        lines.append(f"- May have nothing to say for {profile.quiet / 3600:g} h, unless a topic says that it is there")
    return lines


def _where(profile: JsonProfile) -> str:
    if profile.payload == "text":
        return "- Each value is a bare text on a topic of its own, below the device's topic"
    bodies = [f"`{path}`" if path else "the message itself" for path in (profile.body, *profile.also_body)]
    place = " or ".join(bodies)
    several = f"; `{profile.each}` may be an array of such" if profile.each else ""
    numbered = (
        f"; messages are numbered in `{profile.sequence}`: what is missing is counted" if profile.sequence else ""
    )
    return f"- Points are in {place}{several}{numbered}"


def _modbus_row(profile: ModbusProfile, point: ModbusPoint) -> tuple[str, ...]:
    address = profile.address(point)
    kind = f"string, {point.length} registers" if point.type is RegisterType.STRING else str(point.type)
    kind += _order(profile.words(point), 2 if point.type is RegisterType.STRING else 2 * point.registers)
    where = f"0x{address:04X}" + (f" ({point.address})" if profile.defaults.base else "")
    return (f"`{point.name}`", point.ja, point.en, point.role, profile.area(point), where, kind, _details(point))


def _order(words: WordOrder, size: int) -> str:
    """How the bytes of a value of so many bytes come, where there is a choice that matters."""
    places = words.places(size)
    plain = places == tuple(range(size))
    if size == 2:  # noqa: PLR2004 - one register
        return "" if plain else ", low byte first"
    if plain:
        return ", high word first"
    if words in {WordOrder.LOW_FIRST, WordOrder.CDAB}:
        return ", low word first"
    return f", bytes {''.join('ABCDEFGH'[place] for place in places)}"


def _json_row(point: JsonPoint) -> tuple[str, ...]:
    field = " or ".join(f"`{path}`" for path in (point.path or point.topic, *point.also))
    return (f"`{point.name}`", point.ja, point.en, point.role, field, point.type, _details(point))


def _details(point: Point) -> str:
    details = []
    if point.unit:
        details.append(f"unit {point.unit}")
    if point.scale != 1:
        details.append(f"scale {point.scale:g}")
    if point.offset != 0:
        details.append(f"offset {point.offset:g}")
    if point.valid is not None:
        details.append(f"plausible {point.valid[0]:.12g} to {point.valid[1]:.12g}")
    if point.invalid:
        details.append("no reading: " + ", ".join(f"`{value!r}`" for value in point.invalid))
    if point.wrap is not None:
        details.append(f"wrap {point.wrap}")
    if isinstance(point, JsonPoint):
        details += _json_details(point)
    if isinstance(point, ModbusPoint):
        details += [f"{item.value} = {item.name} ({item.ja})" for item in point.enum]
    return "; ".join(details) + (f". {point.note}" if point.note and details else point.note)


def _json_details(point: JsonPoint) -> list[str]:
    details = []
    if point.optional and point.absent is None:
        details.append("optional")
    if point.absent is not None:
        beside = f" where `{point.beside}` is there" if point.beside else ""
        details.append(f"left out{beside}: `{point.absent!r}`")
    if point.null is Standing.NO_READING:
        details.append("null: no reading")
    if point.decimal:
        details.append(f"decimal sign `{point.decimal}`")
    if point.period:
        details.append("since the message before; the agent adds up")
    return details


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(header)
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *cells]) + "\n"
