"""The grid of a plan: opened level by level, many lines changed as one act, taken back; nobody's own figure."""

import json
from collections.abc import Callable
from decimal import Decimal as D
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from salesmgmt.lib import clock
from salesmgmt.lib.periods import Period
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from targets import selectors
from targets.forms.grid import amount_of
from targets.models import Allocation, Plan, PlanAct
from targets.services import (
    LineEdit,
    change_allocation,
    change_allocations,
    copy_plan,
    lock_allocations,
    make_plan,
    propose_allocation,
    publish_plan,
    set_hedge,
    undo_changes,
)
from targets.services.allocations import Rule
from teams.models import Leadership, Person, Posting, Role, Team, User
from tests.cast import Cast

NOW = Period.of(clock.today("Europe/Berlin"), "quarter")


@pytest.fixture
def plan(cast: Cast) -> Plan:
    """90,000 for three: Ana and Ben in North, Cleo in South."""
    made = make_plan(name="The plan", period=NOW, amount=D(90000), by=cast.admin, at=clock.now())
    propose_allocation(plan=made, by=cast.admin, at=clock.now(), on=NOW.start)
    return made


def held(plan: Plan) -> dict[str, D]:
    return {str(line.person or line.team): line.amount for line in plan.allocations.select_related("person", "team")}


def line(plan: Plan, name: str) -> Allocation:
    return next(line for line in plan.allocations.all() if str(line.person or line.team) == name)


def edits(plan: Plan, **amounts: int | str) -> list[LineEdit]:
    rows = {name: line(plan, name) for name in amounts}
    return [LineEdit(rows[name].pk, D(amount), rows[name].amount) for name, amount in amounts.items()]


def user_of(person: User | Person) -> User:
    user = person.user if isinstance(person, Person) else person
    assert user is not None
    return user


def change(plan: Plan, by: User | Person, rule: Rule = "hold", why: str = "New patch", **amounts: int | str) -> PlanAct:
    given = edits(plan, **amounts)
    return change_allocations(plan=plan, edits=given, reason=why, by=user_of(by), at=clock.now(), rule=rule)


def told(plan: Plan) -> list[tuple[str, D | None, D | None, str]]:
    """The history of every line."""
    lines = {line.pk: line for line in plan.allocations.select_related("team", "person")}
    return sorted(
        (str(lines[one.line_id].person or lines[one.line_id].team), one.was, one.amount, one.reason)
        for one in selectors.changes_of(lines.values(), User.objects.get(username="admin"))
    )


def signed_in(person: User | Person) -> Client:
    client = Client()
    client.force_login(user_of(person))
    return client


# ── Many lines as one act ───────────────────────────────────────────────────────────────────────────────────────


def test_a_column_is_changed_as_one_act_and_each_line_tells_why(cast: Cast, plan: Plan) -> None:
    act = change(plan, cast.maya, Ana=33000, Ben="26000.50")
    assert held(plan) == {
        "Company": D(90000), "North": D(60000), "South": D(30000),
        "Ana": D(33000), "Ben": D("26000.50"), "Cleo": D(30000),
    }  # fmt: skip
    assert line(plan, "Ana").is_locked
    assert line(plan, "Ben").is_locked
    assert told(plan) == [
        ("Ana", D(30000), D(33000), "New patch"),
        ("Ben", D(30000), D("26000.50"), "New patch"),
    ]
    assert len(act.amounts) == 2


@pytest.mark.parametrize("rule", ["hold", "spread"])
def test_one_line_in_the_grid_is_what_one_line_in_its_form_is(cast: Cast, plan: Plan, rule: Rule) -> None:
    twin = copy_plan(plan=plan, name="Twin", by=cast.admin, at=clock.now())
    change(plan, cast.vera, rule, South=33333)
    by, south = user_of(cast.vera), line(twin, "South")
    change_allocation(allocation=south, amount=D(33333), reason="New patch", by=by, at=clock.now(), rule=rule)
    assert held(plan) == held(twin)
    assert told(plan) == told(twin)


