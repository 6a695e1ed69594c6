"""Cases and their diagnosis: who opens them, in which order they are ruled, and that the person comes last."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from coaching import selectors, services
from coaching.models import ActionItem, Case, CaseStatement, CoachingPlan, DiagnosisStep, Question, Step
from coaching.services.cases import pass_case_on
from performance.models import Flag
from sales.models import Task
from salesmgmt.desk.models import Notice
from salesmgmt.desk.notices import choose_way
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused, Stale
from teams import services as teams
from teams.models import Leadership, Leave, LeaveKind, Person, Posting, Role, Team, User
from tests.cast import SINCE, Cast, make_cast

NOW = clock.now()
TODAY = clock.today("Europe/Berlin")
SOON = TODAY + timedelta(days=14)
SIX = [step for step in Step if step != Step.PERSON]


@pytest.fixture
def flag(cast: Cast) -> Flag:
    return Flag.objects.create(
        person=cast.ben, team=cast.north, measure="bookings", period="2026-Q4", raised_on=TODAY, behind_since=TODAY,
        expected=100_000, actual=60_000, gap=40_000, severity="behind", cause="activity",
        sentence="Half as many meetings as last quarter; win rate unchanged.", as_of=TODAY,
        expires_on=TODAY + timedelta(days=21),
    )  # fmt: skip


@pytest.fixture
def case(cast: Cast, flag: Flag) -> Case:
    return services.open_case(flag=flag, owner=cast.maya, due_on=SOON, by=user(cast.maya), at=NOW)


@pytest.fixture
def dora(cast: Cast) -> Person:
    """Of the delivery department."""
    return member(cast, "Dora", Team.Department.DELIVERY)


def member(cast: Cast, name: str, department: str) -> Person:
    team = Team.objects.create(name=f"{department} team", parent=cast.company, department=department)
    made = Person.objects.create(name=name, user=User.objects.create(username=name.lower()))
    Posting.objects.create(person=made, team=team, role=Role.DEPARTMENT, during=half_open(SINCE))
    return made


def user(person: Person) -> User:
    assert person.user is not None
    return User.objects.get(pk=person.user.pk)


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(user(person), backend="django.contrib.auth.backends.ModelBackend")
    return client


def rule(case: Case, step: str, *, is_in: bool = False, by: User | None = None, **more: Any) -> DiagnosisStep:
    by = by or user(Person.objects.get(name="Maya"))
    how: dict[str, Any] = {"at": NOW, "reason": "As the figures say"} | more
    return services.rule_step(case=case, step=step, is_in=is_in, by=by, **how)


def rule_out_six(case: Case) -> None:
    for step in SIX:
        rule(case, step)


def ask(case: Case, by: Person, **more: Any) -> Question:
    how: dict[str, Any] = {
        "step": "delivery",
        "department": "delivery",
        "text": "Were orders late in October?",
        "at": NOW,
    } | more
    how.setdefault("due_on", TODAY + timedelta(days=10))
    return services.ask_department(case=case, by=user(by), **how)


# ── Opening ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_case_keeps_what_was_at_stake_when_it_opened(case: Case, flag: Flag) -> None:
    Flag.objects.filter(pk=flag.pk).update(gap=1)
    case.refresh_from_db()
    assert (case.at_stake, case.team, case.source) == (Decimal(40_000), flag.team, "flag")


def test_what_somebody_raises_goes_to_who_leads_them(cast: Cast) -> None:
    posted = {"ask": "tool", "subject": "No demo laptop since June", "at_stake": "-1"}
    ana = signed_in(cast.ana)
    assert ana.post("/cases/raise/", posted).status_code == 422
    assert ana.post("/cases/raise/", posted | {"at_stake": "9" * 30}).status_code == 422
    assert ana.post("/cases/raise/", posted | {"at_stake": "2500"}).status_code == 302
    made = Case.objects.get()
    assert made.at_stake == 2500  # so that it stands among the causes with what it costs
    again = services.raise_case(ask="tool", subject="No demo laptop since June", by=user(cast.ana), at=NOW)
    assert made == again
    assert (made.owner, made.person, made.raised_by, made.source) == (cast.maya, cast.ana, cast.ana, "person")
    told = Notice.objects.get(user=cast.maya.user)
    assert "laptop" not in told.text
    assert Task.objects.get(owner=cast.maya, link=f"/cases/{made.pk}/").reason == ""


def test_a_leader_who_is_blocked_goes_one_up(cast: Cast) -> None:
    assert services.raise_case(ask="blocked", subject="No budget", by=user(cast.maya), at=NOW).owner == cast.vera


def test_a_manager_opens_a_case_without_a_flag_and_only_for_their_own(cast: Cast) -> None:
    how: dict[str, Any] = {"subject": "Quotes go out late", "due_on": SOON, "by": user(cast.maya), "at": NOW}
    made = services.open_case_about(person=cast.ana, owner=cast.maya, **how)
    assert (made.source, made.flag) == ("manager", None)
    assert made.evidence
    assert set(made.evidence) == set(Step)  # as a flag would have brought it
    assert "What the figures said when it was opened" in signed_in(cast.ana).get(f"/cases/{made.pk}/").content.decode()
    with pytest.raises(Refused, match="leads Cleo"):
        services.open_case_about(person=cast.cleo, owner=cast.maya, **how)
    with pytest.raises(Refused, match="Omar does not lead Ana"):
        services.open_case_about(person=cast.ana, owner=cast.omar, **how | {"subject": "x"})


def test_after_a_transfer_the_former_manager_sees_nothing_and_the_new_one_takes_over(cast: Cast, case: Case) -> None:
    teams.post_person(person=cast.ben, team=cast.south, role=Role.REP, on=TODAY, by=user(cast.olga))
    assert signed_in(cast.maya).get(f"/cases/{case.pk}/").status_code == 404
    with pytest.raises(Refused):
        services.hand_over_case(case=case, owner=cast.maya, by=user(cast.maya), at=NOW)
    services.hand_over_case(case=case, owner=cast.omar, by=user(cast.omar), at=NOW)
    assert Task.objects.filter(link=f"/cases/{case.pk}/", done_at=None).get().owner == cast.omar
    assert signed_in(cast.omar).get(f"/cases/{case.pk}/").status_code == 200


SECRET = "Xylophon"


def test_a_night_after_a_transfer_passes_the_case_its_task_and_its_promises_on(cast: Cast, case: Case) -> None:
    due = TODAY
    Case.objects.filter(pk=case.pk).update(due_on=TODAY)
    for owner, text in ((cast.maya, "My own word"), (cast.ben, SECRET)):
        services.add_action_item(
            person=cast.ben, owner=owner, text=text, due_on=due, case=case, by=user(cast.maya), at=NOW
        )
    teams.post_person(person=cast.ben, team=cast.south, role=Role.REP, on=TODAY, by=user(cast.olga))
    maya = signed_in(cast.maya)
    for path in ("/week/", "/one-on-ones/", "/api/v1/action-items/", "/tasks/", "/"):  # before the night as well
        assert SECRET not in maya.get(path).content.decode(), path
    assert f'href="/cases/{case.pk}/"' not in maya.get("/week/").content.decode()
    assert services.tend_one_on_ones(on=TODAY, at=NOW)["passed"] == 1
    assert services.tend_one_on_ones(on=TODAY, at=NOW)["passed"] == 0
    case.refresh_from_db()
    assert case.owner == cast.omar
    assert {(one.coach, one.owner) for one in ActionItem.objects.all()} == {
        (cast.omar, cast.omar), (cast.omar, cast.ben)
    }  # fmt: skip
    assert not Task.objects.filter(owner=cast.maya, done_at=None).exists()
    assert not Task.objects.filter(owner=cast.maya).exclude(reason="").exists()  # nor what the flag said
    assert Notice.objects.filter(user=cast.omar.user, link=f"/cases/{case.pk}/").exists()
    week = signed_in(cast.omar).get("/week/").content.decode()
    assert f'href="/cases/{case.pk}/"' in week
    assert SECRET in week


def test_what_is_promised_for_a_case_is_read_by_who_reads_the_case_on_that_day(cast: Cast, case: Case) -> None:
    item = services.add_action_item(
        person=cast.ben, owner=cast.ben, text=SECRET, due_on=SOON, case=case, by=user(cast.maya), at=NOW
    )
    Person.objects.create(name="Boss", user=cast.admin)

    def readers() -> set[str]:
        users = User.objects.all()
        return {one.username for one in users if ActionItem.objects.visible_to(one).filter(pk=item.pk).exists()}

    assert readers() == {"ben", "maya", "vera"}  # neither admin nor operations, with a person or without
    assert not ActionItem.objects.visible_to(user(cast.olga)).exists()
    teams.appoint_manager(team=cast.north, person=cast.omar, on=TODAY, until=TODAY + timedelta(days=9), by=None)
    services.tend_one_on_ones(on=TODAY, at=NOW)
    assert readers() == {"ben", "omar", "vera"}  # an acting manager leads the case, and hands nothing over
    assert Case.objects.get().owner == cast.maya
    teams.post_person(person=cast.ben, team=cast.south, role=Role.REP, on=TODAY, by=None)
    services.tend_one_on_ones(on=TODAY, at=NOW)
    assert readers() == {"ben", "omar", "vera"}
    assert Case.objects.get().owner == cast.omar
    teams.end_employment(person=cast.omar, on=TODAY, by=None)
    services.tend_one_on_ones(on=TODAY, at=NOW)
    assert readers() == {"ben", "vera"}
    assert Case.objects.get().owner == cast.vera  # the next up
    with pytest.raises(Refused, match="isn't about Ana"):
        services.add_action_item(
            person=cast.ana, owner=cast.vera, text="x", due_on=SOON, case=case, by=user(cast.vera), at=NOW
        )
    services.close_case(case=case, cause="none", outcome="withdrawn", result="x", by=user(cast.vera), at=NOW)
    with pytest.raises(Refused, match="closed already"):
        services.add_action_item(
            person=cast.ben, owner=cast.ben, text="x", due_on=SOON, case=case, by=user(cast.vera), at=NOW
        )


def test_a_stand_in_of_some_weeks_takes_no_case_over_and_an_executives_stays_theirs(cast: Cast, case: Case) -> None:
    services.hand_over_case(case=case, owner=cast.vera, by=user(cast.maya), at=NOW)
    Leadership.objects.filter(person=cast.vera).delete()
    teams.appoint_manager(team=cast.north, person=cast.omar, on=TODAY, until=TODAY + timedelta(days=9), by=None)
    other = services.open_case_about(
        person=cast.ana, owner=cast.vera, subject="x", due_on=SOON, by=user(cast.vera), at=NOW
    )
    services.hand_over_case(case=other, owner=cast.omar, by=user(cast.omar), at=NOW)
    services.tend_one_on_ones(on=TODAY, at=NOW)
    assert set(Case.objects.values_list("owner__name", flat=True)) == {"Vera", "Omar"}
    later = TODAY + timedelta(days=10)
    services.tend_one_on_ones(on=later, at=NOW + timedelta(days=10))
    assert set(Case.objects.values_list("owner__name", flat=True)) == {"Vera", "Maya"}


def test_a_case_of_somebody_who_left_ends_by_itself_and_counts_as_no_cause(cast: Cast, case: Case) -> None:
    teams.end_employment(person=cast.ben, on=TODAY, by=None)
    assert services.tend_one_on_ones(on=TODAY, at=NOW)["closed"] == 1
    case.refresh_from_db()
    assert (case.state, case.outcome, case.cause) == ("closed", "left", "none")
    assert selectors.causes(user=user(cast.vera)).cases == 0
    assert not Task.objects.filter(link=f"/cases/{case.pk}/", done_at=None).exists()
    other = services.raise_case(ask="tool", subject="No laptop", by=user(cast.ana), at=NOW)
    with pytest.raises(Refused, match="closes with an outcome"):
        close(other, user(cast.maya), cause="none", outcome="left")


def test_the_owner_is_told_once_that_a_case_is_overdue(cast: Cast, case: Case) -> None:
    Notice.objects.all().delete()
    late = SOON + timedelta(days=1)
    assert [services.remind_of_cases(on=late, at=NOW) for _ in range(2)] == [1, 0]
    assert Notice.objects.get().user == cast.maya.user
    services.move_case(case=case, due_on=SOON + timedelta(days=7), reason="Fair", by=user(cast.maya), at=NOW)
    assert services.remind_of_cases(on=SOON + timedelta(days=8), at=NOW) == 1


@pytest.mark.parametrize("path", ["/api/v1/cases/{}/rule/", "/cases/{}/rule/"])
def test_who_runs_the_installation_acts_on_no_case_but_of_those_they_lead(cast: Cast, case: Case, path: str) -> None:
    Person.objects.create(name="Boss", user=cast.admin)
    said = {"step": "product", "reason": "No"} | ({"is_in": "false"} if "api" in path else {"ruling": "out"})
    client = Client()
    client.force_login(cast.admin, backend="django.contrib.auth.backends.ModelBackend")
    how: Any = {"content_type": "application/json"} if "api" in path else {}
    for one, who in ((client, cast.admin), (signed_in(cast.olga), user(cast.olga))):
        assert one.post(path.format(case.pk), said, **how).status_code == 404
        assert not selectors.coached_by(who).exists()
        assert "Open a case" not in one.get("/cases/").content.decode()
        with pytest.raises(Refused):
            services.plan_one_on_one(
                person=cast.ben, manager=cast.olga, starts_at=NOW + timedelta(days=1), by=who, at=NOW, on=TODAY
            )
        with pytest.raises(Refused):
            services.write_note(person=cast.ben, text=SECRET, by=who, at=NOW, case=case)
    assert client.get(f"/effects/add/?case={case.pk}").status_code == 404
    teams.appoint_manager(team=cast.north, person=cast.olga, on=TODAY, by=None)
    assert selectors.coached_by(user(cast.olga)).count() == 3  # her own people: Maya, Ana, Ben
    assert signed_in(cast.olga).post(path.format(case.pk), said | {"version": "1"}, **how).status_code in {200, 302}


# ── The order of the steps ──────────────────────────────────────────────────────────────────────────────────────


def test_no_step_is_ruled_before_those_above_it(case: Case) -> None:
    with pytest.raises(Refused, match="comes after Product and Price; rule on these first"):
        rule(case, "delivery")
    rule(case, "product")
    with pytest.raises(Refused, match="comes after Price; rule on these first"):
        rule(case, "delivery")


def test_a_ruling_keeps_the_figures_of_its_day(case: Case) -> None:
    row = rule(case, "product")
    assert row.evidence["until"] == TODAY.isoformat()
    assert row.evidence["sentence"]


def test_the_same_ruling_twice_is_one_and_another_one_is_refused(case: Case) -> None:
    assert rule(case, "product") == rule(case, "product")
    with pytest.raises(Refused, match="ruled out already"):
        rule(case, "product", is_in=True)


def test_taking_a_step_up_again_takes_up_all_that_came_after(case: Case, cast: Cast) -> None:
    for step in ("product", "price", "delivery"):
        rule(case, step)
    services.reopen_step(case=case, step="price", reason="New price list", by=user(cast.maya), at=NOW)
    assert set(DiagnosisStep.objects.standing().values_list("step", flat=True)) == {"product"}
    assert DiagnosisStep.objects.count() == 3
    rule(case, "price", is_in=True)


def test_a_form_opened_before_somebody_else_ruled_is_stale(case: Case, cast: Cast) -> None:
    case.refresh_from_db()
    rule(case, "product", by=user(cast.vera))
    with pytest.raises(Stale):
        rule(case, "price", version=case.version)


@pytest.mark.parametrize("name", ["ben", "ana", "omar", "olga", "admin"])
def test_nobody_rules_on_their_own_case_and_no_stranger_does(cast: Cast, case: Case, name: str) -> None:
    who = getattr(cast, name)
    by = User.objects.get(pk=who.pk) if isinstance(who, User) else user(who)
    with pytest.raises(Refused):
        rule(case, "product", by=by)


# ── The person comes last ───────────────────────────────────────────────────────────────────────────────────────


def test_the_person_is_not_ruled_in_before_they_were_heard(cast: Cast, case: Case) -> None:
    rule_out_six(case)
    with pytest.raises(Refused, match="has not been heard yet"):
        rule(case, "person", is_in=True)
    services.ask_view(case=case, by=user(cast.maya), at=NOW)
    with pytest.raises(Refused, match="was asked and has until"):
        rule(case, "person", is_in=True)
    services.state_view(case=case, text="I lost two weeks to the fair.", by=user(cast.ben), at=NOW)
    assert rule(case, "person", is_in=True).is_in


def test_who_says_nothing_by_their_day_has_been_heard_but_not_while_away(cast: Cast, case: Case) -> None:
    rule_out_six(case)
    services.ask_view(case=case, by=user(cast.maya), at=NOW)
    case.refresh_from_db()
    assert case.view_due_on
    kind = LeaveKind.objects.create(key="sick-2", name="Sick", relieves_quota=False, is_protected=False)
    # Away on every day they had, and back on the day after: they have not been heard.
    last = case.view_due_on + timedelta(days=1)
    leave = Leave.objects.create(person=cast.ben, kind=kind, during=half_open(TODAY, last))
    back = NOW + (last - TODAY)
    with pytest.raises(Refused, match="3 working days to say how they see it and was here on 0 of them"):
        rule(case, "person", is_in=True, at=back)
    leave.delete()
    assert rule(case, "person", is_in=True, at=back).is_in


def test_no_view_is_asked_for_days_on_which_the_person_is_away(cast: Cast, case: Case) -> None:
    kind = LeaveKind.objects.get(key="vacation")
    away = TODAY + timedelta(days=21)
    Leave.objects.create(person=cast.ben, kind=kind, during=half_open(TODAY, away))
    with pytest.raises(Refused, match="3 working days on which they are here; choose"):
        services.ask_view(case=case, by=user(cast.maya), at=NOW, due_on=away)
    asked = services.ask_view(case=case, by=user(cast.maya), at=NOW)
    assert asked.view_due_on
    assert asked.view_due_on >= away + timedelta(days=2)


def test_before_it_lies_with_the_person_departments_are_asked_or_it_is_written_why_not(
    cast: Cast, case: Case, dora: Person
) -> None:
    member(cast, "Paul", Team.Department.PRODUCT)
    services.state_view(case=case, text="I don't know.", by=user(cast.ben), at=NOW)
    rule_out_six(case)
    with pytest.raises(Refused, match="Nobody was asked about Product and Manufacturing and delivery") as refused:
        rule(case, "person", is_in=True)
    assert refused.value.field == "not_asked_because"
    page = signed_in(cast.maya).get(f"/cases/{case.pk}/").content.decode()
    assert "No department was asked about product, manufacturing and delivery." in page
    question = ask(case, cast.maya)
    services.answer_question(question=question, text="All in time.", by=user(dora), at=NOW)
    with pytest.raises(Refused, match="Nobody was asked about Product;"):
        rule(case, "person", is_in=True)
    rule(case, "person", is_in=True, not_asked_because="No deal was lost on the product")
    assert "No deal was lost on the product" in signed_in(cast.ben).get(f"/cases/{case.pk}/").content.decode()


def test_the_person_waits_for_the_department_that_was_asked(cast: Cast, case: Case, dora: Person) -> None:
    services.state_view(case=case, text="Late deliveries.", by=user(cast.ben), at=NOW)
    question = ask(case, cast.maya)
    rule_out_six(case)
    with pytest.raises(Refused, match="Delivery was asked and has until"):
        rule(case, "person", is_in=True)
    services.answer_question(question=question, text="No, all in time.", by=user(dora), at=NOW)
    assert rule(case, "person", is_in=True).is_in


def test_a_missed_deadline_of_a_department_holds_nobody_up(cast: Cast, case: Case, dora: Person) -> None:
    services.state_view(case=case, text="Late deliveries.", by=user(cast.ben), at=NOW)
    with pytest.raises(Refused, match="They need 2 working days; choose"):
        ask(case, cast.maya, due_on=TODAY + timedelta(days=1))
    ask(case, cast.maya)
    rule_out_six(case)
    assert rule(case, "person", is_in=True, at=NOW + timedelta(days=11)).is_in


def test_a_team_wide_cause_is_never_laid_on_the_person(cast: Cast, case: Case) -> None:
    services.state_view(case=case, text="Everybody is late.", by=user(cast.ben), at=NOW)
    for step in SIX:
        rule(case, step, is_in=step == "delivery", is_team_wide=step == "delivery")
    with pytest.raises(Refused, match="ruled in for the whole team"):
        rule(case, "person", is_in=True)
    assert not rule(case, "person").is_in
    closed = services.close_case(
        case=case, cause="delivery", outcome="elsewhere", result="Production was told", by=user(cast.maya), at=NOW
    )
    assert closed.is_team_wide
    assert not DiagnosisStep.objects.filter(step="person", is_in=True).exists()


# ── Closing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def close(case: Case, by: User, **more: str) -> Case:
    how = {"cause": "training", "outcome": "improved", "result": "Course done"} | more
    return services.close_case(case=case, by=by, at=NOW, **how)


def test_a_case_closes_with_a_cause_that_was_ruled_in_and_an_outcome(cast: Cast, case: Case) -> None:
    by = user(cast.maya)
    with pytest.raises(Refused, match="Training and support was not ruled in"):
        close(case, by)
    with pytest.raises(Refused, match="No cause found"):
        close(case, by, cause="none")
    with pytest.raises(Refused, match="closes with a cause"):
        close(case, by, cause="")
    for step in SIX:
        rule(case, step, is_in=step in {"price", "training"})
    with pytest.raises(Refused, match="closes with an outcome"):
        close(case, by, outcome="")
    made = close(case, by)
    assert (made.cause, made.outcome, made.is_team_wide) == ("training", "improved", False)
    assert not Task.objects.filter(link=f"/cases/{case.pk}/", done_at=None).exists()
    with pytest.raises(Refused, match="closed already"):
        close(case, by)


def test_only_who_raised_a_case_withdraws_it(cast: Cast) -> None:
    case = services.raise_case(ask="blocked", subject="No demo laptop", by=user(cast.ana), at=NOW)
    with pytest.raises(Refused, match="only they withdraw it"):
        close(case, user(cast.maya), cause="none", outcome="withdrawn")
    path = f"/cases/{case.pk}/"
    page = signed_in(cast.maya).get(path).content.decode()
    assert "Only Ana withdraws it" in page
    assert "Withdraw it</button>" not in page
    assert signed_in(cast.maya).post(f"{path}withdraw/", {"result": "x"}).status_code == 422
    assert "Withdraw it</button>" in signed_in(cast.ana).get(path).content.decode()
    assert signed_in(cast.ana).post(f"{path}withdraw/", {"result": "It came."}).status_code == 302
    case.refresh_from_db()
    assert (case.outcome, case.result) == ("withdrawn", "It came.")


def test_a_closed_case_is_opened_again_while_its_finding_stands(cast: Cast, case: Case, flag: Flag) -> None:
    closed = close(case, user(cast.maya), cause="none", outcome="withdrawn")
    assert Task.objects.filter(link=f"/cases/{case.pk}/", done_at=None).count() == 0
    again = services.open_case(flag=flag, owner=cast.maya, due_on=SOON, by=user(cast.maya), at=NOW)
    assert (again, again.state, again.outcome) == (closed, "open", "")
    assert Task.objects.get(link=f"/cases/{case.pk}/", done_at=None).owner == cast.maya
    close(case, user(cast.maya), cause="none", outcome="withdrawn")
    page = signed_in(cast.maya).post(f"/cases/{case.pk}/open-again/", {"due_on": SOON.isoformat(), "reason": " "})
    assert page.status_code == 422
    Flag.objects.update(closed_on=TODAY)
    assert services.open_case(flag=flag, owner=cast.maya, due_on=SOON, by=user(cast.maya), at=NOW).state == "closed"


def test_a_diagnosis_is_open_until_its_last_step_is_ruled_on_or_the_case_is_closed(cast: Cast, case: Case) -> None:
    assert selectors.has_open_diagnosis(cast.ben)
    assert not selectors.has_open_diagnosis(cast.ana)
    rule_out_six(case)
    assert selectors.has_open_diagnosis(cast.ben)
    rule(case, "person")
    assert not selectors.has_open_diagnosis(cast.ben)


# ── Departments ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_department_sees_the_question_and_neither_case_nor_person(cast: Cast, case: Case, dora: Person) -> None:
    question = ask(case, cast.maya)
    client = signed_in(dora)
    page = client.get("/questions/").content.decode()
    assert "Were orders late in October?" in page
    assert "Ben" not in page
    assert "Half as many" not in page
    assert client.get(f"/cases/{case.pk}/").status_code == 404
    assert "Ben" not in Notice.objects.get(user=dora.user).text
    client.post(f"/questions/{question.pk}/answer/", {f"q{question.pk}-text": "Yes, nine of twelve."})
    question.refresh_from_db()
    assert (question.answer, question.answered_by) == ("Yes, nine of twelve.", dora)


def test_other_departments_and_sellers_do_not_see_it(cast: Cast, case: Case, dora: Person) -> None:
    question = ask(case, cast.maya)
    sina = member(cast, "Sina", Team.Department.SERVICE)
    assert "October" not in signed_in(sina).get("/questions/").content.decode()
    for who in (sina, cast.ana, cast.maya):
        answer = signed_in(who).post(f"/questions/{question.pk}/answer/", {f"q{question.pk}-text": "No."})
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("Ben", "Were Ben's orders late?", "Ben"),
        ("Ben Weber", "weber's orders: were they late?", "weber"),
        ("Bo Lind", "Were Bo's orders late?", "Bo"),
        ("Ben", "Were orders of e-ben late?", "e-ben"),
    ],
)
def test_a_question_names_nobody(cast: Cast, case: Case, dora: Person, name: str, text: str, said: str) -> None:
    Person.objects.filter(pk=cast.ben.pk).update(name=name)
    with pytest.raises(Refused, match=f"leave “{said}” out"):
        ask(case, cast.maya, text=text)
    Person.objects.filter(pk=cast.ben.pk).update(name="Do van Li")
    assert ask(case, cast.maya, text="How late do orders of the van leave?").pk


def test_a_surname_that_is_a_word_of_the_trade_holds_up_no_question(cast: Cast, case: Case, dora: Person) -> None:
    Person.objects.filter(pk=cast.ben.pk).update(name="Ben Delivery")
    assert ask(case, cast.maya, text="Delivery was late. Is each delivery late?").pk
    posted = {
        "step": "delivery", "department": "delivery", "text": "Did Delivery tell the customer?", "version": "1",
        "due_on": f"{clock.today('Europe/Berlin') + timedelta(days=20)}", "is_other_word": "False",
    }  # fmt: skip
    Case.objects.update(version=1)
    refused = signed_in(cast.maya).post(f"/cases/{case.pk}/ask/", posted)
    assert (refused.status_code, "It is not the name" in refused.content.decode()) == (422, True)
    answer = signed_in(cast.maya).post(f"/cases/{case.pk}/ask/", posted | {"is_other_word": "on"})
    assert answer.status_code in {302, 303}
    assert "is another word there" in case.changes.order_by("pk").last().what


def test_a_department_that_nobody_is_in_is_not_asked(cast: Cast, case: Case) -> None:
    with pytest.raises(Refused, match="Nobody is posted to Delivery today"):
        ask(case, cast.maya)


def test_who_moved_to_the_department_does_not_answer_about_themselves(cast: Cast, case: Case, dora: Person) -> None:
    question = ask(case, cast.maya)
    Posting.objects.filter(person=cast.ben).update(team=dora.postings.get().team, role=Role.DEPARTMENT)
    with pytest.raises(Refused):
        services.answer_question(question=question, text="All late.", by=user(cast.ben), at=NOW)


def test_departments_are_reminded_once_a_day_and_the_owner_hears_of_a_missed_day(
    cast: Cast, case: Case, dora: Person
) -> None:
    question = ask(case, cast.maya)
    Notice.objects.all().delete()
    for on in (
        question.due_on,
        question.due_on,
        question.due_on + timedelta(days=1),
        question.due_on + timedelta(days=2),
    ):
        services.remind_of_questions(on=on, at=NOW)
    assert Notice.objects.filter(user=dora.user).count() == 1
    assert Notice.objects.filter(user=cast.maya.user).count() == 1
    assert dora.user
    choose_way(user=dora.user, topic="questions", way="none")
    ask(case, cast.maya, text="And in November?")
    assert Notice.objects.filter(user=dora.user).count() == 1


# ── Pages ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_shows_every_step_and_rules_on_the_next_one(cast: Cast, case: Case) -> None:
    client = signed_in(cast.maya)
    page = client.get(f"/cases/{case.pk}/").content.decode()
    for step in Step:
        assert step.label in page
    answer = client.post(
        f"/cases/{case.pk}/rule/", {"step": "product", "ruling": "out", "reason": "No deal lost for it", "version": "1"}
    )
    assert answer.status_code == 302
    again = client.post(f"/cases/{case.pk}/rule/", {"step": "price", "ruling": "out", "reason": "x", "version": "1"})
    assert again.status_code == 422
    assert "changed meanwhile" in again.content.decode()
    answer = client.post(f"/cases/{case.pk}/rule/", {"step": "person", "ruling": "in", "reason": "Lazy"})
    assert answer.status_code == 422
    assert "rule on these first" in answer.content.decode()


def test_the_person_reads_the_rulings_and_says_how_they_see_it(cast: Cast, case: Case) -> None:
    rule(case, "product", reason="No deal was lost for it")
    client = signed_in(cast.ben)
    assert "No deal was lost for it" in client.get(f"/cases/{case.pk}/").content.decode()
    assert client.post(f"/cases/{case.pk}/statement/", {"text": "I was at the fair."}).status_code == 302
    assert CaseStatement.objects.get().person == cast.ben
    told = signed_in(cast.maya).get(f"/api/v1/cases/{case.pk}/diagnosis/").json()
    assert [one["text"] for one in told["statements"]] == ["I was at the fair."]
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert "Rule on" not in page
    assert "Close the case" not in page


@pytest.mark.parametrize("name", ["olga", "admin"])
def test_who_runs_the_installation_sees_that_there_is_a_case_and_no_words(cast: Cast, name: str) -> None:
    made = services.raise_case(ask="blocked", subject="Secret trouble", by=user(cast.ana), at=NOW)
    services.state_view(case=made, text="Private view", by=user(cast.ana), at=NOW)
    rule(made, "product", reason="Nobody said so")
    client = Client()
    client.force_login(User.objects.get(username=name), backend="django.contrib.auth.backends.ModelBackend")
    for path in (
        f"/cases/{made.pk}/",
        "/cases/",
        "/cases/?export=csv",
        "/search/?q=Secret",
        f"/api/v1/cases/{made.pk}/",
        f"/api/v1/cases/{made.pk}/diagnosis/",
    ):
        answer = client.get(path)
        text = b"".join(answer).decode() if answer.streaming else answer.content.decode()
        assert answer.status_code == 200, path
        for words in ("Secret trouble", "Private view", "Nobody said so"):
            assert words not in text, path


def test_causes_are_told_from_five_people_on(cast: Cast) -> None:
    people = [cast.ana, cast.ben, cast.cleo, cast.maya, cast.omar]
    for n, person in enumerate(people):
        Case.objects.create(
            person=person, owner=cast.vera, subject="x", opened_at=NOW, due_on=TODAY, closed_at=NOW, state="closed",
            cause="price", outcome="solved", at_stake=1000, is_team_wide=n < 2,
        )  # fmt: skip
    for measure, gap in (("bookings", 300), ("pipeline", 700)):  # two flags of one gap: it counts once
        two = Flag.objects.create(
            person=cast.ana, team=cast.north, measure=measure, period="2026-Q4", raised_on=TODAY, behind_since=TODAY,
            expected=1000, actual=0, gap=gap, severity="behind", cause="activity", sentence="x", as_of=TODAY,
            expires_on=TODAY, closed_on=TODAY,
        )  # fmt: skip
        Case.objects.create(
            person=cast.ana, owner=cast.vera, flag=two, subject="x", opened_at=NOW, due_on=TODAY, closed_at=NOW,
            state="closed", cause="price", outcome="solved", at_stake=gap, is_team_wide=False,
        )  # fmt: skip
    Case.objects.create(
        person=cast.ana, owner=cast.vera, subject="x", opened_at=NOW, due_on=TODAY, closed_at=NOW, state="closed",
        cause="service", outcome="solved", at_stake=9000,
    )  # fmt: skip
    found = selectors.causes(user=user(cast.vera))
    (row,) = found.rows
    assert (row.cause, row.cases, row.at_stake, row.team_wide, found.hidden) == ("price", 7, Decimal(5700), 2, 1)
    page = signed_in(cast.vera).get("/causes/").content.decode()
    assert "Price costs most" in page
    assert "9,000" not in page


def test_the_pages_ask_a_fixed_number_of_queries(
    cast: Cast, case: Case, django_assert_max_num_queries: Callable
) -> None:
    client = signed_in(cast.maya)
    client.get(f"/cases/{case.pk}/")
    with django_assert_max_num_queries(75):
        client.get(f"/cases/{case.pk}/")
    with django_assert_max_num_queries(16):
        client.get("/cases/")


@pytest.mark.parametrize("where", ["page", "api"])
def test_the_list_is_narrowed_by_team_owner_and_source(cast: Cast, case: Case, where: str) -> None:
    own = services.raise_case(ask="tool", subject="No laptop", by=user(cast.cleo), at=NOW)
    Case.objects.filter(pk=own.pk).update(due_on=TODAY - timedelta(days=1))
    client = signed_in(cast.vera)

    def found(**asked: Any) -> set[int]:
        if where == "api":
            return {one["id"] for one in client.get("/api/v1/cases/", asked).json()["results"]}
        return {row.pk for row, _ in client.get("/cases/", asked).context["rows"]}

    assert found() == {case.pk, own.pk}
    assert found(team=cast.north.pk) == {case.pk}
    assert found(team=cast.company.pk) == {case.pk, own.pk}
    assert found(owner=cast.omar.pk) == {own.pk}
    assert found(source="person") == {own.pk}
    assert found(**({"overdue": "true"} if where == "api" else {"state": "overdue"})) == {own.pk}
    assert found(team=cast.north.pk, owner=cast.omar.pk) == set()
    assert client.get("/cases/", {"team": "x\x00", "owner": "9" * 40, "source": "?"}).status_code == 200
    assert client.get("/api/v1/cases/", {"team": "9" * 40}).status_code in {200, 400}


# ── The API ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_api_rules_asks_and_closes_and_says_what_is_wrong(cast: Cast, case: Case, dora: Person) -> None:
    maya, address = signed_in(cast.maya), f"/api/v1/cases/{case.pk}/"

    def post(client: Client, path: str, **said: Any) -> Any:
        return client.post(path, said, content_type="application/json")

    early = post(maya, f"{address}rule/", step="price", is_in=False, reason="x")
    assert early.status_code == 409
    assert "rule on these first" in early.content.decode()
    assert post(maya, f"{address}rule/", step="luck", is_in=False, reason="x").status_code == 400
    assert post(maya, f"{address}rule/", step="product", is_in=True, reason="Fair").status_code == 200
    due = (TODAY + timedelta(days=4)).isoformat()
    asked = post(maya, f"{address}ask/", step="delivery", department="delivery", text="Late?", due_on=due)
    assert asked.status_code == 201
    (seen,) = signed_in(dora).get("/api/v1/questions/").json()["results"]
    assert seen["text"] == "Late?"
    assert "case" not in seen
    assert signed_in(dora).get("/api/v1/cases/").json()["results"] == []
    assert signed_in(cast.omar).get("/api/v1/questions/").json()["results"] == []
    assert post(maya, f"{address}close/", result="Done").status_code == 400
    closed = post(maya, f"{address}close/", cause="product", outcome="elsewhere", result="Passed on")
    assert closed.json()["cause"] == "product"
    assert signed_in(cast.olga).get("/api/v1/cases/?cause=product").json()["results"] == []
    assert signed_in(cast.ben).get("/api/v1/diagnosis-steps/").json()["results"][0]["reason"] == "Fair"


def test_words_of_a_case_go_when_the_person_is_erased_or_time_is_over(cast: Cast, case: Case) -> None:
    rule(case, "product", reason="A long reason")
    services.state_view(case=case, text="My view", by=user(cast.ben), at=NOW)
    services.forget_talks(person=cast.ben)
    assert CaseStatement.objects.get().text == "Erased"
    assert DiagnosisStep.objects.get().evidence == {}
    assert signed_in(cast.maya).get(f"/cases/{case.pk}/").status_code == 200


# ── Two managers at once ────────────────────────────────────────────────────────────────────────────────────────


def at_once(*acts: Callable[[], object]) -> list[str]:
    """Do them together, each with a connection of its own; what each answered, or what refused it."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        try:
            start.wait(timeout=20)
            act()
        except (Refused, Stale) as refusal:
            return type(refusal).__name__
        else:
            return "done"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


