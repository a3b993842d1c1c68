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
    return AppriseChannel(plugin, url, settings.timeout)


class AppriseChannel:
    """See `protocol.Channel`. `seconds` is for a whole call, however slowly the far end speaks.

    The library can wait for the next byte only, and cannot be told to stop. So each call has a thread of its own, and
    there is never more than one: what is still under way is waited for by the next try, and if it was the same message
    and has been taken after all, that is its delivery.
    """

    def __init__(self, plugin: apprise.NotifyBase, url: str, seconds: float) -> None:
        self._plugin = plugin
        self._url = url
        self._seconds = seconds
        self._late: _Call | None = None

    def send(self, message: OutgoingMail) -> None:
        """See `protocol.Channel`."""
        late, self._late = self._late, None
        call = late if late is not None and late.message == message else None
        if late is not None and not late.is_over(self._seconds):
            self._late = late
            raise TransientError("the call before is still under way")
        if call is None or not call.taken:
            call = _Call(self._plugin, message)
            call.start()
        if not call.is_over(self._seconds):
            self._late = call
            raise TransientError(f"no answer within {self._seconds:g} s")
        if isinstance(call.error, OSError | TypeError | ValueError):
            text = without(f"{type(call.error).__name__}: {call.error}", self._url)
            raise TransientError(text) from call.error
        if call.error is not None:
            raise call.error
        if call.taken:
            return
        said = " ".join(without(" ".join(call.lines) or "apprise does not say why", self._url).split())
        status = _STATUS.search(said)
        final = status is not None and is_final(int(status[1]))
        raise (PermanentError if final else TransientError)(said)


class _Call(threading.Thread):
    """One message on its way: whether it was taken, why not, and what the library said meanwhile.

    A process that ends does not wait for it.
    """

    def __init__(self, plugin: apprise.NotifyBase, message: OutgoingMail) -> None:
        super().__init__(name="apprise", daemon=True)
        self.message = message
        self.taken = False
        self.error: Exception | None = None
        self.lines: list[str] = []
        self._plugin = plugin

    def is_over(self, seconds: float) -> bool:
        """Whether it ends within so many seconds."""
        self.join(seconds)
        return not self.is_alive()

    def run(self) -> None:
        """Hand the message to the library."""
        heard = _Heard(self.lines)
        _library.addHandler(heard)
        try:
            notice = decode(self.message.content)
            self.taken = self._plugin.notify(
                title=notice.title,
                body=f"{notice.text}\n{notice.url}",
                notify_type=_KINDS.get(notice.tone, apprise.NotifyType.INFO),
                body_format=apprise.NotifyFormat.TEXT,
            )
        except Exception as error:  # noqa: BLE001 - told by the thread that waits
            self.error = error
        finally:
            _library.removeHandler(heard)


class _Heard(logging.Handler):
    """Adds to `lines` what the library says in this thread; other channels send at the same time."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self._lines.append(record.getMessage())