def test_others_share_the_rest_whatever_the_order_of_the_lines(cast: Cast, plan: Plan) -> None:
    dora = Person.objects.create(name="Dora", external_id="E-Dora")
    Posting.objects.create(person=dora, team=cast.north, role=Role.REP, during=half_open(NOW.start))
    propose_allocation(plan=plan, by=cast.admin, at=clock.now(), on=NOW.start)
    twin = copy_plan(plan=plan, name="Twin", by=cast.admin, at=clock.now())
    change(plan, cast.vera, "spread", North=70000, Ana=30000)
    change(twin, cast.vera, "spread", Ana=30000, North=70000)
    assert held(plan) == held(twin)
    found = held(plan)
    assert (found["North"], found["South"], found["Ana"]) == (D(70000), D(20000), D(30000))
    assert (found["Ben"], found["Dora"], found["Cleo"]) == (D(20000), D(20000), D(20000))


def test_a_whole_team_pasted_over_fits_or_is_refused(cast: Cast, plan: Plan) -> None:
    change(plan, cast.maya, "spread", Ana=41000, Ben=19000)
    assert not selectors.missing(plan)
    with pytest.raises(Refused, match="more than North has"):
        change(plan, cast.maya, "spread", Ana=41000, Ben=20000)
    change(plan, cast.maya, "hedge", "Cover", Ana=41000, Ben=20000)
    north = line(plan, "North")
    assert (north.hedge, north.hedge_reason) == (D(1000), "Cover")


def test_all_or_none_and_the_line_at_fault_is_named(cast: Cast, plan: Plan) -> None:
    stood = held(plan)
    given = edits(plan, Ana=1, Ben=2)
    given[1] = LineEdit(given[1].line, D(2), D(29999))
    with pytest.raises(Stale, match=r"Ben: .* from 29,999.00 to 30,000.00"):
        change_allocations(plan=plan, edits=given, reason="x", by=user_of(cast.maya), at=clock.now())
    for sentence, wrong in (
        ("Ben can't hold -2", [LineEdit(given[1].line, D(-2), D(30000))]),
        ("given twice", [given[0], given[0]]),
        ("Nothing to change", []),
    ):
        with pytest.raises(Refused, match=sentence):
            change_allocations(plan=plan, edits=wrong, reason="x", by=user_of(cast.maya), at=clock.now())
    with pytest.raises(Refused, match="Say why"):
        change(plan, cast.maya, why=" ", Ana=1)
    assert held(plan) == stood
    assert not PlanAct.objects.filter(proposes=False).exists()


def test_nobody_changes_their_own_figure_or_their_own_goal_in_the_grid(cast: Cast, plan: Plan) -> None:
    with pytest.raises(Refused, match="North: The target of the team you lead is your own"):
        change(plan, cast.maya, Ana=31000, North=59000)
    with pytest.raises(Allocation.DoesNotExist):
        change(plan, cast.maya, Ana=31000, Cleo=29000)
    Posting.objects.filter(person=cast.maya).update(role=Role.REP)
    propose_allocation(plan=plan, by=cast.admin, at=clock.now(), on=NOW.start)
    fresh = User.objects.get(pk=cast.maya.user_id)
    with pytest.raises(Refused, match="Maya: Nobody changes their own figure"):
        change(plan, fresh, Ana=1000, Maya=1)
    with pytest.raises(Refused, match="own figure"):
        lock_allocations(plan=plan, lines=[line(plan, "Maya").pk], is_locked=True, by=fresh, at=clock.now())
    act = change(plan, fresh, "spread", Ana=20000)
    assert str(line(plan, "Maya").pk) not in act.amounts
    publish_plan(plan=plan, by=cast.admin, at=clock.now())
    with pytest.raises(Refused, match="published"):
        change(plan, cast.vera, Ana=1)


