"""A plan for the fourth quarter of 2017 made from the second and third of a real CRM export."""

from datetime import UTC, date, datetime
from decimal import Decimal as D
from itertools import groupby
from typing import Any

import pytest
from django.db.models import Sum

from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from targets.models import ELEMENTS, Plan
from targets.selectors import compare, line_story, missing, plan_rows
from targets.services import copy_plan, make_plan, propose_allocation, shape_plan
from teams.models import Person, User

from .test_maven import Run, maven, run, take_all

__all__ = ["maven", "run"]
AT = datetime(2017, 9, 25, 9, tzinfo=UTC)
ON = date(2017, 10, 1)
TARGET = D("3250000.01")
WAYS: dict[str, dict[str, Any]] = {
    "by the last two quarters": {"quarter_weights": [2, 1]},
    "alike": {"weight_past": 0, "weight_equal": 100},
    "mixed": {f"weight_{e}": n for e, n in zip(ELEMENTS, (55, 10, 15, 10, 10), strict=True)},
    "with the trend, guarded": {"quarter_weights": [1, 1], "follows_trend": True, "shrink": D(40), "growth": D(120)},
}  # fmt: skip


def parts_equal_the_whole(plan: Plan, user: User) -> None:
    assert missing(plan) == []
    people = plan.allocations.filter(person__isnull=False)
    assert people.aggregate(total=Sum("amount"))["total"] == plan.amount
    for row in plan_rows(plan, user):
        assert row.mismatch in (None, D(0))
    cuts = plan.slices.order_by("cut").values_list("cut", "amount")
    for _, parts in groupby(cuts, key=lambda part: part[0]):
        assert sum(amount for _, amount in parts) == plan.amount


@pytest.fixture
def planner(run: Run) -> User:
    take_all(run)
    return User.objects.create(username="planner", is_superuser=True)


def test_a_quarter_is_planned_from_the_two_before_by_every_way(planner: User) -> None:
    plan = make_plan(name="Q4", period=Period.parse("2017-Q4"), amount=TARGET, by=planner, at=AT)
    scenarios = []
    for name, settings in WAYS.items():
        shaped = copy_plan(plan=plan, name=name, by=planner, at=AT)
        shaped = shape_plan(plan=shaped, by=planner, at=AT, **({"quarter_weights": [1, 1]} | settings))
        propose_allocation(plan=shaped, by=planner, at=AT, on=ON)
        parts_equal_the_whole(shaped, planner)
        scenarios.append(shaped)
    first = {line.pk: line.amount for line in scenarios[0].allocations.all()}
    propose_allocation(plan=scenarios[0], by=planner, at=AT, on=ON)
    assert first == {line.pk: line.amount for line in scenarios[0].allocations.all()}
    rows = compare(scenarios, planner)
    assert all(None not in row.amounts for row in rows)
    assert {part.name for part in scenarios[0].slices.filter(cut="family")} == {"GTX", "MG", "GTK"}

    # Darcel Schlecht brought the most in Q2 and Q3; what that comes to can be worked out from what the line keeps.
    line = scenarios[0].allocations.get(person=Person.objects.get(name="Darcel Schlecht"))
    story = line_story(line)
    assert story is not None
    quarters = story.quarters
    assert [quarter.period for quarter in quarters] == ["2017-Q2", "2017-Q3"]
    assert [quarter.weight for quarter in quarters] == [1, 2]
    above = sum(quarter.weight * quarter.counted for quarter in quarters) * sum(q.weight * q.days for q in quarters)
    past = above / sum(quarter.weight * quarter.there for quarter in quarters)
    assert story.elements[0].value == round(past, 2)
    assert abs(line.amount - TARGET * story.elements[0].value / story.elements[0].whole) < D("0.01")

    narrow = shape_plan(plan=scenarios[0], by=planner, at=AT, amount=D(1_000_000), shrink=D(0))
    with pytest.raises(Refused, match=r"floors sum to .* less than the latest result\) for "):
        propose_allocation(plan=narrow, by=planner, at=AT, on=ON)
