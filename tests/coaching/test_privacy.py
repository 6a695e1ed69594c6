"""Who reads what about somebody: kind of record × role × place in the line, before and after every kind of move.

Company   vera leads; olga operations, hugo HR, admin runs it, all posted here
├── North     maya leads; ben
│   └── Inner     iris leads; pia, whom it is all about, and finn; lena until a month ago
├── South     omar leads; cleo, who mentors and helps pia; xena, an executive who leads nobody
├── West      ruth leads, and decides between pia and finn
└── Delivery  dora
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from coaching import services
from coaching.models import (
    ActionItem,
    AgendaItem,
    Case,
    CaseStatement,
    CoachingPlan,
    DevelopmentPlan,
    DiagnosisStep,
    Dispute,
    Enrolment,
    Exit,
    Goal,
    Ladder,
    LadderStep,
    Meeting,
    MeetingDecision,
    MeetingQuestion,
    Mentorship,
    Note,
    OneOnOne,
    OneOnOneChange,
    Pulse,
    Question,
    StepReading,
    StepSupport,
)
from coaching.selectors.disputes import reading_of, words_of
from sales.models import Task
from salesmgmt.desk import digests
from salesmgmt.desk.models import AuditEntry, Delivery, Notice
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from teams import services as teams
from teams.models import Leadership, Person, Posting, Role, Skill, Team, User
from tests.answers import content_of
from tests.cast import SINCE, Cast, make_cast

NOW = clock.now()
TODAY = clock.today("Europe/Berlin")
DAY = timedelta(days=1)
EVERYBODY = "pia finn ben cleo iris maya vera xena omar ruth olga hugo dora lena admin"
MARK = re.compile(r"Zq\.(\w+)\.")


def mark(kind: str) -> str:
    """The words of a kind of record, by which it is found wherever it stands."""
    return f"Zq.{kind}."


@dataclass
class Company:
    cast: Cast
    people: dict[str, Person] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> Person:
        return self.people[name]

    def join(self, name: str, team: Team, role: Role = Role.REP) -> Person:
        made = Person.objects.create(name=name.title(), user=User.objects.create(username=name))
        Posting.objects.create(person=made, team=team, role=role, during=half_open(SINCE))
        self.people[name] = made
        return made


def login(name: str) -> User:
    return User.objects.get(username=name)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Company]:
    with django_db_blocker.unblock(), undone():
        yield build()


@pytest.fixture
def company(built: Company, db: None) -> Company:
    """The module's company, each test inside a savepoint of its own."""
    return built


def build() -> Company:
    cast = make_cast()
    made = Company(cast, {name: getattr(cast, name) for name in ("vera", "olga", "maya", "omar", "ben", "cleo")})
    inner = Team.objects.create(name="Inner", parent=cast.north)
    west = Team.objects.create(name="West", parent=cast.company)
    delivery = Team.objects.create(name="Delivery", parent=cast.company, department=Team.Department.DELIVERY)
    inner.refresh_from_db()
    for name, team in (("iris", inner), ("ruth", west)):
        Leadership.objects.create(team=team, person=made.join(name, team, Role.MANAGER), during=half_open(SINCE))
    for name in ("pia", "finn"):
        made.join(name, inner)
    made.join("xena", cast.south, Role.EXECUTIVE)
    made.join("hugo", cast.company, Role.HR)
    made.join("dora", delivery, Role.DEPARTMENT)
    Person.objects.create(name="Boss", user=cast.admin)
    lena = made.join("lena", inner)
    teams.end_employment(person=lena, on=TODAY - 30 * DAY, by=None)
    talks(made)
    a_case(made)
    growth(made)
    of_the_manager(made)
    ladders(made)
    a_dispute(made)
    meetings(made, inner)
    return made


def talks(to: Company) -> None:
    pia, iris, soon = login("pia"), login("iris"), TODAY + 3 * DAY
    talk = services.plan_one_on_one(
        person=to["pia"], manager=to["iris"], starts_at=NOW + 2 * DAY, by=iris, at=NOW, on=TODAY
    )
    about: dict[str, Any] = {"person": to["pia"], "at": NOW, "talk": talk}
    services.write_note(text=mark("note"), by=iris, **about)
    services.write_note(text=mark("up"), by=iris, is_shared_up=True, **about)
    services.write_note(text=mark("own"), by=iris, is_for_author_only=True, **about)
    services.write_note(text=mark("answer_note"), by=pia, **about)
    services.add_agenda_item(talk=talk, text=mark("agenda"), by=pia)
    services.add_action_item(owner=to["pia"], text=mark("promise"), due_on=soon, by=iris, **about)
    services.move_one_on_one(talk=talk, starts_at=NOW + DAY, reason=mark("reason"), by=pia, at=NOW, on=TODAY)
    services.say_pulse(kind="mood", score=1, by=pia, at=NOW, on=TODAY)
    to.paths += [f"/one-on-ones/{talk.pk}/", f"/api/v1/one-on-ones/{talk.pk}/", "/api/v1/action-items/"]


