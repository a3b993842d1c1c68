"""The edge agent's outbox, which forgets rows with the next commit."""

from tests.faults.power.outbox import GroupedSubject

SUBJECT = GroupedSubject
