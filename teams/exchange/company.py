"""What everything else is counted by, as tables: the organisation, public holidays, territories."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction

from salesmgmt.lib.kinds import Field, Kind, Plan, Referent
from salesmgmt.lib.periods import WEEKS, SetUp
from salesmgmt.lib.refusals import Refused
from teams.models import FiscalYear, Holiday, Organisation, Posting, Territory
from teams.services import change_calendar

from . import Once, week_of

OWN = ("name", "currency", "time_zone", "fiscal_month", "holiday_region")
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
        if "working_week" in row.values:
            values["working_week"] = week_of(plan, row)
        for name in COUNTS_BY:
            if name in values and values[name] != getattr(plan.organisation, name) and _has_records():
                plan.refuse(row, name, "It can't change any more: there are records that were counted by it.")
        if not row.refusals and plan.change(plan.organisation, row, **values):
            row.act = "changed"


def _has_records() -> bool:
    """Whether anybody works here yet: from then on days and money have been counted."""
    return Posting.objects.exists()


def _organisation_rows() -> Iterator[dict[str, Any]]:
    one = Organisation.get()
    yield {name: getattr(one, name) for name in OWN} | {"working_week": " ".join(map(str, one.working_week))}


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


REFERENTS = [Referent("territory", "territory", _territories)]

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
]