def a_case(to: Company) -> None:
    pia, iris, soon = login("pia"), login("iris"), TODAY + 20 * DAY
    case = services.open_case_about(
        person=to["pia"], owner=to["iris"], subject=mark("subject"), due_on=soon, by=iris, at=NOW
    )
    about: dict[str, Any] = {"case": case, "at": NOW}
    services.write_note(person=to["pia"], text=mark("case_note"), by=iris, **about)
    services.add_action_item(
        person=to["pia"], owner=to["pia"], text=mark("case_promise"), due_on=soon, by=iris, **about
    )
    services.rule_step(step="product", is_in=False, reason=mark("ruling"), by=iris, **about)
    services.state_view(text=mark("view"), by=pia, **about)
    asked = services.ask_department(
        step="delivery", department="delivery", text=mark("question"), due_on=soon, by=iris, **about
    )
    services.answer_question(question=asked, text=mark("answer"), by=login("dora"), at=NOW)
    to.paths += [f"/cases/{case.pk}/", f"/api/v1/cases/{case.pk}/", f"/api/v1/cases/{case.pk}/diagnosis/"]
    to.paths += ["/cases/", "/questions/", "/api/v1/diagnosis-steps/", "/api/v1/questions/"]


def growth(to: Company) -> None:
    pia, iris, later = login("pia"), login("iris"), TODAY + 60 * DAY
    plan = services.save_development_plan(
        person=to["pia"], aim=mark("aim"), path=mark("path"), review_on=later, by=pia, at=NOW, on=TODAY
    )
    services.add_goal(plan=plan, text=mark("goal"), due_on=later, by=pia, at=NOW, on=TODAY)
    services.ask_mentor(person=to["pia"], mentor=to["cleo"], focus=mark("focus"), starts_on=TODAY, by=pia, at=NOW)
    services.plan_coaching(
        person=to["pia"], coach=to["cleo"], kind="mentoring", measure="bookings", text=mark("help"), starts_on=TODAY,
        until=later, by=iris, at=NOW, on=TODAY,
    )  # fmt: skip
    skill = Skill.objects.get(name="Closing")
    rating = teams.rate_skill(person=to["pia"], skill=skill, score=2, note=mark("rating"), by=iris, at=NOW)
    teams.contest_rating(rating=rating, reason=mark("contest"), by=pia, at=NOW)
    vera = login("vera")
    course = services.add_course(title="Objections", by=vera, at=NOW)
    services.add_lesson(course=course, title="Listen", text="First.", by=vera)
    services.publish_course(course=course, by=vera, at=NOW)
    services.enrol(person=to["pia"], course=course, due_on=later, reason="Calls", by=iris, at=NOW)
    pk = to["pia"].pk
    to.paths += [f"/development/{pk}/", f"/people/{pk}/skills/", f"/effects/{CoachingPlan.objects.get().pk}/"]
    to.paths += [f"/api/v1/{noun}/" for noun in ("development-plans", "goals", "mentorships", "coaching-plans")]


def of_the_manager(to: Company) -> None:
    """What is written about iris, who leads pia, by iris and by maya, who leads iris."""
    iris, maya, later = login("iris"), login("maya"), TODAY + 60 * DAY
    about: dict[str, Any] = {"person": to["iris"], "by": maya, "at": NOW}
    case = services.open_case_about(subject=mark("boss_subject"), owner=to["maya"], due_on=later, **about)
    services.write_note(text=mark("boss_up"), is_shared_up=True, case=case, **about)
    services.save_development_plan(person=to["iris"], aim=mark("boss_aim"), review_on=later, by=iris, at=NOW, on=TODAY)
    services.plan_coaching(
        kind="talks", measure="bookings", text=mark("boss_help"), starts_on=TODAY, until=later, on=TODAY, **about
    )
    teams.rate_skill(skill=Skill.objects.get(name="Closing"), score=2, note=mark("boss_rating"), **about)
    pk, plan = to["iris"].pk, CoachingPlan.objects.get(person=to["iris"])
    to.paths += [f"/cases/{case.pk}/", f"/development/{pk}/", f"/people/{pk}/skills/", f"/effects/{plan.pk}/"]


