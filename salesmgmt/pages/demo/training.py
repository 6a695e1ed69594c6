"""Writes how people learn: skills as two see them, five courses with their results, plans, mentors, newcomers."""

from datetime import date, datetime, timedelta

import numpy as np
from dateutil.relativedelta import relativedelta
from django.db import transaction

from coaching import services
from coaching.models import (
    Course,
    CourseRule,
    DevelopmentPlan,
    Enrolment,
    Goal,
    LessonDone,
    Mentorship,
    OnboardingStep,
    OnboardingTick,
    QuizAttempt,
    SkillTarget,
)
from sales.models import Task
from salesmgmt.lib.ranges import half_open
from teams.models import Leadership, Leave, Person, Posting, Role, Skill, SkillRating, User

from .loading import Moments
from .organisation import ZONE

# title, in a sentence, measure, skill, renewed after months, lessons, questions (the first answer is right)
COURSES: tuple[tuple[str, str, str, str, int | None, tuple[tuple[str, str], ...], tuple[tuple[str, ...], ...]], ...] = (
    (
        "Gateways and meters: what we sell",
        "What each family does, whom it suits, and what it can't do.",
        "average_deal",
        "Product knowledge",
        12,
        (
            ("Three families", "Meters measure, gateways collect, contracts keep both exact.\n\nA customer who buys "
             "meters alone comes back for a gateway within two years, or never."),
            ("What we don't sell", "No valves and no pumps. Say so in the first meeting; it is remembered kindly."),
        ),
        (
            ("Which family collects the values?", "Gateways", "Meters", "Contracts"),
            ("What do we say about pumps?", "That we don't sell them", "That they come later", "Nothing"),
        ),
    ),
    (
        "Discovery: the budget before the demo",
        "Who decides, by when, and from which budget.",
        "win_rate",
        "Discovery",
        None,
        (
            ("Four questions", "What happens if nothing changes? Who is asked when it costs more than planned? "
             "When does the budget close? What did the last supplier do well?"),
            ("Listening", "Two thirds of the time the customer talks. Write down their words, not ours."),
        ),
        (
            ("Who talks most in discovery?", "The customer", "The rep", "Both alike"),
            ("When is the budget asked for?", "Before the demo", "With the quote", "Never"),
        ),
    ),
    (
        "Objections: ask before you answer",
        "A doubt is a question that was not put well.",
        "win_rate",
        "Objection handling",
        None,
        (("Ask back", "“Too expensive” compared with what? Ask first; half of all doubts answer themselves."),),
        (("What comes first?", "A question", "A discount", "The next slide"),),
    ),
    (
        "Holding the price",
        "Trade terms, quantity and dates before you trade the price.",
        "average_deal",
        "Negotiation",
        24,
        (
            ("Give and take", "Nothing is given without something taken: a date, a quantity, a reference."),
            ("Silence", "After the price is said, the next word is the customer's."),
        ),
        (
            ("What do we trade last?", "The price", "The date", "The quantity"),
            ("Who speaks after the price?", "The customer", "The rep", "The manager"),
        ),
    ),
    (
        "Your first weeks",
        "How we work, where things are, whom to ask.",
        "",
        "",
        None,
        (("Welcome", "Your manager meets you every week at first. Ask everything; nobody minds."),),
        (("Whom do you ask?", "Everybody", "Nobody", "The search only"),),
    ),
)  # fmt: skip
NOTES = ("", "", "", "Much better since spring", "Seen in two joint visits")
STEPS = ((26, "Half a year: look at your ramp and your pipeline together"), (48, "Close the first year: teach the team "
         "what you have learned"))  # fmt: skip
FEW = 60  # people; of more the effects wait for the night
AIMS = (("Key account manager", "Two joint visits a month with Enterprise.\n\nLead one tender from start to end."),
        ("Senior rep", "Own the food and drink segment in the region."))  # fmt: skip


@transaction.atomic
def write_training(*, seed: int, today: date) -> None:
    """After the people and their managers stand; nothing that counts in a figure is touched."""
    by = User.objects.filter(is_superuser=True).order_by("pk").first()
    leads = {seat.team_id: seat.person for seat in Leadership.objects.on(today).select_related("person__user")}
    postings = Posting.objects.on(today).filter(role=Role.REP).select_related("person__user")
    pairs = [
        (row.person, leads[row.team_id]) for row in postings.order_by("person__external_id") if row.team_id in leads
    ]
    if by is None or not pairs or Course.objects.exists():
        return
    random = np.random.default_rng([seed, today.toordinal(), 11])
    moments = Moments(today, ZONE, earliest=-420, latest=60)
    _write_ratings(random, moments, pairs)
    courses = _write_courses(moments, by, today)
    _write_enrolments(random, moments, today, pairs, courses)
    _write_development(moments, today, pairs)
    _write_newcomers(moments, today)
    if len(pairs) <= FEW:
        services.refresh_course_effects(on=today)


