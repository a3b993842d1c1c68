"""What an open alert is about, in a few words for a display. Pure."""

from sukusuku_api.web import words
from sukusuku_api.web.words import Translate
from sukusuku_collector.live import Condition
from sukusuku_collector.operations import Alert
from sukusuku_collector.rooms.now import Stage
from sukusuku_collector.settings import Asset, Language, Room
from sukusuku_core.model import UnitState

_ICONS = {
    "collection": Condition.SOON,
    "film_low": Condition.SOON,
    "kg_limit": Condition.SOON,
    "stock_low": Condition.SOON,
    "unit_fault": Condition.FAULT,
    "room_over_capacity": Condition.OVER,
    "zone_over_capacity": Condition.SOON,
    "asset_silent": Condition.SILENT,
}


def icon(alert: Alert) -> Condition:
    """The sign beside it."""
    if _is_full_room(alert):
        return Condition.SOON
    return _ICONS.get(alert.rule, Condition.UNKNOWN)


def what(alert: Alert, asset: Asset | None, language: Language, translate: Translate) -> str:
    """The rule in words, with its value where it has one. `asset` None: a centre, or no longer in the settings."""
    rule = translate(words.RULES[alert.rule]) if alert.rule in words.RULES else alert.rule
    if alert.rule == "collection" and alert.value is None:
        return translate(words.STATES[UnitState.BAG_FULL])
    if alert.value is None or alert.rule in {"asset_silent", "stock_low"}:
        return rule
    if alert.rule == "unit_fault":
        return words.fault(int(alert.value), translate)
    if alert.rule in {"room_over_capacity", "zone_over_capacity"}:
        return _room(alert, rule, asset, language, translate)
    if alert.rule == "kg_limit":
        return f"{rule} {alert.value:.1f} kg"
    if alert.reason in words.DUE:
        rule = translate(words.DUE[alert.reason])
    return f"{rule} {alert.value:.0f} %"


def _room(alert: Alert, rule: str, asset: Asset | None, language: Language, translate: Translate) -> str:
    zones = asset.settings.zone if asset is not None and isinstance(asset.settings, Room) else ()
    if _is_full_room(alert):
        rule = translate(words.ROOM_FULL)
    name = next((zone.name[language] for zone in zones if zone.id == alert.reason), "")
    count = f"{alert.value:.0f}" if alert.threshold is None else f"{alert.value:.0f} / {alert.threshold:.0f}"
    parts = [rule, name, translate("%(n)s children") % {"n": count}]
    if alert.reason in {"area", "staff"}:
        parts.append(f"({translate(words.LIMITS[alert.reason])})")
    return " ".join(part for part in parts if part)


def _is_full_room(alert: Alert) -> bool:
    return alert.rule == "room_over_capacity" and alert.stage == Stage.FULL
