"""Operations data of a time that has not come yet."""

from dataclasses import replace
from pathlib import Path

from sqlalchemy import insert

from sukusuku_server.db import AlertState, MailState, OutgoingMail
from sukusuku_server.db.checkpoints import Checkpoints
from sukusuku_server.db.clock_correction import take_back
from sukusuku_server.db.emptyings import Emptyings
from sukusuku_server.db.findings import Findings
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.db.tables_alerts import mail_outbox
from sukusuku_server.model.alerts import Alert, Word
from sukusuku_server.model.collection import Emptying, Evidence, Finding, FindingName
from tests.server.rounds.plan_cases import DAY, HOUR, MORNING, PERSON, plan
from tests.support import databases

NOW = MORNING
AHEAD = NOW + 1_000 * 24 * HOUR
MAIL = OutgoingMail("round", "s@example.jp", "r@example.jp", "ja", "件名", "<1@example.jp>", b"Subject: x\r\n\r\ny")
ALERT = Alert(
    id=0,
    rule="collection",
    site="tobu",
    asset="unit-1",
    state=AlertState.PENDING,
    since=AHEAD,
    raised=AHEAD,
    fired=None,
    acknowledged=None,
    acknowledged_by=None,
    resolved=None,
    value=97.0,
    detail="",
)


def test_an_alert_of_the_future_began_now_and_can_end(tmp_path: Path) -> None:
    operations = databases.operations(tmp_path)
    with operations.change() as change:
        fired = change.fire(change.raise_alert(ALERT), AHEAD + HOUR)
        change.told(replace(fired, told=1, told_first=AHEAD + HOUR, told_at=AHEAD + HOUR))
        change.put_mail(fired.id, MAIL, AHEAD + HOUR)
    take_back(operations, ["unit-1"], NOW)
    (alert,) = operations.open_alerts()
    assert (alert.since, alert.raised, alert.fired, alert.told_at) == (NOW, NOW, NOW, NOW)
    assert {event.time for event in operations.events(alert.id)} == {NOW}
    (mail,) = operations.mails()
    assert mail.next_try == NOW


def test_what_is_of_the_past_stays(tmp_path: Path) -> None:
    operations = databases.operations(tmp_path)
    past = NOW - HOUR
    with operations.change() as change:
        fired = change.fire(change.raise_alert(replace(ALERT, since=past, raised=past)), past)
    rounds = Rounds(operations)
    run = rounds.put(plan())
    Checkpoints(operations).put("unit-1", past, 1, b"state")
    assert take_back(operations, ["unit-1"], NOW) == 0
    assert operations.alert(fired.id) == fired
    assert rounds.runs(0, 2**62) == [run]
    assert Checkpoints(operations).latest("unit-1", 1) is not None


def test_a_round_that_was_planned_by_the_wrong_clock_is_forgotten_with_its_unsent_mails(tmp_path: Path) -> None:
    operations = databases.operations(tmp_path)
    rounds = Rounds(operations)
    run = rounds.put(replace(plan(), planned=AHEAD))
    assert rounds.send(run.id, [PERSON], lambda _run, _stops: [MAIL], 1, AHEAD)
    sent = replace(MAIL, message_id="<2@example.jp>")
    with operations.writing() as connection:
        columns = {"run_id": run.id, "state": MailState.SENT, "created": AHEAD, "attempts": 1, "next_try": AHEAD}
        columns |= {"leased_until": 0, "reason": "", "kind": sent.kind, "sender": sent.sender, "content": sent.content}
        columns |= {"recipient": sent.recipient, "language": "ja", "subject": "x", "message_id": sent.message_id}
        connection.execute(insert(mail_outbox).values(columns))
    assert take_back(operations, ["unit-1"], NOW) == 1
    assert rounds.of("north", DAY) is None
    assert [mail.state for mail in operations.mails()] == [MailState.SENT]


