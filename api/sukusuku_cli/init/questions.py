"""The questions, one after the other: what was not said beforehand is asked."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, TypeVar

from sukusuku_cli.init.answers import Answers, ContactAnswers, SiteAnswers
from sukusuku_cli.init.asker import Asker, Check
from sukusuku_cli.init.bindings import counts_zones, suitable
from sukusuku_cli.init.checks import Checks
from sukusuku_cli.init.plan import Asset, Broker, Contact, Device, Mail, Named, Plan, Site
from sukusuku_core.errors import ConfigError
from sukusuku_core.profile import AnyProfile, JsonProfile, builtin
from sukusuku_server.i18n import Translate
from sukusuku_server.settings import Language

T = TypeVar("T")
Kind = Literal["unit", "room"]
_SENSORS: dict[Kind, str] = {"unit": "sukusuku-retrofit-board", "room": "milesight-vs133"}
_ZONES = {"eating": ("食事ゾーン", "Eating zone"), "play": ("あそびゾーン", "Play zone")}
_SECURITY = {25: "none", 465: "tls"}
_TLS_PORT, _PLAIN_PORT = 8883, 1883
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_FIRST_HOST = 20


class Questions:
    """One run through them. `hostname` is this computer's, `edge`: devices are asked for as well."""

    def __init__(self, asker: Asker, translate: Translate, language: Language, hostname: str, *, edge: bool) -> None:
        self._asker = asker
        self._ = translate
        self._language = language
        self._check = Checks(translate)
        self._hostname = hostname
        self._edge = edge
        self._hosts = 0

    def plan(self, given: Answers) -> Plan:
        """Return everything answered. Raises ConfigError for an answer that cannot be, with its key."""
        _, check = self._, self._check
        who = given.operator
        ident = self._get("operator.id", who.id, _("Id of the operator (the municipality)"), "city", check.identifier)
        ja, en = self._names("operator", (who.name, who.name_en), ("〇〇市", "Our City"))
        sites = tuple(self._sites(given))
        broker = self._broker(given)
        mail = self._mail(given)
        contacts = () if mail is None else tuple(self._contacts(given))
        for asked, known in ((given.sensors, self._assets(sites)), (given.at, self._devices(sites))):
            if unknown := sorted(set(asked) - set(known)):
                raise ConfigError(
                    _("there is no %(unknown)s; there are: %(known)s")
                    % {"unknown": ", ".join(unknown), "known": ", ".join(known) or "-"}
                )
        return Plan(Named(ident, ja, en), broker, mail, sites, contacts)

    # ------------------------------------------------------------ centres

    def _sites(self, given: Answers) -> Iterator[Site]:
        count = len(given.site)
        if not count:
            count = self._asker.ask(self._("How many centres"), "1", self._check.count)
        for n in range(count):
            known = given.site[n] if n < len(given.site) else SiteAnswers()
            yield self._site(n, known, given)

    def _site(self, n: int, known: SiteAnswers, given: Answers) -> Site:
        _, check, key = self._, self._check, f"site[{n}]"
        number = n + 1
        ident = self._get(f"{key}.id", known.id, _("Id of centre %d") % number, f"centre-{number}", check.identifier)
        ja, en = self._names(key, (known.name, known.name_en), (f"第{number}センター", f"Centre {number}"))
        address = self._get(f"{key}.address", known.address, _("Its address"), "-", check.text)
        place = self._get(
            f"{key}.place",
            known.place,
            _("Latitude and longitude, for collection rounds (35.7296, 139.7276)"),
            "-",
            check.place,
        )
        week = self._get(f"{key}.weekdays", known.weekdays, _("Open Monday to Friday"), "09:00-18:00", check.hours)
        saturday = self._get(f"{key}.saturday", known.saturday, _("Open on Saturdays"), "09:00-18:00", check.hours)
        sunday = self._get(f"{key}.sunday", known.sunday, _("Open on Sundays"), "closed", check.hours)
        edge = self._get(
            f"{key}.edge", known.edge, _("Id of its edge node (the Raspberry Pi)"), f"{ident}-pi", check.identifier
        )
        units = self._get(f"{key}.units", known.units, _("How many nappy units"), "1", check.count)
        rooms = self._get(f"{key}.rooms", known.rooms, _("How many rooms"), "1", check.count)
        unit_names = ("おむつ圧縮機 {}号", "Nappy unit {}")
        room_names = (
            ("一時保育室", "Temporary childcare room")
            if rooms == 1
            else ("一時保育室 {}", "Temporary childcare room {}")
        )
        asked_units = tuple(self._of(ident, "unit", units, unit_names, given))
        asked_rooms = tuple(self._of(ident, "room", rooms, room_names, given))
        capacity = staff = 0
        zones: tuple[str, ...] = ()
        if rooms:
            capacity = self._get(
                f"{key}.capacity", known.capacity, _("Capacity of a room (children)"), "10", check.count
            )
            staff = self._get(f"{key}.staff", known.staff, _("Staff in a room during opening hours"), "2", check.count)
            counted = not self._edge or any(counts_zones(item.profile) for room in asked_rooms for item in room.devices)
            default = " ".join(_ZONES) if counted else "-"
            zones = self._get(f"{key}.zones", known.zones, _("Ids of the zones of a room"), default, check.words)
        named = tuple(Named(zone, *_ZONES.get(zone, (zone, zone))) for zone in zones)
        hours = week, saturday, sunday
        return Site(Named(ident, ja, en), address, place, hours, edge, asked_units, asked_rooms, capacity, staff, named)

    def _of(self, site: str, kind: Kind, count: int, title: tuple[str, str], given: Answers) -> Iterator[Asset]:
        default = _SENSORS[kind]
        for n in range(1, count + 1):
            ident = f"{site}-{kind}-{n}"
            devices: tuple[Device, ...] = ()
            if self._edge:
                said = " ".join(given.sensors[ident]) if ident in given.sensors else None
                text = self._("Sensors of %(asset)s (profiles; ? lists them)") % {"asset": ident}
                found = self._get(
                    f"sensors.{ident}", said, text, default, self._check.sensors(kind), self._listed(kind)
                )
                default = " ".join(item.profile for item in found) or "-"
                devices = tuple(self._placed(ident, item, given) for item in found)
            yield Asset(Named(ident, *(name.format(n) for name in title)), devices)

    def _placed(self, asset: str, sensor: AnyProfile, given: Answers) -> Device:
        ident = f"{asset}-{sensor.profile}"[:63]
        if isinstance(sensor, JsonProfile):
            text = self._("MQTT topic of %(device)s") % {"device": ident}
            default = _topic(ident, sensor)
        else:
            text = self._("Where %(device)s is (host[:port][/address], /dev/ttyUSB0@address)") % {"device": ident}
            default = f"192.168.0.{_FIRST_HOST + self._hosts}/{sensor.serial.unit if sensor.serial else 1}"
            self._hosts = (self._hosts + 1) % 200
        at = self._get(f"at.{ident}", given.at.get(ident), text, default, self._check.at(sensor))
        return Device(ident, sensor, at)

    def _listed(self, kind: Kind) -> Callable[[], str]:
        def text() -> str:
            found = [item for item in builtin().values() if suitable(kind, item)]
            return "\n".join(
                f"  {item.profile:<30} {item.maker} {item.model} · {item.ja if self._language == 'ja' else item.en}"
                for item in found
            )

        return text

    @staticmethod
    def _assets(sites: Sequence[Site]) -> list[str]:
        return [asset.named.id for site in sites for asset in (*site.units, *site.rooms)]

    @staticmethod
    def _devices(sites: Sequence[Site]) -> list[str]:
        return [device.id for site in sites for asset in (*site.units, *site.rooms) for device in asset.devices]

    # ------------------------------------------------------------ servers and people

    def _broker(self, given: Answers) -> Broker:
        _, check, known = self._, self._check, given.broker
        host = self._get("broker.host", known.host, _("MQTT broker"), "127.0.0.1", check.host) or "127.0.0.1"
        ca_file = self._get(
            "broker.ca_file",
            known.ca_file,
            _("File of the authority of its certificate (none: no TLS)"),
            "-",
            check.text,
        )
        usual = _TLS_PORT if ca_file else _PLAIN_PORT
        port = self._get("broker.port", known.port, _("Its port"), str(usual), check.port)
        username = self._get("broker.username", known.username, _("User name of the collector there"), "-", check.text)
        password = self._secret(known.password, username, _("Its password"))
        seen = self._hostname if host in _LOOPBACK else host
        edge_host = seen
        if self._edge:
            edge_host = (
                self._get(
                    "broker.edge_host", known.edge_host, _("The broker's address for the edge nodes"), seen, check.host
                )
                or seen
            )
        return Broker(host, port, username, password, ca_file, edge_host)

    def _mail(self, given: Answers) -> Mail | None:
        _, check, known = self._, self._check, given.mail
        host = self._get("mail.host", known.host, _("Mail server (none: no mails)"), "-", check.host)
        if not host:
            return None
        port = self._get("mail.port", known.port, _("Its port"), "587", check.port)
        usual = _SECURITY.get(port, "starttls")
        security = self._get(
            "mail.security", known.security, _("Its protection: starttls, tls or none"), usual, check.security
        )
        domain = host.partition(".")[2] or host
        sender = self._get("mail.sender", known.sender, _("Sender of the mails"), f"sukusuku@{domain}", check.mail)
        username = self._get("mail.username", known.username, _("User name there"), "-", check.text)
        return Mail(host, port, security, sender, username, self._secret(known.password, username, _("Its password")))

    def _contacts(self, given: Answers) -> Iterator[Contact]:
        known = given.contact
        count = len(known) or self._asker.ask(self._("How many people get mails about alerts"), "0", self._check.count)
        for n in range(count):
            item = known[n] if n < len(known) else ContactAnswers()
            name = self._get(
                f"contact[{n}].name", item.name, self._("Name of person %d") % (n + 1), "担当者", self._check.name
            )
            mail = self._get(f"contact[{n}].mail", item.mail, self._("Mail address"), "", self._check.mail)
            yield Contact(name, mail, item.language or self._language)

    def _names(self, key: str, said: tuple[str | None, str | None], usual: tuple[str, str]) -> tuple[str, str]:
        """Return a name in Japanese and in English."""
        ja = self._get(f"{key}.name", said[0], self._("Its name in Japanese"), usual[0], self._check.name)
        same = usual[1] if ja == usual[0] else ja
        return ja, self._get(f"{key}.name_en", said[1], self._("Its name in English"), same, self._check.name)

    def _secret(self, given: str | None, username: str, text: str) -> str:
        if given is not None or not username:
            return given or ""
        return self._asker.secret(text)

    def _get(
        self,
        key: str,
        given: object | None,
        text: str,
        default: str,
        check: Check[T],
        choices: Callable[[], str] | None = None,
    ) -> T:
        if given is None:
            return self._asker.ask(text, default, check, choices)
        try:
            return check(str(given))
        except ValueError as error:
            raise ConfigError(f"{key}: {error}") from error


def _topic(ident: str, sensor: JsonProfile) -> str:
    """Return where such a sensor usually is: behind Zigbee2MQTT, behind ChirpStack, or on a topic of its own."""
    if any(item.of == "bridge" for item in sensor.availability):
        return f"zigbee2mqtt/{ident}"
    return (
        f"application/1/device/{ident}/event/up" if "object" in {sensor.body, *sensor.also_body} else f"sensors/{ident}"
    )
