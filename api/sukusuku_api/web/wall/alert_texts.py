"""What an open alert is about, in a few words for a display. Pure."""

from dataclasses import replace

from sukusuku_api.collector_texts import collector_texts
from sukusuku_api.web import texts
from sukusuku_core.model import UnitState
from sukusuku_server.db import Alert
from sukusuku_server.i18n import Translate
from sukusuku_server.live.views import Condition, RoomView, UnitView
from sukusuku_server.rooms.capacity_limit import Rule
from sukusuku_server.rooms.current import Stage
from sukusuku_server.rooms.texts import limited_by
from sukusuku_server.settings import Asset, Language, Room

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
    """Return the sign beside it."""
    if _is_full_room(alert):
        return Condition.SOON
    return _ICONS.get(alert.rule, Condition.UNKNOWN)


def handling(alert: Alert, translate: Translate) -> str:
    """Return who takes care of an open alert, or that nobody does yet, and who shall."""
    if alert.acknowledged_by is not None:
        return translate("In hand: %(who)s") % {"who": alert.acknowledged_by}
    if alert.assigned_to is not None:
        return translate("Open, assigned to %(who)s") % {"who": alert.assigned_to}
    return translate("Open")


def as_now(alert: Alert, view: UnitView | RoomView | None) -> Alert:
    """Return an open alert with the value of now, as a tile shows it, in the place of the one with which it was raised.

    A room or zone that is not over its limit any more, which must last before the alert ends, has none.
    """
    if view is None or view.stale or alert.value is None or alert.resolved is not None:
        return alert
    if isinstance(view, UnitView):
        value = {"collection": view.level, "film_low": view.film}.get(alert.rule)
        return alert if value is None else replace(alert, value=value)
    zones = {zone.id: (zone.children, zone.capacity) for zone in view.zones}
    own = {"room_over_capacity": (view.children, view.limit), "zone_over_capacity": zones.get(alert.reason)}
    children, limit = own.get(alert.rule) or (None, None)
    if children is None or limit is None:
        return alert
    stands = children > limit or (children == limit and _is_full_room(alert))
    return replace(alert, value=float(children) if stands else None, threshold=float(limit))


def told(alert: Alert, asset: Asset | None, language: Language, translate: Translate) -> str:
    """Return what an alert is about, and whether it comes and goes."""
    about = what(alert, asset, language, translate)
    return translate("%(what)s, comes and goes") % {"what": about} if alert.flapping else about


def what(alert: Alert, asset: Asset | None, language: Language, translate: Translate) -> str:
    """Return the rule in words, with its value where it has one.

    `asset` None: a centre, or no longer in the settings.
    """
    rule = translate(texts.RULES[alert.rule]) if alert.rule in texts.RULES else alert.rule
    if alert.rule == "collection" and alert.value is None:
        return translate(texts.STATES[UnitState.BAG_FULL])
    if alert.rule in {"room_over_capacity", "zone_over_capacity"}:
        return _room(alert, rule, asset, language, translate)
    if alert.value is None or alert.rule in {"asset_silent", "stock_low"}:
        return rule
    if alert.rule == "unit_fault":
        return texts.fault(int(alert.value), translate)
    if alert.rule == "kg_limit":
        return _weight(alert.value, alert.threshold, rule, translate)
    if alert.reason in texts.DUE:
        rule = translate(texts.DUE[alert.reason])
    return f"{rule} {alert.value:.0f} %"


def _weight(kg: float, limit: float | None, rule: str, translate: Translate) -> str:
    if limit is None:
        return f"{rule} {kg:.1f} kg"
    return translate("Today %(kg)s kg (ward's limit %(limit)s kg)") % {"kg": f"{kg:.1f}", "limit": f"{limit:g}"}


def _room(alert: Alert, rule: str, asset: Asset | None, language: Language, translate: Translate) -> str:
    zones = asset.settings.zone if asset is not None and isinstance(asset.settings, Room) else ()
    if _is_full_room(alert):
        rule = translate(texts.ROOM_FULL)
    name = next((zone.name[language] for zone in zones if zone.id == alert.reason), "")
    parts = [rule, name]
    if alert.value is not None:
        count = f"{alert.value:.0f}" if alert.threshold is None else f"{alert.value:.0f} / {alert.threshold:.0f}"
        parts.append(translate("%(n)s children") % {"n": count})
    if alert.reason in {Rule.AREA, Rule.STAFF}:
        parts.append(f"({limited_by([Rule(alert.reason)], collector_texts(language))})")
    return " ".join(part for part in parts if part)


def _is_full_room(alert: Alert) -> bool:
    return alert.rule == "room_over_capacity" and alert.stage == Stage.FULL
