"""The mail about a silence that stands. Pure."""

from collections.abc import Mapping, Sequence

from sukusuku_collector.operator_mail import composer
from sukusuku_collector.operator_mail.composer import Gettext, Matter, Reader
from sukusuku_core.time import japan_time
from sukusuku_server.db.modes import Mode
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.settings import FacilityIndex, Language


def messages(
    index: FacilityIndex, silence: Mode, alerts: int, now: int, readers: Sequence[Reader] | None
) -> list[OutgoingMail]:
    """Return what those hear who began a silence: it stands, and `alerts` of what it is about are open meanwhile."""

    def values(language: Language) -> Mapping[str, object]:
        return {
            "about": index.name(silence.subject, language),
            "since": _moment(silence.since),
            "until": _moment(silence.until or now),
            "who": silence.who,
            "reason": silence.reason,
            "alerts": alerts,
            "link": f"{index.facility.web.url.rstrip('/')}/alerts?lang={language}",
        }

    def subject(gettext: Gettext) -> str:
        return gettext("Mails are still switched off")

    incident = f"{silence.id}-{silence.reminded or silence.since}"  # several are told of at the same moment
    matter = Matter("silence", "silence", incident, wrong=True)
    return composer.messages(index.facility, matter, now, subject, values, readers)


def _moment(time: int) -> str:
    return japan_time(time).strftime("%Y-%m-%d %H:%M")
