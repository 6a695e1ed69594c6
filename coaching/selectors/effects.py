"""What coaching has done: plans beside comparable people, one by one and by kind of help."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import QuerySet

from coaching.analysis.effect import BASELINE, HISTORY, LEAST_AFTER, PEERS, SHARE, Effect, Help, Panel, nearest
from coaching.analysis.effect import effect_of as worked_out
from coaching.models import CoachingPlan
from performance.analysis.works import beyond_chance
from performance.selectors import Measure, catalogue, measures_of
from teams.models import Access, Person, Posting, Role, Territory, User, access_of
from teams.selectors import presence

from .reach import may_coach

WEEK = timedelta(days=7)
AFTER = 13  # weeks that count at least, however short the help was
LONGEST = 26
FAR = 4  # times the level: people further off are not comparable at all
PLACEBO = 52  # more weeks, that chance is learned from
SETTLED = timedelta(days=365)
SO_FAR = "so far"
UNCLEAR = "too little to tell"
Span = tuple[int, date, date]  # person, first day and the day after the last of some help


@dataclass(frozen=True, slots=True)
class Ratio:
    """Rollups above the line and, where it is a ratio of its own, below: name, sum or count, sign."""

    above: tuple[tuple[str, str, int], ...]
    below: tuple[tuple[str, str, int], ...] = ()
    """Empty: per working day present."""

    @property
    def names(self) -> list[str]:
        return sorted({name for name, *_ in self.above + self.below})


@dataclass(frozen=True, slots=True)
class Judged:
    """A plan with what came of it so far; `effect` is None where there is too little to go by."""

    plan: CoachingPlan
    measure: str
    state: str
    effect: Effect | None
    verdict: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Pooled:
    """A kind of help for a measure, over all who had it."""

    kind: str
    measure: str
    whom: str
    plans: int
    people: int
    effect: Effect | None
    verdict: str


def ratio_of(measure: Measure) -> Ratio | None:
    """What a measure divides; None for what can't be told week by week."""
    match measure.key:
        case "bookings":
            return Ratio((("bookings", "total", 1), ("overlay", "total", 1)))
        case "deals_won" | "deals_lost":
            return Ratio(((measure.key, "count", 1),))
        case "won_value":
            return Ratio((("deals_won", "total", 1),))
        case "average_deal":
            return Ratio((("deals_won", "total", 1),), (("deals_won", "count", 1),))
        case "win_rate" | "win_rate_value":
            field = "count" if measure.key == "win_rate" else "total"
            won = (("deals_won", field, 1), ("uncounted_won", field, -1))
            return Ratio(won, (*won, ("deals_lost", field, 1), ("uncounted_lost", field, -1)))
        case key if key == "activities" or key.startswith("activities."):
            return Ratio(tuple((name, "count", 1) for name in measure.needs))
    above = tuple((n, "total", 1) for n in measure.needs if n not in measure.divisors and not n.endswith("!"))
    below = tuple((name, "total", 1) for name in measure.divisors)
    match measure.method:
        case "count" | "sum":
            return Ratio(above)
        case "average":
            return Ratio(above, tuple((name, "count", 1) for name, *_ in above))
        case "ratio":
            return Ratio(above, below)
        case "share":
            return Ratio(above, above + below)
    return None


def usable_measures() -> dict[str, Measure]:
    """What coaching can be judged by; not by what people note of their own time."""
    return {key: one for key, one in catalogue().items() if ratio_of(one) and key != "overlay" and not one.tells_time}


def plans_of(user: User) -> QuerySet[CoachingPlan]:
    return CoachingPlan.objects.visible_to(user).standing().select_related("person", "coach", "case")


def monday(day: date) -> date:
    """The first whole week from a day on."""
    return day + timedelta(days=-day.weekday() % 7)


def effect_of(*, plan: CoachingPlan, as_of: date, user: User | None = None) -> Judged:
    """What came of a plan up to a day, beside the people that were fixed at its start."""
    return effects_of([plan], as_of=as_of, user=user)[0]