def ladders(to: Company) -> None:
    """Pia's has come to an improvement plan; that of iris, her manager, is at its first step."""
    for name, words, last in (("pia", "ladder", 3), ("iris", "first_step", 1)):
        ladder = Ladder.objects.create(person=to[name], reason=mark(words), opened_at=NOW)
        for kind in range(1, last + 1):
            is_over = kind < last
            step = LadderStep.objects.create(
                ladder=ladder, kind=kind, text=mark(f"{words}_text"), made_at=NOW, published_at=NOW,
                during=half_open(TODAY - (40 - 10 * kind) * DAY, TODAY - (30 - 10 * kind) * DAY + 30 * DAY),
                state="complete" if is_over else "acknowledged", finished_at=NOW if is_over else None,
                is_met=False if is_over else None,
            )  # fmt: skip
            StepReading.objects.create(step=step, edition=1, comment=mark(f"{words}_comment"), at=NOW)
            StepSupport.objects.create(
                step=step, owner=to["maya"], text=mark(f"{words}_support"), due_on=TODAY, made_at=NOW
            )
        to.paths += [f"/improvement/{ladder.pk}/", f"/api/v1/ladders/{ladder.pk}/"]
    services.record_exit(
        person=to["lena"], left_on=TODAY - 30 * DAY, reason="growth", interview=mark("interview"), by=login("hugo"),
        at=NOW,
    )  # fmt: skip
    to.paths += ["/improvement/exits/", "/api/v1/exits/", "/api/v1/ladder-steps/", "/api/v1/ladder-support/"]


def a_dispute(to: Company) -> None:
    dispute = services.open_dispute(
        subject="conduct", ground="treatment", claim=mark("claim"), others=[to["finn"]], by=login("pia"), at=NOW
    )
    services.name_decider(dispute=dispute, person=to["ruth"], by=login("hugo"), at=NOW)
    services.add_evidence(dispute=dispute, text=mark("evidence"), by=login("finn"), at=NOW)
    to.paths += [f"/disputes/{dispute.pk}/", f"/api/v1/disputes/{dispute.pk}/"]


def meetings(to: Company, inner: Team) -> None:
    for team, chair, words, is_open in (
        (inner, "iris", "team", False),
        (to.cast.north, "maya", "leaders", False),
        (to.cast.north, "maya", "open", True),
    ):
        by = login(chair)
        meeting = services.plan_meeting(
            team=team, title=words, starts_at=NOW + (3 + len(to.paths)) * DAY, is_open_below=is_open, by=by, at=NOW,
            on=TODAY,
        )  # fmt: skip
        services.write_minutes(meeting=meeting, minutes=mark(f"{words}_minutes"), by=by, at=NOW)
        services.decide_in_meeting(meeting=meeting, text=mark(f"{words}_decision"), by=by, at=NOW)
        to.paths += [f"/meetings/{meeting.pk}/"]
    services.ask_meeting(team=inner, text=mark("team_question"), by=login("finn"), at=NOW)
    to.paths += [f"/api/v1/{noun}/" for noun in ("meetings", "meeting-decisions", "meeting-questions")]


# ── Moves ───────────────────────────────────────────────────────────────────────────────────────────────────────


def nothing(of: Company) -> None:
    """As it was built."""


def transfer(of: Company) -> None:
    teams.post_person(person=of["pia"], team=of.cast.south, role=Role.REP, on=TODAY, by=None)


def stand_in(of: Company) -> None:
    """Omar, of a sister team, leads Inner for two weeks."""
    teams.appoint_manager(
        team=Team.objects.get(name="Inner"), person=of["omar"], on=TODAY, until=TODAY + 14 * DAY, by=None
    )


def stood_in(of: Company) -> None:
    """He did, until today, and heard how she is."""
    stand_in(of)
    services.say_pulse(kind="workload", score=5, by=login("pia"), at=NOW, on=TODAY)
    teams.appoint_manager(team=Team.objects.get(name="Inner"), person=of["iris"], on=TODAY, by=None)


