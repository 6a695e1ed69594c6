"""Questions about skills: what a role asks, how people are seen, where somebody falls short."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.db.models import QuerySet

from coaching.models import Course, CourseSkill, SkillTarget
from teams.models import Person, Posting, Role, Skill, SkillRating, User, access_of

from .courses import taught


@dataclass(frozen=True, slots=True)
class Gap:
    """Somebody is below the level of their role in a skill, as who leads them sees it."""

    person_id: int
    skill_id: int
    score: int
    wanted: int
    rated_at: datetime

    @property
    def short(self) -> int:
        return self.wanted - self.score


@dataclass(frozen=True, slots=True)
class Cell:
    """A person and a skill: how they see it, how who leads them does, what the role asks."""

    skill: Skill
    own: int | None
    manager: int | None
    is_contested: bool
    wanted: int | None

    @property
    def is_gap(self) -> bool:
        return (
            self.manager is not None
            and self.wanted is not None
            and not self.is_contested
            and self.manager < self.wanted
        )

    @property
    def differs(self) -> bool:
        """The two see it two levels or more apart: worth a talk."""
        return self.own is not None and self.manager is not None and abs(self.own - self.manager) >= 2


@dataclass(frozen=True, slots=True)
class MapRow:
    """A person's line of the skill map."""

    person: Person
    role: str
    cells: list[Cell]

    @property
    def role_label(self) -> str:
        return Role(self.role).label if self.role else ""

    @property
    def gaps(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.is_gap]


def active_skills() -> QuerySet[Skill]:
    return Skill.objects.filter(is_active=True).order_by("name")


def gaps(*, on: date, person_ids: Collection[int] | None = None, skill_ids: Collection[int] | None = None) -> list[Gap]:
    """Who is below the level of the role they have on a day: by the latest rating of who leads them, if it is not
    contested. One query; `person_ids` None asks for everybody."""
    narrowed = ""
    values: list[date | list[int]] = [on]
    for column, ids in (("p.person_id", person_ids), ("t.skill_id", skill_ids)):
        if ids is not None:
            narrowed += f" AND {column} = ANY(%s)"
            values.append(list(ids))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT p.person_id, t.skill_id, r.score, t.level, r.at
              FROM teams_posting p
              JOIN coaching_skilltarget t ON t.role = p.role
              JOIN teams_skill s ON s.id = t.skill_id AND s.is_active
             CROSS JOIN LATERAL (
                   SELECT score, contested_at, at FROM teams_skillrating
                    WHERE person_id = p.person_id AND skill_id = t.skill_id AND NOT is_own
                    ORDER BY at DESC, id DESC LIMIT 1) r
             WHERE p.during @> %s::date AND r.contested_at IS NULL AND r.score < t.level{narrowed}
            """,
            values,
        )
        return [Gap(*row) for row in cursor.fetchall()]


def gaps_seen_by(user: User, *, on: date, skill_ids: Collection[int] | None = None) -> list[Gap]:
    """The gaps of the people a user sees."""
    access = access_of(user)
    return gaps(on=on, person_ids=None if access.sees_all else access.people, skill_ids=skill_ids)


def mapped_people(user: User, *, on: date, role: str = "", team: int | None = None) -> QuerySet[Person]:
    """Who stands on the map: whom the user sees and who is posted on a day to a role that something is asked of."""
    postings = Posting.objects.on(on).filter(role__in=SkillTarget.objects.values("role"))
    if role:
        postings = postings.filter(role=role)
    if team is not None:
        postings = postings.under([team])
    return Person.objects.visible_to(user).active(on).filter(pk__in=postings.values("person"))


def skill_map(people: Sequence[Person], *, skills: Sequence[Skill], on: date) -> list[MapRow]:
    """Lines for these people: three queries, however many there are."""
    ids = [person.pk for person in people]
    roles = dict(Posting.objects.on(on).filter(person__in=ids).values_list("person_id", "role"))
    wanted = {(row.role, row.skill_id): row.level for row in SkillTarget.objects.filter(role__in=set(roles.values()))}
    standing = {
        (person, skill, is_own): (score, contested_at is not None)
        for person, skill, is_own, score, contested_at in SkillRating.objects.standing()
        .filter(person__in=ids)
        .values_list("person_id", "skill_id", "is_own", "score", "contested_at")
    }
    nothing = (None, False)
    rows = []
    for person in people:
        role = roles.get(person.pk, "")
        cells = []
        for skill in skills:
            manager, is_contested = standing.get((person.pk, skill.pk, False), nothing)
            own, _ = standing.get((person.pk, skill.pk, True), nothing)
            cells.append(Cell(skill, own, manager, is_contested, wanted.get((role, skill.pk))))
        rows.append(MapRow(person, role, cells))
    return rows


def courses_teaching(skill_ids: Iterable[int]) -> dict[int, list[Course]]:
    """The courses that are taught now, by the skill they teach."""
    found: dict[int, list[Course]] = {}
    rows = CourseSkill.objects.filter(skill__in=list(skill_ids), course__in=taught()).select_related("course")
    for row in rows.order_by("course__title"):
        found.setdefault(row.skill_id, []).append(row.course)
    return found


def targets_of(role: str) -> dict[int, int]:
    """The level a role asks, by number of the skill."""
    return dict(SkillTarget.objects.filter(role=role).values_list("skill_id", "level"))
