"""What findings, evidence, states, kinds of visits and methods are called. Message ids are English."""

from sukusuku_server.db.stock import StockKind
from sukusuku_server.i18n import N_
from sukusuku_server.model.collection import EmptyingState, Evidence, FindingName, Method
from sukusuku_server.model.rounds import Answer, RunState, VisitKind

FINDINGS = {
    FindingName.HAND_STUFFED: N_("The level rises without cycles: nappies are pressed in by hand"),
    FindingName.LEVEL_DRIFT: N_("The level sensor wanders: please clean it and look how it sits"),
    FindingName.LEVEL_STUCK: N_("The level stands still while cycles are counted: please look at the sensor"),
    FindingName.NOT_COMPRESSING: N_("Cycles are counted and nothing is compressed: jam or no film"),
    FindingName.COUNTER_STUCK: N_("The cycle counter stands still while the bag fills: please look at its contact"),
    FindingName.BAG_SLIPPED: N_("The bag has slipped or settled; nobody emptied it"),
    FindingName.UNIT_REPLACED: N_("Another machine stands here now; the history of the place goes on"),
}

EVIDENCE = {
    Evidence.LEVEL: N_("level"),
    Evidence.COUNTER: N_("counter"),
    Evidence.LID: N_("lid"),
    Evidence.BAG: N_("bag contact"),
    Evidence.STATE: N_("state"),
    Evidence.PERSON: N_("person"),
}

EMPTYING_STATES = {
    EmptyingState.DETECTED: N_("Seen in the data"),
    EmptyingState.CONFIRMED: N_("Confirmed"),
    EmptyingState.CORRECTED: N_("Corrected"),
    EmptyingState.ENTERED: N_("Entered by a person"),
    EmptyingState.REJECTED: N_("Was none"),
}

KINDS = {
    VisitKind.EMPTIED: N_("Emptied in time"),
    VisitKind.LATE: N_("Late"),
    VisitKind.MISSED: N_("Missed"),
    VisitKind.NEEDLESS: N_("Needless"),
    VisitKind.CANNOT: N_("Could not come"),
    VisitKind.UNSEEN: N_("Said done, not seen"),
    VisitKind.UNPLANNED: N_("Outside rounds"),
    VisitKind.DUE: N_("Still to come"),
}

METHODS = {
    Method.MODEL: N_("Sukusuku"),
    Method.LINEAR_24H: N_("Straight on from the last 24 hours"),
    Method.LAST_WEEK: N_("As in the same hours of last week"),
}

SHELVES = {
    StockKind.FILM: N_("Film cassettes"),
    StockKind.BAG: N_("Bags"),
}

RUNS = {
    RunState.PLANNED: N_("Planned, not sent yet"),
    RunState.SENT: N_("Sent, no answer yet"),
    RunState.ANSWERED: N_("Sent and answered"),
    RunState.CLOSED: N_("Over"),
}

ANSWERS = {
    Answer.NONE: "",
    Answer.DONE: N_("Collected"),
    Answer.CANNOT: N_("Could not collect"),
    Answer.NEEDLESS: N_("Not needed"),
}