@pytest.mark.django_db(transaction=True)
def test_two_managers_at_once_make_one_case_one_ruling_one_end_and_one_plan() -> None:
    cast = make_cast()
    one, two = user(cast.maya), user(cast.vera)
    about: Any = {"person": cast.ben, "subject": "Quotes go out late", "due_on": SOON, "at": NOW}
    opened = at_once(
        lambda: services.open_case_about(owner=cast.maya, by=one, **about),
        lambda: services.open_case_about(owner=cast.vera, by=two, **about),
    )
    assert (opened, Case.objects.count()) == (["done", "done"], 1)
    case = Case.objects.get()
    how: Any = {"case": case, "step": "product", "reason": "As the figures say", "at": NOW}
    ruled = at_once(
        lambda: services.rule_step(is_in=True, by=one, **how), lambda: services.rule_step(is_in=False, by=two, **how)
    )
    assert ruled == ["Refused", "done"]
    stands = DiagnosisStep.objects.standing().get()
    case.refresh_from_db()
    acts: Any = {"case": case, "at": NOW, "version": case.version}
    ended = at_once(
        lambda: services.hand_over_case(owner=cast.vera if case.owner == cast.maya else cast.maya, by=one, **acts),
        lambda: services.move_case(due_on=SOON + timedelta(days=1), reason="Fair", by=two, **acts),
    )
    assert ended == ["Stale", "done"]
    cause = "product" if stands.is_in else "none"
    outcome = "solved" if stands.is_in else "withdrawn"
    end: Any = {"case": case, "cause": cause, "outcome": outcome, "result": "Done", "at": NOW}
    closed = at_once(
        lambda: services.close_case(by=one, **end), lambda: services.close_case(by=two, **end),
        lambda: pass_case_on(case=case, on=TODAY, at=NOW),
    )  # fmt: skip
    assert closed == ["Refused", "done", "done"]
    assert Task.objects.filter(link=f"/cases/{case.pk}/", done_at=None).count() == 0
    weeks: Any = {
        "person": cast.ben, "kind": "practice", "measure": "activities", "on": TODAY, "at": NOW,
        "starts_on": TODAY + timedelta(days=7), "until": TODAY + timedelta(weeks=8),
    }  # fmt: skip
    planned = at_once(lambda: services.plan_coaching(by=one, **weeks), lambda: services.plan_coaching(by=two, **weeks))
    plan = CoachingPlan.objects.get()
    assert planned == ["Refused", "done"]
    moved: Any = {"plan": plan, "at": NOW, "on": TODAY, "version": plan.version}
    ended = at_once(lambda: services.cancel_plan(by=one, **moved), lambda: services.cancel_plan(by=two, **moved))
    assert ended == ["Refused", "done"]
