"""What everything else is counted by, as tables: the organisation, public holidays, territories."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction

from salesmgmt.lib.kinds import Field, Kind, Plan, Referent, Row
from salesmgmt.lib.periods import WEEKS, SetUp
from salesmgmt.lib.refusals import Refused
from teams.models import (
    FiscalYear,
    Holiday,
    Leadership,
    LeaveKind,
    Organisation,
    Pay,
    Period,
    PeriodChange,
    Person,
    Posting,
    Showing,
    Territory,
)
from teams.services import change_calendar, countries_of

from . import Once, week_of
from .tables import dated, table, yes_or_no

OWN = (
    "name", "currency", "time_zone", "fiscal_month", "holiday_region", "follow_up_days", "gift_limit", "free_change",
)  # fmt: skip
SWITCHES = tuple(what.switch for what in Showing)
COUNTRIES = tuple(what.countries for what in Showing)
COUNTS_BY = ("currency", "time_zone")  # what ledgers were written in


def _plan_organisation(plan: Plan) -> None:
    first = None
    for row in plan.taken():
        if first is not None:
            plan.refuse(row, "name", "There is one organisation; its row stands above.")
            continue
        first = row
        if row.get("time_zone", "UTC") not in available_timezones():
            plan.refuse(row, "time_zone", "There is no such time zone; one reads like Europe/Berlin.")
        values: dict[str, Any] = {name: row.values[name] for name in OWN if name in row.values}
        values |= {name: row.values[name] == "yes" for name in SWITCHES if name in row.values}
        values |= {name: _countries(plan, row, name) for name in COUNTRIES if name in row.values}
        if "working_week" in row.values:
            values["working_week"] = week_of(plan, row)
        for name in COUNTS_BY:
            if name in values and values[name] != getattr(plan.organisation, name) and _has_records():
                plan.refuse(row, name, "It can't change any more: there are records that were counted by it.")
        if not row.refusals and plan.change(plan.organisation, row, **values):
            row.act = "changed"


def _countries(plan: Plan, row: Row, name: str) -> list[str]:
    try:
        return countries_of(row.values[name].replace(",", " ").split(), field=name)
    except Refused as refusal:
        plan.refuse(row, name, refusal.sentence)
        return []


def _has_records() -> bool:
    """Whether anybody works here yet: from then on days and money have been counted."""
    return Posting.objects.exists()


def _organisation_rows() -> Iterator[dict[str, Any]]:
    one = Organisation.get()
    told: dict[str, Any] = {name: getattr(one, name) for name in OWN}
    told |= {name: "yes" if getattr(one, name) else "no" for name in SWITCHES}
    told |= {name: " ".join(getattr(one, name)) for name in COUNTRIES}
    yield told | {"working_week": " ".join(map(str, one.working_week))}


def _plan_calendars(plan: Plan) -> None:
    standing = {(one.region, one.on): one for one in Holiday.objects.all()}
    once = Once()
    for row in plan.taken():
        if "year" in row.values:
            for name in ("starts_on", "layout"):
                if name not in row.values:
                    plan.refuse(row, name, "A fiscal year needs the day it starts on and its layout.")
            if row.get("layout", "months") not in ("months", *WEEKS):
                plan.refuse(row, "layout", f"It is none of months, {', '.join(WEEKS)}.")
            continue
        for name in ("region", "on"):
            if name not in row.values:
                plan.refuse(row, name, "It is missing: a holiday needs a region and a day, a fiscal year its year.")
        if row.refusals:
            continue
        key, name = (row.values["region"], row.values["on"]), row.get("name", "")
        holiday = standing.get(key)
        if holiday is None:
            holiday = standing[key] = plan.create(Holiday(region=key[0], on=key[1], name=name or "Public holiday"), row)
            row.act = "created"
            once.admits(plan, row, holiday, "on")
        elif once.admits(plan, row, holiday, "on") and name and plan.change(holiday, row, name=name):
            row.act = "changed"


def _enter_years(plan: Plan) -> list[Any]:
    """Change the fiscal calendar, the earliest year first. Undoing the import leaves it: another set-up follows it."""
    for row in sorted((row for row in plan.taken() if "year" in row.values), key=lambda row: row.values["year"]):
        said = row.values
        setup = SetUp(said["year"], said["starts_on"], said["layout"], said.get("rule", "nearest") == "nearest")
        stands = setup in plan.organisation.calendar.setups
        try:
            with transaction.atomic():
                change_calendar(setup=setup, by=plan.by, at=plan.at, reason=plan.reason)
        except Refused as refusal:
            plan.refuse(row, refusal.field or "year", refusal.sentence)
        else:
            row.act = "equal" if stands else "created"
    return []


def _calendar_rows() -> Iterator[dict[str, Any]]:
    for one in Holiday.objects.order_by("region", "on").iterator(2000):
        yield {"region": one.region, "on": one.on, "name": one.name}
    for year in FiscalYear.objects.standing():
        rule = "nearest" if year.is_nearest else "last"
        yield {"year": year.number, "starts_on": year.starts_on, "layout": year.layout, "rule": rule}


def _territories(texts: set[str]) -> Iterable[tuple[Territory, list[str]]]:
    known = {one.pk: one for one in Territory.objects.order_by("pk")}
    for one in known.values():
        if one.parent_id is not None:
            one.parent = known[one.parent_id]
        yield one, [one.name]


def _plan_territories(plan: Plan) -> None:
    once = Once()
    for row in plan.taken():
        if not plan.refer(row):
            continue
        known = plan.lookup("territory", row.values["name"])
        territory, parent = known[0] if known else None, row.found.get("parent")
        above = parent
        while above is not None and above is not territory:
            above = above.parent
        if above is not None:
            plan.refuse(row, "parent", "A territory can't be below itself.")
        elif territory is None:
            territory = plan.create(Territory(name=row.values["name"], parent=parent), row)
            plan.register("territory", territory, territory.name)
            row.act = "created"
            once.admits(plan, row, territory, "name")
        elif once.admits(plan, row, territory, "name") and parent and plan.change(territory, row, parent=parent):
            row.act = "changed"


def _territory_rows() -> Iterator[dict[str, Any]]:
    for one in Territory.objects.select_related("parent").order_by("pk"):
        yield {"name": one.name, "parent": one.parent}


# ── What was closed when ────────────────────────────────────────────────────────────────────


def _plan_closings(plan: Plan) -> None:
    """The story of each month; whether it is closed now is what was done last."""
    months = {one.key: one for one in Period.objects.filter(key__in={row.values["period"] for row in plan.taken()})}
    told: dict[int, list[PeriodChange]] = defaultdict(list)
    for one in PeriodChange.objects.order_by("at", "pk"):
        told[one.period_id].append(one)
    for row in sorted(plan.taken(), key=lambda row: row.values["at"]):
        month = months.get(row.values["period"])
        is_closing, at = row.values["act"] == "closed", row.values["at"]
        if month is None:
            plan.refuse(row, "period", "It is no month that can be closed; one reads like 2026-07.")
        if at > plan.at:
            plan.refuse(row, "at", "That moment is still to come.")
        if not plan.refer(row) or month is None:
            continue
        story = told[month.pk]
        if any((one.at, one.is_closing) == (at, is_closing) for one in story):
            continue
        last = story[-1] if story else None
        if last is not None and last.at > at:
            plan.refuse(row, "at", f"It comes before what is known of {month.key} already.")
        elif is_closing == (last is not None and last.is_closing):
            plan.refuse(row, "act", f"{month.key} was {'closed' if is_closing else 'open'} then already.")
        else:
            made = PeriodChange(period=month, at=at, is_closing=is_closing, reason=row.get("reason", ""))
            made.by = row.found.get("by", plan.by)
            story.append(plan.create(made, row))
            plan.change(month, row, closed_at=at if is_closing else None)
            row.act = "created"


def _closing_rows() -> Iterator[dict[str, Any]]:
    for one in PeriodChange.objects.select_related("period", "by").order_by("at", "pk"):
        yield {
            "period": one.period.key,
            "act": "closed" if one.is_closing else "reopened",
            "at": one.at,
            "by": one.by and one.by.username,
            "reason": one.reason,
        }


REFERENTS = [Referent("territory", "territory", _territories)]


def _not_own(plan: Plan, row: Row, person: Person) -> None:
    if person.pk is not None and person.pk == plan.own_person_id:
        plan.refuse(row, "person", "Nobody enters their own pay. Ask a colleague.")


KINDS = [
    Kind(
        "organisation",
        (
            Field("name", needed=True, also=("company", "organisation")),
            Field("currency", "currency"),
            Field("time_zone", longest=64),
            Field("fiscal_month", "whole", least=Decimal(1), most=Decimal(12)),
            Field("holiday_region", longest=16),
            Field("working_week", longest=20),
            Field("follow_up_days", "whole", least=Decimal(0), most=Decimal(3650)),
            Field("gift_limit", "number", least=Decimal(0), most=Decimal("99999999.99")),
            Field("free_change", "whole", least=Decimal(0), most=Decimal(100)),
            *map(yes_or_no, SWITCHES),
            *(Field(name, longest=500) for name in COUNTRIES),
        ),
        _plan_organisation,
        _organisation_rows,
    ),
    Kind(
        "calendars",
        (
            Field("region", longest=16, also=("holiday_region", "calendar", "country")),
            Field("on", "date", also=("date", "day")),
            Field("name", also=("holiday", "title")),
            Field("year", "whole", least=Decimal(1901), most=Decimal(9900), also=("fiscal_year",)),
            Field("starts_on", "date", also=("start",)),
            Field("layout", longest=6),
            Field("rule", "choice", choices=("nearest", "last")),
        ),
        _plan_calendars,
        _calendar_rows,
        enter=_enter_years,
    ),
    Kind(
        "territories",
        (
            Field("name", needed=True, also=("territory", "territory_name", "region")),
            Field("parent", "reference", to="territory", also=("parent_territory", "above")),
        ),
        _plan_territories,
        _territory_rows,
        within="parent",
    ),
    dated(
        "leaderships",
        Leadership,
        Field("team", "reference", needed=True, to="team"),
        Field("person", "reference", needed=True, to="person", also=("manager", "leader", "name")),
    ),
    dated(
        "pay",
        Pay,
        Field("person", "reference", needed=True, to="person", also=("employee", "name")),
        Field(
            "yearly",
            "number",
            needed=True,
            places=2,
            least=Decimal("0.01"),
            most=Decimal(10) ** 11,
            also=("amount", "salary", "base_pay", "base_salary", "annual_salary"),
        ),
        Field("currency", "currency", needed=True),
        check=_not_own,
        admin_only=True,
        guarded=("yearly",),
    ),
    table(
        "leave_kinds",
        LeaveKind,
        (
            Field("key", needed=True, longest=20),
            Field("name", needed=True, longest=100),
            yes_or_no("relieves_quota", needed=True),
            yes_or_no("is_protected"),
        ),
        by=("key",),
    ),
    Kind(
        "closings",
        (
            Field("period", needed=True, longest=8, also=("month", "key")),
            Field("act", "choice", needed=True, choices=("closed", "reopened")),
            Field("at", "moment", needed=True, also=("closed_on", "closed_at", "date")),
            Field("by", "reference", to="login"),
            Field("reason"),
        ),
        _plan_closings,
        _closing_rows,
    ),
]
