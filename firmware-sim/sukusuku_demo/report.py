"""What a run of the demo with a time limit came to."""

import json
from dataclasses import asdict, dataclass

from sukusuku_demo.judge import Archived

_WORDS = {
    True: "nothing was lost, nothing is there twice. 欠落・重複はありません。",
    False: "readings were lost or are there twice. 欠落または重複があります。",
}


@dataclass(frozen=True, slots=True)
class Report:
    """What `--json` prints. Readings are those of the live part; the truth log is the judge."""

    produced: int
    accepted: int
    stored: int
    lost: int
    duplicates: int
    alerts: int
    mails: int
    seconds_to_first_mail: float | None
    influx: Archived | None = None
    """Of the live part and the past together."""

    @property
    def whole(self) -> bool:
        """Whether everything is where it belongs, once."""
        counts = [self.lost, self.duplicates]
        if self.influx is not None:
            counts += [self.influx.lost, self.influx.duplicates]
        return not any(counts)

    def encode(self) -> str:
        """One JSON object."""
        found = asdict(self)
        influx = found.pop("influx")
        if influx is not None:
            found |= {f"influx_{name}": influx[name] for name in ("stored", "lost", "duplicates", "seconds")}
        return json.dumps(found)

    def __str__(self) -> str:
        """In words."""
        lines = [
            f"devices showed {self.produced:,} values; the edge agents accepted {self.accepted:,} readings",
            f"store      {self.stored:,} stored, {self.lost} lost, {self.duplicates} duplicates",
        ]
        if self.influx is not None:
            it = self.influx
            lines.append(
                f"InfluxDB   {it.stored:,} stored with the past, {it.lost} lost, {it.duplicates} duplicates "
                f"(waited {it.seconds:g} s)"
            )
        return "\n".join([*lines, f"alerts     {self.alerts}, mails {self.mails}", _WORDS[self.whole]])
