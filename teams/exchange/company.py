"""What everything else is counted by, as tables: the organisation, public holidays, territories."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import available_timezones

from salesmgmt.lib.kinds import Field, Kind, Plan, Referent
from teams.models import Holiday, Organisation, Posting, Territory

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
        key, name = (row.values["region"], row.values["on"]), row.get("name", "")
        holiday = standing.get(key)
        if holiday is None:
            holiday = standing[key] = plan.create(Holiday(region=key[0], on=key[1], name=name or "Public holiday"), row)
            row.act = "created"
            once.admits(plan, row, holiday, "on")
        elif once.admits(plan, row, holiday, "on") and name and plan.change(holiday, row, name=name):
            row.act = "changed"


def _calendar_rows() -> Iterator[dict[str, Any]]:
    for one in Holiday.objects.order_by("region", "on").iterator(2000):
        yield {"region": one.region, "on": one.on, "name": one.name}


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
            Field("region", needed=True, longest=16, also=("holiday_region", "calendar", "country")),
            Field("on", "date", needed=True, also=("date", "day")),
            Field("name", also=("holiday", "title")),
        ),
        _plan_calendars,
        _calendar_rows,
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
