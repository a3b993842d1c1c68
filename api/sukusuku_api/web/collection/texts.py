"""What findings, evidence and states are called. Message ids are English."""

from sukusuku_server.db.stock import StockKind
from sukusuku_server.i18n import N_
from sukusuku_server.model.collection import EmptyingState, Evidence, FindingName
from sukusuku_server.model.rounds import Answer, RunState

FINDINGS = {
    FindingName.HAND_STUFFED: N_("The fill level rises without cycles: nappies may have been pushed in by hand"),
    FindingName.LEVEL_DRIFT: N_("The level sensor is drifting. Please clean it and check that it is firmly attached."),
    FindingName.LEVEL_STUCK: N_("The fill level does not change although cycles are counted. Please check the sensor."),
    FindingName.NOT_COMPRESSING: N_("Cycles are counted but nothing is compressed: jam or no film"),
    FindingName.COUNTER_STUCK: N_("The cycle counter is stuck while the bag fills. Please check its contact."),
    FindingName.BAG_SLIPPED: N_("The bag has slipped or settled; it was not emptied"),
    FindingName.EMPTYING_UNSURE: N_("The fill level fell. Was the bag changed?"),
    FindingName.LEVEL_AT_STOP: N_(
        "The fill level jumped to the sensor's limit. Please look: the bag is full, or something covers the sensor."
    ),
    FindingName.READINGS_SPARSE: N_("Readings of the fill level are too far apart to see every emptying"),
    FindingName.UNIT_REPLACED: N_("The unit was replaced; its history continues"),
}

ADVICE = {
    FindingName.HAND_STUFFED: N_("Please ask everybody to close the lid and let the unit compress each nappy."),
    FindingName.NOT_COMPRESSING: N_("Switch the unit off, open it and take out what is stuck, or put in film."),
    FindingName.BAG_SLIPPED: N_("Please open the unit and look whether the bag is straight."),
    FindingName.READINGS_SPARSE: N_("Please enter here each time the bag is changed, and read the sensor more often."),
    FindingName.UNIT_REPLACED: N_("Nothing needs doing."),
}
"""What to do about a finding whose name does not say it."""

EVIDENCE = {
    Evidence.LEVEL: N_("fill level"),
    Evidence.COUNTER: N_("cycle counter"),
    Evidence.LID: N_("lid"),
    Evidence.BAG: N_("bag contact"),
    Evidence.STATE: N_("state"),
    Evidence.PERSON: N_("person"),
}

EMPTYING_STATES = {
    EmptyingState.DETECTED: N_("Detected from the data"),
    EmptyingState.CONFIRMED: N_("Confirmed"),
    EmptyingState.CORRECTED: N_("Corrected"),
    EmptyingState.ENTERED: N_("Entered by a person"),
    EmptyingState.REJECTED: N_("Rejected"),
}

SHELVES = {
    StockKind.FILM: N_("Film cassettes"),
    StockKind.BAG: N_("Bags"),
}

RUNS = {
    RunState.PLANNED: N_("Planned, nobody has been notified"),
    RunState.TOLD: N_("Sent, no answer yet"),
    RunState.ACCEPTED: N_("Confirmed by the crew"),
    RunState.CHANGED: N_("Changed; the crew has not confirmed it yet"),
    RunState.UNDER_WAY: N_("Under way"),
    RunState.DONE: N_("Finished"),
    RunState.NOBODY_GOES: N_("Nobody has confirmed the round"),
}

ANSWERS = {
    Answer.NONE: "",
    Answer.DONE: N_("Collected"),
    Answer.CANNOT: N_("Could not collect"),
    Answer.NEEDLESS: N_("Not needed"),
}
