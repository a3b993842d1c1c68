from dataclasses import replace
from pathlib import Path

import msgspec

from sukusuku_api.web.people import invitations
from sukusuku_server.access.rights import Role
from sukusuku_server.db.accounts import Accounts
from sukusuku_server.rooms.schedule import FacilitySchedules
from sukusuku_server.settings.facility import MailServer
from sukusuku_server.settings.mail_address import MailAddress
from tests.api.access.place import DAY, HOUR, placed


def test_a_mail_is_not_sent_any_more_when_its_link_is_over(tmp_path: Path) -> None:
    with placed(tmp_path, "http://sukusuku.example") as place:
        context = place.app.state.context
        server = MailServer(sender=MailAddress("sukusuku@example.jp"))
        facility = msgspec.structs.replace(context.facility, mail=server)
        context = replace(context, index=FacilitySchedules(facility))
        known = place.account("sato@example.jp", Role.STAFF)
        new = Accounts(place.operations).add("kato@example.jp", "加藤", place.now, "鈴木")

        for account in (known, new):
            assert invitations.send(context, account, "http://sukusuku.example/welcome/x")

        until = {it.mail.recipient: it.mail.expires for it in place.operations.mails()}
        assert until == {"sato@example.jp": place.now + HOUR, "kato@example.jp": place.now + 7 * DAY}
