"""What to install for a part that not everybody needs, under the libraries' own names.

Our distributions are on no registry of packages: a command that names one there would fetch whatever somebody else has
put under that name.
"""

import re
from importlib import metadata

_EXTRA = re.compile(r"""^(?P<what>[^;]+?)\s*;.*\bextra\s*==\s*['"](?P<extra>[\w-]+)['"]""")


def how_to_install(extra: str) -> str:
    """Return the command that installs the libraries of an extra (see pyproject.toml)."""
    found = (_EXTRA.match(requirement) for requirement in metadata.requires("sukusuku") or ())
    wanted = [f"'{match['what']}'" for match in found if match is not None and match["extra"] == extra]
    return f"install it with: pip install {' '.join(wanted)}"