def _write_ratings(random: np.random.Generator, moments: Moments, pairs: list[tuple[Person, Person]]) -> None:
    """Own and manager's view of each skill, near what the role asks; now and then contested."""
    wanted = dict(SkillTarget.objects.filter(role=Role.REP).values_list("skill_id", "level"))
    skills = list(Skill.objects.filter(pk__in=wanted).order_by("name"))
    size = len(pairs), len(skills)
    seen, off = random.integers(-1, 3, size), random.integers(-1, 2, size)
    days, notes = random.integers(-80, -20, size), random.integers(0, len(NOTES), size)
    rows = []
    for person_at, (person, manager) in enumerate(pairs):
        for skill_at, skill in enumerate(skills):
            place = person_at, skill_at
            score = int(np.clip(wanted[skill.pk] + min(int(seen[place]), 1), 1, 5))
            at = moments.moment(int(days[place]), 600 + skill_at)
            is_contested = score < wanted[skill.pk] and (person_at + skill_at) % 13 == 5
            rows.append(
                SkillRating(
                    person=person, skill=skill, is_own=False, score=score, note=NOTES[notes[place]], at=at,
                    by=manager.user, contested_at=at + timedelta(days=2) if is_contested else None,
                    contest="The last two tenders say otherwise." if is_contested else "",
                )
            )  # fmt: skip
            own = int(np.clip(score + int(off[place]), 1, 5))
            own_at = at - timedelta(days=3)
            rows.append(SkillRating(person=person, skill=skill, is_own=True, score=own, at=own_at, by=person.user))
    SkillRating.objects.bulk_create(rows, batch_size=2000)


def _write_courses(moments: Moments, by: User, today: date) -> list[Course]:
    """Each published 200 days ago, with the rule that gives it; and one that is still a draft."""
    at = moments.moment(-200, 540)
    skills = {skill.name: skill for skill in Skill.objects.all()}
    author = Person.objects.filter(external_id="E-001").first()
    made = []
    for title, summary, measure, taught, months, lessons, questions in COURSES:
        skill = skills.get(taught)
        course = services.add_course(
            title=title, summary=summary, measure=measure, renew_months=months, skills=[skill] if skill else [], by=by,
            at=at,
        )  # fmt: skip
        for name, text in lessons:
            services.add_lesson(course=course, title=name, text=text, by=by)
        quiz = services.add_lesson(course=course, title="What have you kept?", kind="quiz", pass_percent=80, by=by)
        for question, *choices in questions:
            services.add_question(
                lesson=quiz, text=question, choices=[(word, not place) for place, word in enumerate(choices)], by=by
            )
        services.publish_course(course=course, by=by, at=at)
        made.append(course)
    gateways, discovery, *_, first = made
    since = today - timedelta(days=200)
    for course, kind, more in (
        (gateways, CourseRule.Kind.ROLE, {"role": Role.REP}),
        (discovery, CourseRule.Kind.GAP, {"skill": skills.get("Discovery")}),
        (first, CourseRule.Kind.NEWCOMER, {"role": Role.REP}),
    ):
        if kind != CourseRule.Kind.GAP or more["skill"]:
            services.add_rule(course=course, kind=kind, starts_on=since, by=by, at=at, **more)
    draft = services.add_course(
        title="Forecasts without hope",
        summary="Commit, best case, and what is neither.",
        by=by,
        at=moments.moment(-9, 600),
    )
    services.add_lesson(course=draft, title="Three words", text="Commit is what you would bet on.", by=by)
    Course.objects.update(author=author)
    return made


