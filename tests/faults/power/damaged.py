"""The edge agent's outbox, which is damaged now and then."""

from tests.faults.power.outbox import DamagedSubject

SUBJECT = DamagedSubject
