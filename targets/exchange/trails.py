"""What was planned, said and decided about figures, as tables: it moves as it stands, by the commands alone."""

from targets.models import (
    Allocation,
    AllocationReason,
    AnnouncedFigure,
    Announcement,
    Answer,
    BudgetEntry,
    Candidate,
    Commitment,
    Expense,
    Offer,
    OfferEvent,
    Plan,
    PlanAct,
    PlanApproval,
    Position,
    ProposedEntry,
    QuotaEntry,
    QuotaProposal,
    RampChange,
    RampProfile,
    Redistribution,
    Response,
    ResponseAccount,
    SeasonChange,
    SeasonProfile,
    SeasonShare,
    Slice,
    SliceChange,
    Strategy,
    Target,
)
from targets.services import reverse_budgets, reverse_expenses
from teams.exchange.trails import known_by, trail
from teams.models import Team

LINE = ("plan", "team", "person")
PART = ("plan", "cut", "family", "territory")
ENTRY = ("person", "seat", "team", "during", "measure", "kind", "amount", "recorded_at")
HELD = ("team", "during", "measure", "amount", "published_at")
SPENT = ("team", "cost", "spent_on", "amount", "recorded_at")
GIVEN = ("team", "cost", "during", "amount", "recorded_at")
ASKED = ("seat", "team", "during", "measure", "kind", "made_at")
SHIFTED = ("giver", "team", "during", "opened_at")
SAID_OF_PLANS = (
    "period", "during", "measure", "amount", "strategy", "made_at", "made_by", "published_at", "published_by",
)  # fmt: skip

REFERENTS = [
    known_by(Allocation, *LINE),
    known_by(Slice, *PART),
    known_by(QuotaEntry, *ENTRY),
    known_by(BudgetEntry, *GIVEN),
    known_by(Expense, *SPENT),
    known_by(QuotaProposal, *ASKED),
    known_by(Redistribution, *SHIFTED),
    known_by(Candidate, "redistribution", "person"),
    known_by(Offer, "candidate", "made_at"),
    known_by(Strategy, "plan", "version"),
    known_by(Announcement, "plan", "at"),
    known_by(PlanAct, "plan", "at", "reason"),
    known_by(Response, "plan", "person", "at"),
    known_by(RampProfile, "name"),
    known_by(SeasonProfile, "period"),
]

KINDS = [
    trail("ramp_profiles", RampProfile, "name"),
    trail("ramp_changes", RampChange, "profile", "at"),
    trail("season_profiles", SeasonProfile, "during"),
    trail("season_shares", SeasonShare, "profile", "bucket"),
    trail("season_changes", SeasonChange, "profile", "at"),
    trail("budget_entries", BudgetEntry, *GIVEN, is_ledger=True, reverse=reverse_budgets),
    trail("expense_entries", Expense, *SPENT, is_ledger=True, reverse=reverse_expenses),
    # What the tables of plans and their lines leave out.
    trail("plan_settings", Plan, "name", without=SAID_OF_PLANS),
    trail(
        "allocation_limits",
        Allocation,
        *LINE,
        without=("amount", "proposed", "past", "is_locked"),
        numbers={"path": Team},
    ),
    trail("target_places", Target, *HELD, without=("plan", "by"), numbers={"path": Team}),
    trail("allocation_reasons", AllocationReason, "allocation"),
    trail("commitments", Commitment, *LINE, "at"),
    trail(
        "plan_acts",
        PlanAct,
        "plan",
        "at",
        "reason",
        numbers=dict.fromkeys(("named", "amounts", "locks", "hedges"), Allocation),
    ),
    trail("slices", Slice, *PART),
    trail("slice_changes", SliceChange, "slice", "at", "was", "amount"),
    trail("plan_approvals", PlanApproval, "plan", "team", "act", "at"),
    trail("strategies", Strategy, "plan", "version"),
    trail("announcements", Announcement, "plan", "at", "headline"),
    trail("announced_figures", AnnouncedFigure, "announcement", "person"),
    trail("responses", Response, "plan", "person", "at"),
    trail("response_accounts", ResponseAccount, "response", "account"),
    trail("answers", Answer, "response", "at"),
    trail("positions", Position, "team", "opens_on", "opened_at"),
    trail("quota_proposals", QuotaProposal, *ASKED),
    trail("proposed_entries", ProposedEntry, "proposal", "kind", "during", "before", "after"),
    trail("redistributions", Redistribution, *SHIFTED),
    trail("offer_candidates", Candidate, "redistribution", "person"),
    trail("offers", Offer, "candidate", "made_at", "amount"),
    trail("offer_events", OfferEvent, "offer", "kind", "at"),
]
