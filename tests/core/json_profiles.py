"""Profiles of JSON sensors with one point, and what they read."""

import json
from typing import Any

from sukusuku_core import jsonmap
from sukusuku_core.model import Quality
from sukusuku_core.profile import JsonProfile, parse_profile
from sukusuku_core.registers import Decoded

NO_READING = Decoded(None, Quality.BAD)


def profile(*points: str, head: str = "") -> JsonProfile:
    text = (
        'profile = "own"\ntransport = "mqtt"\nmaker = "m"\nmodel = "x"\nja = "機"\nen = "d"\nstatus = "guess"\n'
        f'source = "none"\n{head}\n'
        + "\n".join(f'[[point]]\nrole = "environment"\nja = "値"\nen = "value"\n{point}' for point in points)
    )
    found = parse_profile(text, "own.toml")
    assert isinstance(found, JsonProfile)
    return found


def point(type: str, path: str = "v", more: str = "optional = true") -> str:  # noqa: A002 - the field's name
    return f'name = "v"\npath = "{path}"\ntype = "{type}"\n{more}\n'


def value(kind: str, sent: Any, more: str = "optional = true") -> Decoded | None:
    return jsonmap.decode(profile(point(kind, more=more)), json.dumps({"v": sent}).encode()).values.get("v")
