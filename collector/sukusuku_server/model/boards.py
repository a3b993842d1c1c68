"""What the Grafana dashboards of a facility are called: they and the pages that link to them share it. Pure."""

import re
from hashlib import blake2b

PREFIX, WALL, ALL = "sukusuku", "wall", "all"
UID_LENGTH = 40
"""Grafana takes at most so many characters."""
_TAKEN = re.compile(r"[A-Za-z0-9_-]+")
_OURS = re.compile(rf"{ALL}(-[0-9]+)?")


def board_uid(about: str, language: str) -> str:
    """Return the uid of a dashboard; `about` says what it is about, such as `collection`."""
    return f"{PREFIX}-{about}-{language}"


def wall_uid(key: str, language: str) -> str:
    """Return the uid of a wall by its key: `ALL`, that of a page of it, or `site_key`."""
    return board_uid(f"{WALL}-{key}", language)


def site_key(site: str, language: str) -> str:
    """Return what the wall of a centre is called: its id, or a digest of one that Grafana cannot take."""
    taken = len(wall_uid(site, language)) <= UID_LENGTH and _TAKEN.fullmatch(site)
    if taken and not _OURS.fullmatch(site):
        return site
    return blake2b(site.encode(), digest_size=10).hexdigest()
