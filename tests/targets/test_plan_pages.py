"""The pages of planning: shaped, compared, opened down to the data, changed by a rule, committed to, cut."""

from decimal import Decimal as D

import pytest
from django.test import Client

from sales.models import Order, Product
from salesmgmt.desk.models import AuditEntry, Notice
from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.refusals import Refused
from targets.models import Allocation, Commitment, Plan, Slice
from targets.selectors import changes_of, history_of, last_act
from targets.services import ask_commitments, copy_plan, make_plan, propose_allocation, publish_plan, undo_changes
from teams.models import Person, Posting, Skill, SkillRating, User
from tests.cast import Cast
from tests.targets.letters import post_json
from tests.targets.test_plan import credit

NOW = Period.of(clock.today("Europe/Berlin"), "quarter")


def signed_in(user: User | Person) -> Client:
    client = Client()
    client.force_login(user.user if isinstance(user, Person) else user)  # type: ignore[arg-type]
    return client


@pytest.fixture
def plan(cast: Cast) -> Plan:
    made = make_plan(name="The plan", period=NOW, amount=D(90000), by=cast.admin, at=clock.now())
    propose_allocation(plan=made, by=cast.admin, at=clock.now(), on=NOW.start)
    return made


def line(plan: Plan, name: str) -> Allocation:
    return next(line for line in plan.allocations.all() if str(line.person or line.team) == name)