def test_a_round_that_was_told_before_keeps_its_answers_when_a_wrong_clock_looks_at_it(tmp_path: Path) -> None:
    operations = databases.operations(tmp_path)
    rounds = Rounds(operations)
    run = rounds.put(plan())
    assert rounds.send(run.id, [PERSON], lambda _run, _stops: [], 1, NOW)
    rounds.accept(run.id, "鈴木", NOW)
    [told] = rounds.open()
    assert rounds.revise(told, replace(plan(), planned=AHEAD), lambda _run, _stops: [], AHEAD, told=True) is not None
    rounds.close(run.id, AHEAD)
    assert take_back(operations, [], NOW) == 0
    [kept] = rounds.open()
    assert (kept.accepted, kept.changed, kept.plan.planned) == (NOW, NOW, NOW)


def test_words_wait_no_longer_than_they_would_have(tmp_path: Path) -> None:
    operations = databases.operations(tmp_path)
    with operations.change() as change:
        fired = change.fire(change.raise_alert(replace(ALERT, since=NOW, raised=NOW)), NOW)
        for since, due in ((AHEAD, AHEAD + HOUR), (NOW, NOW + 2 * HOUR)):
            change.put_word(
                Word(0, fired.id, "firing", "mail", "r@example.jp", since, since, due, urgent=False, held="")
            )
    take_back(operations, [], NOW)
    assert [(word.since, word.due) for word in operations.waiting_words()] == [(NOW, NOW + HOUR), (NOW, NOW + 2 * HOUR)]


def test_what_was_derived_of_the_future_is_deleted(tmp_path: Path) -> None:
    operations = databases.operations(tmp_path)
    emptyings, checkpoints = Emptyings(operations), Checkpoints(operations)
    for time in (NOW - HOUR, AHEAD):
        found = Emptying("unit-1", time, 90.0, 200.0, (Evidence.LEVEL,), 0.9)
        emptyings.replace_detected("unit-1", time - 1, time, [found])
        checkpoints.put("unit-1", time, 1, b"state")
    take_back(operations, ["unit-1"], NOW)
    assert [seen.time for seen in emptyings.of("unit-1", 0, 2**62)] == [NOW - HOUR]
    newest = checkpoints.latest("unit-1", 1)
    assert newest is not None
    assert newest.time == NOW - HOUR


def test_what_others_work_for_is_left_alone(tmp_path: Path) -> None:
    """Their clock may be ahead by some seconds, and a round that they have just told would be told again."""
    operations = databases.operations(tmp_path)
    rounds, checkpoints, findings = Rounds(operations), Checkpoints(operations), Findings(operations)
    run = rounds.put(replace(plan(), planned=AHEAD))
    assert rounds.send(run.id, [PERSON], lambda _run, _stops: [MAIL], 1, AHEAD)
    alerts = []
    with operations.change() as change:
        for unit in ("unit-1", "unit-2"):
            alerts.append(change.fire(change.raise_alert(replace(ALERT, asset=unit)), AHEAD))
            change.put_mail(alerts[-1].id, replace(MAIL, message_id=f"<{unit}@example.jp>"), AHEAD)
            change.put_word(
                Word(0, alerts[-1].id, "firing", "mail", "r@example.jp", AHEAD, AHEAD, AHEAD, urgent=False, held="")
            )
    for unit in ("unit-1", "unit-2"):
        checkpoints.put(unit, AHEAD, 1, b"state")
        findings.replace(unit, AHEAD - 1, AHEAD, [Finding(unit, FindingName.LEVEL_STUCK, AHEAD, None, "")])

    assert take_back(operations, ["unit-1"], NOW, lambda subject: subject == "unit-1", leads=False) == 0

    assert {alert.asset: alert.since for alert in operations.open_alerts()} == {"unit-1": NOW, "unit-2": AHEAD}
    assert operations.alert(alerts[1].id) == alerts[1]
    assert [word.since for word in operations.waiting_words()] == [NOW, AHEAD]
    assert {mail.mail.message_id: mail.created for mail in operations.mails()} == {
        MAIL.message_id: AHEAD,
        "<unit-1@example.jp>": NOW,
        "<unit-2@example.jp>": AHEAD,
    }
    assert [(kept.id, kept.plan.planned) for kept in rounds.open()] == [(run.id, AHEAD)]
    assert [checkpoints.latest(unit, 1) is None for unit in ("unit-1", "unit-2")] == [True, False]
    assert {found.asset for found in findings.of(None, 0, 2**62)} == {"unit-2"}
