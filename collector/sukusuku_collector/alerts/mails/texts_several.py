"""What a mail says that tells of several incidents. Pure; the templates give it its form."""

from collections.abc import Sequence
from dataclasses import dataclass
from gettext import NullTranslations

from sukusuku_collector.alerts.context import Subject, name_of, site_of
from sukusuku_collector.alerts.mails.phrases import Item, Speech
from sukusuku_collector.alerts.mails.texts import about
from sukusuku_core.time import MINUTE_MS
from sukusuku_server.model.rules import Rule
from sukusuku_server.settings import Language

TOGETHER_MS = 30 * MINUTE_MS
"""What falls silent within this time has one cause, more likely than not: unchanged values come every 15 minutes."""
_TONES = ("danger", "warning", "quiet", "good")
_FACTS = 2
"""Facts of each incident; the wall has the others."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One incident in a mail about several: what it is called, what is wrong, the facts of it, what to do first."""

    topic: str
    tone: str
    headline: str
    facts: tuple[tuple[str, str], ...] = ()
    step: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """What a mail says of one centre."""

    site: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class SeveralWords:
    """The parts of a mail about several incidents. `cause` says what they have in common, if anything."""

    subject: str
    headline: str
    tone: str
    sections: tuple[Section, ...]
    cause: str = ""
    waited: str = ""


def several(items: Sequence[Item], texts: NullTranslations, language: Language, *, children: bool) -> SeveralWords:
    """Return the words of a mail, the most urgent first, by centre. `children` as for `texts.words`."""
    told = [(item, about(item.incident, texts, language, children=children)) for item in items]
    told.sort(
        key=lambda pair: (_TONES.index(pair[1].tone), -pair[0].incident.alert.stage, pair[0].incident.alert.since)
    )
    alike = _one_cause(items)
    sections: dict[str, list[Entry]] = {}
    for item, words in told:
        subject = item.incident.subject
        speech = Speech(item.incident, texts, language, children)
        first = "" if alike or item.incident.resolved else words.steps[0]
        label = name_of(subject)[language] if alike else words.headline
        facts = dict(() if alike else words.facts[_places(subject) :][:_FACTS])
        alert = item.incident.alert
        if alert.resolved is None:
            facts[texts.gettext("Started")] = speech.time(alert.since)
        else:
            facts[texts.gettext("Ended")] = speech.time(alert.resolved)
        topic = texts.gettext("%(topic)s: resolved") % {"topic": words.topic} if item.incident.resolved else words.topic
        if alert.flapping and not item.incident.resolved:
            topic = texts.gettext("%(subject)s, comes and goes") % {"subject": topic}
        if item.incident.open_still:
            topic = texts.gettext("Still open: %(subject)s") % {"subject": topic}
        entry = Entry(topic, words.tone, label, tuple(facts.items()), first)
        sections.setdefault(site_of(subject).name[language], []).append(entry)
    title, headline, cause = _lead(items, told[0][1].subject, texts, list(sections))
    return SeveralWords(
        subject=f"{texts.gettext('[Sukusuku]')} {title}",
        headline=headline,
        tone=told[0][1].tone,
        sections=tuple(Section(site, tuple(entries)) for site, entries in sections.items()),
        cause=cause,
        waited=_waited(items, texts),
    )


def _places(subject: Subject) -> int:
    """Return how many facts of an incident say where it is."""
    return 1 if subject is site_of(subject) else 2


def _one_cause(items: Sequence[Item]) -> bool:
    """Whether all of them fell silent, or came back, at about the same time."""
    alerts = [item.incident.alert for item in items]
    began = [alert.since for alert in alerts]
    ended = {alert.resolved is None for alert in alerts}
    silent = all(alert.rule == Rule.ASSET_SILENT and not alert.reason for alert in alerts)
    return silent and len(ended) == 1 and max(began) - min(began) <= TOGETHER_MS


def _lead(items: Sequence[Item], first: str, texts: NullTranslations, sites: Sequence[str]) -> tuple[str, str, str]:
    """Return subject, headline, and what the incidents have in common."""
    numbers = {"count": len(items), "sites": len(sites), "site": sites[0], "first": first, "more": len(items) - 1}
    gettext = texts.gettext
    if not _one_cause(items):
        return (
            gettext("%(first)s, and %(more)d more") % numbers,
            gettext("%(count)d alerts for you") % numbers,
            "",
        )
    resolved = items[0].incident.resolved
    if resolved and len(sites) == 1:
        subject = gettext("Resolved: %(site)s: %(count)d units and rooms are sending data again")
    elif resolved:
        subject = gettext("Resolved: %(count)d units and rooms of %(sites)d centres are sending data again")
    elif len(sites) == 1:
        subject = gettext("%(site)s: no data from %(count)d units and rooms")
    else:
        subject = gettext("No data from %(count)d units and rooms of %(sites)d centres")
    if resolved:
        return subject % numbers, gettext("%(count)d units and rooms are sending data again") % numbers, ""
    headline = gettext("%(count)d units and rooms are not sending data") % numbers
    if len(sites) == 1:
        cause = gettext(
            "They fell silent at about the same time, so the cause is probably the same: the power or the network of "
            "the centre. Check these first. Until data arrives again, please check on site."
        )
    else:
        cause = gettext(
            "Several centres fell silent at about the same time, so the cause is probably the same: the network "
            "between them, the broker or the server. Ask whoever runs these. Until data arrives again, please check on "
            "site."
        )
    return subject % numbers, headline, cause


def _waited(items: Sequence[Item], texts: NullTranslations) -> str:
    gettext = texts.gettext
    reasons = {
        "closed": gettext("Some of this waited because the centre was closed."),
        "silenced": gettext("Some of this waited because somebody had silenced notifications."),
        "budget": gettext("Some of this waited because there were many mails to you on this day."),
        "digest": gettext("This is a digest: you receive this kind of alert at fixed times."),
    }
    return " ".join(text for held, text in reasons.items() if any(item.held == held for item in items))
