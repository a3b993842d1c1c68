"""One page tells what was forged, who signed in, and which keys were made and revoked."""

import re
from pathlib import Path

import httpx
import pytest

from sukusuku_api.web.people.action_texts import EVENTS
from sukusuku_core.model import Reading
from sukusuku_server.access.rights import Role
from sukusuku_server.db.node_keys import NodeKeys
from sukusuku_server.db.sign_in_attempts import MOST_PER_LOGIN
from sukusuku_server.model import foreign
from sukusuku_server.model.proofs import ProofState, proof_key
from sukusuku_server.timeseries import duplicates_key
from tests.api.access.place import PASSWORD, placed
from tests.api.conftest import NOW
from tests.api.two_centres import World

COLLECTOR = Path(__file__).parents[4] / "collector"


def test_what_was_forged_is_told_and_what_is_well_too(world: World, api: httpx.Client) -> None:
    for node in ("tobu-pi", "seibu-pi"):
        world.store.note(proof_key(node), ProofState.PROVED)
    assert "偽のメッセージは見つかっていません" in api.get("/people/security").text

    world.commit(Reading("tobu-pi", "Refused/Acknowledgements", NOW - 5000, 7))
    world.store.note(foreign.CLAIMS, 2)
    world.store.note(duplicates_key("seibu-pi"), NOW - 1000)
    world.store.note(proof_key("seibu-pi"), ProofState.NO_KEY)
    page = api.get("/people/security", params={"lang": "en"}).text
    told = re.findall(r"<li>(.*)</li>", page)
    assert [text.split(" ")[0] for text in told] == ["tobu-pi", "Two", "Another", "seibu-pi"]
    assert "refused 7 acknowledgements" in told[0]


def test_who_got_in_and_who_guessed_is_told(tmp_path: Path) -> None:
    with placed(tmp_path, "http://sukusuku.example") as place:
        place.account()
        for _ in range(MOST_PER_LOGIN + 5):
            place.sign_in("wrong")
        place.now += 61_000
        assert place.sign_in(PASSWORD).status_code == 303
        keys = NodeKeys(place.operations)
        keys.make("tobu-pi", place.now, "鈴木")
        keys.revoke("tobu-pi", place.now, "鈴木")
        text = place.api.get("/people/security").text
    told = re.findall(r'<td class="figure">[^<]*</td><td>([^<]*)<', text)
    assert told[:4] == [
        "エッジノードの鍵を失効", "エッジノードの鍵を発行", "ログイン",
        "パスワードの試行が多く、一時的に受付を停止",
    ]  # fmt: skip
    assert told.count("パスワードの試行が多く、一時的に受付を停止") == 1


def test_whoever_may_not_see_the_audit_log_does_not_see_it(tmp_path: Path) -> None:
    with placed(tmp_path, "http://sukusuku.example") as place:
        place.account(role=Role.STAFF)
        place.sign_in()
        assert place.api.get("/people/security").status_code == 403


@pytest.mark.parametrize(
    "kind",
    [
        "session",
        "account",
        "grant",
        "key",
        "node_key",
        "node_certificate",
        "node_authority",
        "enrolment",
        "organisation",
    ],
)
def test_each_action_on_accounts_and_keys_has_its_words(kind: str) -> None:
    sources = [path.read_text(encoding="utf-8") for path in COLLECTOR.rglob("db/*.py")]
    noted = {found for text in sources for found in re.findall(rf'"({kind}\.[a-z_]+)"', text)} - {f"{kind}.id"}
    assert noted <= EVENTS.keys()
