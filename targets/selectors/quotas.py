"""What a person is held to, day by day, and what a team."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, F, Max, Q, QuerySet, Sum

from salesmgmt.desk.kept import kept
from salesmgmt.desk.models import Mark
from salesmgmt.lib.ledger import known_by
from salesmgmt.lib.money import to_cents
from salesmgmt.lib.periods import Kind, Period
from targets.analysis import FULL, ramp_factors, seat, spread
from targets.models import BOOKINGS, Allocation, QuotaEntry, QuotaProposal, Target, measure_of
from targets.models.watches import TOPIC
from targets.selectors.entries import Figure, Sums
from targets.selectors.shapes import Parts, clipped, container, everyday, ramps, seasons
from teams.models import Organisation, Team
from teams.selectors import PersonDays, presence

# ── The quota of people and teams, day by day ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class DailyQuota:
    """What one day carries; without a person it is a team's vacant or uncovered part (R4)."""

    person_id: int | None
    team_id: int | None
    on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class _Group:
    """The entries of a person in a team over one range: together they are spread."""

    person_id: int | None
    team_id: int | None
    start: date
    end: date


def daily_quota(
    *,
    person_ids: Collection[int | None] | None = None,
    team_ids: Collection[int] | None = None,
    start: date,
    end: date,
    measure: str = BOOKINGS,
    revised: bool = False,
) -> list[DailyQuota]:
    """The quota entries that touch `[start, end)`, spread over its days; over an entry's whole range they sum to it.

    What was redistributed counts only in the `revised` quota: people are judged by the original one (R8).

    `person_ids` may hold None for what stays with teams; without it: everybody and that. `team_ids` are exact teams,
    without those below. A fixed number of queries.
    """
    return [
        DailyQuota(group.person_id, group.team_id, on, amount)
        for group, days in _spread(_groups(person_ids, team_ids, start, end, measure, _kinds(revised))).items()
        for on, amount in days
        if start <= on < end and amount
    ]


def quota_of(
    *,
    person_ids: Collection[int] | None = None,
    team_ids: Collection[int] | None = None,
    start: date,
    end: date,
    measure: str = BOOKINGS,
    revised: bool = False,
    known: datetime | None = None,
) -> dict[int, Decimal]:
    """The quota of each person, or of each team with all below it (people, vacant and uncovered), in `[start, end)`.

    The original one, or the `revised` with what was redistributed (R8); by the entries `known` at a moment.

    Who has no entry is left out: no quota is not a quota of zero. An entry that reaches beyond counts with the days
    inside.
    """
    return _sums(person_ids, team_ids, start, end, measure, _kinds(revised), known)


def quota_known(
    *,
    known: datetime,
    start: date,
    end: date,
    person_ids: Collection[int] | None = None,
    team_ids: Collection[int] | None = None,
    measure: str = BOOKINGS,
) -> Decimal | None:
    """The original quota of these people, or these exact teams, or everybody together, as it was known at a moment."""
    groups = _groups(person_ids, team_ids, start, end, measure, _kinds(False), known)
    amounts = [amount for _, kinds in _amounts(groups, start, end) for amount in kinds.values()]
    return sum(amounts, Decimal(0)) if groups else None


def moved(
    *,
    person_ids: Collection[int] | None = None,
    team_ids: Collection[int] | None = None,
    start: date,
    end: date,
    measure: str = BOOKINGS,
) -> dict[int, Decimal]:
    """What was redistributed to (below zero: from) each person or team in `[start, end)`; nobody else is named."""
    return _sums(person_ids, team_ids, start, end, measure, {QuotaEntry.Kind.REDISTRIBUTION})


def _kinds(revised: bool) -> set[str]:
    return {*QuotaEntry.Kind.values} - (set() if revised else {QuotaEntry.Kind.REDISTRIBUTION})


