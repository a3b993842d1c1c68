"""Runs the benches, one after the other, and writes what they find to bench/RESULTS.md.

    python -m bench                   all of them: some hours
    python -m bench collector drain   these

Ends with 1 when a goal is missed or a bench fails. A bench that is run by itself (`python -m bench.drain`) writes
nothing.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

from bench import results

BENCHES: dict[str, Sequence[str]] = {
    "collector": (),
    "derivation": (),
    "modbus": (),
    "alert_latency": (),
    "receive": (),
    "drain": (),
    "scale": ("--nodes", "100", "1000", "5000", "10000", "--work", "600"),
    "takeover": (),
    "operators": ("--operators", "1", "20", "100"),
    "groups": ("--nodes", "2000"),
    "influx": (),
    "postgres": (),
    "disk": (),
    "wall": (),
    "stream": (),
    "display": (),
    "pages": (),
    "sign_in": (),
    "rows": (),
    "collection": ("--seeds", "8"),
    "life": ("--seeds", "1", "2", "3", "4", "5", "6", "7", "8"),
    "rooms": ("--seeds", "9"),
    "rooms.alerts": (),
    "figures": (),
}
"""Every bench that judges, with what `make bench` asks of it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run and write; 1 when anything is missed."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bench", nargs="*", metavar="BENCH", help=f"of {', '.join(BENCHES)}")
    asked = parser.parse_args(argv).bench
    if unknown := sorted(set(asked) - set(BENCHES)):
        parser.error(f"{unknown[0]}: there is no such bench; choose of {', '.join(BENCHES)}")
    arrange()
    failed = []
    for name in asked or BENCHES:
        print(f"\n== bench.{name}", flush=True)
        call = [sys.executable, "-m", f"bench.{name}", *BENCHES[name]]
        if subprocess.run(call, env={**os.environ, results.VARIABLE: str(results.PAGE)}, check=False).returncode:
            failed.append(name)
    arrange()
    print(f"\nwritten: {results.PAGE}; missed: {', '.join(failed) or 'nothing'}")
    return int(bool(failed))


def arrange() -> None:
    """Put the sections of the page into the order of the benches, with one for each that was not run."""
    known = results.read(results.PAGE)
    sections = {}
    for name, options in BENCHES.items():
        title = " ".join(["python -m", f"bench.{name}", *options])
        module = results.module_of(title)
        sections[module] = known.get(module, f"## `{title}`\n{results.NOT_RUN}")
    results.write(results.PAGE, sections)


if __name__ == "__main__":
    sys.exit(main())
