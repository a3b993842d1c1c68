"""What is never read, because it could identify a child: pictures, addresses of phones, movements, names."""

REFUSED = frozenset(
    {
        "snapshot",
        "image",
        "picture",
        "photo",
        "video",
        "base64",
        "mac",
        "macaddress",
        "bssid",
        "track",
        "tracks",
        "trajectory",
        "trackedobjects",
        "positions",
        "face",
        "faces",
        "nametag",
    }
)
"""Field names, lower case, letters and digits only."""


def refused(name: str) -> bool:
    """Whether a field of this name is refused, however it is written."""
    return "".join(filter(str.isalnum, name)).lower() in REFUSED