# ── Taken back ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("rule", ["hold", "spread", "hedge"])
def test_an_act_is_taken_back_whole_and_its_history_stays(cast: Cast, plan: Plan, rule: Rule) -> None:
    lock_allocations(plan=plan, lines=[line(plan, "Cleo").pk], is_locked=True, by=user_of(cast.vera), at=clock.now())
    before = list(plan.allocations.order_by("pk").values("pk", "amount", "is_locked", "hedge", "hedge_reason"))
    locked = len(told(plan))
    act = change(plan, cast.maya, rule, Ana=35000)
    count = len(told(plan)) - locked
    assert before != list(plan.allocations.order_by("pk").values("pk", "amount", "is_locked", "hedge", "hedge_reason"))
    undo_changes(act=act, by=user_of(cast.maya), at=clock.now())
    assert before == list(plan.allocations.order_by("pk").values("pk", "amount", "is_locked", "hedge", "hedge_reason"))
    assert len(told(plan)) == locked + 2 * count
    assert selectors.changes_of([line(plan, "Ana")], cast.admin)[0].reason == "Taken back: New patch"
    with pytest.raises(Refused, match="taken back already"):
        undo_changes(act=act, by=user_of(cast.maya), at=clock.now())


def test_what_changed_since_and_what_others_did_is_not_taken_back(cast: Cast, plan: Plan) -> None:
    act = change(plan, cast.maya, Ana=35000)
    with pytest.raises(Refused, match="Only whoever did it"):
        undo_changes(act=act, by=user_of(cast.vera), at=clock.now())
    change(plan, cast.vera, Ana=36000)
    with pytest.raises(Stale, match=r"Ana has changed again since, and holds 36,000.00"):
        undo_changes(act=act, by=user_of(cast.maya), at=clock.now())
    assert selectors.last_act(plan, user_of(cast.maya)) == act
    second = change(plan, cast.maya, Ben=20000)
    set_hedge(allocation=line(plan, "North"), amount=D(0), reason="None", by=user_of(cast.vera), at=clock.now())
    cast.north.refresh_from_db()
    assert selectors.last_act(plan, user_of(cast.maya)) == second


def test_a_former_manager_takes_nothing_back(cast: Cast, plan: Plan) -> None:
    act = change(plan, cast.maya, Ana=35000)
    Posting.objects.filter(person=cast.maya).update(team=cast.south, role=Role.REP)
    Leadership.objects.filter(person=cast.maya).delete()
    with pytest.raises(Refused, match="outside the teams you lead"):
        undo_changes(act=act, by=User.objects.get(pk=cast.maya.user_id), at=clock.now())
    assert held(plan)["Ana"] == D(35000)


# ── Amounts as people write them ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234.5", "1234.5"), ("1,234.50", "1234.50"), ("1.234,50", "1234.50"), ("1,234", "1234"), ("12,5", "12.5"),
        ("1 234 567", "1234567"), ("1.234.567", "1234567"), ("1\u202f234,50 €", "1234.50"), ("1’234.50", "1234.50"),
        ("$90k", "90000"), ("1.2M", "1200000"), ("-", "0"), (" 0.75 ", "0.75"), ("\u221212", "-12"),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_people_write_it(text: str, amount: str) -> None:
    assert amount_of(text) == D(amount)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1.234", "can be read as 1234 or as 1.234"), ("12.345", "can be read as"), ("1,23,456", "is no amount"),
        ("many", "is no amount"), ("", "is no amount"), ("1,2345", "is no amount"), ("1e9", "is no amount"),
        ("=SUM(A1)", "is no amount"), ("9" * 99, "is no amount"), ("1.2.3", "is no amount"),
    ],
)  # fmt: skip
def test_an_amount_that_can_be_read_in_two_ways_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        amount_of(text)


# ── The page and its endpoints ──────────────────────────────────────────────────────────────────────────────────


def sent(client: Client, plan: Plan, rows: list[list[Any]], key: str = "", **values: Any) -> HttpResponse:
    body = {"lines": json.dumps(rows), "reason": "New patch", "rule": "hold"} | values
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"/plans/{plan.pk}/grid/change/", body, headers=headers)  # type: ignore[return-value]