def promotion(of: Company) -> None:
    """Finn, a colleague, leads Inner; iris stays in it."""
    teams.appoint_manager(team=Team.objects.get(name="Inner"), person=of["finn"], on=TODAY, by=None)


def manager_leaves(of: Company) -> None:
    teams.end_employment(person=of["iris"], on=TODAY, by=None)


def person_leaves(of: Company) -> None:
    teams.end_employment(person=of["pia"], on=TODAY, by=None)


def others_move(of: Company) -> None:
    """Vera no longer is an executive nor leads, hugo is no longer HR, dora no longer delivers, and the help is over."""
    for name in ("vera", "hugo", "dora"):
        teams.post_person(person=of[name], team=of.cast.south, role=Role.REP, on=TODAY, by=None)
    teams.appoint_manager(team=of.cast.company, person=None, on=TODAY, by=None)
    CoachingPlan.objects.update(starts_on=TODAY - 9 * DAY, until=TODAY)


MOVES: tuple[Callable[[Company], None], ...] = (
    nothing, transfer, stand_in, stood_in, promotion, manager_leaves, person_leaves, others_move,
)  # fmt: skip

# Who reads it, after each move in turn.
PAIR = ("pia iris", "pia iris", "pia iris", "pia iris", "pia iris", "pia", "iris", "pia iris")
LINE = (
    "pia iris maya vera xena", "pia omar vera xena", "pia omar maya vera xena", "pia iris maya vera xena",
    "pia finn maya vera xena", "pia maya vera xena", "vera xena", "pia iris maya xena",
)  # fmt: skip


def and_(who: str, *rows: tuple[str, ...]) -> tuple[str, ...]:
    """Each of several rows' readers, and somebody wherever."""
    return tuple(" ".join((*both, who)) for both in zip(*rows, strict=True))


TEAM = (
    "pia finn iris maya vera xena", "finn iris maya vera xena", "pia finn omar iris maya vera xena",
    "pia finn iris maya vera xena", "pia finn iris maya vera xena", "pia finn maya vera xena",
    "finn iris maya vera xena", "pia finn iris maya xena",
)  # fmt: skip
LEADERS = (
    "iris ben maya vera xena", "iris ben maya vera xena", "omar ben maya vera xena", "iris ben maya vera xena",
    "finn ben maya vera xena", "ben maya vera xena", "iris ben maya vera xena", "iris ben maya xena",
)  # fmt: skip
OWN_MANAGERS = (*["iris maya vera xena"] * 5, "vera xena", "iris maya vera xena", "iris maya xena")
READERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("note", "answer_note", "agenda", "reason", "case_note"), PAIR),
    "own": (*["iris"] * 5, "", "iris", "iris"),
    "up": and_("", PAIR, LINE),
    "promise": (*PAIR[:1], "pia iris omar", *PAIR[2:4], "pia iris finn", "pia maya", *PAIR[6:]),
    **dict.fromkeys(("subject", "case_promise", "ruling", "view"), LINE),
    **dict.fromkeys(("question", "answer"), (*and_("dora", LINE)[:-1], LINE[-1])),
    **dict.fromkeys(("aim", "path", "goal", "rating", "contest"), LINE),
    "focus": and_("cleo", LINE),
    "help": (*and_("cleo", LINE)[:-1], LINE[-1]),
    **dict.fromkeys(
        ("ladder", "ladder_text", "ladder_comment", "ladder_support"), (*and_("hugo", LINE)[:-1], LINE[-1])
    ),
    **dict.fromkeys(("first_step", "first_step_text", "first_step_comment", "first_step_support"), OWN_MANAGERS),
    **dict.fromkeys(("boss_subject", "boss_aim", "boss_rating"), OWN_MANAGERS),
    **dict.fromkeys(("boss_up", "boss_help"), (*OWN_MANAGERS[:5], "maya vera xena", *OWN_MANAGERS[6:])),
    "interview": (*["hugo"] * 7, ""),
    **dict.fromkeys(("claim", "evidence"), (*["pia finn ruth hugo"] * 6, "finn ruth hugo", "pia finn ruth")),
    **dict.fromkeys(("team_minutes", "team_decision", "team_question"), TEAM),
    **dict.fromkeys(("leaders_minutes", "leaders_decision"), LEADERS),
    **dict.fromkeys(("open_minutes", "open_decision"), (
        "pia finn iris ben maya vera xena", "finn iris ben maya vera xena", "pia finn iris omar ben maya vera xena",
        "pia finn iris ben maya vera xena", "pia finn iris ben maya vera xena", "pia finn ben maya vera xena",
        "finn iris ben maya vera xena", "pia finn iris ben maya xena",
    )),
}  # fmt: skip
# Without words: that it is there, seen also by who runs the installation.
SEEN_BY_ALL = "olga admin"
THERE: dict[str, tuple[str, ...]] = {
    "a case": and_(SEEN_BY_ALL, LINE),
    "a course": and_(SEEN_BY_ALL, LINE),
    "a 1:1": tuple(" ".join((*one, SEEN_BY_ALL)) for one in zip(PAIR, LINE, strict=True)),
    "a mood": ("pia iris", "pia", "pia", "pia iris", "pia", "pia", "", "pia iris"),
    "a workload told to a stand-in": ("", "", "", "pia", "", "", "", ""),
}

