"""Every kind there is, as the apps declare them, and what rows may refer to."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from salesmgmt.lib.kinds import Kind, Referent, Settling
from salesmgmt.lib.refusals import Refused
from teams.models import User, Viewer, access_of

ORDER = (  # in which kinds depend on each other
    "organisation", "calendars", "territories", "teams", "people", "logins", "postings", "leaderships",
    "leave_kinds", "leave", "pay", "skills", "skill_ratings", "mail_choices", "retention", "ramps", "ramp_profiles",
    "ramp_changes",
    "seasons", "season_profiles", "season_shares", "season_changes", "rates", "budgets", "budget_entries",
    "expenses", "expense_entries", "custom_fields", "accounts", "account_owners", "account_profiles", "contacts",
    "contact_roles", "merges", "distinct_pairs", "products", "competitors", "campaigns", "pipelines", "stages",
    "lost_reasons", "discount_limits", "deals", "deal_changes", "deal_approvals", "deal_lines", "deal_shares",
    "deal_reasons", "deal_competitors", "leads", "lead_changes", "assignment_rules", "activities",
    "activity_templates", "time_entries", "orders", "order_lines", "credits", "refunds", "delivery_problems",
    "contracts", "feedback", "complaints", "tasks", "market_notes", "referrals", "gifts", "recommendations",
    "handovers", "handover_items", "custom_values", "plans", "plan_settings", "targets", "target_places",
    "allocations", "allocation_limits", "allocation_reasons", "plan_acts", "commitments", "slices", "slice_changes",
    "plan_approvals", "quotas", "quota_entries", "credit_entries", "outcome_entries", "strategies", "announcements",
    "announced_figures", "responses", "response_accounts", "answers", "positions", "quota_proposals",
    "proposed_entries", "redistributions", "offer_candidates", "offers", "offer_events", "measures",
    "measure_versions", "flag_costs", "flags", "flag_events", "cases", "rhythms",
    "meeting_rhythms", "meetings", "meeting_changes",
    "meeting_points", "meeting_questions", "meeting_decisions", "attendances", "one_on_ones",
    "action_items", "skill_targets", "courses", "course_skills", "course_versions", "lessons",
    "quiz_questions", "quiz_choices", "course_rules", "enrolments", "lessons_done", "quiz_attempts", "quiz_answers",
    "onboarding_steps", "onboarding_ticks", "growth_steps", "asked_tasks", "award_suggestions", "awards", "kudos",
    "applause", "personal_bests", "calls", "scorecards",
    "scorecard_parts", "reports", "report_recipients", "diagnosis_steps",
    "disputes", "dispute_parties", "dispute_statements", "dispute_deciders",
    "dispute_decisions", "dispute_remedies", "dispute_shares", "dispute_events", "pay_settlements", "coaching_plans",
    "plays", "play_versions", "play_changes", "play_votes", "play_comments", "play_uses",
    "closings",
)  # fmt: skip

STAYS = {  # what no export gives out, and why
    "sales.FeedbackRequest": "secret links: customers are asked anew",
    "desk.Token": "secrets: calendar feeds, API tokens and invitations are made anew",
    "coaching.CoachingPlanChange": "says why help was moved: only a backup keeps it",
    "coaching.Note": "private to the two people: only a backup keeps them",
    "coaching.AgendaItem": "private to the two who meet: only a backup keeps it",
    "coaching.CaseChange": "what was said to a case, between the person and their line: only a backup keeps it",
    "coaching.Question": "asked for a case, in confidence: only a backup keeps it",
    "coaching.CaseStatement": "private to the person and who leads them: only a backup keeps it",
    "coaching.CourseEffect": "worked out anew",
    "coaching.HelpEffect": "worked out anew",
    "coaching.PlayEffect": "worked out anew",
    "coaching.DevelopmentPlan": "private to the person and who leads them: only a backup keeps it",
    "coaching.Goal": "private to the person and who leads them: only a backup keeps it",
    "coaching.Mentorship": "private to the two: only a backup keeps it",
    "sales.InboundMail": "mail that fits no customer is its owner's alone; the rest are activities",
    "desk.SavedView": "their filters hold numbers of this installation",
    "sales.BulkAct": "what can be undone for a day, here",
    "desk.Notice": "told already",
    "desk.Delivery": "sent already",
    "desk.IdempotencyKey": "answers to calls of this installation",
    "desk.AuditEntry": "who changed what here: only a backup keeps it",
    "desk.Erasure": "who was erased here: only a backup keeps it",
    "desk.Mark": "worked off in a second",
    "sales.LookAlike": "found anew",
    "recognition.Screen": "secret links: screens are made anew",
    "performance.ForecastRow": "worked out anew; what earlier nights said is replayed by backtest",
    "performance.ForecastBasis": "learned anew",
    "performance.BacktestCase": "replayed anew",
    "performance.BacktestRun": "replayed anew",
    "performance.BacktestScore": "replayed anew",
    "performance.Rollup": "added up anew",
    "performance.RollupSum": "added up anew",
    "performance.FrozenFigure": "what was known here each night: only a backup keeps it",
    "performance.FrozenNight": "what was known here each night: only a backup keeps it",
    "performance.DealVersion": "told by the changes of deals",
    "performance.PipelineFlow": "added up anew",
    "teams.DataCopy": "packed for a person here, for some days",
    "teams.Look": "who looked is for the person alone: only a backup keeps it",
    **dict.fromkeys(
        (
            "coaching.Ladder",
            "coaching.LadderStep",
            "coaching.StepGoal",
            "coaching.StepSupport",
            "coaching.StepPause",
            "coaching.StepReading",
            "coaching.LadderDecision",
            "coaching.LadderEvent",
        ),
        "between a person, their line and HR, and fair only as a whole: only a backup keeps it",
    ),
    "coaching.Exit": "said to HR in confidence: only a backup keeps it",
    "coaching.Evidence": "put forward by the parties of a dispute: only a backup keeps it",
    "coaching.OneOnOneChange": "why a talk moved is private to the two: only a backup keeps it",
    "coaching.Pulse": "private to a person and their manager: only a backup keeps it",
    "desk.NoticeChoice": "how one wants to be told here: chosen anew",
}


@cache
def _modules() -> list[ModuleType]:
    """Each app's `exchange`, and where that is a package the modules in it."""
    configs = [
        config for config in apps.get_app_configs() if config.module and not config.name.startswith("salesmgmt.")
    ]
    found = []
    for config in configs:
        if module_has_submodule(config.module, "exchange"):
            module = import_module(f"{config.name}.exchange")
            parts = sorted(one.name for one in iter_modules(getattr(module, "__path__", [])))
            found += [module, *(import_module(f"{module.__name__}.{part}") for part in parts)]
    return found