def test_the_top_is_open_and_a_team_s_lines_are_fetched_when_it_opens(cast: Cast, plan: Plan) -> None:
    client = signed_in(cast.vera)
    page = client.get(f"/plans/{plan.pk}/grid/").content.decode()
    assert "€90,000, all of it given." in page
    assert 'data-name="North"' in page
    assert 'data-name="Ana"' not in page
    rows = client.get(f"/plans/{plan.pk}/grid/{cast.north.pk}/", headers={"HX-Request": "true"}).content.decode()
    assert 'data-name="Ana"' in rows
    assert 'aria-level="3"' in rows
    assert "<html" not in rows
    alone = client.get(f"/plans/{plan.pk}/grid/{cast.north.pk}/")
    assert alone["Location"].endswith(f"/grid/?team={cast.north.pk}")
    assert 'data-name="Ana"' in client.get(alone["Location"]).content.decode()
    assert "As a grid" in client.get(f"/plans/{plan.pk}/").content.decode()
    for asked in ("team=x", "team=999999", f"team={'9' * 30}"):
        assert client.get(f"/plans/{plan.pk}/grid/?{asked}").status_code == 404


def test_a_manager_s_grid_begins_at_the_own_team_and_holds_no_other(cast: Cast, plan: Plan) -> None:
    client = signed_in(cast.maya)
    page = client.get(f"/plans/{plan.pk}/grid/").content.decode()
    assert "€60,000, all of it given." in page
    for other in ("South", "Cleo", "90,000"):
        assert other not in page
    own = page[page.index('data-name="North"') : page.index('data-name="Ana"')]
    assert "data-edit" not in own
    south = f"/plans/{plan.pk}/grid/{cast.south.pk}/"
    assert client.get(south, headers={"HX-Request": "true"}).status_code == 404
    cleo = line(plan, "Cleo")
    assert sent(client, plan, [[cleo.pk, "30000", "1"]]).status_code == 404
    assert signed_in(cast.ana).get(f"/plans/{plan.pk}/grid/").status_code == 404


def test_a_change_answers_the_rows_that_look_otherwise_and_is_done_once(cast: Cast, plan: Plan) -> None:
    client, ana = signed_in(cast.maya), line(plan, "Ana")
    shown = ",".join(str(row.pk) for row in plan.allocations.all())
    rows = [[ana.pk, "30000.00", "33,000"]]
    answer = sent(client, plan, rows, "k", shown=shown, rule="spread").json()
    assert sent(client, plan, rows, "k", shown=shown, rule="spread").json() == answer
    assert answer["said"] == "1 line changed and locked; 1 other followed."
    for name in ("Ana", "Ben", "North"):
        assert f'data-name="{name}"' in answer["rows"]
    assert "Cleo" not in answer["rows"]
    assert len(selectors.changes_of([ana], cast.admin)) == 1
    held_now = held(plan)
    assert (held_now["Ana"], held_now["Ben"]) == (D(33000), D(27000))
    undone = client.post(f"/plans/{plan.pk}/grid/undo/", {"act": answer["undo"], "shown": shown})
    assert (undone.status_code, undone.json()["undo"]) == (200, None)
    assert held(plan)["Ben"] == D(30000)
    act = change(plan, cast.vera, Ana=1)
    assert client.post(f"/plans/{plan.pk}/grid/undo/", {"act": act.pk}).status_code == 404


def test_a_stale_line_is_refused_with_what_stands_now(cast: Cast, plan: Plan) -> None:
    client, ana, ben = signed_in(cast.maya), line(plan, "Ana"), line(plan, "Ben")
    change(plan, cast.vera, Ana=31000)
    answer = sent(client, plan, [[ben.pk, "30000", "1"], [ana.pk, "30000", "2"]], shown=f"{ana.pk},{ben.pk}")
    assert answer.status_code == 409
    assert "Ana: somebody has changed it since you looked, from 30,000.00 to 31,000.00." in answer.json()["said"]
    assert "€31,000" in answer.json()["rows"]
    assert held(plan)["Ben"] == D(30000)


@pytest.mark.parametrize(
    ("rows", "values", "sentence"),
    [
        ([[0, "1", "2"]], {}, "Lines are a list"),
        ("x", {}, "Lines are a list"),
        ([[1, "NaN", "2"]], {}, "Lines are a list"),
        ([[1, "1", "1.234"]], {}, "can be read as"),
        ([[1, "1", "2"]], {"reason": ""}, "Why: "),
        ([[1, "1", "2"]], {"rule": "guess"}, "Rule: "),
        ([[1, "1", "2"]], {"shown": "a"}, "Lines are whole numbers"),
    ],
)
def test_bad_input_is_answered_by_one_sentence(
    cast: Cast, plan: Plan, rows: Any, values: dict[str, str], sentence: str
) -> None:
    answer = sent(signed_in(cast.vera), plan, rows, **values)
    assert answer.status_code == 422
    assert sentence in answer.json()["said"]