def _write_enrolments(
    random: np.random.Generator, moments: Moments, today: date, pairs: list[tuple[Person, Person]],
    courses: list[Course],
) -> None:  # fmt: skip
    """Most have passed, some at the second try; a few are on their way, and two are late."""
    away = set(Leave.objects.on(today).values_list("person_id", flat=True))
    version = {course.pk: course.versions.get() for course in courses}
    lessons = {course.pk: list(version[course.pk].lessons.order_by("position")) for course in courses}
    rule = {row.course_id: row for row in CourseRule.objects.all()}
    draws = random.random((len(pairs), len(courses)))
    rows: list[Enrolment] = []
    for person_at, (person, manager) in enumerate(pairs):
        for course_at, course in enumerate(courses[:-1]):
            draw = float(draws[person_at, course_at])
            if course_at and draw < 0.55:
                continue
            given = -150 + int(60 * draw) if draw < 0.88 or person.pk in away else -12
            if person.hired_on and today + timedelta(days=given) < person.hired_on:
                continue
            at = moments.moment(given, 560)
            due = today + timedelta(days=given + 21)
            rows.append(
                Enrolment(
                    person=person, course=course, version=version[course.pk], rule=rule.get(course.pk),
                    reason="Part of the role of rep" if not course_at else "Agreed in a 1:1", assigned_at=at,
                    assigned_by=None if course.pk in rule else manager.user, agreed_on=due, due_on=due,
                    started_at=at + timedelta(days=5), passed_at=None,
                )
            )  # fmt: skip
    for place, row in enumerate(rows):
        is_late = place % 29 == 7
        if row.due_on < today and not is_late:
            row.passed_at = row.assigned_at + timedelta(days=6 + place % 12)
            months = row.course.renew_months
            row.valid_until = row.passed_at.date() + relativedelta(months=months) if months else None
    newest, first = max(pairs, key=lambda pair: pair[0].hired_on or date.min)[0], courses[-1]
    if newest.hired_on and newest.hired_on > today - timedelta(days=90):
        at = datetime.combine(newest.hired_on, datetime.min.time(), moments.moment(0, 0).tzinfo) + timedelta(hours=8)
        due = newest.hired_on + timedelta(days=14)
        rows.append(
            Enrolment(
                person=newest, course=first, version=version[first.pk], rule=rule.get(first.pk), assigned_at=at,
                reason="For everybody who starts here", agreed_on=due, due_on=due, started_at=at,
                passed_at=at + timedelta(days=3),
            )
        )  # fmt: skip
    rows = Enrolment.objects.bulk_create(rows, batch_size=1000)
    done, tries, tasks = [], [], []
    for place, row in enumerate(rows):
        *texts, quiz = lessons[row.course_id]
        through = [*texts, quiz] if row.passed_at else texts[:1]
        last = row.passed_at or row.assigned_at + timedelta(days=5)
        done += [LessonDone(enrolment=row, lesson=lesson, at=last) for lesson in through]
        asked = len(next(one for one in COURSES if one[0] == row.course.title)[6])
        if row.passed_at and place % 4 == 1:
            tries.append((row, quiz, last - timedelta(days=1), asked - 1, asked, False))
        if row.passed_at:
            tries.append((row, quiz, last, asked, asked, True))
        else:
            tasks.append(
                Task(
                    owner=row.person, text=f"Course: {row.course.title}", due_on=row.due_on, source="course",
                    reason=f"enrolment:{row.pk}", link=f"/courses/{row.course_id}/",
                )
            )  # fmt: skip
    LessonDone.objects.bulk_create(done, batch_size=2000)
    QuizAttempt.objects.bulk_create(
        (
            QuizAttempt(enrolment=row, lesson=quiz, at=at, right=right, asked=asked, is_passed=passed)
            for row, quiz, at, right, asked, passed in tries
        ),
        batch_size=2000,
    )
    Task.objects.bulk_create(tasks)


def _write_development(moments: Moments, today: date, pairs: list[tuple[Person, Person]]) -> None:
    """Two plans, one of them signed by both; a mentor for who is newest, and one who is still asked."""
    for place, ((person, manager), (aim, path)) in enumerate(zip(pairs, AIMS, strict=False)):
        at = moments.moment(-40 + 30 * place, 640)
        plan = DevelopmentPlan.objects.create(
            person=person, aim=aim, path=path, review_on=today + timedelta(days=120), made_at=at, made_by=person.user,
            person_signed_at=at + timedelta(hours=1), manager_signed_at=None if place else at + timedelta(days=2),
            manager=None if place else manager,
        )  # fmt: skip
        for text, measure, wanted, days in (
            ("Lead a tender from start to end", "", "1", 90), ("A larger average deal", "average_deal", "+10 %", 120),
        ):  # fmt: skip
            due = today + timedelta(days=days)
            Goal.objects.create(plan=plan, text=text, measure=measure, wanted=wanted, due_on=due, state_at=at)
    newest = max((person for person, _ in pairs), key=lambda person: (person.hired_on or date.min, person.pk))
    mentors = [person for person, _ in pairs if person.pk != newest.pk and person.user_id]
    for place, mentor in enumerate(mentors[:2]):
        at = moments.moment(-30 + 28 * place, 700)
        Mentorship.objects.create(
            person=newest, mentor=mentor, focus=("The first discovery calls", "How to read a tender")[place],
            during=half_open(today - timedelta(days=28 - 28 * place), today + timedelta(days=120)), asked_at=at,
            asked_by=newest.user, agreed_at=None if place else at + timedelta(hours=3),
        )  # fmt: skip


def _write_newcomers(moments: Moments, today: date) -> None:
    """A path over the whole first year; those on it have done what was due, but for the last step."""
    OnboardingStep.objects.bulk_create(OnboardingStep(role=Role.REP, week=week, text=text) for week, text in STEPS)
    steps = list(OnboardingStep.objects.filter(role=Role.REP).order_by("week", "pk"))
    ticks = []
    new = Person.objects.filter(hired_on__gt=today - timedelta(weeks=52), hired_on__lte=today, postings__role=Role.REP)
    for person in new.distinct().order_by("pk"):
        assert person.hired_on is not None
        due = [step for step in steps if person.hired_on + timedelta(weeks=step.week) <= today]
        for step in due[:-1]:
            day = (person.hired_on + timedelta(days=7 * step.week - 3) - today).days
            ticks.append(OnboardingTick(person=person, step=step, done_at=moments.moment(day, 900), by=person.user))
    OnboardingTick.objects.bulk_create(ticks)
