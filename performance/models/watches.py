"""What makes rollups stale. TRUNCATE fires none of these; only the owner may do it, and rebuilds the rollups after."""

from sales.models import Activity, Credit, Deal, Outcome
from salesmgmt.desk.watches import ALWAYS, EVERYBODY, Watch
from targets.models import QuotaEntry, RampProfile, RampStep, SeasonShare
from teams.models import ExchangeRate, FiscalYear, Holiday, Leave, LeaveKind, Organisation, Person, Posting

from .rollups import NOBODY


def _day(column: str) -> str:
    return f"daterange(r.{column}, r.{column}, '[]')"


_SEASON = "(SELECT p.during FROM targets_seasonprofile p WHERE p.id = r.profile_id)"

_CREDITS = Watch(["credits"], "r.person_id", _day("occurred_on"), ["team_id", "posted_on", "kind", "reporting_amount"])
_OUTCOMES = Watch(
    ["outcomes"], "r.person_id", _day("occurred_on"),
    ["team_id", "posted_on", "status", "count", "amount", "cycle_days", "counts"],
)  # fmt: skip
_ACTIVITIES = Watch(
    ["activities"], "r.owner_id", _day("occurred_on"), ["kind", "duration_minutes"], "r.withdrawn_at IS NULL"
)
_DEALS = Watch(
    ["pipeline"], "r.owner_id", _day("expected_close_on"), ["amount", "currency"],
    "r.status = 'open' AND r.withdrawn_at IS NULL AND r.expected_close_on IS NOT NULL",
)  # fmt: skip
_RATES = Watch(["pipeline"], EVERYBODY, "daterange(lower(r.during), NULL)", ["currency", "kind", "rate", "during"])
_QUOTAS = Watch(
    ["quota"], f"coalesce(r.person_id, {NOBODY})", "r.during", ["team_id", "measure", "kind", "reporting_amount"]
)
_POSTINGS = Watch(
    ["activities", "quota"],
    "r.person_id",
    "r.during",
    ["team_id", "role", "fte", "holiday_region", "working_week", "ramp"],
)
_LEAVES = Watch(["quota"], "r.person_id", "r.during", ["kind_id"])
_PEOPLE = Watch(["quota"], "r.id", ALWAYS, ["hired_on", "left_on"], on_insert=False)
_HOLIDAYS = Watch(["quota"], EVERYBODY, _day("on"), ["region"])
_KINDS = Watch(["quota"], EVERYBODY, ALWAYS, ["relieves_quota"], on_insert=False)
_CALENDAR = Watch(
    ["pipeline", "quota"], EVERYBODY, ALWAYS, ["currency", "fiscal_month", "holiday_region", "working_week"],
    on_insert=False,
)  # fmt: skip
_RAMPS = Watch(["quota"], EVERYBODY, ALWAYS, ["profile_id", "month", "percent"])
_PROFILES = Watch(["quota"], EVERYBODY, ALWAYS, ["name", "start", "role"])
_SEASONS = Watch(["quota"], EVERYBODY, _SEASON, ["profile_id", "starts_on", "percent"])
# From the year before on, which may end elsewhere now: what was posted when is summed by fiscal months.
_YEARS = Watch(
    ["activities", "credits", "outcomes", "pipeline", "quota"], EVERYBODY, "daterange(r.starts_on - 730, NULL)",
    ["number", "starts_on", "layout", "is_nearest", "superseded_at"],
)  # fmt: skip


class WatchedCredit(Credit):
    class Meta:
        proxy = True
        triggers = _CREDITS.triggers()


class WatchedOutcome(Outcome):
    class Meta:
        proxy = True
        triggers = _OUTCOMES.triggers()


class WatchedActivity(Activity):
    class Meta:
        proxy = True
        triggers = _ACTIVITIES.triggers()


class WatchedDeal(Deal):
    class Meta:
        proxy = True
        triggers = _DEALS.triggers()


class WatchedQuotaEntry(QuotaEntry):
    class Meta:
        proxy = True
        triggers = _QUOTAS.triggers()


class WatchedPosting(Posting):
    class Meta:
        proxy = True
        triggers = _POSTINGS.triggers()


class WatchedLeave(Leave):
    class Meta:
        proxy = True
        triggers = _LEAVES.triggers()


class WatchedLeaveKind(LeaveKind):
    class Meta:
        proxy = True
        triggers = _KINDS.triggers()


class WatchedPerson(Person):
    class Meta:
        proxy = True
        triggers = _PEOPLE.triggers()


class WatchedHoliday(Holiday):
    class Meta:
        proxy = True
        triggers = _HOLIDAYS.triggers()


class WatchedOrganisation(Organisation):
    class Meta:
        proxy = True
        triggers = _CALENDAR.triggers()


class WatchedExchangeRate(ExchangeRate):
    class Meta:
        proxy = True
        triggers = _RATES.triggers()


class WatchedRampStep(RampStep):
    class Meta:
        proxy = True
        triggers = _RAMPS.triggers()


class WatchedRampProfile(RampProfile):
    class Meta:
        proxy = True
        triggers = _PROFILES.triggers()


class WatchedSeasonShare(SeasonShare):
    class Meta:
        proxy = True
        triggers = _SEASONS.triggers()


class WatchedFiscalYear(FiscalYear):
    class Meta:
        proxy = True
        triggers = _YEARS.triggers()


WATCHES = (
    WatchedCredit, WatchedOutcome, WatchedActivity, WatchedDeal, WatchedQuotaEntry, WatchedPosting, WatchedLeave,
    WatchedLeaveKind, WatchedPerson, WatchedHoliday, WatchedOrganisation, WatchedExchangeRate, WatchedRampStep,
    WatchedRampProfile, WatchedSeasonShare, WatchedFiscalYear,
)  # fmt: skip
