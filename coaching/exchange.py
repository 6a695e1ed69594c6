"""Cases, talks and what was promised in them, as tables."""

from coaching.models import (
    ActionItem,
    AgendaItem,
    Case,
    CaseChange,
    Decider,
    Decision,
    Dispute,
    DisputeEvent,
    OneOnOne,
    Party,
    Remedy,
    RemedyShare,
    Statement,
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

# ── Disputes: what happened, and nobody's words ─────────────────────────────────────────────────────────────────

DISPUTED, SIDE, CHANGED = ("opened_by", "opened_at"), ("dispute", "person"), ("decision", "kind", "at")

REFERENTS += [
    known_by(Dispute, *DISPUTED),
    known_by(Party, *SIDE),
    known_by(Decision, "dispute", "round"),
    known_by(Remedy, *CHANGED),
]

KINDS += [
    trail("disputes", Dispute, *DISPUTED),
    trail("dispute_parties", Party, *SIDE),
    trail("dispute_statements", Statement, "party", "round", without=("text", "reminded_at")),
    trail("dispute_deciders", Decider, "dispute", "round", "person", without=("reminded_at",)),
    trail("dispute_decisions", Decision, "dispute", "round", without=("reasons",)),
    trail("dispute_remedies", Remedy, *CHANGED, without=("text",)),
    trail("dispute_remedy_shares", RemedyShare, "remedy", "person", "kind"),
    trail("dispute_events", DisputeEvent, "dispute", "at", "kind"),
]