def _sums(
    person_ids: Collection[int] | None,
    team_ids: Collection[int] | None,
    start: date,
    end: date,
    measure: str,
    kinds: set[str],
    known: datetime | None = None,
) -> dict[int, Decimal]:
    under: dict[int, list[int]] = {}
    if team_ids is not None:
        for pk, path in Team.objects.under(list(team_ids)).values_list("pk", "path"):
            under[pk] = [above for above in path if above in set(team_ids)]
    groups = _groups(person_ids, None if team_ids is None else list(under), start, end, measure, kinds, known)
    found: dict[int, Decimal] = defaultdict(Decimal)
    for group, amounts in _amounts(groups, start, end):
        owners = [group.person_id] if team_ids is None else under.get(group.team_id or 0, [])
        for owner in owners:
            if owner is not None:
                found[owner] += sum(amounts.values(), Decimal(0))
    return dict(found)


def _groups(
    person_ids: Collection[int | None] | None,
    team_ids: Collection[int] | None,
    start: date,
    end: date,
    measure: str,
    kinds: set[str],
    known: datetime | None = None,
) -> dict[_Group, dict[str, Decimal]]:
    entries = QuotaEntry.objects.overlapping(start, end).filter(measure=measure, kind__in=kinds)
    if known is not None:
        entries = entries.filter(known_by(known))
    if person_ids is not None:
        named = entries.filter(person__in=[pk for pk in person_ids if pk is not None])
        entries = named | entries.filter(person=None) if None in person_ids else named
    if team_ids is not None:
        entries = entries.filter(team__in=team_ids)
    groups: dict[_Group, dict[str, Decimal]] = defaultdict(dict)
    rows = entries.values_list("person_id", "team_id", "during", "kind").annotate(total=Sum("reporting_amount"))
    for person, team, during, kind, total in rows.order_by("person_id", "team_id", "during", "kind"):
        groups[_Group(person, team, during.lower, during.upper)][kind] = total
    return dict(groups)


def _spread(groups: Mapping[_Group, Mapping[str, Decimal]]) -> dict[_Group, list[tuple[date, Decimal]]]:
    if not groups:
        return {}
    organisation, known, profiles = Organisation.get(), seasons(), ramps()
    around = {group: container(group.start, group.end, known=known) for group in groups}
    first = min(start for start, _, _ in around.values())
    last = max(end for _, end, _ in around.values())
    people = presence(person_ids={group.person_id for group in groups if group.person_id}, start=first, end=last)
    nobodys = everyday(organisation, first, last)
    days = {}
    for group, kinds in groups.items():
        lower, upper, shares = around[group]
        of = seat(
            clipped(people[group.person_id] if group.person_id else nobodys, lower, upper),
            start=group.start,
            end=group.end,
            shares=shares,
            team_id=group.team_id if group.person_id else None,
            ramps=profiles,
        )
        total = sum(kinds.values(), Decimal(0))
        days[group] = spread(
            total, of, end=group.end, kinds=frozenset(kind for kind, amount in kinds.items() if amount)
        )
    return days


def open_parts(figures: Sequence[Figure], first: date) -> list[Figure]:
    """What of these figures lies in the days from `first` on, by team and end, in whole cents of reporting currency."""
    end = max(figure.end for figure in figures)
    people, measure = {figure.person_id for figure in figures}, figures[0].measure
    groups = _groups(people, None, min(figure.start for figure in figures), end, measure, _kinds(False))
    carried = {
        group: to_cents(sum(kinds.values(), Decimal(0))) for group, kinds in _amounts(groups, first, end) if kinds
    }
    currency = Organisation.get().currency
    found: dict[_Group, Figure] = {}
    for figure in figures:
        if first < figure.end:
            amount = carried.get(_Group(figure.person_id, figure.team_id, figure.start, figure.end), Decimal(0))
            start = max(figure.start, first)
            place = _Group(figure.person_id, figure.team_id, start, figure.end)
            one = found.setdefault(place, replace(figure, start=start, sums={currency: Sums()}))
            one.sums[currency].amount += amount
            one.sums[currency].reporting += amount
    return list(found.values())


def quota_parts(
    *, person_ids: Collection[int], start: date, end: date, measure: str = BOOKINGS, revised: bool = False
) -> dict[int, dict[str, Decimal]]:
    """Each person's quota in `[start, end)` by kind of entry; of one that reaches beyond, its days inside, as base."""
    return _by_person(_amounts(_groups(person_ids, None, start, end, measure, _kinds(revised)), start, end))


