"""One address of `apprise`. The library says why something failed only in its log, so its log is read here.

Its log also names addresses; so nothing of it goes anywhere else, and what is kept has every piece of the address
starred.
"""

import logging
import re
import threading

import apprise
from apprise.common import PersistentStoreMode

from sukusuku_collector.channels.discretion import silence, without
from sukusuku_collector.channels.http import is_final
from sukusuku_core.errors import ConfigError, PermanentError, TransientError
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.model.notices import decode
from sukusuku_server.settings import Channel

_STATUS = re.compile(r"error=(\d{3})\b")
_KINDS = {
    "good": apprise.NotifyType.SUCCESS,
    "warning": apprise.NotifyType.WARNING,
    "danger": apprise.NotifyType.FAILURE,
    "quiet": apprise.NotifyType.WARNING,
}

silence("urllib3")
_library = silence("apprise")
_library.setLevel(logging.WARNING)


def open_channel(settings: Channel) -> "AppriseChannel":
    """Return the channel of these settings. Raises ConfigError, which does not show the address."""
    url = settings.address()
    where = f"channel `{settings.id}`: url"
    asset = apprise.AppriseAsset(
        app_id="Sukusuku",
        app_desc="Sukusuku",
        app_url="",
        async_mode=False,
        secure_logging=True,
        storage_mode=PersistentStoreMode.MEMORY,
        plugin_paths=[],
    )
    plugin = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if plugin is None:
        scheme = url.partition("://")[0] if "://" in url else "none"
        raise ConfigError(
            f"{where}: apprise cannot use it (it begins with {scheme[:20]}://); expected an address such as "
            "ntfys://ntfy.example.jp/TOPIC, see docs/notifications.md"
        )
    if len(plugin) > 1:
        raise ConfigError(
            f"{where}: names {len(plugin)} targets; make a channel of each, so that a retry tells nobody twice"
        )
    plugin.redirects = False  # a page to log in would answer 200; an address may ask for it by `redirect=yes`
    plugin.socket_connect_timeout = plugin.socket_read_timeout = settings.timeout
    return AppriseChannel(plugin, url)


class AppriseChannel:
    """See `protocol.Channel`."""

    def __init__(self, plugin: apprise.NotifyBase, url: str) -> None:
        self._plugin = plugin
        self._url = url

    def send(self, message: OutgoingMail) -> None:
        """See `protocol.Channel`."""
        notice = decode(message.content)
        heard = _Heard()
        _library.addHandler(heard)
        try:
            taken = self._plugin.notify(
                title=notice.title,
                body=f"{notice.text}\n{notice.url}",
                notify_type=_KINDS.get(notice.tone, apprise.NotifyType.INFO),
                body_format=apprise.NotifyFormat.TEXT,
            )
        except (OSError, TypeError, ValueError) as error:
            raise TransientError(without(f"{type(error).__name__}: {error}", self._url)) from error
        finally:
            _library.removeHandler(heard)
        if taken:
            return
        said = " ".join(without(" ".join(heard.lines) or "apprise does not say why", self._url).split())
        status = _STATUS.search(said)
        final = status is not None and is_final(int(status[1]))
        raise (PermanentError if final else TransientError)(said)


class _Heard(logging.Handler):
    """What the library says in this thread; other channels send at the same time."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.lines.append(record.getMessage())
