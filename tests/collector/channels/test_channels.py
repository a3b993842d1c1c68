"""Each kind of channel against a real HTTP server: what goes out, what an answer means, what is never shown."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest

from sukusuku_collector.channels import registry
from sukusuku_collector.channels.discretion import without
from sukusuku_collector.channels.signing_key import new as new_key
from sukusuku_core.errors import ConfigError, PermanentError, TransientError
from sukusuku_server.model.alerts import OutgoingMail
from sukusuku_server.model.notices import Notice, encode
from sukusuku_server.settings import Channel, Secret
from tests.support.far_end import FarEnd, far_end
from tests.support.ports import free_port

TOKEN = "tk_s3cretTokenOfTheCentre"
NOTICE = Notice(
    ident="alert-7-firing-1@toshima", event="firing", time=1_795_308_060_000, title="[すくすく] 東部: 充填率 82 %",
    text="おむつ圧縮機1の袋を交換してください", url="https://wall.example.jp/wall", tone="danger", language="ja",
    operator="toshima", site="tobu", subject="tobu-unit-1", rule="collection", stage=3, alert=7, since=1_795_308_000,
)  # fmt: skip
MESSAGE = OutgoingMail("firing", "", "x", "ja", NOTICE.title, f"<{NOTICE.ident}>", encode(NOTICE), "x")


@pytest.fixture(scope="module")
def server() -> Iterator[FarEnd]:
    with far_end() as found:
        yield found


@pytest.fixture
def far(server: FarEnd) -> FarEnd:
    server.asked.clear()
    server.answers.clear()
    return server


def channel(kind: str, url: str, key: str | None = None) -> Channel:
    return Channel(id="x", kind=kind, url=Secret(url), key=None if key is None else Secret(key), timeout=5.0)


def settings(kind: str, far: FarEnd) -> Channel:
    match kind:
        case "webhook":
            return channel(kind, f"http://{far.url}/hook/{TOKEN}", new_key())
        case "lineworks":
            return channel(kind, f"http://{far.url}/message/{TOKEN}")
        case "json":
            return channel("apprise", f"json://{far.url}/{TOKEN}")
        case _:
            return channel("apprise", f"ntfy://{far.url}/{TOKEN}")


KINDS = ["webhook", "lineworks", "json", "ntfy"]


def test_a_webhook_is_a_signed_cloud_event(far: FarEnd) -> None:
    key = new_key()
    registry.opened_one(channel("webhook", f"http://{far.url}/hook", key)).send(MESSAGE)

    [taken] = far.asked
    event = json.loads(taken.body)
    assert taken.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert {name: event[name] for name in ("specversion", "id", "source", "type", "subject", "time")} == {
        "specversion": "1.0",
        "id": NOTICE.ident,
        "source": "/sukusuku/toshima/tobu",
        "type": "sukusuku.alert.firing",
        "subject": "tobu-unit-1",
        "time": "2026-11-22T09:41:00.000+09:00",
    }
    assert event["data"]["text"] == NOTICE.text
    # as a receiver does it, by the words of Standard Webhooks
    signed = f"{taken.headers['webhook-id']}.{taken.headers['webhook-timestamp']}.".encode() + taken.body
    digest = hmac.new(base64.b64decode(key.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert taken.headers["webhook-signature"] == "v1," + base64.b64encode(digest).decode()


def test_the_same_message_has_the_same_id_at_each_try(far: FarEnd) -> None:
    far.answers = [500]
    opened = registry.opened_one(settings("webhook", far))
    with pytest.raises(TransientError, match="500"):
        opened.send(MESSAGE)
    opened.send(MESSAGE)
    assert {taken.headers["webhook-id"] for taken in far.asked} == {NOTICE.ident}
    assert far.asked[0].body == far.asked[1].body


def test_line_works_and_apprise_say_the_words_and_where_to_look(far: FarEnd) -> None:
    for kind in ("lineworks", "json", "ntfy"):
        registry.opened_one(settings(kind, far)).send(MESSAGE)
    line, plain, ntfy = (json.loads(taken.body) for taken in far.asked)
    assert line == {"title": NOTICE.title, "body": {"text": f"{NOTICE.text}\n{NOTICE.url}"}}
    assert (plain["title"], plain["message"]) == (NOTICE.title, f"{NOTICE.text}\n{NOTICE.url}")
    assert (ntfy["topic"], ntfy["title"]) == (TOKEN, NOTICE.title)
    assert NOTICE.text in ntfy["message"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("status", "error"),
    [(400, PermanentError), (413, PermanentError), (401, TransientError), (404, TransientError), (429, TransientError),
     (503, TransientError)],
)  # fmt: skip
def test_only_what_is_wrong_with_the_message_is_final(
    far: FarEnd, kind: str, status: int, error: type[Exception]
) -> None:
    far.answers = [status]
    with pytest.raises(error) as failed:
        registry.opened_one(settings(kind, far)).send(MESSAGE)
    assert str(status) in str(failed.value)
    assert TOKEN not in str(failed.value)


@pytest.mark.parametrize("kind", [*KINDS, "json, as its address wants"])
def test_a_page_to_log_in_is_not_the_far_end(far: FarEnd, kind: str) -> None:
    far.answers = [302]
    given = settings(kind, far)
    if "," in kind:
        given = channel("apprise", f"json://{far.url}/{TOKEN}?redirect=yes")
    with pytest.raises(TransientError, match="302"):
        registry.opened_one(given).send(MESSAGE)
    assert len(far.asked) == 1


@pytest.mark.parametrize("secret", ["json://ops:p%40ssw0rd%21x@host.jp/x", "json://host.jp/p%40ssw0rd%21x+y"])
def test_what_is_written_with_percent_signs_is_starred_when_it_is_read(secret: str) -> None:
    assert "ssw0rd" not in without("not taken: p@ssw0rd!x, p%40ssw0rd%21x", secret)


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_at_home_is_tried_again_and_no_secret_is_told(
    far: FarEnd, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    gone = FarEnd()
    gone.url = f"127.0.0.1:{free_port()}"
    given = settings(kind, gone)
    with pytest.raises(TransientError) as failed:
        registry.opened_one(given).send(MESSAGE)
    assert TOKEN not in f"{failed.value} {caplog.text} {given!r}"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (channel("pigeon", f"https://x.jp/{TOKEN}"), "found `pigeon`. Allowed: apprise, lineworks, webhook"),
        (channel("apprise", f"teems://{TOKEN}"), "apprise cannot use it (it begins with teems://)"),
        (channel("apprise", TOKEN), "apprise cannot use it (it begins with none://)"),
        (channel("apprise", f"tgram://123456789:{TOKEN * 2}/111/222"), "names 2 targets; make a channel of each"),
        (channel("lineworks", f"ftp://x.jp/{TOKEN}"), "expected https://host/..."),
        (channel("webhook", f"https://x.jp/{TOKEN}"), "key: missing; `sukusuku notify --new-key` makes one"),
        (channel("webhook", f"https://x.jp/{TOKEN}", "whsec_" + TOKEN), "is not base64 behind `whsec_`"),
        (channel("webhook", f"https://x.jp/{TOKEN}", "whsec_鍵"), "is not base64 behind `whsec_`"),
        (channel("webhook", f"https://x.jp/{TOKEN}", "whsec_c2hvcnQ="), "has 5 bytes, allowed: 24 to 64"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_told_before_it_is_needed(given: Channel, said: str) -> None:
    with pytest.raises(ConfigError) as failed:
        registry.opened_one(given)
    assert said in str(failed.value)
    assert TOKEN not in str(failed.value)
