"""The mails about certificates. Pure."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from sukusuku_collector.operator_mail import composer
from sukusuku_collector.operator_mail.composer import Gettext, Matter
from sukusuku_server.i18n import texts
from sukusuku_server.live.certificates import Ending
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.settings import Facility, Language


def messages(facility: Facility, endings: Sequence[Ending], now: int, *, late: bool) -> list[OutgoingMail]:
    """Return what the operator's contacts hear: these certificates end soon, or are not about to any more."""

    def subject(gettext: Gettext) -> str:
        return gettext("A certificate ends soon") if late else gettext("Certificates have been renewed")

    def values(language: Language) -> Mapping[str, object]:
        translate = texts("sukusuku_server", language).gettext
        said = [(ending.said(now, translate), ending.cure(translate) if late else "") for ending in endings]
        return {"certificates": said}

    kind = "certificate_late" if late else "certificate_renewed"
    incident = sha256("|".join(f"{ending.id} {ending.ends}" for ending in endings).encode()).hexdigest()[:16]
    return composer.messages(facility, Matter(kind, "certificates", incident, wrong=late), now, subject, values)
