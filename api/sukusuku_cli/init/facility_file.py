"""The text of `facility.toml`. Pure."""

from collections.abc import Iterator
from pathlib import PurePath

from sukusuku_cli.init.plan import BROKER_PASSWORD, MAIL_PASSWORD, Asset, Contact, Mail, Plan, Site
from sukusuku_cli.init.toml_text import line, listed, named, quoted, remark
from sukusuku_server.i18n import Translate

HOST_ID = "sukusuku"
_WORKDAYS = ("mon", "tue", "wed", "thu", "fri")


def facility_text(plan: Plan, _: Translate) -> str:
    """Return the file, with remarks in one language."""
    return "\n".join(
        [*_head(plan, _), *(text for site in plan.sites for text in _site(site, _)), *_contacts(plan.contacts, _)]
    )


def _head(plan: Plan, _: Translate) -> Iterator[str]:
    broker = plan.broker
    yield remark(_("Written by `sukusuku init`, for you to change. `sukusuku check facility.toml` says what is wrong."))
    yield remark(_("collector/deploy/facility.example.toml explains every key that there is."))
    yield ""
    yield line("host_id", quoted(HOST_ID), _("the edge nodes wait for it (`primary_host` in edge.toml)"))
    yield ""
    yield "[operator]"
    yield line("id", quoted(plan.operator.id), _("`group` in edge.toml; never change it later"))
    yield line("name", named(plan.operator.ja, plan.operator.en))
    yield ""
    yield "[broker]"
    yield line("host", quoted(broker.host))
    yield line("port", str(broker.port))
    if broker.username:
        yield line("username", quoted(broker.username))
        yield line("password", quoted(f"env:{BROKER_PASSWORD}"), _("from the environment: see secrets.env"))
    if broker.ca_file:
        yield line("ca_file", quoted(PurePath(broker.ca_file).name), _("switches TLS on"))
    else:
        yield line(
            "# ca_file", quoted("ca.pem"), _("switches TLS on: needed as soon as the broker is on another computer")
        )
    if plan.data is None:
        yield from ("", "[store]", line("path", quoted("readings.db"), _("relative to this file")))
        yield from ("", "[operations]", line("url", quoted("sqlite:///operations.db")), "")
    else:
        yield from ("", "[store]", line("path", quoted(str(plan.data / "readings.db"))))
        yield from ("", "[operations]", line("url", quoted(f"sqlite:///{plan.data / 'operations.db'}")), "")
    yield from _mail(plan.mail, _)
    yield "[web]"
    yield line("host", quoted("127.0.0.1"), _("put a reverse proxy with TLS in front before others use it"))
    yield line("port", "8080")
    yield line("url", quoted("http://127.0.0.1:8080"), _("the address that people use; links in mails start with it"))
    yield ""
    yield "[alerts]"
    yield line("silent_after", "2700", _("seconds; more than twice the `refresh` of edge.toml"))


def _mail(mail: Mail | None, _: Translate) -> Iterator[str]:
    if mail is None:
        yield remark(_("No mail server was named: alerts are shown on the wall only."))
        yield from ("# [mail]", line("# host", quoted("mail.example.jp")), line("# port", "587"))
        yield from (line("# security", quoted("starttls")), line("# sender", quoted("sukusuku@example.jp")), "")
        return
    yield remark(_("`sukusuku mail test you@example.jp` tries it."))
    yield from ("[mail]", line("host", quoted(mail.host)), line("port", str(mail.port)))
    yield line("security", quoted(mail.security), _("none, starttls or tls"))
    yield line("sender", quoted(mail.sender))
    if mail.username:
        yield line("username", quoted(mail.username))
        yield line("password", quoted(f"env:{MAIL_PASSWORD}"), _("from the environment: see secrets.env"))
    yield ""


def _site(site: Site, _: Translate) -> Iterator[str]:
    yield ""
    if site.address:
        yield remark(site.address)
    yield "[[site]]"
    yield line("id", quoted(site.named.id))
    yield line("name", named(site.named.ja, site.named.en))
    if site.place is not None:
        yield line("place", f"{{ lat = {site.place[0]}, lon = {site.place[1]} }}")
    else:
        yield line("# place", "{ lat = 35.7296, lon = 139.7276 }", _("without it no collection round can stop here"))
    yield from ("", "[site.opening]")
    week, saturday, sunday = site.hours
    yield from (line(day, listed(week)) for day in _WORKDAYS)
    yield line("sat", listed(saturday))
    yield line("sun", listed(sunday))
    yield line("holidays", quoted("closed"), _("national holidays: closed, open, or hours of their own"))
    for unit in site.units:
        yield from ("", "[[site.unit]]", *_asset(unit, site, _))
    for room in site.rooms:
        yield from ("", "[[site.room]]", *_asset(room, site, _))
        yield line("capacity", str(site.capacity), _("children"))
        for zone in site.zones:
            yield from ("", "[[site.room.zone]]", line("id", quoted(zone.id)), line("name", named(zone.ja, zone.en)))
        yield from _shifts(site, _)


def _asset(asset: Asset, site: Site, _: Translate) -> Iterator[str]:
    yield line("id", quoted(asset.named.id), _("the same in edge.toml"))
    yield line("name", named(asset.named.ja, asset.named.en))
    yield line("edge", quoted(site.edge), _("the edge node that may speak for it (`node` in edge.toml)"))


def _shifts(site: Site, _: Translate) -> Iterator[str]:
    """Staff are there whenever the centre is open."""
    week, saturday, sunday = site.hours
    for days, slots in ((_WORKDAYS, week), (("sat",), saturday), (("sun",), sunday)):
        for slot in slots if site.staff else ():
            yield from (
                "",
                "[[site.room.shift]]",
                line("slot", quoted(slot), _("staff in the room; shifts that overlap add up")),
            )
            yield line("days", listed(days))
            yield line("count", str(site.staff))


def _contacts(contacts: tuple[Contact, ...], _: Translate) -> Iterator[str]:
    for contact in contacts:
        yield from ("", "[[contact]]", line("name", quoted(contact.name)), line("mail", quoted(contact.mail)))
        yield line("language", quoted(contact.language))
    yield ""