def _by_person(amounts: Iterable[tuple[_Group, Mapping[str, Decimal]]]) -> dict[int, dict[str, Decimal]]:
    found: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for group, kinds in amounts:
        if group.person_id is not None:
            for kind, amount in kinds.items():
                found[group.person_id][kind] += amount
    return {person: dict(kinds) for person, kinds in found.items()}


def goals_of(*, person_ids: Collection[int], start: date, end: date, measure: str) -> dict[int, dict[str, Decimal]]:
    """`quota_parts`; of a level, which doesn't add up, the mean over the days of `[start, end)` it is set for."""
    groups = _groups(person_ids, None, start, end, measure, _kinds(False))
    if measure_of(measure).adds_up:
        return _by_person(_shown(groups, start, end))
    sums: dict[int, Decimal] = defaultdict(Decimal)
    days: dict[int, int] = defaultdict(int)
    for group, kinds in groups.items():
        inside = (min(group.end, end) - max(group.start, start)).days
        sums[group.person_id or 0] += inside * sum(kinds.values(), Decimal(0))
        days[group.person_id or 0] += inside
    return {person: {QuotaEntry.Kind.BASE: to_cents(total / days[person])} for person, total in sums.items()}


@dataclass(frozen=True, slots=True)
class DayLine:
    """One working day of a quota: what it carries, the sum so far, and what is particular about it."""

    on: date
    amount: Decimal
    total: Decimal
    note: str


def explain(*, person_id: int, start: date, end: date, measure: str = BOOKINGS) -> list[DayLine]:
    """A person's quota day by day. Of leave it says no more than whether it relieves quota."""
    carried: dict[date, Decimal] = defaultdict(Decimal)
    for row in daily_quota(person_ids=[person_id], start=start, end=end, measure=measure):
        carried[row.on] += row.amount
    days = presence(person_ids=[person_id], start=start, end=end).get(person_id)
    if days is None or not carried:
        return []
    notes = dict(zip(days.days.astype(object).tolist(), _notes(days), strict=True))
    lines, total = [], Decimal(0)
    for on in sorted({*carried, *notes}):
        total += carried[on]
        lines.append(DayLine(on, carried[on], total, notes.get(on, "")))
    return lines


def _notes(days: PersonDays) -> Iterator[str]:
    factors = ramp_factors(days, ramps()).tolist()
    here = (days.employed.tolist(), days.relieved.tolist(), days.away.tolist(), days.fte.tolist(), factors)
    for employed, relieved, away, fte, ramp in zip(*here, strict=True):
        if not employed:
            yield "Not posted"
        elif relieved:
            yield "Leave that relieves quota"
        elif away:
            yield "Away; its share moves to other days"
        else:
            parts = [f"{fte * 100:.0f}% of a full week"] if fte != 1 else []
            yield ", ".join([*parts, *([f"Ramp {Decimal(ramp) / 100:.0f}%"] if ramp != FULL else [])])


MANY_TO_COUNT = 300


# ── Targets of teams ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class TeamTarget:
    """What a team is held to and how it comes about (R4, R7); without a published target it is the sum of the rest."""

    target: Decimal
    people: Decimal
    vacant: Decimal
    uncovered: Decimal
    hedge: Decimal
    """What plans give below it beyond the target on purpose."""
    over: Decimal
    """What the rest exceeds target and hedge by, or falls short."""
    is_published: bool

    @property
    def short(self) -> Decimal:
        return -self.over


def targets_of(*, team_ids: Collection[int], start: date, end: date, measure: str = BOOKINGS) -> dict[int, TeamTarget]:
    """The targets of teams for `[start, end)`; teams without a target and without quotas below them are left out.

    A target is that of `published_targets`. What the quotas, the vacant and the uncovered parts exceed it by is said to
    be a hedge, at this team and those below, or has come about.
    """
    wanted = set(team_ids)
    held = _in_force(wanted, start, end, measure)
    filling = {team: _filling(theirs, start, end) for team, theirs in held.items()}
    published = _inside({(pk, *span): held[pk][span][0] for pk, spans in filling.items() for span in spans}, start, end)
    said = _hedges({(pk, span): held[pk][span][1] for pk, spans in filling.items() for span in spans}, start, end)
    below = dict(Team.objects.under(list(wanted)).values_list("pk", "path"))
    sums: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for group, kinds in _shown(_groups(None, list(below), start, end, measure, _kinds(False)), start, end):
        for above in below.get(group.team_id or 0, []):
            if above in wanted:
                for kind, share in kinds.items():
                    sums[above][kind if kind in ("vacant", "uncovered") else "people"] += share
    found = {}
    for team in wanted:
        if team not in published and team not in sums:
            continue
        parts = sums[team]
        quotas = parts["people"] + parts["vacant"] + parts["uncovered"]
        target, hedge = published.get(team, quotas), said.get(team, Decimal(0))
        found[team] = TeamTarget(
            target, parts["people"], parts["vacant"], parts["uncovered"], hedge, quotas - target - hedge,
            is_published=team in published,
        )  # fmt: skip
    return found


