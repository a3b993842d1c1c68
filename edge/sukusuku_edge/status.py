"""`sukusuku-edge status`: how the agent of this computer is, whether it runs or not."""

import contextlib
import sqlite3
import time
from datetime import datetime
from pathlib import Path

from sukusuku_core.renewal import ends_soon
from sukusuku_core.text_table import columns
from sukusuku_core.time import DAY_MS, HOUR_MS, MINUTE_MS
from sukusuku_edge import database, lock, readings, session_numbers, status_report, update_journal
from sukusuku_edge.session_numbers import Number
from sukusuku_edge.settings import Edge
from sukusuku_edge.status_report import CertificateLine, Status

QUIET = MINUTE_MS
"""ms; a running agent that has written nothing for so long is in trouble."""


def show(edge: Edge, now: int | None = None) -> tuple[str, bool]:
    """Return the text, and whether all is well. Reads only; may be asked at any time."""
    now = time.time_ns() // 1_000_000 if now is None else now
    path = Path(edge.settings.outbox.path)
    running, status = lock.holder(path) is not None, status_report.read(path)
    facts = [("agent 動作", _agent(status, now, running=running))]
    rows, oldest, bdseq, problem = _outbox(path)
    if problem:
        facts.append(("outbox 未送信", problem))
    else:
        age = "" if oldest is None else f", the oldest from {_when(oldest, now)}"
        facts.append(("outbox 未送信", f"{rows} readings wait{age}"))
        facts.append(("bdSeq", "no session yet" if bdseq is None else str(bdseq)))
    trouble = bool(problem) or not running or status is None or now - status.time > QUIET
    if status is not None:
        last = "none since the start" if status.last_ack is None else _when(status.last_ack, now)
        facts += [
            ("collector 収集サーバー", status.uplink),
            ("acknowledged 受領確認", last),
            ("clock 時計", status.clock),
        ]
    if status is not None and status.certificate is not None:
        held = status.certificate
        facts.append(("certificate 証明書", _certificate(held, now)))
        trouble |= ends_soon(held.ends, now)
    update = edge.settings.update
    if update is not None and (told := update_journal.read(Path(update.folder)).told):
        facts.append(("update 更新", told))
    devices = [] if status is None else list(status.devices)
    table = [("device 機器", "where 場所", "state 状態", "heard 最終応答", "what to do 対処")]
    for item in devices:
        state = f"{item.state}, unstable" if item.unstable else item.state
        heard = "never" if item.heard is None else _when(item.heard, now)
        table.append((item.id, item.where, state, heard, item.trouble))
        trouble |= bool(item.trouble) or item.unstable
    text = columns(facts)
    if devices:
        text += "\n\n" + columns(table)
    return text, not trouble


def _agent(status: Status | None, now: int, *, running: bool) -> str:
    if not running:
        seen = "" if status is None else f"; it last said so {_when(status.time, now)}"
        return f"does not run{seen}. Start it: systemctl start sukusuku-edge, or sukusuku-edge run EDGE.toml"
    if status is None:
        return "runs, and has not said anything yet"
    text = f"runs as process {status.process}, version {status.version}, said so {_when(status.time, now)}"
    return f"{text}: it hangs or cannot write; see its log" if now - status.time > QUIET else text


def _certificate(held: CertificateLine, now: int) -> str:
    until = _when(held.ends, now)
    text = f"has ended {until}" if held.ends <= now else f"until {until}"
    asked = "not asked yet" if held.asked is None else f"the server was asked {_when(held.asked, now)}"
    return f"{text}; {asked}" + (f"; it cannot be renewed: {held.trouble}" if held.trouble else "")


def _outbox(path: Path) -> tuple[int, int | None, int | None, str]:
    """Rows, time of the oldest, bdSeq; or what is the matter."""
    if not path.exists():
        return 0, None, None, f"{path} is not there: no agent has run with these settings"
    try:
        with contextlib.closing(database.connect_to_read(path)) as file:
            return readings.count(file), readings.oldest(file), session_numbers.get(file, Number.BDSEQ), ""
    except sqlite3.Error as error:
        return 0, None, None, f"{path} cannot be read: {error}; may this user read it (sudo)?"


def _when(moment: int, now: int) -> str:
    try:
        clock = datetime.fromtimestamp(moment / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):
        clock = f"{moment} ms"
    return f"{clock} ({_age(now - moment)})"


def _age(passed: int) -> str:
    for size, unit in ((DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "min"), (1000, "s")):
        if abs(passed) >= size:
            amount = f"{abs(passed) / size:.1f} {unit}".replace(".0 ", " ")
            return f"{amount} ago" if passed > 0 else f"in {amount}"
    return "now"