def read(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status
    return answer.content.decode()


SHAPE = {
    "amount": "90000",
    "weight_past": "60",
    "weight_pipeline": "10",
    "weight_territory": "10",
    "weight_capability": "10",
    "weight_equal": "10",
    "quarters": "2, 1",
    "tames_outliers": "on",
    "market": "Grows by 3%",
}


def test_an_executive_shapes_a_draft_and_it_is_proposed_anew(cast: Cast, plan: Plan) -> None:
    client, url = signed_in(cast.vera), f"/plans/{plan.pk}/shape/"
    assert "Five things can weigh" in read(client, url)
    assert client.post(url, SHAPE | {"version": plan.version}).status_code == 302
    plan.refresh_from_db()
    assert (plan.weights["past"], plan.quarter_weights, plan.market) == (60, [2, 1], "Grows by 3%")
    page = read(client, f"/plans/{plan.pk}/")
    assert "Past results 60%" in page
    assert "Grows by 3%" in page
    stale = client.post(url, SHAPE | {"version": plan.version - 1}).content.decode()
    assert "Somebody else has changed this plan" in stale
    for field, value, sentence in (
        ("weight_past", "50", "they must come to 100%"),
        ("weight_capability", "25", "less than or equal to 20"),
        ("quarters", "two", "Whole numbers with commas"),
        ("quarters", "0, 0", "at least one of them above 0"),
    ):
        answer = client.post(url, SHAPE | {"version": plan.version, field: value})
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
    assert signed_in(cast.maya).get(url).status_code == 404


def test_a_draft_keeps_what_each_proposal_replaced_and_why(cast: Cast, plan: Plan) -> None:
    vera, ana = signed_in(cast.vera), line(plan, "Ana")
    vera.post(f"/plans/{plan.pk}/lines/{ana.pk}/", {"amount": "33000", "reason": "New patch"})
    vera.post(f"/plans/{plan.pk}/lines/{ana.pk}/lock/")
    vera.post(f"/plans/{plan.pk}/shape/", SHAPE | {"amount": "120000", "version": plan.version})
    vera.post(f"/plans/{plan.pk}/propose/")  # moves nothing, and so says nothing
    told = [
        (one.kind, one.was, one.amount) for one in history_of(cast.ana, cast.vera.user, start=NOW.start, end=NOW.end)
    ]
    assert told == [
        ("proposed", None, 30000), ("changed", 30000, 33000), ("changed", None, None), ("proposed", 33000, 40000),
    ]  # fmt: skip
    page = read(vera, f"/plans/{plan.pk}/lines/{ana.pk}/history/")
    for words in ("Amount 90,000.00 → 120,000.00", "Past results 100 → 60", "New patch", "Unlocked"):
        assert words in page
    assert "120,000.00" not in read(signed_in(cast.maya), f"/plans/{plan.pk}/lines/{ana.pk}/history/")
    act = plan.acts.latest("pk")
    assert (act.proposes, last_act(plan, cast.vera.user).proposes) == (True, False)
    with pytest.raises(Refused, match="isn't taken back"):
        undo_changes(act=act, by=cast.vera.user, at=clock.now())
    kept = AuditEntry.objects.filter(table="targets_plan", operation="UPDATE", after__amount=120000)
    assert kept.exists()


def test_a_line_opens_down_to_what_it_is_made_of(cast: Cast, plan: Plan) -> None:
    client = signed_in(cast.vera)
    client.post(f"/plans/{plan.pk}/shape/", SHAPE | {"version": plan.version})
    page = read(client, f"/plans/{plan.pk}/lines/{line(plan, 'Ana').pk}/")
    for words in ("What it is made of", "Past results", "Pipeline in hand", "Capability", "Equal share", "€90,000"):
        assert words in page
    read(client, f"/plans/{plan.pk}/lines/{line(plan, 'North').pk}/")
    theirs = read(signed_in(cast.maya), f"/plans/{plan.pk}/lines/{line(plan, 'Ana').pk}/")
    assert "€90,000" not in theirs
    read(signed_in(cast.ana), f"/plans/{plan.pk}/lines/{line(plan, 'Ana').pk}/", 404)
    publish_plan(plan=plan, by=cast.admin, at=clock.now())
    own = read(signed_in(cast.ana), f"/plans/{plan.pk}/lines/{line(plan, 'Ana').pk}/")
    assert "Change and lock" not in own
    assert "€90,000" not in own
    read(signed_in(cast.ana), f"/plans/{plan.pk}/lines/{line(plan, 'Ben').pk}/", 404)


def test_a_manager_changes_a_line_once_and_a_stale_form_is_refused(cast: Cast, plan: Plan) -> None:
    ana = line(plan, "Ana")
    client, url = signed_in(cast.maya), f"/plans/{plan.pk}/lines/{ana.pk}/"
    said = {"amount": "33000", "reason": "New patch", "rule": "spread", "was": f"{ana.amount}"}
    assert client.post(url, said | {"idempotency_key": "k"}).status_code == 302
    assert client.post(url, said | {"idempotency_key": "k"}).status_code == 302
    assert line(plan, "Ben").amount == D(27000)
    assert len(changes_of([ana], cast.admin)) == 1
    assert "Somebody else has changed this line" in client.post(url, said).content.decode()
    hedge = {"amount": "34000", "reason": "Holiday cover", "rule": "hedge"}
    assert client.post(url, hedge).status_code == 302
    north = line(plan, "North")
    assert (north.amount, north.hedge, north.hedge_reason) == (D(60000), D(1000), "Holiday cover")
    page = read(client, f"/plans/{plan.pk}/")
    assert "hedge €1,000" in page
    assert client.post(f"/plans/{plan.pk}/lines/{north.pk}/", said).status_code == 404
    url = f"/plans/{plan.pk}/lines/{north.pk}/hedge/"
    assert client.post(url, {"amount": "2000", "reason": "More cover"}).status_code == 302
    assert line(plan, "Ben").amount == D(28000)
    assert client.post(url, {"amount": "2000", "reason": ""}).status_code == 422


def test_scenarios_are_copied_and_compared_side_by_side(cast: Cast, plan: Plan) -> None:
    client = signed_in(cast.vera)
    assert "only this scenario" in read(client, f"/plans/{plan.pk}/compare/")
    client.post(f"/plans/{plan.pk}/copy/", {"name": "Bold"})
    bold = Plan.objects.get(name="Bold")
    client.post(f"/plans/{bold.pk}/shape/", SHAPE | {"amount": "120000", "version": bold.version})
    page = read(client, f"/plans/{plan.pk}/compare/?with={bold.pk}")
    assert "2 scenarios side by side" in page
    assert "€10,000" in page  # 30,000 → 40,000 each
    assert client.post(f"/plans/{plan.pk}/copy/", {"name": ""}).status_code == 302
    publish_plan(plan=bold, by=cast.admin, at=clock.now())
    with pytest.raises(Exception, match="published already"):
        copy_plan(plan=plan, name="Late", by=cast.admin, at=clock.now())
    page = read(client, f"/plans/{bold.pk}/")
    assert "Ledger now" in page
    # What is published goes on as the next one's settings: its lines are proposed anew.
    later = NOW.shift(1).key
    sent = {"name": "The next", "period": later}
    assert client.post(f"/plans/{bold.pk}/copy/", sent).status_code == 302
    following = Plan.objects.get(name="The next")
    assert (following.period, following.copied_from, following.growth) == (later, bold, bold.growth)
    assert following.allocations.filter(person__isnull=False).count() == 3
    again = post_json(client, f"/api/v1/plans/{bold.pk}/copy/", sent | {"name": "By API"})
    assert (again.status_code, again.json()["period"]) == (201, later)
    assert post_json(client, f"/api/v1/plans/{bold.pk}/copy/", sent | {"period": "2026-Q9"}).status_code == 400


def test_people_commit_while_a_draft_is_open_and_it_stands_beside_the_plan(cast: Cast, plan: Plan) -> None:
    url = f"/plans/{plan.pk}/commitment/"
    read(signed_in(cast.ana), url, 404)
    assert signed_in(cast.vera).post(f"/plans/{plan.pk}/ask/").status_code == 303
    assert {notice.user.username for notice in Notice.objects.all()} == {"ana", "ben", "cleo", "maya", "omar"}
    ana = signed_in(cast.ana)
    page = read(ana, url)
    assert "30,000" not in page
    own = {"line": str(line(plan, "Ana").pk), "amount": "27500", "reason": "Two renewals less"}
    assert ana.post(url, own).status_code == 302
    assert ana.post(url, own).status_code == 302
    ben = {"line": str(line(plan, "Ben").pk), "amount": "1", "reason": "Not mine"}
    ana.post(url, ben)
    assert [(row.person, row.amount) for row in Commitment.objects.all()] == [(cast.ana, D(27500))]
    maya = signed_in(cast.maya)
    maya.post(url, {"line": str(line(plan, "North").pk), "amount": "58000", "reason": "The team's sum"})
    page = read(signed_in(cast.vera), f"/plans/{plan.pk}/")
    for words in ("Committed", "€27,500", "€58,000", "−€2,500", "−€2,000"):
        assert words in page
    assert line(plan, "Ana").amount == D(30000)
    own_line = f"/plans/{plan.pk}/lines/{line(plan, 'Ana').pk}/"
    assert "Two renewals less" in read(maya, own_line)
    Posting.objects.filter(person=cast.ana).update(team=cast.south)
    assert "Two renewals less" not in read(maya, own_line)  # what she said has gone with her
    ask_commitments(plan=plan, asks=False, by=cast.admin, at=clock.now())
    read(ana, url, 404)


def test_a_cut_is_changed_and_still_comes_to_the_whole_with_what_came_so_far_beside_it(cast: Cast, plan: Plan) -> None:
    parts = [
        Slice.objects.create(plan=plan, cut="family", family=name, past=1, proposed=30000, amount=30000)
        for name in ("Meters", "Pumps", "Valves")
    ]
    client, url = signed_in(cast.olga), f"/plans/{plan.pk}/slices/{parts[0].pk}/"
    assert "Product family" in read(client, f"/plans/{plan.pk}/")
    read(client, url)
    assert client.post(url, {"amount": "40000", "reason": "New model", "was": "30000"}).status_code == 302
    assert list(plan.slices.order_by("family").values_list("amount", flat=True)) == [D(40000), D(25000), D(25000)]
    assert "Somebody else" in client.post(url, {"amount": "4", "reason": "x", "was": "30000"}).content.decode()
    assert "more than the target" in client.post(url, {"amount": "90001", "reason": "x"}).content.decode()
    assert client.post(f"{url}free/").status_code == 303
    assert signed_in(cast.maya).get(url).status_code == 404
    pumps = Product.objects.create(name="Pump", family="Pumps", currency="EUR")
    credit(cast.ana, NOW.start, 1234)
    Order.objects.update(product=pumps)
    assert "€1,234" in read(client, f"/plans/{plan.pk}/")
    said = {part["name"]: part["so_far"] for part in client.get(f"/api/v1/plans/{plan.pk}/slices/").json()}
    assert said == {"Meters": "0.00", "Pumps": "1234.00", "Valves": "0.00"}


def test_a_person_contests_a_rating_and_it_counts_no_longer(cast: Cast) -> None:
    skill = Skill.objects.get(name="Negotiation")
    url = f"/people/{cast.ana.pk}/skills/"
    assert signed_in(cast.maya).post(url, {"skill": skill.pk, "score": "2", "note": "Gives in"}).status_code == 302
    assert signed_in(cast.ana).post(url, {"skill": skill.pk, "score": "4"}).status_code == 302
    rating = SkillRating.objects.get(is_own=False)
    page = read(signed_in(cast.ana), url)
    assert "Contest it" in page
    signed_in(cast.ana).post(f"{url}{rating.pk}/contest/", {"reason": "Both big deals closed at list price"})
    assert "contested" in read(signed_in(cast.maya), url)
    assert signed_in(cast.ben).post(f"{url}{rating.pk}/contest/", {"reason": "x"}).status_code == 404
    assert signed_in(cast.vera).post(url, {"skill": skill.pk, "score": "5"}).status_code in {302, 422}
    assert signed_in(cast.ana).post(url, {"skill": skill.pk, "score": "9"}).status_code == 422


def test_a_plan_for_satisfaction_is_everybody_s_goal_in_the_departments(cast: Cast) -> None:
    from salesmgmt.lib.ranges import half_open
    from teams.models import Posting, Role, Team

    service = Team.objects.create(name="Service", parent=cast.company, department="service")
    dora = Person.objects.create(name="Dora", external_id="E-Dora")
    Posting.objects.create(person=dora, team=service, role=Role.DEPARTMENT, during=half_open(NOW.start))
    client = signed_in(cast.vera)
    said = {"name": "Happy", "period": NOW.key, "measure": "satisfaction", "amount": "92"}
    assert client.post("/plans/add/", said | {"amount": "101"}).status_code == 422
    assert client.post("/plans/add/", said).status_code == 302
    plan = Plan.objects.get(name="Happy")
    assert {str(row.person or row.team): row.amount for row in plan.allocations.all()} == {
        "Company": D(92),
        "Service": D(92),
        "Dora": D(92),
    }
    read(client, f"/plans/{plan.pk}/")
    publish_plan(plan=plan, by=cast.admin, at=clock.now())


def test_a_year_shows_its_quarters(cast: Cast) -> None:
    year = NOW.shift(4).parent()
    assert year is not None
    plan = make_plan(name="Year", period=year, amount=D("100000.01"), by=cast.admin, at=clock.now())
    propose_allocation(plan=plan, by=cast.admin, at=clock.now(), on=NOW.start)
    page = read(signed_in(cast.vera), f"/plans/{plan.pk}/")
    assert "In quarters" in page


def test_plans_and_lines_in_the_api(cast: Cast, plan: Plan) -> None:
    vera, maya, ana = signed_in(cast.vera), signed_in(cast.maya), signed_in(cast.ana)
    json = {"content_type": "application/json"}
    made = vera.post("/api/v1/plans/", {"name": "Next", "period": NOW.shift(1).key, "amount": "120000.00"}, **json)
    assert made.status_code == 201
    url = f"/api/v1/plans/{made.json()['id']}/"
    shaped = vera.patch(url, {"weight_past": 50, "weight_equal": 50, "growth": "20"}, **json)
    assert (shaped.status_code, shaped.json()["weight_equal"]) == (200, 50)
    assert vera.patch(url, {"weight_past": 60}, **json).status_code == 409
    assert vera.post(f"{url}copy/", {"name": "Twin"}, **json).status_code == 201
    found = vera.get(f"{url}compare/").json()
    assert [each["name"] for each in found["plans"]] == ["Next", "Twin"]
    assert maya.post("/api/v1/plans/", {"name": "No", "period": NOW.key, "amount": "1"}, **json).status_code == 409
    assert ana.get(url).status_code == 404
    assert vera.get(url).json()["amount"] == "120000.00"
    theirs = maya.get(url).json()
    assert (theirs["name"], theirs["amount"], theirs["weight_past"], theirs["growth"]) == ("Next", None, None, None)
    lines = maya.get(f"/api/v1/allocations/?plan={plan.pk}").json()["results"]
    assert {row["team"] for row in lines} == {cast.north.pk}
    line_of_ana = next(row for row in lines if row["person"] == cast.ana.pk)
    said = {"amount": "32000.00", "reason": "New patch", "rule": "spread", "was": line_of_ana["amount"]}
    changed = maya.patch(f"/api/v1/allocations/{line_of_ana['id']}/", said, **json)
    assert (changed.status_code, changed.json()["amount"]) == (200, "32000.00")
    assert maya.patch(f"/api/v1/allocations/{line_of_ana['id']}/", said, **json).status_code == 409
    assert line(plan, "Ben").amount == D(28000)
    cleo = line(plan, "Cleo")
    assert maya.patch(f"/api/v1/allocations/{cleo.pk}/", said, **json).status_code == 404
    assert maya.patch(f"/api/v1/allocations/{line(plan, 'North').pk}/", said, **json).status_code == 409
    asked = f"/api/v1/plans/{plan.pk}/"
    assert ana.post(f"{asked}commitments/", {"amount": "1", "reason": "x"}, **json).status_code == 404
    assert vera.post(f"{asked}ask/", {"asks": True}, **json).status_code == 200
    assert ana.post(f"{asked}commitments/", {"amount": "27000", "reason": "As last year"}, **json).status_code == 201
    assert ana.get(f"/api/v1/allocations/?plan={plan.pk}").json()["results"] == []
    assert vera.get(f"{asked}slices/").json() == []
    assert vera.post(f"{asked}ask/", {}, **json).status_code == 400
