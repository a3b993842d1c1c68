"""What was seen on this computer, and what that means: files, disk, fonts, time. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sukusuku_cli.doctor.finding import Finding, note, ok, wrong
from sukusuku_cli.doctor.servers import ends
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from sukusuku_server.i18n import Translate
from sukusuku_server.live.clock import Cause, ClockDoubt
from sukusuku_server.model.doors import Exchanged
from sukusuku_server.model.proofs import ProofState
from sukusuku_server.settings import Facility

OTHERS = 0o077
"""Permissions of everybody but the owner."""
LEAST_FREE, LEAST_SHARE = 1_000_000_000, 0.05
"""Bytes, and share of the disk, below which it is nearly full."""


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A database file: `made` whether it is there, `trouble` why it cannot be used, `modes`: its files with theirs."""

    path: Path
    made: bool = False
    writable: bool = False
    trouble: str = ""
    modes: Mapping[Path, int] = field(default_factory=dict)
    free: int = 0
    size: int = 1
    """Of the disk that it is on, in bytes."""


@dataclass(frozen=True, slots=True)
class StoreSeen:
    """What the store says.

    When the newest reading of each asset and edge node came (UTC ms), the collector's verdict on the clock, and which
    edge nodes believe only what is proved (`ProofState`).
    """

    newest: Mapping[str, int] = field(default_factory=dict)
    doubt: ClockDoubt | None = None
    proofs: Mapping[str, int] = field(default_factory=dict)


class Computer(Protocol):
    """Looks at this computer."""

    def database(self, path: Path) -> FileSeen:
        """Look at a database file without changing it."""

    def store(self, facility: Facility) -> StoreSeen | str:
        """Read the store; a text: why it cannot be read."""

    def accounts(self, path: Path) -> int | None:
        """Return how many accounts can sign in, by the operations data; None: that is not known yet."""

    def backups(self, path: Path) -> Exchanged:
        """Return how the last backups went, by the operations data; nothing known: none has been made."""

    def japanese_fonts(self) -> Sequence[str]:
        """Return names of installed fonts with Japanese characters."""

    def missing_for_pdf(self) -> str:
        """Return how to install what writes PDF; empty: it is there."""

    def knows_zone(self, name: str) -> bool:
        """Tell whether the time zone data are there."""

    def ntp(self) -> bool:
        """Tell whether something keeps the clock right."""

    def certificate(self, path: Path) -> int | str:
        """Return when the first certificate of a file ends (UTC ms); a text: why that is not known."""

    def versions(self) -> Mapping[str, str]:
        """Return versions by name."""


def judge_database(subject: str, seen: FileSeen, _: Translate) -> Iterator[Finding]:
    """Yield what is said of a database file and its disk."""
    path = str(seen.path)
    if not seen.made:
        if seen.writable:
            yield note(
                subject,
                _("%(path)s is not there yet") % {"path": path},
                _("The collector makes it at its first start."),
            )
        else:
            yield wrong(
                subject,
                _("%(path)s is not there, and this account may not make it") % {"path": path},
                _("Make its folder and give it to the account of the service: chown sukusuku FOLDER."),
            )
    elif seen.trouble:
        yield wrong(
            subject,
            _("%(path)s cannot be used: %(trouble)s") % {"path": path, "trouble": seen.trouble},
            _("Shut the services down, keep a copy of the file with its -wal, and restore the last backup."),
        )
    elif not seen.writable:
        yield wrong(
            subject,
            _("%(path)s cannot be written by this account") % {"path": path},
            _("Run this as the account of the service (sudo -u sukusuku), or give it the file: chown sukusuku FILE."),
        )
    else:
        yield ok(subject, _("%(path)s is whole and can be written") % {"path": path})
    shown = {file: mode for file, mode in seen.modes.items() if mode & OTHERS}
    if shown:
        names = ", ".join(f"{file} {mode:03o}" for file, mode in shown.items())
        yield wrong(
            f"{subject} modes",
            _("others on this computer may read %(files)s") % {"files": names},
            "chmod 600 " + " ".join(map(str, shown)) + "; " + _("and `UMask=0077` for the services."),
        )
    elif seen.modes:
        yield ok(f"{subject} modes", _("only its account may read it"))
    yield _disk(subject, seen, _)


def _disk(subject: str, seen: FileSeen, _: Translate) -> Finding:
    values = {"free": seen.free / 1e9, "share": 100 * seen.free / max(1, seen.size)}
    said = _("%(free).1f GB free, %(share).0f %% of the disk") % values
    if seen.free < LEAST_FREE or seen.free < LEAST_SHARE * seen.size:
        return wrong(f"{subject} disk", said, _("Free some space, or lower `keep_raw_days` in [store]."))
    return ok(f"{subject} disk", said)


def judge_readings(
    seen: StoreSeen | str, silent_after: Mapping[str, float], now: int, _: Translate
) -> Iterator[Finding]:
    """Yield how old readings are. `silent_after` has the seconds that each unit and room may be silent."""
    if isinstance(seen, str):
        yield note("readings", seen, _("Start the collector, then look again."))
        return
    ages = {asset: now - seen.newest[asset] for asset in silent_after if asset in seen.newest}
    if not ages:
        yield note(
            "readings", _("none yet"), _("Start an edge agent; `sukusuku tap` shows what arrives at the broker.")
        )
        return
    silent = {asset: duration(age, _) for asset, age in ages.items() if age > silent_after[asset] * SECOND_MS}
    silent |= {asset: _("never") for asset in silent_after if asset not in ages}
    if silent:
        names = ", ".join(f"{asset} ({since})" for asset, since in silent.items())
        said = _("nothing comes from %(assets)s") % {"assets": names}
        yield wrong("readings", said, _("See whether the collector runs, and `sukusuku-edge status` on the Pi."))
    else:
        yield ok("readings", _("the newest came %(age)s ago") % {"age": duration(min(ages.values()), _)})


