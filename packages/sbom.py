"""The bill of materials of a package, as CycloneDX 1.6."""

import email
import json
import uuid
from collections.abc import Iterator, Mapping
from email.message import Message
from pathlib import Path

from packages.product import PYTHONS, VERSION, Product

_NAMESPACE = uuid.UUID("5b0d2a9e-6f0c-4f0e-9d0e-3b2f7d6a1c55")


def bill(product: Product, home: Path) -> str:
    """Return every distribution below `home` with version, licence and package URL. The same content, the same text."""
    found: dict[str, Mapping[str, object]] = {}
    for python in PYTHONS:
        for told in _distributions(home / f"python{python}"):
            component = _component(told)
            found[str(component["bom-ref"])] = component
    components = [found[reference] for reference in sorted(found)]
    made = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, json.dumps(components, sort_keys=True))}",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": product.name, "version": VERSION, "bom-ref": product.name}
        },
        "components": components,
    }
    return json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _distributions(tree: Path) -> Iterator[Message]:
    for info in sorted(tree.glob("*.dist-info")):
        yield email.message_from_string((info / "METADATA").read_text(encoding="utf-8"))


def _component(told: Message) -> Mapping[str, object]:
    name, version = str(told["Name"]).lower().replace("_", "-"), str(told["Version"])
    purl = f"pkg:pypi/{name}@{version}"
    component: dict[str, object] = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
    if expression := told["License-Expression"]:
        component["licenses"] = [{"expression": str(expression)}]
    elif (said := told["License"]) and len(said) < 100:  # noqa: PLR2004 - longer ones are the whole text
        component["licenses"] = [{"license": {"name": str(said).splitlines()[0]}}]
    return component
