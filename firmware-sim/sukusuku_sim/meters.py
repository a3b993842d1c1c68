"""What meters and metering plugs show of a unit's supply."""

from sukusuku_core.model import Value
from sukusuku_sim.views import UnitView, Values

MAINS_VOLT, MAINS_HERTZ, POWER_FACTOR = 100.0, 50.0, 0.8


def sdm120(view: UnitView) -> Values:
    """Return what a single-phase meter shows."""
    power = round(view.unit.power, 1)
    apparent = round(power / POWER_FACTOR, 1)
    energy = round(view.unit.energy / 1000, 2)
    return {
        "voltage": MAINS_VOLT,
        "current": round(apparent / MAINS_VOLT, 3),
        "power": power,
        "apparent_power": apparent,
        "reactive_power": round((apparent**2 - power**2) ** 0.5, 1),
        "power_factor": POWER_FACTOR if power else 1.0,
        "frequency": MAINS_HERTZ,
        "energy_import": energy,
        "energy_export": 0.0,
        "energy_total": energy,
    }


def sdm630(view: UnitView) -> Values:
    """Return a three-phase meter of whose phases the motor uses the first."""
    one = sdm120(view)
    shared = ("frequency", "energy_import", "energy_export", "energy_total")
    return {**_three_phases(one), **{name: one[name] for name in shared}}


def iem3155(view: UnitView) -> Values:
    """Return the same without apparent power; energies are whole Wh."""
    shown = _three_phases(sdm120(view))
    return {**shown, "frequency": MAINS_HERTZ, "energy_import": round(view.unit.energy), "energy_export": 0}


def b21(view: UnitView) -> Values:
    """Return the same of a meter that shows hundredths of an ampere."""
    one = sdm120(view)
    names = ("voltage", "power", "power_factor", "frequency", "energy_import", "energy_export")
    return {**{name: one[name] for name in names}, "current": round(float(one["current"]), 2)}


def em112(view: UnitView) -> Values:
    """Return the same of a small meter that shows tenths of a kWh."""
    one = sdm120(view)
    energy = round(view.unit.energy / 1000, 1)
    return {**{name: one[name] for name in ("voltage", "current", "power", "frequency")}, "energy_import": energy}


def em340(view: UnitView) -> Values:
    """Return its three-phase sister."""
    one = em112(view)
    return {**_three_phases(one), "frequency": MAINS_HERTZ, "energy_import": one["energy_import"], "energy_export": 0.0}


def pzem016(view: UnitView) -> Values:
    """Return what a small clamp meter shows."""
    power = round(view.unit.power, 1)
    return {
        "voltage": MAINS_VOLT,
        "current": round(power / POWER_FACTOR / MAINS_VOLT, 3),
        "power": power,
        "energy": round(view.unit.energy),
        "frequency": MAINS_HERTZ,
        "power_factor": POWER_FACTOR if power else 0.0,
        "alarm": 0,
    }


def shelly(view: UnitView) -> Values:
    """Return what a metering plug reports of changes."""
    energy = round(view.unit.energy, 3)
    return {"power": round(view.unit.power, 1), "energy": energy, "voltage": MAINS_VOLT}


def shelly_status(view: UnitView) -> Values:
    """Return the plug's whole status."""
    power = round(view.unit.power, 1)
    current = round(power / POWER_FACTOR / MAINS_VOLT, 3)
    return {**shelly(view), "current": current, "frequency": MAINS_HERTZ, "device_temperature": 44.9}


def plug(view: UnitView) -> Values:
    """Return what a metering socket on LoRaWAN shows, in whole watts."""
    power = round(view.unit.power)
    current = round(power / POWER_FACTOR / MAINS_VOLT, 3)
    return {"power": power, "energy": round(view.unit.energy), "voltage": MAINS_VOLT, "current": current}


def _three_phases(one: Values) -> dict[str, Value]:
    shown: dict[str, Value] = {"power": one["power"]}
    for phase in ("l1", "l2", "l3"):
        shown[f"voltage_{phase}"] = MAINS_VOLT
        shown |= {f"{kind}_{phase}": one[kind] if phase == "l1" else 0.0 for kind in ("current", "power")}
    return shown
