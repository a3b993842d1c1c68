"""How old the last good backup is, and what that means. Pure."""

from sukusuku_cli.doctor.computer import duration
from sukusuku_cli.doctor.finding import Finding, note, ok, wrong
from sukusuku_core.time import HOUR_MS
from sukusuku_server.i18n import Translate
from sukusuku_server.model.doors import Exchanged
from sukusuku_server.settings.backup import BackupSettings


def judge_backups(settings: BackupSettings | None, seen: Exchanged, now: int, _: Translate) -> Finding:
    """Judge what `sukusuku backup` has noted."""
    if settings is None:
        return note(
            "backups",
            _("none are made: if this computer is lost, everything is"),
            _("Add [backup] to facility.toml, then `sukusuku backup FACILITY.toml key`; see docs/backup.md."),
        )
    todo = _("Run `sukusuku backup FACILITY.toml make` and see what it says; then `systemctl list-timers`.")
    if seen.taken is None:
        return wrong("backups", seen.reason or _("none has been made yet"), todo)
    said = _("the last good one was made %(age)s ago") % {"age": duration(now - seen.taken, _)}
    if seen.failing is not None:
        said = f"{said}; {seen.reason}"
    if seen.failing is not None or now - seen.taken > settings.late_hours * HOUR_MS:
        return wrong("backups", said, todo)
    return ok("backups", said)