def target_of(team: Team, period: Period) -> TeamTarget | None:
    """The target of one team for a period."""
    return targets_of(team_ids=[team.pk], start=period.start, end=period.end).get(team.pk)


def _amounts(
    groups: Mapping[_Group, dict[str, Decimal]], start: date, end: date
) -> Iterator[tuple[_Group, dict[str, Decimal]]]:
    """Each group's amount in `[start, end)` by kind; of groups that reach beyond, as one amount of the days inside."""
    partly = {group: kinds for group, kinds in groups.items() if group.start < start or end < group.end}
    for group, kinds in groups.items():
        if group not in partly:
            yield group, kinds
    for group, days in _spread(partly).items():
        kind = "base" if group.person_id else next(iter(partly[group]))
        yield group, {kind: sum((amount for on, amount in days if start <= on < end), Decimal(0))}


def _shown(
    groups: dict[_Group, dict[str, Decimal]], start: date, end: date
) -> Sequence[tuple[_Group, dict[str, Decimal]]]:
    """`_amounts` for a page: where the days of very many people have to be counted, what came of it is kept."""
    if sum(1 for group in groups if group.start < start or end < group.end) <= MANY_TO_COUNT:
        return list(_amounts(groups, start, end))
    # What postings and leave change marks people, and has other proposals made.
    proposed = QuotaProposal.objects.open().aggregate(Count("pk"), Max("made_at"))
    marked = Mark.objects.filter(topic=TOPIC).aggregate(Max("pk"))
    return kept(lambda: list(_amounts(groups, start, end)), "quotas", start, end, proposed, marked, groups)


def published_targets(
    *,
    team_ids: Collection[int],
    ranges: Sequence[tuple[date, date]],
    measure: str = BOOKINGS,
    known: datetime | None = None,
) -> list[dict[int, Decimal]]:
    """What each team is held to as a whole in each of these ranges, where plans say so (R7); as published by `known`.

    Targets that fill a range are added up; of one that reaches beyond, the days inside count, as of a vacant seat. A
    team of which some days have no target is left out.
    """
    first, last = min(start for start, _ in ranges), max(end for _, end in ranges)
    held = _in_force(team_ids, first, last, measure, known)
    return [
        _inside(
            {(pk, *span): theirs[span][0] for pk, theirs in held.items() for span in _filling(theirs, start, end)},
            start,
            end,
        )
        for start, end in ranges
    ]


Span = tuple[date, date]
PARTS: tuple[Kind, ...] = ("quarter", "month")


def _in_force(
    team_ids: Collection[int], start: date, end: date, measure: str, known: datetime | None = None
) -> dict[int, dict[Span, tuple[Decimal, int | None]]]:
    """By team and range the target that holds, and the plan that gave it.

    Quotas and credits count where their team stands today: with a team that has moved since its target was published,
    that target moves too, out of those it stood under and into those it stands under.
    """
    rows = Target.objects.overlapping(start, end).filter(measure=measure)
    if known is not None:
        rows = rows.filter(published_at__lte=known)
    has_moved = Q(path__isnull=False) & ~Q(path=F("team__path"))
    held: dict[int, dict[Span, tuple[Decimal, int | None]]] = defaultdict(dict)
    paths: dict[tuple[int, Span], tuple[list[int] | None, list[int]]] = {}
    named = rows.filter(Q(team__in=team_ids) | has_moved).order_by("published_at", "pk")
    for team, during, amount, plan, stood, stands in named.values_list(
        "team_id", "during", "amount", "plan_id", "path", "team__path"
    ):
        span = during.lower, during.upper
        held[team][span], paths[team, span] = (amount, plan), (stood, stands)
    wanted = set(team_ids)
    found = {team: dict(spans) for team, spans in held.items() if team in wanted}
    for team, span, off, onto in _moves(rows, paths):
        for sign, places in ((-1, off), (1, onto)):
            for place in places & found.keys():
                if span in found[place]:
                    stays, by_plan = found[place][span]
                    found[place][span] = stays + sign * held[team][span][0], by_plan
    return found


