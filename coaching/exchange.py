"""Cases, talks and what was promised in them, as tables."""

from coaching.models import (
    ActionItem,
    AgendaItem,
    Case,
    CaseChange,
    CoachingPlan,
    CoachingPlanChange,
    OneOnOne,
    Play,
    PlayChange,
    PlayComment,
    PlayUse,
    PlayVersion,
    PlayVote,
)
from teams.exchange.trails import known_by, trail
from teams.models import Person

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

PLANNED = ("person", "kind", "measure", "starts_on", "planned_at")
PROPOSED = ("name", "proposed_at")

REFERENTS += [known_by(CoachingPlan, *PLANNED), known_by(Play, *PROPOSED)]

KINDS += [
    trail("coaching_plans", CoachingPlan, *PLANNED, numbers={"peers": Person}),
    trail("coaching_plan_changes", CoachingPlanChange, "plan", "at", "what"),
    trail("plays", Play, *PROPOSED),
    trail("play_versions", PlayVersion, "play", "number"),
    trail("play_changes", PlayChange, "play", "at", "state"),
    trail("play_votes", PlayVote, "play", "person"),
    trail("play_comments", PlayComment, "play", "author", "at"),
    trail("play_uses", PlayUse, "play", "deal", "activity"),
]