def judge_accounts(count: int | None, _: Translate) -> Iterator[Finding]:
    """Yield whether anybody can sign in."""
    if count == 0:
        todo = _("Open the link that `sukusuku api` prints at its start, or use `sukusuku users FACILITY.toml add`.")
        yield note("accounts", _("nobody can sign in yet"), todo)
    elif count is not None:
        yield ok("accounts", _("%(count)d can sign in") % {"count": count})


def judge_proofs(seen: StoreSeen | str, _: Translate) -> Iterator[Finding]:
    """Yield which edge nodes believe unproved words."""
    states = {} if isinstance(seen, str) else {node: state for node, state in seen.proofs.items() if state}
    by_state = {state: [node for node, own in states.items() if own == state] for state in ProofState}
    if nodes := by_state[ProofState.UNKNOWN_KEY]:
        yield wrong(
            "node keys",
            _("%(nodes)s: has a key that is not known here, so its readings wait there") % {"nodes": ", ".join(nodes)},
            _("Make a key with `sukusuku nodes FACILITY.toml key NODE` and give it to the edge node."),
        )
    if nodes := by_state[ProofState.NOT_ASKED]:
        yield note(
            "node keys",
            _("%(nodes)s: does not use the key that there is for it") % {"nodes": ", ".join(nodes)},
            _("Put it under [uplink] in its edge.toml, and restart `sukusuku-edge`."),
        )
    if nodes := by_state[ProofState.NO_KEY]:
        yield note(
            "node keys",
            _("%(nodes)s: without a key; whoever may publish on the broker can make it delete unstored readings")
            % {"nodes": ", ".join(nodes)},
            _("Make a key with `sukusuku nodes FACILITY.toml key NODE` and give it to the edge node."),
        )
    if states and len(by_state[ProofState.PROVED]) == len(states):
        yield ok("node keys", _("every edge node believes only what is proved"))


def judge_clock(seen: StoreSeen | str, _: Translate, *, ntp: bool) -> Iterator[Finding]:
    """Yield what the collector and the kernel say of the clock."""
    doubt = seen.doubt if isinstance(seen, StoreSeen) else None
    if doubt is not None:
        ahead = 0 if doubt.offset is None else doubt.offset
        said = _("the collector does not believe it (%(cause)s, %(offset)+d s)") % {
            "cause": doubt.cause.name.lower(),
            "offset": ahead // SECOND_MS,
        }
        if doubt.cause is Cause.STARTING:
            yield note("clock", said, _("Wait a minute and look again."))
        else:
            yield wrong(
                "clock",
                said,
                _("Compare `date` with a watch, correct it, and see GET /api/v1/health for who contradicts it."),
            )
    if not ntp:
        yield wrong(
            "clock ntp", _("nothing keeps the clock right"), "timedatectl set-ntp true " + _("(or install chrony)")
        )
    elif doubt is None:
        yield ok("clock", _("kept by NTP, and believed"))


def judge_fonts(fonts: Sequence[str], missing: str, _: Translate) -> Iterator[Finding]:
    """Yield whether PDF and pictures can be written in Japanese."""
    if fonts:
        yield ok("fonts", _("Japanese: %(name)s") % {"name": next((name for name in fonts if "JP" in name), fonts[0])})
    else:
        yield wrong(
            "fonts",
            _("no font with Japanese characters: PDF and pictures would show boxes"),
            "apt-get install fonts-noto-cjk",
        )
    if missing:
        yield note("pdf", _("reports cannot be written as PDF, nor be issued"), missing)
    else:
        yield ok("pdf", _("can be written"))


def judge_zone(name: str, _: Translate, *, known: bool) -> Finding:
    """Judge the time zone data."""
    if known:
        return ok("time zone", name)
    return wrong("time zone", _("nothing is known of %(name)s") % {"name": name}, "apt-get install tzdata")


def judge_certificate(subject: str, seen: int | str, now: int, _: Translate) -> Finding:
    """Judge a certificate in a file."""
    if isinstance(seen, str):
        return wrong(subject, seen, _("Put a certificate in PEM there."))
    return ends(subject, seen, now, _)


def judge_versions(versions: Mapping[str, str], _: Translate) -> Finding:
    """Judge what is installed."""
    said = ", ".join(f"{name} {version}" for name, version in versions.items())
    if versions["sukusuku"] != versions["sukusuku-edge"]:
        return wrong("versions", said, _("Install both parts from one source: pip install ./edge ."))
    return ok("versions", said)


def duration(span: int, _: Translate) -> str:
    """Return a span (ms) in its largest unit."""
    for unit, text in ((DAY_MS, _("%d d")), (HOUR_MS, _("%d h")), (MINUTE_MS, _("%d min"))):
        if span >= unit:
            return text % (span // unit)
    return _("%d s") % max(0, span // SECOND_MS)
