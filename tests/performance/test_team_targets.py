"""A manager's goal is the team's target, not the sum of the quotas below it (R7); pace stays Σ ÷ Σ (R15)."""

from datetime import UTC, date, datetime
from decimal import Decimal as D
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from performance.selectors import Scope, figures, pace, team_standings
from performance.selectors.known import known
from performance.selectors.reports import contents_of
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from targets.models import Target
from targets.selectors import published_targets
from teams.models import Organisation, Person, Team
from tests.cast import Cast
from tests.performance.records import a_credit, a_quota

Q2 = Period.parse("2026-Q2")
END = Q2.last_day
AT = datetime(2026, 3, 20, tzinfo=UTC)


def a_target(team: Team, amount: int, period: Period = Q2, at: datetime = AT) -> None:
    during = half_open(period.start, period.end)
    Target.objects.create(team=team, during=during, amount=amount, published_at=at)


@pytest.fixture
def hedged(cast: Cast) -> Cast:
    """North is held to 50,000 and its people to 53,000; 50,000 came."""
    for person, amount in ((cast.ana, "30000"), (cast.ben, "23000"), (cast.cleo, "40000")):
        a_quota(person, amount, start=Q2.start, end=Q2.end)
    a_credit(cast.ana, "50000", on=date(2026, 5, 15))
    a_target(cast.north, 48000)
    a_target(cast.north, 50000, at=datetime(2026, 4, 10, tzinfo=UTC))
    a_target(cast.company, 80000)
    Team.objects.create(name="Service", department="service")  # at the top too, and with nothing to sell
    call_command("refresh_rollups", verbosity=0)
    return cast


def get(person: Person, url: str, **asked: Any) -> Any:
    client = Client()
    client.force_login(person.user)  # type: ignore[arg-type]
    answer = client.get(url, asked)
    assert answer.status_code == 200
    return answer


def test_attainment_and_gap_of_a_team_are_against_its_target_and_pace_is_not(hedged: Cast) -> None:
    north, company = Scope.team(hedged.north), Scope.company()
    own = pace(scope=north, period=Q2, as_of=END)
    assert (own.quota, own.target, own.attainment, own.gap) == (D(53000), D(50000), D(1), D(0))
    assert own.pace == D(50000) / D(53000)
    whole = pace(scope=company, period=Q2, as_of=END)
    assert (whole.quota, whole.target, whole.gap, whole.pace) == (D(93000), D(80000), D(30000), D(50000) / D(93000))
    alone = pace(scope=Scope.person(hedged.ana), period=Q2, as_of=END)
    assert (alone.quota, alone.target, alone.goal) == (D(30000), None, D(30000))
    rows = {
        row.team.name: row for row in team_standings(team_ids=[hedged.north.pk, hedged.south.pk], period=Q2, as_of=END)
    }
    assert (rows["North"].goal, rows["North"].attainment) == (D(50000), D(1))
    assert (rows["South"].goal, rows["South"].target) == (D(40000), None)
    found = figures(scope=north, measures=["attainment", "gap", "quota", "pace"], period=Q2, as_of=END)
    assert (found["attainment"].value, found["attainment"].denominator) == (D(1), D(50000))
    assert (found["gap"].value, found["quota"].value) == (D(0), D(53000))
    assert "the quotas below it come to 53,000.00" in found["attainment"].note


def test_what_was_known_of_a_target_is_what_was_published_by_then(hedged: Cast) -> None:
    told = known(scope=Scope.team(hedged.north), measure="gap", period=Q2, on=date(2026, 4, 5))
    assert told.then is not None
    assert (told.then.value, told.now.value) == (D(48000), D(50000))


def test_page_api_report_and_file_say_the_same(hedged: Cast) -> None:
    page = get(hedged.vera, f"/teams/{hedged.north.pk}/", period="2026-Q2").content.decode()
    assert "Q2 2026 ended at 100% of target, to the cent" in page
    assert "€50k of €50k target; the quotas come to €53k" in page
    told = get(hedged.maya, "/api/v1/pace/", of="team:North", period="2026-Q2", as_of="2026-06-30").json()
    assert [D(told[name]) for name in ("target", "quota", "attainment", "gap")] == [50000, 53000, 1, 0]
    said = get(hedged.maya, "/api/v1/figures/", of="team:North", period="2026-Q2", measure="attainment").json()
    assert (D(said["value"]), D(said["denominator"])) == (1, 50000)
    report = contents_of(team=hedged.company, period=Q2, as_of=END, organisation=Organisation.get())
    assert (report.quota, [part.attainment for part in report.teams if part.name == "North"]) == (D(80000), [D(1)])


def test_a_month_has_its_days_of_the_target_and_a_longer_period_only_what_is_whole(hedged: Cast) -> None:
    months = [(month.start, month.end) for month in Q2.months()]
    year = Period.parse("2026-FY")
    found = published_targets(team_ids=[hedged.north.pk], ranges=[*months, (year.start, year.end)])
    assert sum((one.get(hedged.north.pk, D(0)) for one in found[:3]), D(0)) == D(50000)
    assert found[3] == {}
    for quarter in ("2026-Q1", "2026-Q3", "2026-Q4"):
        a_target(hedged.north, 10000, Period.parse(quarter))
    a_target(hedged.south, 100000, year)
    [whole] = published_targets(team_ids=[hedged.north.pk, hedged.south.pk], ranges=[(year.start, year.end)])
    assert whole == {hedged.north.pk: D(80000), hedged.south.pk: D(100000)}