WORDS: tuple[tuple[Callable[[User], Any], tuple[str, ...]], ...] = (
    (Note.objects.visible_to, ("text",)),
    (AgendaItem.objects.visible_to, ("text",)),
    (OneOnOneChange.objects.visible_to, ("reason",)),
    (ActionItem.objects.visible_to, ("text",)),
    (Case.objects.read_by, ("subject",)),
    (DiagnosisStep.objects.visible_to, ("reason",)),
    (CaseStatement.objects.visible_to, ("text",)),
    (Question.objects.visible_to, ("text", "answer")),
    (DevelopmentPlan.objects.visible_to, ("aim", "path")),
    (Goal.objects.visible_to, ("text",)),
    (Mentorship.objects.visible_to, ("focus",)),
    (CoachingPlan.objects.visible_to, ("text",)),
    (Ladder.objects.visible_to, ("reason",)),
    (LadderStep.objects.visible_to, ("text",)),
    (StepReading.objects.visible_to, ("comment",)),
    (StepSupport.objects.visible_to, ("text",)),
    (Exit.objects.visible_to, ("interview",)),
    (Meeting.objects.visible_to, ("minutes",)),
    (MeetingDecision.objects.visible_to, ("text",)),
    (MeetingQuestion.objects.visible_to, ("text",)),
)
ROWS: dict[str, Callable[[User], Any]] = {
    "a case": lambda user: Case.objects.visible_to(user).filter(person__name="Pia"),
    "a course": Enrolment.objects.visible_to,
    "a 1:1": lambda user: OneOnOne.objects.visible_to(user).filter(person__name="Pia"),
    "a mood": lambda user: Pulse.objects.visible_to(user).filter(kind="mood"),
    "a workload told to a stand-in": lambda user: Pulse.objects.visible_to(user).filter(kind="workload"),
}
OF_PAGES = {"rating", "contest", "boss_rating"}  # the scores are read by more; whom the words are for, their page says


def found_by(user: User) -> set[str]:
    """The words that selectors give a user."""
    found = {word for find, names in WORDS for row in find(user).values_list(*names) for word in MARK.findall(str(row))}
    for dispute in Dispute.objects.visible_to(user):
        told = words_of(dispute, reading_of(dispute, user))
        found |= {word for one in (*told.statements, *told.evidence) for word in MARK.findall(one.text)}
    return found


def read_by(name: str, paths: Iterable[str]) -> set[str]:
    """The words that pages and API show somebody."""
    client = Client()
    client.force_login(login(name), backend="django.contrib.auth.backends.ModelBackend")
    found = set()
    for path in paths:
        answer = client.get(path)
        content = content_of(answer) if answer.streaming else answer.content
        found |= set(MARK.findall(content.decode()))
    return found


def move(company: Company, number: int) -> None:
    MOVES[number](company)
    services.tend_one_on_ones(on=TODAY, at=NOW)


def expected(table: dict[str, tuple[str, ...]], number: int, names: Iterable[str]) -> dict[str, set[str]]:
    """Of each viewer, the kinds."""
    return {name: {kind for kind, rows in table.items() if name in rows[number].split()} for name in names}


# Who is asked after a move: everybody at first, then who may gain or lose something by it.
ASKED = (
    EVERYBODY, "pia finn cleo iris maya omar hugo", "pia finn iris maya omar vera hugo", "pia iris maya omar",
    "pia finn iris maya", "pia iris maya vera hugo", "pia iris maya vera cleo ruth", "pia vera xena hugo dora cleo",
)  # fmt: skip


