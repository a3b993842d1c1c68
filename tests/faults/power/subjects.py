"""The files that must survive, each behind the class that owns it: deterministic steps, and what is in there."""

import random
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from sukusuku_core.model import Quality, Reading, Value

T = 1_760_000_000_000
EVERYTHING = 10**6
UNITS = ("unit-1", "unit-2", "unit-3")
NAMES = ("outbox", "grouped", "damaged", "store", "operations")
_METRICS = ("Fill/Percent", "Motor/Power", "Temperature", "State", "Cycles/Total", "Lid/Open", "Info/Serial")


class Subject(Protocol):
    """One durable file of ours. Every step is one commit; `open` and `step` raise our errors and no others."""

    def __init__(self, folder: Path) -> None: ...

    def open(self) -> None:
        """As its program does at the start."""

    def close(self) -> None:
        """As its program does at the end."""

    def step(self, rng: random.Random) -> None:
        """The next commit. What it is depends on `rng` and on what is in the file, on nothing else."""

    def dump(self) -> object:
        """Everything that its program can read in it."""

    def careless(self) -> None:
        """Stop to wait for the disk: for the control, which must lose."""


def subject(name: str, folder: Path) -> Subject:
    """The subject of that name with its file in a folder. Imported when asked for: writers shall start quickly."""
    make: type[Subject] = import_module(f"tests.faults.power.{name}").SUBJECT
    return make(folder)


def a_reading(rng: random.Random, time: int) -> Reading:
    """Some reading of a unit, of every type and quality."""
    metric = rng.choice(_METRICS)
    values: dict[str, Value] = {
        "State": rng.randint(0, 7),
        "Cycles/Total": rng.randrange(2**40),
        "Lid/Open": rng.random() < 0.5,
        "Info/Serial": "一号" * rng.randint(1, 60),
    }
    value = values.get(metric, round(rng.uniform(0, 100), 3))
    quality = rng.choices(tuple(Quality), (1, 20, 1))[0]
    return Reading(rng.choice(UNITS), metric, time, None if quality is Quality.STALE else value, quality)


def rng_of(seed: int, step: int) -> random.Random:
    """What decides a step."""
    return random.Random(f"{seed}/{step}")


def canonical(value: Any) -> str:
    """A dump as a text that is equal for equal dumps."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, tuple):
        return "(" + ",".join(map(canonical, value)) + ")"
    return repr(value)