def effects_of(plans: Sequence[CoachingPlan], *, as_of: date, user: User | None = None) -> list[Judged]:
    """The same of several, each by itself: some queries for each measure.

    `user`: whom it is told. Who helps and neither is nor leads the person learns that it goes on, and no figure.
    """
    if user is not None:
        access = access_of(user)
        told = [plan for plan in plans if tells_figures(access, plan)]
        judged = {one.plan.pk: one for one in effects_of(told, as_of=as_of)}
        labels = {key: one.label for key, one in catalogue().items()} if len(told) < len(plans) else {}
        return [judged.get(plan.pk) or _untold(plan, labels.get(plan.measure, plan.measure), as_of) for plan in plans]
    known = measures_of({plan.measure for plan in plans} & set(usable_measures()))
    panels = {
        key: _Panel([plan for plan in plans if plan.measure == key], measure, as_of) for key, measure in known.items()
    }
    found = []
    for plan in plans:
        effect = panels[plan.measure].effect([plan]) if plan.measure in panels else None
        label = known[plan.measure].label if plan.measure in known else plan.measure
        verdict = _verdict(effect, known.get(plan.measure))
        if effect is not None and as_of < end_of(plan):
            verdict = SO_FAR  # who looks every day sees a rise some day: it is judged once, on the day fixed before
        sentence = _sentence(plan, label, effect, verdict, as_of)
        found.append(Judged(plan, label, plan.state_on(as_of), effect, verdict, sentence))
    return found


def tells_figures(access: Access, plan: CoachingPlan) -> bool:
    """Whether somebody reads a person's measure: the person, and who leads them."""
    return access.person_id == plan.person_id or may_coach(access, plan.person)


def _untold(plan: CoachingPlan, label: str, as_of: date) -> Judged:
    state = plan.state_on(as_of)
    last = plan.until - timedelta(days=1)
    sentence = {
        "planned": f"Starts on {plan.starts_on:%d %b %Y}.",
        "running": f"Goes on until {last:%d %b %Y}.",
    }.get(state, f"Over since {last:%d %b %Y}.")
    return Judged(plan, label, state, None, state, sentence)


def what_helps(*, as_of: date) -> list[Pooled]:
    """Kinds of help by measure, of everybody and of groups apart; of plans whose weeks are over, from five people on.

    Of many rows some stand out by chance: only what is beyond it over the whole table is called better or worse.
    """
    begun = CoachingPlan.objects.standing().filter(frozen_at__isnull=False, starts_on__lte=as_of - LEAST_AFTER * WEEK)
    plans = [plan for plan in begun.select_related("person").order_by("pk") if end_of(plan) <= as_of]
    known = usable_measures()
    posts = _posts_at_start(plans)
    found: list[Pooled] = []
    for key in sorted({plan.measure for plan in plans} & set(known)):
        of_measure = [plan for plan in plans if plan.measure == key]
        if _people(of_measure) < PEERS:
            continue
        panel = _Panel(of_measure, known[key], as_of)
        for kind, label in CoachingPlan.Kind.choices:
            alike = [plan for plan in of_measure if plan.kind == kind]
            if _people(alike) < PEERS:
                continue
            for whom, group in [("Everybody", alike), *_groups(alike, posts)]:
                effect = panel.effect(group)
                verdict = _verdict(effect, known[key])
                found.append(Pooled(label, known[key].label, whom, len(group), _people(group), effect, verdict))
    return _beyond_chance(found)


def _beyond_chance(rows: list[Pooled]) -> list[Pooled]:
    chances = [row.effect.chance for row in rows if row.effect is not None]
    stands = iter(beyond_chance(chances, share=1 - SHARE))
    return [
        row if row.effect is None or next(stands) or row.verdict not in {"better", "worse"}
        else replace(row, verdict=UNCLEAR)
        for row in rows
    ]  # fmt: skip


def _people(plans: Collection[CoachingPlan]) -> int:
    return len({plan.person_id for plan in plans})


def _posts_at_start(plans: Sequence[CoachingPlan]) -> dict[int, Posting]:
    """By number of the plan: where its person stood when it began."""
    rows: dict[int, list[Posting]] = {}
    people = {plan.person_id for plan in plans}
    for row in Posting.objects.filter(person__in=people).select_related("territory"):
        rows.setdefault(row.person_id, []).append(row)
    found = {}
    for plan in plans:
        for row in rows.get(plan.person_id, ()):
            if plan.starts_on in row.during:
                found[plan.pk] = row
    return found


