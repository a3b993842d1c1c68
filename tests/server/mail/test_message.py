import re
from base64 import b64decode
from dataclasses import replace
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sukusuku_server.mail import headers
from sukusuku_server.mail.message import Draft, HeaderError, Part, build, header_text, message_id
from tests.collector.alerts.alert_cases import T0

DRAFT = Draft(
    sender_name="すくすく",
    sender="sukusuku@example.jp",
    recipient="tobu@example.jp",
    subject="件名",
    message_id="<1@example.jp>",
    date=T0,
    text="本文\n",
    html="<p>本文</p>\n",
)
NAMES = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
]
ANY_TEXT = st.one_of(
    st.text(),
    st.text('=?UTF-8Qq0A\r\n:, "<>@()[];\\あ👨‍👩‍👧'),
    st.text(st.characters(codec="utf-8"), min_size=60, max_size=300),
)


def raw_names(content: bytes) -> list[str]:
    """The header names as a mail server sees them."""
    head = content.partition(b"\r\n\r\n")[0].decode("ascii")
    return [line.partition(":")[0] for line in head.split("\r\n") if not line[0].isspace()]


def built(field: str, draft: Draft) -> bytes | None:
    """The mail, or None when it is refused because of this field."""
    try:
        return build(draft)
    except HeaderError as error:
        if error.field != field:
            raise
        return None


@given(ANY_TEXT)
@example("a =?UTF-8?Q?=0A?=Bcc: x@example.jp")
@example("a\r\nBcc: x@example.jp")
@example("東部" * 60 + "👨‍👩‍👧")
def test_any_subject_makes_exactly_our_headers_or_is_refused(subject: str) -> None:
    content = built("Subject", replace(DRAFT, subject=subject))
    if content is None:
        assert "=?" in subject or any(not char.isprintable() for char in subject)
        return

    assert raw_names(content) == NAMES
    assert max(len(line) for line in content.split(b"\r\n")) <= 76
    parsed = message_from_bytes(content, policy=policy.default)
    assert parsed.keys() == NAMES
    assert parsed["Subject"] == subject


@given(ANY_TEXT)
@example('a" <x@example.jp>, "b')
@example("東部  センター ")
@example("East,  Centre")
@example("東部, センター <x@example.jp>" * 5)
def test_any_name_stays_one_address(name: str) -> None:
    content = built("From", replace(DRAFT, sender_name=name))
    if content is None:
        return

    assert raw_names(content) == NAMES
    parsed = message_from_bytes(content, policy=policy.default)
    (sender,) = parsed["From"].addresses
    assert sender.addr_spec == "sukusuku@example.jp"
    head = re.sub("\r\n(?=[ \t])", "", content.decode("ascii")).splitlines()[0]
    shown, mail = parseaddr(head.removeprefix("From: "))
    assert (str(make_header(decode_header(shown))), mail) == (name, "sukusuku@example.jp")


@given(st.one_of(ANY_TEXT, ANY_TEXT.map(lambda text: f"{text}@example.jp")))
def test_any_recipient_is_one_address_or_is_refused(recipient: str) -> None:
    content = built("To", replace(DRAFT, recipient=recipient))
    if content is None:
        return

    assert raw_names(content) == NAMES
    assert len(message_from_bytes(content, policy=policy.default)["To"].addresses) == 1


@pytest.mark.parametrize("name", ["", "鈴木", 'a" <x@example.jp>', "長い名前" * 20])
def test_odd_dots_stay_in_quotes_behind_any_name(name: str) -> None:
    content = build(replace(DRAFT, sender="a..b@docomo.ne.jp", sender_name=name, recipient=".taro.@ezweb.ne.jp"))

    assert b'To: ".taro."@ezweb.ne.jp\r\n' in content
    assert b'"a..b"@docomo.ne.jp' in content.partition(b"\r\nTo:")[0]
    parsed = message_from_bytes(content, policy=policy.default)
    [sender] = parsed["From"].addresses
    assert (sender.display_name.replace(" ", ""), sender.username) == (name.replace(" ", ""), "a..b")


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b", "a\x85b", "a\u2028b", "a\u202eb", "a\ud800b", "=?x"])
def test_the_refusal_names_the_field_and_the_character(text: str) -> None:
    with pytest.raises(HeaderError, match=r"^site tobu: contains .* a mail header cannot carry it$"):
        header_text("site tobu", text)


@pytest.mark.parametrize(
    "text", ["<>", "<名前@example.jp>", "<a@b> <c@d>", "a@example.jp", f"<{'x' * 300}@example.jp>"]
)
def test_a_message_id_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(HeaderError, match=r"^Message-ID: .*not of the form"):
        build(replace(DRAFT, message_id=text))
    with pytest.raises(HeaderError, match=r"^In-Reply-To: .*not of the form"):
        build(replace(DRAFT, reference=text))


@pytest.mark.parametrize(
    ("field", "draft"),
    [
        ("From", replace(DRAFT, sender_name="x" * 1000)),
        ("Subject", replace(DRAFT, subject="x" * 1000)),
        ("To", replace(DRAFT, recipient=f"{'x' * 300}@example.jp")),
    ],
)
def test_what_does_not_fit_on_a_line_is_refused(field: str, draft: Draft) -> None:
    with pytest.raises(HeaderError, match=f"^{field}: "):
        build(draft)