def test_lines_are_locked_and_freed_and_that_is_taken_back_too(cast: Cast, plan: Plan) -> None:
    client, ana = signed_in(cast.maya), line(plan, "Ana")
    url, said = f"/plans/{plan.pk}/grid/lock/", {"lines": str(ana.pk), "shown": str(ana.pk)}
    answer = client.post(url, said | {"is_locked": "on"}).json()
    assert 'aria-pressed="true"' in answer["rows"]
    assert line(plan, "Ana").is_locked
    client.post(f"/plans/{plan.pk}/grid/undo/", {"act": answer["undo"]})
    assert not line(plan, "Ana").is_locked
    assert client.post(url, {"lines": str(line(plan, "Cleo").pk)}).status_code == 404
    assert client.post(url, {"lines": str(line(plan, "North").pk)}).status_code == 409


def test_a_published_plan_is_read_and_not_typed_into(cast: Cast, plan: Plan) -> None:
    publish_plan(plan=plan, by=cast.admin, at=clock.now())
    client = signed_in(cast.vera)
    page = client.get(f"/plans/{plan.pk}/grid/").content.decode()
    assert "data-edit" not in page
    assert "grid-bar" not in page
    answer = sent(client, plan, [[line(plan, "Ana").pk, "30000", "1"]])
    assert (answer.status_code, "published" in answer.json()["said"]) == (409, True)


def test_a_level_of_many_lines_comes_in_parts(cast: Cast, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("targets.selectors.grid.LEVEL", 1)
    client = signed_in(cast.maya)
    page = client.get(f"/plans/{plan.pk}/grid/").content.decode()
    assert "1 more" in page
    assert 'data-name="Ben"' not in page
    rows = client.get(f"/plans/{plan.pk}/grid/{cast.north.pk}/?after=1", headers={"HX-Request": "true"})
    assert 'data-name="Ben"' in rows.content.decode()
    assert 'data-name="Ben"' in client.get(f"/plans/{plan.pk}/grid/?team={cast.north.pk}&after=1").content.decode()


def queries(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as found:
        act()
    return len(found)


def test_the_queries_do_not_grow_with_the_people(cast: Cast, plan: Plan) -> None:
    client = signed_in(cast.vera)
    level = f"/plans/{plan.pk}/grid/{cast.north.pk}/"

    def counts() -> list[int]:
        rows = [
            [each.pk, str(each.amount), "9000"]
            for each in plan.allocations.filter(team=cast.north, person__isnull=False)
        ]
        return [
            queries(lambda: client.get(f"/plans/{plan.pk}/grid/")),
            queries(lambda: client.get(level, headers={"HX-Request": "true"})),
            queries(lambda: sent(client, plan, rows, shown=",".join(str(row[0]) for row in rows))),
        ]

    counts()
    few = counts()
    for number in range(12):
        team = Team.objects.create(name=f"Team {number}", parent=cast.south)
        person = Person.objects.create(name=f"P{number}", external_id=f"E-{number}")
        for where in (team, cast.north):
            seat = person if where is team else Person.objects.create(name=f"N{number}", external_id=f"N-{number}")
            Posting.objects.create(person=seat, team=where, role=Role.REP, during=half_open(NOW.start))
    Allocation.objects.filter(plan=plan).update(is_locked=False)
    propose_allocation(plan=plan, by=cast.admin, at=clock.now(), on=NOW.start)
    counts()
    many = counts()
    assert many == few
    assert few[0] <= 24


def test_lines_nested_without_end_are_refused_in_words(cast: Cast, plan: Plan) -> None:
    body = {"lines": "[" * 20_000, "reason": "New patch", "rule": "hold"}
    answer = signed_in(cast.maya).post(f"/plans/{plan.pk}/grid/change/", body)
    assert answer.status_code in (400, 422)