def _groups(plans: Sequence[CoachingPlan], posts: dict[int, Posting]) -> list[tuple[str, list[CoachingPlan]]]:
    """For whom: by role, tenure, level before and territory. What is small is together; one alone is not shown, and
    none where a group stays below five: it could be told from the others."""
    levels = {
        plan.pk: float(plan.baseline_amount / plan.baseline_units)
        for plan in plans
        if plan.baseline_units and plan.baseline_amount is not None
    }
    middle = float(np.median(list(levels.values()))) if levels else 0.0

    def tenure(plan: CoachingPlan) -> str:
        hired = plan.person.hired_on
        return "In their first year" if hired and plan.starts_on - hired < SETTLED else "Longer here"

    def role(plan: CoachingPlan) -> str:
        post = posts.get(plan.pk)
        return Role(post.role).label if post else "Other roles"

    def level(plan: CoachingPlan) -> str:
        return "Lower half before" if levels.get(plan.pk, middle) < middle else "Upper half before"

    def territory(plan: CoachingPlan) -> str:
        place: Territory | None = posts[plan.pk].territory if plan.pk in posts else None
        return place.name if place else "Other territories"

    found: list[tuple[str, list[CoachingPlan]]] = []
    for name, others in ((role, "Other roles"), (tenure, ""), (level, ""), (territory, "Other territories")):
        parts: dict[str, list[CoachingPlan]] = {}
        for plan in plans:
            parts.setdefault(name(plan), []).append(plan)
        if others:
            small = [key for key, group in parts.items() if key != others and _people(group) < PEERS]
            for key in small:
                parts.setdefault(others, []).extend(parts.pop(key))
        if len(parts) > 1 and all(_people(group) >= PEERS for group in parts.values()):
            found += sorted(parts.items(), key=lambda part: (part[0] == others, part[0]))
    return found


def pooled(
    plans: Sequence[CoachingPlan], *, measure: Measure, as_of: date, helped: Sequence[Span]
) -> tuple[Effect | None, str]:
    """The effect of help that stands in no plan of coaching (a course everybody takes), over all of it together;
    `helped`: everybody who had it."""
    effect = _Panel(plans, measure, as_of, helped=helped).effect(plans)
    return effect, _verdict(effect, measure)


def praiseworthy_plans(*, as_of: date) -> list[Judged]:
    """Whose measure rose beyond chance, of the plans whose time to count ended within two weeks."""
    over = [
        plan
        for plan in CoachingPlan.objects.standing()
        .filter(frozen_at__isnull=False, starts_on__gte=as_of - (LONGEST + 3) * WEEK)
        .select_related("person")
        if as_of - 2 * WEEK < end_of(plan) <= as_of
    ]
    return [one for one in effects_of(over, as_of=as_of) if one.verdict == "better"]


@dataclass(frozen=True, slots=True)
class Field:
    """Everybody of a role on a day: their numbers, and how they stand in a measure."""

    ids: list[int]
    began: Any
    """Days since they began."""
    levels: list[Any]
    """Of the weeks before, and of the time before those."""
    words: Any
    helped: set[int]
    """Whom a plan of coaching helps about that time."""


def field_of(*, role: str, measure: Measure, starts_on: date) -> Field:
    """What people are compared by: five queries."""
    start = monday(starts_on)
    alike = list(
        Posting.objects.on(starts_on)
        .filter(role=role, person__withdrawn_at=None)
        .values_list("person_id", "person__hired_on", "territory_id", "team_id", "during")
    )
    ids = [row[0] for row in alike]
    began = np.array([(starts_on - (row[1] or row[4].lower or starts_on)).days for row in alike], dtype=float)
    ratio = ratio_of(measure)
    assert ratio is not None
    levels = []
    for since, until in (
        (start - BASELINE * WEEK, start),
        (start - (BASELINE + HISTORY) * WEEK, start - BASELINE * WEEK),
    ):
        amounts, units = _weekly(ids, ratio, since, 1, length=(until - since).days)
        days = np.minimum(began - (starts_on - until).days, (until - since).days)  # there, of the window
        over = units[:, 0] if ratio.below else days
        with np.errstate(divide="ignore", invalid="ignore"):
            levels.append(np.where(over > 0, amounts[:, 0] / over, np.nan))
    helped = set(
        CoachingPlan.objects.standing()
        .filter(starts_on__lt=start + AFTER * WEEK, until__gt=start - BASELINE * WEEK)
        .values_list("person_id", flat=True)
    )
    words = np.array([[row[2], row[3]] for row in alike], dtype=object).reshape(-1, 2)
    return Field(ids, began, levels, words, helped)


