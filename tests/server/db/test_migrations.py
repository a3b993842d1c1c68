"""A database of an older version, with what a busy day leaves in it, is brought up to date and means the same."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from sukusuku_server.db import Operations
from sukusuku_server.db.rounds import Rounds
from sukusuku_server.model.rounds import Answer, RunState, Word
from sukusuku_server.model.run_state import state_of, word_for
from tests.server.rounds.plan_cases import HOUR, MINUTE, MORNING

DEPARTS = MORNING + 5 * HOUR
TIMES = {"morning": MORNING, "yes": MORNING + MINUTE, "departs": DEPARTS, "returns": MORNING + 9 * HOUR}
ROWS = """
INSERT INTO round_run (id, round, date, state, planned, departs, returns, vehicle, km, minutes, solver, sent, told,
    declined, accepted, accepted_by) VALUES
    (1, 'north', '2026-11-20', 'closed', 1, 2, 3, 'truck', 1, 1, '', 1, 1, 0, 1, '鈴木'),
    (2, 'north', '2026-11-25', 'answered', :morning, :departs, :returns, 'truck', 1, 1, '', :morning, 1, 0,
        :yes, '鈴木');
INSERT INTO round_stop (id, run_id, asset, site, joined, reason, position, arrives, deadline, percent, percent_then,
    confidence, bags, kg, answer, answered, answered_by, note) VALUES
    (1, 2, 'tobu-unit-1', 'tobu', 1, 'full', 1, :departs, NULL, 92, 95, 90, 1, 8, 'cannot', :departs, '鈴木', ''),
    (2, 2, 'seibu-unit-1', 'seibu', 1, 'full', 2, :departs, NULL, 92, 95, 90, 1, 8, 'done', :departs, '鈴木', ''),
    (3, 2, 'nanbu-unit-1', 'nanbu', 1, 'full', 3, :departs, NULL, 92, 95, 90, 1, 8, 'none', NULL, NULL, '');
INSERT INTO request (id, asset, time, who, done) VALUES (1, 'tobu-unit-1', :departs, '鈴木', NULL);
INSERT INTO alert (id, rule, site, asset, state, since, raised, fired, told, told_first, told_at, stage, detail) VALUES
    (1, 'unit_fault', 'tobu', 'tobu-unit-1', 'firing', 1, 1, 2, 1, 3, 3, 1, '');
INSERT INTO mail_outbox (id, alert_id, kind, channel, sender, recipient, language, subject, message_id, content, state,
    created, attempts, next_try, leased_until, reason) VALUES
    (1, 1, 'firing', 'mail', 's@example.jp', 'Office@example.jp', 'ja', 's', '<1@example.jp>', 'x', 'sent', 3, 1, 3, 0,
        '');
"""


def old(folder: Path) -> Operations:
    url = f"sqlite:///{folder / 'operations.db'}"
    config, engine = Config(), create_engine(url)
    config.set_main_option("script_location", "sukusuku_server.db:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")
        for row in ROWS.split(";\n")[:-1]:
            connection.execute(text(row), TIMES)
    engine.dispose()
    return Operations(url)


def test_a_round_that_is_under_way_is_said_to_be_and_nothing_is_told_again(tmp_path: Path) -> None:
    operations = old(tmp_path)
    rounds, now = Rounds(operations), DEPARTS + HOUR
    [run] = rounds.open()

    assert state_of(run, now) is RunState.UNDER_WAY
    records = rounds.stops(run.id)
    assert [(record.answer, record.worded) for record in records] == [
        (Answer.CANNOT, Word.CANNOT),
        (Answer.DONE, Word.NONE),
        (Answer.NONE, Word.NONE),
    ]
    assert [word_for(run, record, now) for record in records] == [record.worded for record in records]
    operations.close()


def test_who_was_told_of_an_alert_is_told_of_its_end(tmp_path: Path) -> None:
    operations = old(tmp_path)
    with operations.change() as change:
        assert change.recipients(1) == {"office@example.jp": "<1@example.jp>"}
        assert change.read(1).told_stage == 1
    assert operations.waiting_words() == []
    operations.close()
