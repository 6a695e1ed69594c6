"""Cases, talks and what was promised in them, as tables."""

from coaching.models import ActionItem, AgendaItem, Case, CaseChange, DiagnosisStep, OneOnOne, Question
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
    trail("diagnosis_steps", DiagnosisStep, "case", "step", "ruled_at"),
    trail("department_questions", Question, "case", "step", "asked_at", "text"),
]