def _moves(
    rows: QuerySet[Target], paths: Mapping[tuple[int, Span], tuple[list[int] | None, list[int]]]
) -> Iterator[tuple[int, Span, set[int], set[int]]]:
    """Of each target whose team has moved: the teams it was under and is no longer, and those it has come under.

    `paths`: that of the team then and now. One that went along with the team above it has not moved by itself.
    """
    moved = {key: (stood, stands) for key, (stood, stands) in paths.items() if stood and stood != stands}
    if not moved:
        return
    above = {team for stood, _ in moved.values() for team in stood[:-1]}
    held = rows.filter(team__in=above).values_list("team_id", "during", "team__path")
    now = {(team, (during.lower, during.upper)): path for team, during, path in held}
    for (team, span), (stood, stands) in moved.items():
        was = next((set(now[over, span]) for over in reversed(stood[:-1]) if (over, span) in now), set())
        yield team, span, was - set(stands[:-1]), set(stands[:-1]) - was


def _inside(amounts: Mapping[tuple[int, date, date], Decimal], start: date, end: date) -> dict[int, Decimal]:
    """By team what of these amounts falls into `[start, end)`: as of a vacant seat, by nobody's days.

    A whole quarter or month of a longer range gets its part to the cent, so that the parts sum to the amount.
    """
    groups: dict[_Group, dict[str, Decimal]] = {}
    sums: dict[int, Decimal] = defaultdict(Decimal)
    parts = {(first, last): _part(first, last, start, end) for _, first, last in amounts}
    for (team, *span), amount in amounts.items():
        part = parts[span[0], span[1]]
        if part is None:
            groups[_Group(None, team, *span)] = {"target": amount}
        else:
            sums[team] += part[0].of(amount)[part[1]]
    for group, kinds in _amounts(groups, start, end):
        sums[group.team_id or 0] += sum(kinds.values(), Decimal(0))
    return dict(sums)


def _part(first: date, last: date, start: date, end: date) -> tuple[Parts, Period] | None:
    """`[start, end)` as one of the quarters, else of the months, that `[first, last)` consists of."""
    if start <= first and last <= end:
        return None
    whole = Period(first, last, "year", "", Organisation.get().calendar)
    for kind in PARTS:
        parts = whole.parts(kind)
        for part in parts:
            if (part.start, part.end) == (start, end):
                return Parts(first, last, parts), part
    return None


def _hedges(plans: Mapping[tuple[int, Span], int | None], start: date, end: date) -> dict[int, Decimal]:
    """By team what its plans give below it on purpose beyond its target, at whatever level."""
    amounts: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    rows = Allocation.objects.filter(plan__in={plan for plan in plans.values() if plan}, person=None, hedge__gt=0)
    for plan, path, hedge in rows.values_list("plan_id", "team__path", "hedge").order_by("pk"):
        for team in path:
            amounts[plan, team] += hedge
    said = {(team, *span): amounts[plan or 0, team] for (team, span), plan in plans.items() if (plan, team) in amounts}
    return _inside(said, start, end)


def _filling(spans: Collection[tuple[date, date]], start: date, end: date) -> list[tuple[date, date]]:
    """Of ranges those that fill `[start, end)` one after the other, else the shortest that holds it; or none."""
    chosen, at = [], start
    while at < end:
        following = [span for span in spans if span[0] == at and span[1] <= end]
        if not following:
            around = [span for span in spans if span[0] <= start and end <= span[1]]
            return [min(around, key=lambda span: span[1] - span[0])] if around else []
        chosen.append(max(following))
        at = chosen[-1][1]
    return chosen
