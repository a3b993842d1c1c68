"""`facility.toml` for a collector of the nodes of a load."""

from pathlib import Path

OPERATOR = "load"
HOST = "sukusuku"
UNITS_PER_SITE = 2


def text(nodes: int, broker: str, port: int) -> str:
    """Return the settings: two units a centre, one edge node for each unit."""
    lines = [
        f'host_id = "{HOST}"',
        f'operator = {{ id = "{OPERATOR}", name = {{ ja = "負荷試験", en = "load test" }} }}',
        f'broker = {{ host = "{broker}", port = {port} }}',
        'store = { path = "readings.db" }',
        'operations = { url = "sqlite:///operations.db" }',
    ]
    for number in range(nodes):
        if number % UNITS_PER_SITE == 0:
            site = number // UNITS_PER_SITE
            lines.append(f'[[site]]\nid = "load-site-{site}"\nname = {{ ja = "負荷{site}", en = "load {site}" }}')
        name = f'{{ ja = "負荷{number}号機", en = "load unit {number}" }}'
        lines.append(f'[[site.unit]]\nid = "load-unit-{number}"\nname = {name}\nedge = "load-{number}"')
    return "\n".join(lines) + "\n"


def write(path: Path, nodes: int, broker: str, port: int) -> None:
    """Write the settings."""
    path.write_text(text(nodes, broker, port), encoding="utf-8")