@cache
def kinds() -> dict[str, Kind]:
    found = {kind.key: kind for module in _modules() for kind in getattr(module, "KINDS", [])}
    return {key: found[key] for key in sorted(found, key=ORDER.index)}


@cache
def referents() -> dict[str, Referent]:
    return {one.key: one for module in _modules() for one in getattr(module, "REFERENTS", [])}


def kind_of(key: str) -> Kind:
    """The kind of that name. Raises Refused with the names there are."""
    kind = kinds().get(key)
    if kind is None:
        raise Refused(f"There is no kind “{key}”; there is {', '.join(kinds())}.", field="kind")
    return kind


def kinds_for(user: Viewer) -> dict[str, Kind]:
    """Those a user may take in and give out."""
    access = access_of(user)
    return {
        key: kind
        for key, kind in kinds().items()
        if not kind.is_trail and (access.role == "admin" or (access.imports and not kind.admin_only))
    }


def require_importer(kind: Kind, by: User | None) -> None:
    """Raises Refused unless this user may take in, undo or give out a kind; None is the command line."""
    if by is None:
        return
    if not access_of(by).imports:
        raise Refused("Only admin and operations import.")
    if kind.is_trail:
        raise Refused(f"Only the command import_records takes in {kind.key}: they stand as they were.", field="kind")
    if kind.key not in kinds_for(by):
        raise Refused(f"Only admin imports {kind.key}.", field="kind")


def follow(settling: Settling) -> None:
    """What apps higher up bring in line after anything was taken in or undone."""
    for module in _modules():
        following = getattr(module, "follow", None)
        if following is not None:
            following(settling)