@pytest.mark.parametrize("number", range(len(MOVES)), ids=[move.__name__ for move in MOVES])
def test_who_finds_which_words_and_what_is_there_before_and_after_every_move(company: Company, number: int) -> None:
    move(company, number)
    users = {name: login(name) for name in ASKED[number].split()}
    words = {kind: rows for kind, rows in READERS.items() if kind not in OF_PAGES}
    assert {name: found_by(user) for name, user in users.items()} == expected(words, number, users)
    there = {name: {kind for kind, find in ROWS.items() if find(user).exists()} for name, user in users.items()}
    assert there == expected(THERE, number, users)


LISTS = (
    "/", "/tasks/", "/week/", "/one-on-ones/", "/notices/", "/meetings/", "/teams/", "/people/{pk}/",
    f"/search/?q={mark('')[:2]}", "/api/v1/tasks/", "/api/v1/pulses/", "/api/v1/one-on-ones/",
)  # fmt: skip
SETTINGS = ("/admin/coaching/actionitem/", "/admin/coaching/case/", "/admin/sales/task/", "/export/tasks.csv")


@pytest.mark.parametrize(
    ("number", "names", "lists"),
    [
        (0, "pia maya cleo hugo dora", ()),
        (0, "omar", LISTS),
        (0, "olga", (*LISTS, *SETTINGS[-1:])),
        (0, "admin", (*LISTS, *SETTINGS)),
        (1, "iris", ()),
        (2, "omar", ()),
    ],
    ids=["at first", "a colleague's lists", "operations", "admin", "after a transfer", "as a stand-in"],
)
def test_pages_api_and_lists_show_each_what_is_theirs_to_read(
    company: Company, number: int, names: str, lists: tuple[str, ...]
) -> None:
    move(company, number)
    paths = [*company.paths, *(path.format(pk=company["pia"].pk) for path in lists)]
    for name, theirs in expected(READERS, number, names.split()).items():
        read = read_by(name, paths)
        assert read <= theirs, name
        # What one wrote for a case stays one's own; its page is for who leads the person today.
        assert theirs - read <= {"case_note"}, name


def test_early_signs_are_for_who_leads_the_team_and_nobody_else(company: Company) -> None:
    def readers() -> set[str]:
        found = set()
        for name in ("pia", "finn", "iris", "maya", "vera", "omar", "olga", "hugo", "admin"):
            client = Client()
            client.force_login(login(name), backend="django.contrib.auth.backends.ModelBackend")
            if "Pia" in client.get("/improvement/signs/").content.decode():
                found.add(name)
        return found

    assert readers() == {"iris"}
    transfer(company)
    assert readers() == {"omar"}


@pytest.mark.parametrize("name", ["pia", "iris"])
def test_each_field_of_these_pages_has_an_id_and_a_label_of_its_own(company: Company, name: str) -> None:
    play = services.propose_play(by=login("finn"), at=NOW, name="Silence", technique="Say nothing.")
    client = Client()
    client.force_login(login(name), backend="django.contrib.auth.backends.ModelBackend")
    twice = []
    for path in (*company.paths, f"/plays/{play.pk}/"):
        page = "" if path.startswith("/api/") else client.get(path).content.decode()
        ids = Counter(re.findall(r'\sid="([^"]+)"', page))
        twice += [(path, one) for one, count in ids.items() if count > 1]
        twice += [(path, one) for one in re.findall(r'<label for="([^"]+)"', page) if one not in ids]
    assert twice == []


def test_no_private_word_is_in_a_notice_a_mail_a_task_or_what_admin_reads_of_the_audit(company: Company) -> None:
    person_leaves(company)
    services.tend_one_on_ones(on=TODAY, at=NOW)
    digests.make_digests(on=TODAY, at=NOW)
    kept: list[Any] = [*Notice.objects.values_list("text", "link"), *Task.objects.values_list("text", "reason", "link")]
    kept += Delivery.objects.values_list("subject", "text", "html", "calendar")
    assert kept
    assert {word for row in kept for word in MARK.findall(str(row))} == set()
    tables = {row.table: row.pk for row in AuditEntry.objects.all() if MARK.search(f"{row.before}{row.after}")}
    assert read_by("admin", [f"/admin/desk/auditentry/{pk}/change/" for pk in tables.values()]) == set()