def comparable(person_id: int, field: Field, *, without: Collection[int] = ()) -> list[int]:
    """The nearest of the field whom nobody helps at the time and who are not `without`: by tenure, territory, and the
    level of the measure."""
    if person_id not in field.ids:
        return []
    here = field.ids.index(person_id)
    out = field.helped | set(without)
    among = np.array([pk not in out and age > BASELINE * 7 for pk, age in zip(field.ids, field.began, strict=True)])
    numbers = np.stack([np.log1p(np.maximum(field.began, 0)), *field.levels], axis=1)
    together = np.nan_to_num(field.levels[0]) * BASELINE + np.nan_to_num(field.levels[1]) * HISTORY
    if together[here] > 0:
        among &= (together > together[here] / FAR) & (together < together[here] * FAR)
    among[here] = True
    found = nearest(here, numbers=numbers, words=field.words, among=among)
    return [field.ids[place] for place in found]


def comparison(*, person: Person, measure: Measure, starts_on: date) -> tuple[list[int], float, float]:
    """Comparable people as of a start, and the person's own weeks before it: amount, and units it is over."""
    posting = Posting.objects.on(starts_on).filter(person=person).first()
    if posting is None:
        return [], 0.0, 0.0
    field = field_of(role=posting.role, measure=measure, starts_on=starts_on)
    start = monday(starts_on) - BASELINE * WEEK
    own = _Panel([], measure, starts_on, people=[person.pk], start=start, weeks=BASELINE)
    return comparable(person.pk, field), *own.sums()


def end_of(plan: CoachingPlan) -> date:
    """The first day after the weeks that count: fixed once it begins, so that no look at it moves them."""
    start = monday(plan.starts_on)
    return plan.counts_until or start + min(max(monday(plan.until) - start, AFTER * WEEK), LONGEST * WEEK)