def test_parts_and_headers_of_a_mail() -> None:
    parsed = message_from_bytes(build(replace(DRAFT, reference="<0@example.jp>")), policy=policy.default)
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))

    assert parsed.get_content_type() == "multipart/alternative"
    assert (parsed["Subject"], parsed["From"], parsed["To"]) == (
        "件名",
        "すくすく <sukusuku@example.jp>",
        "tobu@example.jp",
    )
    assert parsed["Date"] == "Sun, 22 Nov 2026 09:41:00 +0900"
    assert parsed["Message-ID"] == "<1@example.jp>"
    assert parsed["In-Reply-To"] == parsed["References"] == "<0@example.jp>"
    assert parsed["Auto-Submitted"] == "auto-generated"
    assert text is not None
    assert text.get_content() == "本文\r\n"
    assert html is not None
    assert html.get_content() == "<p>本文</p>\r\n"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=30, max_size=300))
def test_each_encoded_word_is_whole_by_itself(words: str) -> None:
    lines = headers.text("Subject", f"件名 {words}").split("\r\n ")

    assert all(len(line) <= 76 for line in lines)
    coded = [word for line in lines for word in line.removeprefix("Subject: ").split(" ")]
    assert all(len(word) <= 75 and word.startswith("=?utf-8?b?") and word.endswith("?=") for word in coded)
    assert "".join(b64decode(word[10:-2], validate=True).decode() for word in coded) == f"件名 {words}"


@pytest.mark.parametrize(
    ("subject", "lines"),
    [
        ("Level high", ["Subject: Level high"]),
        (
            "[Sukusuku] East Child and Family Centre: film cassettes on the shelf: 1 left",
            ["Subject: [Sukusuku] East Child and Family Centre: film cassettes on the", " shelf: 1 left"],
        ),
    ],
)
def test_english_stays_readable(subject: str, lines: list[str]) -> None:
    assert headers.text("Subject", subject).split("\r\n") == lines


def test_a_long_message_id_is_told_as_it_is() -> None:
    sender = "sukusuku@mail.kodomo-katei.city.toshima.tokyo.example.jp"
    identifier = message_id(12, "firing", T0, DRAFT.recipient, sender)
    head = build(replace(DRAFT, message_id=identifier, reference=identifier)).partition(b"\r\n\r\n")[0].decode()

    assert len(f"References: {identifier}") > 78
    assert {f"{name}: {identifier}" for name in ("Message-ID", "In-Reply-To", "References")} <= set(head.split("\r\n"))


def test_a_mail_is_the_same_bytes_each_time() -> None:
    assert build(DRAFT) == build(DRAFT)


def test_message_ids_differ_where_mails_differ() -> None:
    base = (7, "firing", T0, "a@example.jp", "s@example.jp")
    others = [
        (8, *base[1:]),
        (7, "resolved", *base[2:]),
        (7, "firing", T0 + 1, *base[3:]),
        (*base[:3], "b@x.jp", base[4]),
    ]

    assert message_id(*base) == message_id(*base)
    assert len({message_id(*item) for item in (base, *others)}) == 5
    assert message_id(*base).endswith("@example.jp>")


PICTURE = Part("round.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
LIST = Part("round-2026-11-25.csv", "text/csv", "\ufeff順,センター\r\n".encode())
CALENDAR = Part("round.ics", "text/calendar", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")


def test_pictures_stand_in_the_html_and_files_are_attached() -> None:
    full = replace(DRAFT, pictures=(PICTURE,), attachments=(LIST, CALENDAR))
    content = build(full)
    parsed = message_from_bytes(content, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))

    assert raw_names(content) == NAMES
    assert max(len(line) for line in content.split(b"\r\n")) <= 78
    assert text is not None
    assert text.get_content() == "本文\r\n"
    assert html is not None
    assert html.get_content() == "<p>本文</p>\r\n"
    assert [part.get_content_type() for part in parsed.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "text/csv",
        "text/calendar",
    ]
    shown = next(part for part in parsed.walk() if part.get_content_type() == "image/png")
    assert shown["Content-ID"] == "<round.png>"
    assert shown.get_content_disposition() == "inline"
    assert shown.get_payload(decode=True) == PICTURE.content
    files = {part.get_filename(): part.get_payload(decode=True) for part in parsed.iter_attachments()}
    assert files == {LIST.name: LIST.content, CALENDAR.name: CALENDAR.content}
    boundaries = [part.get_boundary() for part in parsed.walk() if part.is_multipart()]
    assert len(set(boundaries)) == len(boundaries) == 3
    assert build(full) == content


@pytest.mark.parametrize(
    "part",
    [
        replace(LIST, name='a"; x="b.csv'),
        replace(LIST, name="a\r\nBcc: x@example.jp"),
        replace(LIST, name="../a"),
        replace(LIST, name="回収.csv"),
        replace(LIST, name=""),
        replace(LIST, kind="text"),
        replace(LIST, kind="text/csv\r\nBcc: x@example.jp"),
        replace(LIST, kind='text/csv; name="x"'),
    ],
)
def test_a_file_whose_name_or_kind_cannot_stand_in_a_header_is_refused(part: Part) -> None:
    with pytest.raises(HeaderError, match=r"^attachment: "):
        build(replace(DRAFT, attachments=(part,)))
    with pytest.raises(HeaderError, match=r"^attachment: "):
        build(replace(DRAFT, pictures=(part,)))
