"""`[update]` in `edge.toml`."""

import re
from typing import Annotated

import msgspec

from sukusuku_core.settings import Settings
from sukusuku_core.time import MINUTE_MS, japan_time

_TIME = r"([01]\d|2[0-3]):([0-5]\d)"


class UpdateSettings(Settings, frozen=True, kw_only=True):
    """From where this computer updates itself, when, and how long a new version has to prove itself."""

    url: Annotated[str, msgspec.Meta(pattern=r"^https?://\S+$", max_length=1000)]
    """The repository: what `sukusuku apt-repo` made, as a web server hands it out."""
    stage: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]*$")] = "stable"
    """Which stage of it this computer takes, such as `canary`."""
    key_file: str = "sukusuku.asc"
    """The public key of the repository, relative to `edge.toml`."""
    window: Annotated[str, msgspec.Meta(pattern=f"^{_TIME}-{_TIME}$")] = "02:00-04:00"
    """When an update may begin, in Japanese time; from one time to the same is the whole day."""
    minutes: Annotated[float, msgspec.Meta(gt=0, le=240)] = 10.0
    """In which the new version must have had an acknowledgement of the collector."""
    folder: str = "/var/lib/sukusuku-edge-update"
    """What is noted of updates; that of the systemd unit."""

    def opens(self, now: int) -> bool:
        """Tell whether an update may begin `now` (UTC ms)."""
        begin, end = (int(hour) * 60 + int(minute) for hour, minute in re.findall(_TIME, self.window))
        moment = japan_time(now - now % MINUTE_MS)
        return (moment.hour * 60 + moment.minute - begin) % 1440 < ((end - begin) % 1440 or 1440)
