"""Cases, talks and what was promised in them, as tables."""

from coaching.models import (
    ActionItem,
    AgendaItem,
    Attendance,
    Case,
    CaseChange,
    Meeting,
    MeetingChange,
    MeetingDecision,
    MeetingPoint,
    MeetingQuestion,
    OneOnOne,
    Rhythm,
)
from teams.exchange.trails import known_by, trail

OPENED = ("person", "opened_at")
MET = ("person", "manager", "starts_at")
PROMISED = ("person", "owner", "made_at", "text")

REFERENTS = [known_by(Case, *OPENED), known_by(OneOnOne, *MET), known_by(ActionItem, *PROMISED)]

KINDS = [
    trail("cases", Case, *OPENED),
    trail("case_changes", CaseChange, "case", "at", "what"),
    trail("one_on_ones", OneOnOne, *MET),
    trail("agenda_items", AgendaItem, "one_on_one", "position", "text"),
    trail("action_items", ActionItem, *PROMISED),
]

# Rhythms and meetings
MEETING = ("team", "starts_at")
REFERENTS += [known_by(Meeting, *MEETING)]
KINDS += [
    trail("rhythms", Rhythm, "person", "manager", "made_at"),
    trail("meetings", Meeting, *MEETING),
    trail("meeting_changes", MeetingChange, "meeting", "at", "what"),
    trail("meeting_points", MeetingPoint, "meeting", "about"),
    trail("meeting_questions", MeetingQuestion, "team", "author", "asked_at"),
    trail("meeting_decisions", MeetingDecision, "meeting", "decided_at", "text"),
    trail("attendances", Attendance, "meeting", "person"),
]
