"""The fault matrix: every row by its number. Long rows come first, so that the short ones fill the lanes at the end."""

from tests.faults import (
    backups,
    broker_memory,
    clocks,
    control,
    counters,
    cuts,
    flapping,
    full_disk,
    fuzz,
    half_open,
    hostile,
    identities,
    influx_outages,
    io,
    kills,
    modbus_faults,
    orders,
    partitions,
    rogue,
    sequences,
)
from tests.faults.power import control as power_control
from tests.faults.power import images
from tests.faults.row import Row

ROWS: dict[str, Row] = {
    "F6": partitions.run,
    "F8": cuts.run,
    "F7": half_open.run,
    "F1": kills.run,
    "F11": sequences.run,
    "F10": clocks.run,
    "F18": hostile.run,
    "F20": influx_outages.run,
    "F13": modbus_faults.run,
    "F9": broker_memory.run,
    "F23": identities.run,
    "F25": control.run,
    "F26": rogue.run,
    "F27": rogue.control,
    "F28": backups.killed,
    "F29": backups.copied,
    "F15": flapping.run,
    "F12": orders.run,
    "F2": images.power_cuts,
    "F3": power_control.control,
    "F4": io.errors,
    "F5": full_disk.full_disk,
    "F14": counters.counters,
    "F16": fuzz.fuzz,
}