class _Panel:
    """The weeks of all people that some plans of one measure need, read once."""

    def __init__(
        self,
        plans: Sequence[CoachingPlan],
        measure: Measure,
        as_of: date,
        *,
        people: Sequence[int] = (),
        start: date | None = None,
        weeks: int = 0,
        helped: Sequence[Span] = (),
    ) -> None:
        ratio = ratio_of(measure)
        assert ratio is not None
        self.as_of = as_of
        self.people = sorted({pk for plan in plans for pk in (plan.person_id, *plan.peers)} | set(people))
        self.rows = {pk: row for row, pk in enumerate(self.people)}
        last = monday(as_of + timedelta(days=1) - timedelta(days=6))
        first = min((monday(plan.starts_on) for plan in plans), default=last) - (BASELINE + HISTORY + PLACEBO) * WEEK
        self.start = start or first
        self.weeks = weeks or max((last - self.start).days // 7, 0)
        until = self.start + self.weeks * WEEK
        self.amounts, self.units = _weekly(self.people, ratio, self.start, self.weeks)
        if not ratio.below:
            self.units = self._present(until)
        # All help there was, also what has long ended: the same plan is judged alike whenever one looks.
        spans = [
            (plan.person_id, monday(plan.starts_on), end_of(plan))
            for plan in CoachingPlan.objects.standing().filter(
                person__in=self.people, starts_on__lt=until, starts_on__gt=self.start - (LONGEST + 1) * WEEK
            )
        ]
        spans += [(pk, monday(starts_on), end) for pk, starts_on, end in helped if pk in self.rows]
        self.helps = [Help(self.rows[pk], self._week(on), self._week(end)) for pk, on, end in spans]

    def _week(self, day: date) -> int:
        return (day - self.start).days // 7

    def sums(self) -> tuple[float, float]:
        return float(self.amounts.sum()), float(self.units.sum())

    def effect(self, plans: Sequence[CoachingPlan]) -> Effect | None:
        """Of these plans, from their own people and weeks alone: which others were read beside them doesn't matter."""
        chosen = []
        for plan in plans:
            start, until = self._week(monday(plan.starts_on)), min(self._week(end_of(plan)), self.weeks)
            if len(plan.peers) >= PEERS and until - start >= LEAST_AFTER:
                chosen.append((plan, start, until))
        if not chosen:
            return None
        people = sorted({pk for plan, _, _ in chosen for pk in (plan.person_id, *plan.peers)})
        first = max(min(start for _, start, _ in chosen) - BASELINE - HISTORY - PLACEBO, 0)
        last = max(until for _, _, until in chosen)
        at = {self.rows[pk]: place for place, pk in enumerate(people)}
        kept = list(at)
        helps = [Help(at[one.person], one.start - first, one.until - first) for one in self.helps if one.person in at]
        panel = Panel(self.amounts[kept, first:last], self.units[kept, first:last], helps)
        own = [Help(at[self.rows[plan.person_id]], start - first, until - first) for plan, start, until in chosen]
        alike = np.array([np.isin(people, plan.peers) for plan, _, _ in chosen], dtype=bool)
        return worked_out(panel, own, alike)

    def _present(self, until: date) -> Any:
        found = np.zeros((len(self.people), self.weeks))
        if not self.weeks:
            return found
        for pk, own in presence(person_ids=self.people, start=self.start, end=until).items():
            week = (own.days - np.datetime64(self.start)).astype(int) // 7
            there = own.employed & ~own.away
            found[self.rows[pk]] = np.bincount(week[there], minlength=self.weeks)[: self.weeks]
        return found


def _weekly(people: Collection[int], ratio: Ratio, start: date, weeks: int, *, length: int = 7) -> tuple[Any, Any]:
    """Person × week (of `length` days): what stands above the line and below it, in one query."""
    rows = {pk: row for row, pk in enumerate(people)}
    above, below = np.zeros((len(rows), weeks)), np.zeros((len(rows), weeks))
    if not rows or not weeks:
        return above, below
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT person_id, ("on" - %s) / %s, measure, sum(total)::float, sum(count)::float
              FROM performance_rollup
             WHERE person_id = ANY(%s) AND measure = ANY(%s) AND "on" >= %s AND "on" < %s
             GROUP BY 1, 2, 3
            """,
            [start, length, list(rows), ratio.names, start, start + timedelta(days=weeks * length)],
        )
        cells = cursor.fetchall()
    for pk, week, measure, total, count in cells:
        for made, parts in ((above, ratio.above), (below, ratio.below)):
            for name, field, sign in parts:
                if name == measure:
                    made[rows[pk], week] += sign * (total if field == "total" else count)
    return above, below


def _verdict(effect: Effect | None, measure: Measure | None) -> str:
    if effect is None or measure is None:
        return UNCLEAR
    if measure.better == "lower" and effect.verdict in {"better", "worse"}:
        return "worse" if effect.verdict == "better" else "better"
    return effect.verdict


def _sentence(plan: CoachingPlan, label: str, effect: Effect | None, verdict: str, as_of: date) -> str:
    if plan.state_on(as_of) == "planned":
        return f"Starts on {plan.starts_on:%d %b %Y}."
    if effect is None:
        if len(plan.peers) < PEERS:
            return f"Too little to tell: fewer than {PEERS} people are comparable."
        soon = monday(plan.starts_on) + LEAST_AFTER * WEEK
        if as_of < soon:
            return f"Too little to tell before {soon:%d %b %Y}: {LEAST_AFTER} whole weeks count at least."
        return "Too little to tell: there is too little to compare with."
    value, low, high = effect.shown
    span = f"between {low} and {high}"
    against = f"beside {effect.peers} comparable people"
    match verdict:
        case "so far":
            return f"So far {label.lower()} {value} ({span}), {against}; judged on {end_of(plan):%d %b %Y}."
        case "better" | "worse":
            return f"{label} {value} against what was to be expected ({span}), {against}."
        case "no effect seen":
            return f"No effect seen on {label.lower()}: {span}, {against}."
    return f"Too little to tell: {label.lower()} may have changed {span}, {against}."
