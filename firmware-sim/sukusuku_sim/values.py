"""What each device model shows of a unit or a room: one literal table per kind of asset.

To sense with another device model, add a function that names the points of its profile, and a row to the table.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from sukusuku_core.model import FaultCode, UnitState, Value
from sukusuku_sim import calendar, meters
from sukusuku_sim.room import detected
from sukusuku_sim.views import RoomView, UnitView, Values

U16 = 65_536


def _retrofit_board(view: UnitView) -> Values:
    unit = view.unit
    fill = (view.empty_mm - view.distance) / (view.empty_mm - view.full_mm) * 100
    return {
        "fill_percent": round(min(max(fill, 0.0), 150.0), 1),
        "distance": view.distance,
        "cycle_counter": unit.cycles,
        "state": int(unit.phase),
        "fault_code": int(unit.fault),
        "lid_open": view.lid_open,
        "film_remaining": round(unit.film, 1),
        "motor_power": round(unit.power),
        "temperature": round(unit.temperature, 1),
        "serial": view.serial,
        "firmware": view.firmware,
    }


def _contacts(view: UnitView) -> tuple[bool, bool, bool]:
    """Return the lid switch and the lamps for a jam and for film, as contacts."""
    unit = view.unit
    return view.lid_open, unit.fault is FaultCode.JAM, unit.fault is FaultCode.FILM_OUT


def _inputs(view: UnitView, names: Iterable[int]) -> dict[str, Value]:
    """Return inputs, the first one first: end of cycle, lid, jam lamp, film lamp, bag-full lamp. Others are open."""
    lid, jam, film = _contacts(view)
    wired = [view.unit.phase is UnitState.SEAL, lid, jam, film, view.unit.phase is UnitState.BAG_FULL]
    return {f"di{name}": place < len(wired) and wired[place] for place, name in enumerate(names)}


def _counting(view: UnitView, names: Sequence[int]) -> dict[str, Value]:
    """Return the same inputs, of which the first one is counted."""
    counters: dict[str, Value] = {f"counter{name}": 0 for name in names}
    return _inputs(view, names) | counters | {f"counter{names[0]}": view.unit.cycles}


def _e1210(view: UnitView) -> Values:
    return _counting(view, range(16))


def _e1212(view: UnitView) -> Values:
    return _counting(view, range(8))


def _e1214(view: UnitView) -> Values:
    return _counting(view, range(6)) | {f"relay{n}": False for n in range(6)}


def _mcm8(view: UnitView) -> Values:
    return _counting(view, range(1, 9)) | {"serial": 4_221_001}


def _adam6050(view: UnitView) -> Values:
    return {"counter0": view.unit.cycles} | {f"counter{n}": 0 for n in range(1, 4)}


def _eight_inputs(view: UnitView) -> Values:
    return _inputs(view, range(1, 9))


def _gauger(view: UnitView) -> Values:
    """Channels: 1 end of cycle (counted), 2 lid, 3 jam lamp, 4 film lamp."""
    lid, jam, film = _contacts(view)
    sealing = view.unit.phase is UnitState.SEAL
    shown: dict[str, Value] = {f"{kind}activations{n}": 0 for kind in ("", "de") for n in range(1, 5)}
    shown |= {f"state{n}": int(closed) for n, closed in enumerate((sealing, lid, jam, film), start=1)}
    ended = view.unit.cycles - (1 if sealing else 0)
    return shown | {"activations1": view.unit.cycles % U16, "deactivations1": ended % U16}


def _sen0492(view: UnitView) -> Values:
    return {"distance": view.distance}


def _sen0519(view: UnitView) -> Values:
    return {"distance": view.distance, "temperature": round(view.unit.temperature, 1)}


def _mnu(view: UnitView) -> Values:
    return {"distance": view.distance, "temperature": round(view.unit.temperature)}


def _vs133(view: RoomView) -> Values:
    """Line 1 is the door; regions 1 and 2 are the zones, region 3 is drawn around the whole room."""
    room = view.room
    shown: dict[str, Value] = {
        "line_1_total_in": room.people_in,
        "line_1_total_out": room.people_out,
        "line_1_child_total_in": room.children_in,
        "line_1_child_total_out": room.children_out,
    }
    for zone in range(len(view.parameters.zones)):
        shown[f"region_{zone + 1}_count"] = room.people_at(zone)
        shown[f"region_{zone + 1}_child_count"] = room.children_at(zone)
    return shown | {"region_3_count": room.people, "region_3_child_count": len(room.children)}


def _presence(view: RoomView) -> Values:
    people = view.room.people if view.zone is None else view.room.people_at(view.zone)
    noon = 1 - abs(calendar.minute(view.ms) - 720) / 360
    return {
        "presence": detected(people, view.parameters, view.ms),
        "illuminance": 100 * round(3 + max(0.0, 7 * noon)) if people else 10,
    }


def _fp1(view: RoomView) -> Values:
    """Return it sees the whole room; the events of its regions are not shown."""
    people = view.room.people if view.zone is None else view.room.people_at(view.zone)
    return {"presence": people > 0, "device_temperature": 27.0, "power_outage_count": 0}


def _zones(view: RoomView) -> list[int]:
    return [view.room.people_at(zone) for zone in range(len(view.parameters.zones))]


def _vs121_p(view: RoomView) -> Values:
    """Regions 1 and 2 are the zones."""
    regions = {f"region_{n}_count": people for n, people in enumerate(_zones(view), 1)}
    return {"people": view.room.people, **regions}


def _vs121(view: RoomView) -> Values:
    """Return the same, with a flag for each of its eight regions."""
    zones = _zones(view)
    flags = {f"region_{n}_presence": n <= len(zones) and zones[n - 1] > 0 for n in range(1, 9)}
    return {**_vs121_p(view), **flags}


def _xovis(view: RoomView) -> Values:
    return {"entries": view.room.people_in, "exits": view.room.people_out, "balance": view.room.people}


def _esphome(view: RoomView) -> Values:
    zones = _zones(view)
    counts = {f"zone_{n}_count": people for n, people in enumerate(zones, 1)}
    presences = {f"zone_{n}_presence": people > 0 for n, people in enumerate(zones, 1)}
    return {"people": view.room.people, "presence": view.room.people > 0, **counts, **presences}


def _thingsboard(view: RoomView) -> Values:
    return {"people": view.room.people}


def _tasmota(view: UnitView) -> Values:
    power = round(view.unit.power, 1)
    current = round(power / meters.POWER_FACTOR / meters.MAINS_VOLT, 3)
    return {"distance": view.distance, "cycle_counter": view.unit.cycles, "power": power, "current": current}


def _level(view: UnitView) -> Values:
    """Return a distance sensor on LoRaWAN that hangs above the pack."""
    return {"distance": view.distance, "battery": 92.0}


def _level_in_lid(view: UnitView) -> Values:
    """Return one that is fixed to the lid and tilts with it."""
    return {**_level(view), "tilted": view.lid_open}


def _level_with_percent(view: UnitView) -> Values:
    fill = (view.empty_mm - view.distance) / (view.empty_mm - view.full_mm) * 100
    return {"distance": view.distance, "fill_percent": round(min(max(fill, 0.0), 100.0)), "battery": 3.6}


def _lid_contact(view: UnitView) -> Values:
    return {"open": view.lid_open, "battery": 92.0}


def _door_counter(view: RoomView) -> Values:
    """Return both totals of a counter at the door."""
    return {"entries": view.room.people_in, "exits": view.room.people_out}


def _door_counter_u16(view: RoomView) -> Values:
    return {name: int(total) % U16 for name, total in _door_counter(view).items()}


def _lid_counter(view: UnitView) -> Values:
    """Return a lid contact that counts; every cycle begins with an opened lid."""
    return {**_lid_contact(view), "openings": view.unit.cycles, "battery": 3.0}


def _two_directions(view: RoomView) -> Values:
    return {"left_to_right": view.room.people_in % U16, "right_to_left": view.room.people_out % U16}


def _two_beams(view: RoomView) -> Values:
    return {"total_a": view.room.people_in % U16, "total_b": view.room.people_out % U16, "battery": 2.6}


def _anybody(view: RoomView) -> Values:
    people = view.room.people if view.zone is None else view.room.people_at(view.zone)
    return {"presence": detected(people, view.parameters, view.ms), "battery": 92.0}


OF_UNIT: Mapping[str, Callable[[UnitView], Values]] = {
    "sukusuku-retrofit-board": _retrofit_board,
    "moxa-iologik-e1212": _e1212,
    "hardwario-gauger": _gauger,
    "dfrobot-sen0492": _sen0492,
    "apg-mnu": _mnu,
    "eastron-sdm120": meters.sdm120,
    "peacefair-pzem-016": meters.pzem016,
    "tasmota-unit": _tasmota,
    "shelly-gen2-pm": meters.shelly,
    "milesight-em400-mud": _level_in_lid,
    "milesight-em400-tld": _level_in_lid,
    "milesight-em310-udl": _level_in_lid,
    "terabee-lm-xl": _level_with_percent,
    "decentlab-dl-mbx": _level,
    "dragino-ldds75": _level,
    "milesight-ws301": _lid_contact,
    "milesight-em300-mcs": _lid_contact,
    "netvox-r311a": _lid_contact,
    "milesight-ws523": meters.plug,
    "eastron-sdm230": meters.sdm120,
    "eastron-sdm630": meters.sdm630,
    "schneider-iem3155": meters.iem3155,
    "abb-b21": meters.b21,
    "carlo-gavazzi-em112": meters.em112,
    "carlo-gavazzi-em340": meters.em340,
    "moxa-iologik-e1210": _e1210,
    "moxa-iologik-e1214": _e1214,
    "wirenboard-wb-mcm8": _mcm8,
    "wago-750-430": _eight_inputs,
    "advantech-adam-6050": _adam6050,
    "waveshare-rtu-io-8ch": _eight_inputs,
    "dfrobot-sen0519": _sen0519,
    "zigbee2mqtt-contact": _lid_contact,
    "shelly-gen2-status": meters.shelly_status,
    "netvox-r718pe": _level_with_percent,
    "dragino-lds02": _lid_counter,
}
OF_ROOM: Mapping[str, Callable[[RoomView], Values]] = {
    "milesight-vs133": _vs133,
    "zigbee2mqtt-presence": _presence,
    "aqara-fp1": _fp1,
    "milesight-vs121-p": _vs121_p,
    "things-stack-vs121": _vs121,
    "xovis": _xovis,
    "esphome-room": _esphome,
    "thingsboard-people": _thingsboard,
    "milesight-vs350": _door_counter_u16,
    "milesight-vs360": _door_counter_u16,
    "milesight-vs340": _anybody,
    "milesight-ws203": _anybody,
    "terabee-people-counting-l-xl": _door_counter,
    "parametric-pcr2": _two_directions,
    "imbuildings-people-counter": _two_beams,
}
