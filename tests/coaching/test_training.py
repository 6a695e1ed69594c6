"""Who is given a course by itself, and what each night does; skills, plans, mentors, newcomers."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coaching import selectors, services
from coaching.models import (
    CourseEffect,
    DevelopmentPlan,
    Enrolment,
    Goal,
    GrowthStep,
    Mentorship,
    OnboardingStep,
    OnboardingTick,
    SkillTarget,
)
from sales.models import Product, Task
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open, through
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Leave, LeaveKind, Person, Posting, Role, Skill, SkillRating
from teams.services import contest_rating, rate_skill
from tests.cast import Cast

from .test_courses import NOW, TODAY, give, make_course, pass_it, signed_in, user

DAY = timedelta(days=1)


def away(person: Person, kind: str, first: date, last: date) -> None:
    Leave.objects.create(person=person, kind=LeaveKind.objects.get(key=kind), during=through(first, last))


def rate(cast: Cast, person: Person, name: str, score: int) -> SkillRating:
    skill = Skill.objects.get(name=name)
    return rate_skill(person=person, skill=skill, score=score, by=user(cast.maya), at=NOW)


def test_every_rule_gives_its_course_once_and_not_on_protected_leave(cast: Cast) -> None:
    by = user(cast.vera)
    for kind, said in (
        ("role", {"role": "rep"}),
        ("newcomer", {}),
        ("launch", {"product": Product.objects.create(name="Gateway 3")}),
        ("gap", {"skill": Skill.objects.get(name="Closing")}),
    ):
        course = make_course(by, kind)
        services.add_rule(course=course, kind=kind, starts_on=TODAY, by=by, at=NOW, **said)
    Person.objects.filter(pk=cast.ana.pk).update(hired_on=TODAY)
    rate(cast, cast.ben, "Closing", 2)
    away(cast.cleo, "parental", TODAY - DAY, TODAY + 30 * DAY)
    assert services.assign_by_rules(on=TODAY - DAY, at=NOW) == 0
    services.assign_by_rules(on=TODAY, at=NOW)
    assert services.assign_by_rules(on=TODAY, at=NOW) == 0
    given: dict[str, set[str]] = {}
    for row in Enrolment.objects.select_related("person", "course"):
        given.setdefault(row.course.title, set()).add(row.person.name)
    assert given == {
        "role": {"Ana", "Ben"}, "newcomer": {"Ana"}, "gap": {"Ben"},
        "launch": {"Ana", "Ben", "Maya", "Omar", "Vera", "Olga"},
    }  # fmt: skip
    assert Enrolment.objects.get(course__title="gap").reason == "Closing: below the level of your role"
    assert services.assign_by_rules(on=TODAY + 31 * DAY, at=NOW) == 2  # cleo is back: role and launch
    Person.objects.filter(pk=cast.cleo.pk).update(hired_on=None)
    Posting.objects.filter(person=cast.cleo).update(during=half_open(TODAY + 20 * DAY))
    assert services.assign_by_rules(on=TODAY + 32 * DAY, at=NOW) == 1, "who was first posted then is new"
    pass_it(Enrolment.objects.get(course__title="gap"))
    assert services.assign_by_rules(on=TODAY + 200 * DAY, at=NOW + 200 * DAY) == 0
    skill = Skill.objects.get(name="Closing")
    rate_skill(person=cast.ben, skill=skill, score=2, by=user(cast.maya), at=NOW + 199 * DAY)
    assert services.assign_by_rules(on=TODAY + 200 * DAY, at=NOW + 200 * DAY) == 1, "the gap is back"
    assert services.assign_by_rules(on=TODAY + 200 * DAY, at=NOW + 200 * DAY) == 0


def test_a_contested_rating_is_no_gap(cast: Cast) -> None:
    rating = rate(cast, cast.ben, "Closing", 2)
    assert [(gap.person_id, gap.short) for gap in selectors.gaps(on=TODAY)] == [(cast.ben.pk, 1)]
    contest_rating(rating=rating, reason="Two closed at list", by=user(cast.ben), at=NOW)
    assert selectors.gaps(on=TODAY) == []


def test_a_due_date_moves_by_the_days_of_leave_and_back_with_them(cast: Cast) -> None:
    row = give(make_course(user(cast.vera)), cast, cast.ben)
    away(cast.ben, "parental", TODAY + 3 * DAY, TODAY + 12 * DAY)
    away(cast.ben, "vacation", TODAY + 13 * DAY, TODAY + 14 * DAY)
    Enrolment.objects.update(reminded_at=NOW)
    assert services.move_for_leave(on=TODAY) == 1
    assert services.move_for_leave(on=TODAY) == 0
    row.refresh_from_db()
    assert row.reminded_at is None, "there is a word before the new date too"
    assert row.due_on == row.agreed_on + 10 * DAY
    assert Task.objects.get(owner=cast.ben).due_on == row.due_on
    Leave.objects.all().delete()
    services.move_for_leave(on=TODAY)
    row.refresh_from_db()
    assert row.due_on == row.agreed_on


def test_reminders_come_once_and_not_on_leave(cast: Cast) -> None:
    course = make_course(user(cast.vera))
    row = give(course, cast, cast.ben)
    Notice.objects.all().delete()
    before, after = row.due_on - 5 * DAY, row.due_on + DAY
    for day, count in ((TODAY + DAY, 0), (before, 1), (before, 0), (after, 1), (after, 0)):
        assert services.remind_of_courses(on=day, at=NOW + (day - TODAY)) == count
    assert [notice.text for notice in Notice.objects.order_by("pk")] == [
        "Objections is due on 4 Dec.", "Objections was due on 4 Dec.",
    ]  # fmt: skip
    other = give(course, cast, cast.ana)
    away(cast.ana, "sick", before, after)
    assert services.remind_of_courses(on=other.due_on, at=NOW + 14 * DAY) == 0


def test_a_certificate_is_renewed_in_time_once(cast: Cast) -> None:
    row = pass_it(give(make_course(user(cast.vera), renew_months=12), cast, cast.ben))
    assert row.valid_until == date(2027, 11, 20)
    assert services.renew_certificates(on=date(2027, 10, 1), at=NOW) == 0
    assert services.renew_certificates(on=date(2027, 10, 25), at=NOW + 340 * DAY) == 1
    assert services.renew_certificates(on=date(2027, 10, 26), at=NOW + 340 * DAY) == 0
    renewal = row.renewal
    assert (renewal.due_on, renewal.passed_at) == (row.valid_until, None)
    early = pass_it(give(make_course(user(cast.vera), "Early", renew_months=12), cast, cast.ana))
    again = services.enrol(
        person=cast.ana, course=early.course, due_on=date(2027, 10, 1), reason="Own wish", by=user(cast.ana), at=NOW
    )
    Enrolment.objects.filter(pk=again.pk).update(passed_at=NOW + 300 * DAY, valid_until=date(2028, 9, 16))
    assert services.renew_certificates(on=date(2027, 10, 27), at=NOW + 341 * DAY) == 0, "renewed by herself"


def test_what_retiring_took_comes_back_with_publishing_and_what_a_manager_took_does_not(cast: Cast) -> None:
    course = make_course(user(cast.vera))
    back, gone = give(course, cast, cast.ben), give(course, cast, cast.ana)
    services.withdraw_enrolment(enrolment=gone, by=user(cast.maya), at=NOW)
    services.retire_course(course=course, by=user(cast.vera), at=NOW + DAY)
    assert not Task.objects.open().filter(owner=cast.ben).exists()
    services.draft_course(course=course, by=user(cast.vera), at=NOW + 60 * DAY)
    version = services.publish_course(course=course, by=user(cast.vera), at=NOW + 60 * DAY)
    (row,) = Enrolment.objects.open()
    assert (row.pk, row.version, row.due_on) == (back.pk, version, TODAY + 74 * DAY)
    assert Task.objects.open().get(owner=cast.ben).due_on == row.due_on


def test_who_leads_gives_moves_and_takes_back_a_course_and_nobody_else(cast: Cast) -> None:
    course = make_course(user(cast.vera))
    due = TODAY + 14 * DAY
    for name in ("ana", "omar", "olga"):
        with pytest.raises(Refused, match="who leads them"):
            services.enrol(person=cast.ben, course=course, due_on=due, reason="x", by=user(getattr(cast, name)), at=NOW)
    with pytest.raises(Refused, match="in the past"):
        services.enrol(person=cast.ben, course=course, due_on=TODAY - DAY, reason="x", by=user(cast.maya), at=NOW)
    row = give(course, cast, cast.ben)
    with pytest.raises(Refused, match="moves the due date"):
        services.move_enrolment(enrolment=row, due_on=due + 9 * DAY, by=user(cast.ben), at=NOW)
    with pytest.raises(Refused, match="takes a course back"):
        services.withdraw_enrolment(enrolment=row, by=user(cast.ben), at=NOW)
    services.withdraw_enrolment(enrolment=row, by=user(cast.maya), at=NOW)
    assert not Task.objects.open().filter(owner=cast.ben).exists()
    assert give(course, cast, cast.ben) != row


def test_the_skill_map_and_the_report_ask_as_much_of_many_as_of_few(cast: Cast) -> None:
    course = make_course(user(cast.vera), skills=[Skill.objects.get(name="Closing")], measure="win_rate")
    rate(cast, cast.ben, "Closing", 2)
    give(course, cast, cast.ben)
    Person.objects.filter(pk=cast.ana.pk).update(hired_on=clock.now().date() - 9 * DAY)
    client = signed_in(cast.vera)
    pages = (
        "/skills/",
        "/courses/report/",
        f"/courses/{course.pk}/people/",
        "/courses/",
        "/onboarding/",
        "/development/",
    )
    counts = []
    for more in range(2):
        found = []
        for page in pages:
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(page)
            assert answer.status_code == 200
            found.append(len(asked))
        counts.append(found)
        for number in range(12 * (1 - more)):
            person = Person.objects.create(name=f"Rep {number}", hired_on=clock.now().date() - 9 * DAY)
            Posting.objects.create(person=person, team=cast.north, role=Role.REP, during=half_open(date(2024, 1, 1)))
            rate(cast, person, "Closing", 1)
            give(course, cast, person)
    assert counts[0] == counts[1]
    assert max(counts[1]) <= 25
    page = client.get("/skills/").content.decode()
    assert "13 people have 13 gaps to what their roles ask." in page
    assert "Objections</a>" in page  # the course that teaches it
    assert "Rep 3" not in signed_in(cast.omar).get("/skills/").content.decode()
    assert "13" in signed_in(cast.maya).get("/courses/report/").content.decode()


def test_levels_of_a_role_are_set_by_who_plans_and_checked(cast: Cast) -> None:
    skill = Skill.objects.get(name="Closing")
    client = signed_in(cast.olga)
    assert client.post("/skills/targets/?role=rep", {f"skill_{skill.pk}": "5"}).status_code == 302
    assert SkillTarget.objects.get(role="rep", skill=skill).level == 5
    assert client.post("/skills/targets/?role=rep", {f"skill_{skill.pk}": "9"}).status_code == 422
    with pytest.raises(Refused, match="say what a role asks"):
        services.set_skill_targets(role="rep", levels={skill.pk: 1}, by=user(cast.maya))


# ── Plans, mentors, newcomers ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def plan(cast: Cast) -> DevelopmentPlan:
    return services.save_development_plan(
        person=cast.ben, aim="Key accounts", review_on=TODAY + 90 * DAY, by=user(cast.ben), at=NOW, on=TODAY
    )


def test_both_sign_a_plan_and_a_change_asks_both_again(cast: Cast, plan: DevelopmentPlan) -> None:
    assert Notice.objects.get(user=cast.maya.user).text.startswith("The development plan of Ben was written")
    for person in (cast.ben, cast.maya):
        plan = services.sign_development_plan(plan=plan, by=user(person), at=NOW, version=plan.version)
    assert plan.person_signed_at
    assert plan.manager == cast.maya
    goal = services.add_goal(plan=plan, text="One tender", due_on=TODAY + 30 * DAY, by=user(cast.ben), at=NOW, on=TODAY)
    plan.refresh_from_db()
    assert plan.person_signed_at is None
    assert plan.manager_signed_at is None
    with pytest.raises(Stale):
        services.sign_development_plan(plan=plan, by=user(cast.ben), at=NOW, version=1)
    with pytest.raises(Refused, match="own goals"):
        services.add_goal(plan=plan, text="x", due_on=TODAY + DAY, by=user(cast.maya), at=NOW, on=TODAY)
    with pytest.raises(Refused, match="says how their own goals stand"):
        services.mark_goal(goal=goal, state="reached", by=user(cast.maya), at=NOW)
    assert services.mark_goal(goal=goal, state="reached", by=user(cast.ben), at=NOW).state == Goal.State.REACHED


@pytest.mark.parametrize(
    ("name", "reads"),
    [("ben", True), ("maya", True), ("vera", True), ("ana", False), ("omar", False), ("olga", False)],
)
def test_a_plan_is_read_by_the_person_and_their_line(cast: Cast, plan: DevelopmentPlan, name: str, reads: bool) -> None:
    client = signed_in(getattr(cast, name))
    assert (client.get(f"/development/{cast.ben.pk}/").status_code == 200) is reads
    assert bool(client.get("/api/v1/development-plans/").json()["results"]) is reads
    assert not DevelopmentPlan.objects.visible_to(cast.admin).exists()


def test_after_a_move_the_new_line_reads_the_plan_and_the_old_one_no_more(cast: Cast, plan: DevelopmentPlan) -> None:
    today = clock.now().date()
    posting = Posting.objects.get(person=cast.ben)
    posting.during = half_open(date(2024, 1, 1), today)
    posting.save()
    Posting.objects.create(person=cast.ben, team=cast.south, role=Role.REP, during=half_open(today))
    page = f"/development/{cast.ben.pk}/"
    assert signed_in(cast.maya).get(page).status_code == 404
    assert signed_in(cast.omar).get(page).status_code == 200


def test_a_mentor_agrees_before_it_begins_and_reads_only_what_it_is_about(cast: Cast, plan: DevelopmentPlan) -> None:
    said = {"person": cast.ben, "focus": "Tenders", "starts_on": TODAY, "at": NOW}
    with pytest.raises(Refused, match="Nobody mentors themselves"):
        services.ask_mentor(mentor=cast.ben, by=user(cast.ben), **said)
    ben, form = signed_in(cast.ben), {"focus": "Tenders", "starts_on": TODAY.isoformat()}
    assert "Omar" not in ben.get(f"/development/{cast.ben.pk}/").content.decode()  # no directory of everybody
    Person.objects.filter(pk=cast.ana.pk).update(name="Cleo")
    for name, said_back in (("Nobody", "No colleague with a login"), ("cleo", "More than one colleague")):
        answer = ben.post(f"/development/{cast.ben.pk}/mentor/", form | {"mentor": name})
        assert answer.status_code == 422
        assert said_back in answer.content.decode()
    ben.post(f"/development/{cast.ben.pk}/mentor/", form | {"mentor": "CLEO@example.com"})
    asked = Mentorship.objects.get(mentor=cast.cleo)
    with pytest.raises(Refused, match="asked already"):
        services.ask_mentor(mentor=cast.cleo, by=user(cast.ben), **said)
    with pytest.raises(Refused, match="Only Cleo"):
        services.answer_mentorship(mentorship=asked, agrees=True, by=user(cast.maya), at=NOW)
    page = signed_in(cast.cleo).get("/development/").content.decode()
    assert "Ben asks you" in page
    assert "Key accounts" not in page
    services.answer_mentorship(mentorship=asked, agrees=True, by=user(cast.cleo), at=NOW)
    services.end_mentorship(mentorship=asked, by=user(cast.cleo), at=NOW, on=TODAY + 9 * DAY)
    assert Mentorship.objects.get().until == TODAY + 9 * DAY
    assert "Tenders" not in Notice.objects.get(user=cast.cleo.user).text


def test_a_step_of_the_path_to_a_role_becomes_a_goal_in_one_click(cast: Cast, plan: DevelopmentPlan) -> None:
    course = make_course(user(cast.vera))
    skill = Skill.objects.get(name="Closing")
    vera, ben, page = signed_in(cast.vera), signed_in(cast.ben), f"/development/{cast.ben.pk}/"
    GrowthStep.objects.all().delete()
    said = {"role": "manager", "months": "6", "text": "Close with two buyers", "skill": skill.pk, "level": "4"}
    assert vera.post("/development/paths/", said | {"course": course.pk}).status_code == 302
    again = vera.post("/development/paths/", said)
    assert (again.status_code, "has that step already" in again.content.decode()) == (422, True)
    assert vera.post("/development/paths/", said | {"skill": ""}).status_code == 422
    assert ben.post("/development/paths/", said).status_code == 404
    assert "Close with two buyers" in ben.get("/development/paths/").content.decode()
    step = GrowthStep.objects.get()
    assert "Close with two buyers" not in ben.get(page).content.decode(), "his plan names no role"
    DevelopmentPlan.objects.update(aim_role="manager", person_signed_at=NOW, manager_signed_at=NOW, manager=cast.maya)
    rate(cast, cast.ben, "Closing", 3)
    assert "Closing: 3 of 4" in ben.get(page).content.decode()
    signed_in(cast.maya).post(f"{page}steps/{step.pk}/")
    assert not Goal.objects.filter(step=step).exists(), "nobody sets goals for somebody else"
    for _ in range(2):
        ben.post(f"{page}steps/{step.pk}/")
    goal = Goal.objects.get(step=step)
    assert (goal.text, goal.wanted, goal.plan.person_signed_at) == (step.text, "Level 4 of 5", None)
    line = selectors.growth_of(user(cast.ben), selectors.plan_of(user(cast.ben), cast.ben))[0]
    assert (line.goal, line.is_reached) == (goal, False)
    pass_it(give(course, cast, cast.ben))
    rate_skill(person=cast.ben, skill=skill, score=4, by=user(cast.maya), at=NOW + DAY)
    line = selectors.growth_of(user(cast.ben), selectors.plan_of(user(cast.ben), cast.ben))[0]
    assert line.is_reached
    vera.post(f"/development/paths/{step.pk}/end/")
    Goal.objects.all().delete()
    step.refresh_from_db()
    with pytest.raises(Refused, match="no part of the path"):
        services.take_growth_step(plan=plan, step=step, by=user(cast.ben), at=NOW, on=TODAY)


def test_a_newcomer_walks_the_path_of_their_role(cast: Cast) -> None:
    today = clock.now().date()
    Person.objects.filter(pk=cast.ben.pk).update(hired_on=today - 15 * DAY)
    client, page = signed_in(cast.ben), f"/onboarding/{cast.ben.pk}/"
    assert "Week 3: 0 of 9 steps are done." in client.get(page).content.decode()
    assert "Ben" in signed_in(cast.maya).get("/onboarding/").content.decode()
    step = OnboardingStep.objects.earliest("week", "pk")
    for _ in range(2):
        client.post(f"{page}{step.pk}/", {"done": "1"})
    assert OnboardingTick.objects.get().by == cast.ben.user
    assert signed_in(cast.ana).post(f"{page}{step.pk}/", {"done": "0"}).status_code == 404
    signed_in(cast.maya).post(f"{page}{step.pk}/", {"done": "0"})
    assert not OnboardingTick.objects.exists()
    assert "Nobody is new just now." in signed_in(cast.omar).get("/onboarding/").content.decode()


@pytest.mark.parametrize(
    ("path", "said", "answer"),
    [
        ("enrolments/", {"person": 1}, 400),
        ("courses/", {"title": "x", "due_days": 10**12}, 400),
        ("courses/", {"title": "a\x00b"}, 400),
        ("courses/", {"title": "Fine", "measure": "nonsense"}, 409),
        ("development-plans/", {"person": 0, "aim": "x", "review_on": "9999-01-01"}, 400),
        ("mentorships/", {"person": "x", "mentor": 1, "focus": "x", "starts_on": "2026-01-01"}, 400),
        ("skill-targets/", {"role": "king", "skill": 1, "level": 9}, 400),
    ],
)
def test_the_api_answers_bad_input_with_a_problem(cast: Cast, path: str, said: dict[str, object], answer: int) -> None:
    made = signed_in(cast.vera).post(f"/api/v1/{path}", said, content_type="application/json")
    assert (made.status_code, made["Content-Type"]) == (answer, "application/problem+json")


def test_a_course_is_written_given_and_passed_through_the_api(cast: Cast) -> None:
    vera, ben = signed_in(cast.vera), signed_in(cast.ben)

    def post(client: object, path: str, said: dict[str, object] | None = None) -> dict[str, Any]:
        made = client.post(f"/api/v1/{path}", said or {}, content_type="application/json")  # type: ignore[attr-defined]
        assert made.status_code < 300, made.content
        return made.json()  # type: ignore[no-any-return]

    course = post(vera, "courses/", {"title": "By API", "renew_months": 6})["id"]
    quiz = post(vera, f"courses/{course}/lessons/", {"title": "Quiz", "kind": "quiz"})["id"]
    said = {"text": "Why?", "choices": [{"text": "a", "is_right": True}, {"text": "b"}]}
    (question,) = post(vera, f"lessons/{quiz}/questions/", said)["questions"]
    post(vera, f"courses/{course}/publish/")
    due = (clock.now() + 9 * DAY).date().isoformat()
    row = post(ben, "enrolments/", {"person": cast.ben.pk, "course": course, "due_on": due, "reason": "Wish"})["id"]
    chosen = {str(question["id"]): [question["choices"][0]["id"]]}
    attempt = post(ben, f"enrolments/{row}/answer_quiz/", {"lesson": quiz, "chosen": chosen})
    assert (attempt["right"], attempt["is_passed"]) == (1, True)
    assert Enrolment.objects.get(pk=row).passed_at is not None


def test_what_is_said_of_somebody_erased_is_gone_and_that_they_passed_stays(cast: Cast, plan: DevelopmentPlan) -> None:
    row = pass_it(give(make_course(user(cast.vera)), cast, cast.ben))
    services.forget_learning(person=cast.ben)
    row.refresh_from_db()
    plan.refresh_from_db()
    assert (row.reason, plan.aim, plan.path) == ("Erased", "Erased", "")
    assert row.passed_at is not None


def test_the_effect_of_a_course_is_told_of_five_people_and_more_only(cast: Cast) -> None:
    course = make_course(user(cast.vera), measure="bookings")
    plain = make_course(user(cast.vera), "Nothing named")
    pass_it(give(course, cast, cast.ben))
    assert services.refresh_course_effects(on=TODAY + 200 * DAY) == 1
    found = CourseEffect.objects.get()
    assert (found.course, found.people, found.value, found.verdict) == (course, 0, None, "too little to tell")
    page = signed_in(cast.vera).get("/courses/report/").content.decode()
    assert "Too little to tell" in page
    assert signed_in(cast.ben).get("/courses/report/").status_code == 404
    assert not CourseEffect.objects.filter(course=plain).exists()
