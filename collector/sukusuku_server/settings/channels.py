"""`[[channel]]`: ways of telling people beside mail, each by an id that contacts name."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Self

import msgspec

from sukusuku_core.errors import ConfigError, Mistake
from sukusuku_core.settings import Id, PositiveSeconds, Settings
from sukusuku_server.settings import authority
from sukusuku_server.settings.secret import Secret

MAIL = "mail"
"""The id of the channel that `[mail]` opens."""


class Channel(Settings, frozen=True, kw_only=True):
    """One address at one service. Give `url`, or `url_file`, whose first line is the address."""

    id: Id
    """Contacts name it in `channels`; health page and log call it so."""
    kind: Id
    """A folder of `sukusuku_collector/channels`: `apprise` (Teams, Slack, ntfy, Telegram and many more), `webhook` (a
    CloudEvents 1.0 message with a signature), `lineworks` (Incoming Webhook of LINE WORKS)."""
    url: Secret | None = None
    """The address, with its tokens, as the service or apprise gives it."""
    url_file: str | None = None
    """A file that holds the address; relative to this file."""
    key: Secret | None = None
    """Of a webhook: the key of its signature, `whsec_` and base64; `sukusuku notify --new-key` makes one."""
    key_file: str | None = None
    """A file that holds the key; relative to this file."""
    ca_file: str | None = None
    """PEM of the authority that signed the server's certificate, where that is one of your own."""
    timeout: PositiveSeconds = 10.0
    expires_hours: Annotated[float, msgspec.Meta(gt=0, le=720)] = 24.0
    """A message that could not be delivered for so long is set aside: nobody wants yesterday's news on the phone."""
    child_counts: bool = False
    """Whether messages may say how many children are in a room."""

    def resolved(self, folder: Path, where: str) -> Self:
        """Return the same with the paths of its files. `where` is the key path of this table. Raises ConfigError."""
        settings = self
        for key in ("url_file", "key_file"):
            given = getattr(self, key)
            if given is not None:
                path = (folder / given).resolve()
                if not path.is_file():
                    raise ConfigError(f"{where}.{key}: there is no file {path}")
                settings = msgspec.structs.replace(settings, **{key: str(path)})
        if settings.ca_file is not None:
            ca_file = authority.checked(folder, settings.ca_file, f"{where}.ca_file")
            settings = msgspec.structs.replace(settings, ca_file=ca_file)
        return settings

    def address(self) -> str:
        """Return the address. Raises ConfigError when its file cannot be read."""
        return _secret(self.url, self.url_file, f"channel `{self.id}`: url_file")

    def signing_key(self) -> str | None:
        """Return the key of the signature; None: none is given. Raises ConfigError when its file cannot be read."""
        if self.key is None and self.key_file is None:
            return None
        return _secret(self.key, self.key_file, f"channel `{self.id}`: key_file")


def _secret(given: Secret | None, file: str | None, where: str) -> str:
    if given is not None:
        return given.reveal()
    try:
        line = Path(file or "").read_text(encoding="utf-8").strip().split("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{where}: cannot be read: {type(error).__name__}") from error
    if not line:
        raise ConfigError(f"{where}: {file} is empty; expected one line")
    return line


def check_channels(channels: Sequence[Channel]) -> Iterator[Mistake]:
    """Yield mistakes between the keys; it never shows an address or a key."""
    seen: dict[str, int] = {}
    for n, channel in enumerate(channels):
        where = f"channel[{n}]"
        if channel.id.lower() == MAIL:
            yield Mistake(f"{where}.id", f"`{channel.id}` is what [mail] is called; choose another one")
        if channel.id.lower() in seen:
            yield Mistake(f"{where}.id", f"`{channel.id}` is already used at channel[{seen[channel.id.lower()]}]")
        seen[channel.id.lower()] = n
        if (channel.url is None) == (channel.url_file is None):
            yield Mistake(where, "give url or url_file, one of them")
        if channel.key is not None and channel.key_file is not None:
            yield Mistake(where, "found key and key_file; give one of them")
