"""The lines of a plan one level at a time: a grid shows what is opened, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from salesmgmt.lib.ratios import ratio
from targets.models import STOOD, Allocation, Plan, PlanAct
from targets.selectors.plans import PlanRow, is_own_goal
from teams.models import Access, Team, User, Viewer, access_of

LEVEL = 200  # lines of one level shown at once
IS_PERSON = Case(When(person=None, then=0), default=1)


@dataclass(frozen=True, slots=True)
class Level:
    """What stands right below a team: some lines, and how many more there are after them."""

    rows: list[PlanRow]
    more: int = 0
    after: int = 0
    """Where the next ones begin."""


@dataclass(slots=True)
class Tree:
    """What stands above what in a plan, and what is given below each team line."""

    plan: Plan
    access: Access
    amounts: dict[int, Decimal] = field(default_factory=dict)
    hedges: dict[int, Decimal] = field(default_factory=dict)
    paths: dict[int, list[int]] = field(default_factory=dict)
    """Of its teams today: by them one sees a line."""
    parents: dict[int, int | None] = field(default_factory=dict)
    below: dict[int | None, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    people: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    holders: set[int] = field(default_factory=set)
    """Teams right below which something stands."""

    @classmethod
    def of(cls, plan: Plan, user: Viewer) -> "Tree":
        """In two queries, as many as there are with ten teams."""
        found = cls(plan, access_of(user))
        teams = plan.allocations.filter(person=None).values_list("team_id", "team__path", STOOD, "amount", "hedge")
        stood = {}
        for team, path, over, amount, hedge in teams:
            found.amounts[team], found.paths[team], found.hedges[team], stood[team] = amount, path, hedge, over
        for team, over in stood.items():
            found.parents[team] = found._above(over[:-1])
            found._add(found.parents[team], found.amounts[team])
        seats = plan.allocations.filter(person__isnull=False).order_by("team_id").values_list("team_id", STOOD)
        for _, path, amount, count in seats.annotate(total=Sum("amount"), lines=Count("pk")):
            above = found._above(path)
            found._add(above, amount)
            while above is not None:
                found.people[above] += count
                above = found.parents[above]
        return found

    def _above(self, path: Collection[int]) -> int | None:
        return next((team for team in reversed([*path]) if team in self.paths), None)

    def _add(self, above: int | None, amount: Decimal) -> None:
        self.below[above] += amount
        if above is not None:
            self.holders.add(above)

    def parent_of(self, line: Allocation) -> int | None:
        return self._above(line.stood) if line.person_id else self.parents.get(line.team_id)

    def sees(self, path: Collection[int]) -> bool:
        return self.access.sees_all or bool(set(path) & set(self.access.led_team_ids))

    def roots(self) -> list[int]:
        """The topmost teams of the plan that the user sees."""
        return [
            team
            for team, path in self.paths.items()
            if self.sees(path) and ((above := self.parents[team]) is None or not self.sees(self.paths[above]))
        ]

    def children(self, team: int) -> list[int]:
        return [below for below, above in self.parents.items() if above == team]

    def row(self, line: Allocation) -> PlanRow:
        above, access = self.parent_of(line), self.access
        own = access.person_id is not None and line.person_id == access.person_id
        reaches = not self.plan.is_published and self.sees(line.team.path)
        is_team, depth, over = line.person_id is None, 0, above
        while over is not None and self.sees(self.paths[over]):
            depth, over = depth + 1, self.parents[over]
        if above is None:
            total = self.plan.amount if access.sees_all else None
        else:
            total = self.amounts[above] if depth else None
        return PlanRow(
            line=line,
            depth=depth,
            share=None if total is None else ratio(line.amount, total),
            below=self.below[line.team_id] if is_team and line.team_id in self.holders and self._adds_up else None,
            may_change=reaches and not own and not is_own_goal(line, access),
            may_hedge=reaches and is_team and self._adds_up,
            people=self.people[line.team_id] if is_team else 0,
        )

    @property
    def _adds_up(self) -> bool:
        return self.plan.of.adds_up

    def _lines(self, asked: Q) -> QuerySet[Allocation]:
        rows = self.plan.allocations.filter(asked).select_related("team", "person")
        if not self.access.sees_all:
            rows = rows.filter(team__path__overlap=list(self.access.led_team_ids))
        return rows.annotate(is_person=IS_PERSON).order_by(
            "is_person",
            Coalesce("person__external_id", Case(When(person=None, then=F("team__external_id"))), Value("")),
            Coalesce("person__name", "team__name"),
            "pk",
        )

    def top(self) -> Level:
        """The topmost lines, each with those right below it."""
        rows: list[PlanRow] = []
        more = after = 0
        roots = [self.row(line) for line in self._lines(Q(team__in=self.roots(), person=None))]
        for root in roots:
            opened = self.level(root.line.team_id)
            rows += [root, *opened.rows]
            more, after = opened.more, opened.after
        return Level(rows, *((more, after) if len(roots) == 1 else (0, 0)))

    def at(self, team: int, *, after: int = 0) -> Level:
        """A team's line and those right below it."""
        opened = self.level(team, after=after)
        root = [self.row(line) for line in self._lines(Q(team=team, person=None))]
        return Level([*root, *opened.rows], opened.more, opened.after)

    def level(self, team: int, *, after: int = 0) -> Level:
        """The lines right below a team."""
        inside = Q(team__in=self.children(team), person=None) | Q(team=team, person__isnull=False)
        found = [self.row(line) for line in self._lines(inside)[after : after + LEVEL + 1]]
        if len(found) <= LEVEL:
            return Level(found)
        count = len(self.children(team)) + self.plan.allocations.filter(team=team, person__isnull=False).count()
        return Level(found[:LEVEL], count - after - LEVEL, after + LEVEL)

    def rows(self, lines: Collection[int]) -> list[PlanRow]:
        """Lines by their ids, as far as one sees them."""
        return [self.row(line) for line in self._lines(Q(pk__in=lines))]

    def mismatches(self) -> list[tuple[str, Decimal]]:
        """Where more (or less, then below zero) is given below than is held and hedged, the topmost first."""
        if not self._adds_up:
            return []
        seen = {team: path for team, path in self.paths.items() if self.sees(path) and team in self.holders}
        off = {team: self.below[team] - self.amounts[team] - self.hedges[team] for team in seen}
        wrong = sorted((team for team in off if off[team]), key=lambda team: len(seen[team]))
        names = dict(Team.objects.filter(pk__in=wrong).values_list("pk", "name"))
        whole = self.below[None] - self.plan.amount if self.access.sees_all and None in self.below else Decimal(0)
        return [*([(self.plan.name, whole)] if whole else []), *((names[team], off[team]) for team in wrong)]

    def touched(self, act: PlanAct, shown: Collection[int]) -> list[PlanRow]:
        """Of the lines shown, those that look otherwise after an act: it moved them, or the line above or below."""
        moved = {int(pk) for pk in (*act.amounts, *act.locks, *act.hedges)}
        rows = self.rows(shown)
        teams = {row.line.team_id for row in rows if row.line.pk in moved and row.line.person_id is None}
        hidden = moved - {row.line.pk for row in rows}
        over = {self.parent_of(row.line) for row in rows if row.line.pk in moved}
        places = Allocation.objects.filter(pk__in=hidden).annotate(is_person=IS_PERSON)
        over |= {
            self._above(path if is_person else path[:-1])
            for is_person, path in places.values_list("is_person", STOOD).distinct()
        }
        return [
            row
            for row in rows
            if row.line.pk in moved
            or (row.line.person_id is None and row.line.team_id in over)
            or self.parent_of(row.line) in teams
        ]


def last_act(plan: Plan, user: User) -> PlanAct | None:
    """What `undo` would take back: the latest act of this login that isn't taken back yet, nor a taking back."""
    acts = PlanAct.objects.filter(plan=plan, by=user, undoes=None, undone=None, proposes=False)
    if user.last_login is not None:
        acts = acts.filter(at__gte=user.last_login)
    return acts.order_by("-at", "-pk").first()


def grid_team(plan: Plan, user: Viewer, team: int) -> Team | None:
    """A team of the plan that one may open."""
    return (
        Team.objects.visible_to(user)
        .filter(pk=team, pk__in=plan.allocations.filter(person=None).values("team"))
        .first()
    )
