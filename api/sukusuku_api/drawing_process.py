"""`python -m sukusuku_api.drawing_process`: draws what each line on stdin asks for; a line of SVGs each on stdout.

A line is `[module, what]` as JSON; `draw` of that module makes SVGs of it. It ends when nothing is asked for a minute,
when stdin ends, and after many drawings, so that what the libraries keep is given back.
"""

import importlib
import select
import sys

import msgspec

IDLE_SECONDS = 60.0
MOST = 500


def main() -> None:
    """Answer line by line. What cannot be drawn ends the process, and stderr says why."""
    for _ in range(MOST):
        if not select.select([sys.stdin], [], [], IDLE_SECONDS)[0] or not (line := sys.stdin.buffer.readline()):
            return
        renderer, what = msgspec.json.decode(line, type=tuple[str, msgspec.Raw])
        svgs: list[str] = importlib.import_module(renderer).draw(bytes(what))
        sys.stdout.buffer.write(msgspec.json.encode(svgs) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
