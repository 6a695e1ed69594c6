"""What the pages of planning ask of the database: the same with three people as with thirteen."""

from decimal import Decimal

import pytest

from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from targets.models import Position
from targets.services import make_plan, propose_allocation
from teams.models import Person, Posting, Team
from tests.cast import SINCE, Cast
from tests.targets.letters import signed_in

MOST_QUERIES = {
    "plans/PLAN/": 34,
    "plans/PLAN/grid/": 12,
    "plans/PLAN/capacity/": 26,
    "plans/PLAN/outlook/": 27,
    "plans/PLAN/approvals/": 9,
    "plans/PLAN/lines/LINE/": 20,  # one of them notes who looked
    "plans/PLAN/lines/LINE/history/": 20,
    "quotas/": 19,
    "budgets/": 10,
    "redistributions/": 13,
}


@pytest.mark.parametrize("path", MOST_QUERIES)
def test_a_page_of_planning_costs_a_fixed_number_of_queries(cast: Cast, path: str) -> None:
    now = Period.of(clock.today("Europe/Berlin"), "quarter")
    plan = make_plan(name="Plan", period=now, amount=Decimal(90_000), by=cast.admin, at=clock.now())
    propose_allocation(plan=plan, by=cast.admin, at=clock.now(), on=now.start)
    line = plan.allocations.get(person=cast.ana)
    client = signed_in(cast.vera)
    address = f"/{path}".replace("PLAN", str(plan.pk)).replace("LINE", str(line.pk))

    def count() -> int:
        answer = client.get(address)
        assert answer.status_code == 200
        return int(answer["X-Query-Count"])

    Position.objects.create(team=cast.north, opens_on=now.start, reason="Growth", opened_at=clock.now())
    few = count()
    for number in range(10):
        team = Team.objects.create(name=f"T{number}", parent=cast.north)
        person = Person.objects.create(name=f"N{number}", hired_on=SINCE)
        Posting.objects.create(person=person, team=team, role="rep", during=half_open(SINCE))
        Position.objects.create(team=team, opens_on=now.start, reason="Growth", opened_at=clock.now())
    propose_allocation(plan=plan, by=cast.admin, at=clock.now(), on=now.start)
    assert count() <= few
    assert few <= MOST_QUERIES[path]
