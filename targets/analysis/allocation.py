"""A target split to people (R6): weighted elements, bounds, locked lines and hedges, in whole cents and exact."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import Literal

from salesmgmt.lib.refusals import Refused

Bound = Literal["", "floor", "ceiling"]
Place = tuple[int, int | None]  # team, person


class Clash(Refused):
    """The bounds leave no room for the total; `places` are those whose bounds hold it, the largest first."""

    def __init__(self, sentence: str, side: Bound, places: Sequence[int]) -> None:
        super().__init__(sentence)
        self.side = side
        self.places = places
        self.lines: list[Place] = []


@dataclass(frozen=True, slots=True)
class Fit:
    """What `fit` came to. `scale` is the one λ of R6, as what is left for those at no bound ÷ what they weigh."""

    amounts: list[int]
    bounds: list[Bound]
    scale: Fraction


def fit(total: int, weights: Sequence[int], floors: Sequence[int], ceilings: Sequence[int | None]) -> Fit:
    """`total` cents as clamp(λ · weight, floor, ceiling) with the one λ for which they sum to it (R6).

    Those at no bound get whole cents by largest remainder, ties in the order given. Where nobody weighs anything all
    weigh alike; who weighs nothing among others gets their floor. In each round those beyond a bound on the side that
    is further off are put on it for good (Bitran and Hax), so it ends after at most as many rounds as there are people.
    """
    size = len(weights)
    if not any(weights):
        weights = [1] * size
    _refuse_what_cannot_fit(total, weights, floors, ceilings)
    amounts = list(floors)
    bounds: list[Bound] = ["floor" if floor else "" for floor in floors]
    free = [place for place in range(size) if weights[place]]
    rest = total - sum(floors[place] for place in range(size) if not weights[place])
    weight = sum(weights)
    while free:
        low = [place for place in free if rest * weights[place] < floors[place] * weight]
        high = [
            place for place in free if (limit := ceilings[place]) is not None and rest * weights[place] > limit * weight
        ]
        lacking = sum(floors[place] * weight - rest * weights[place] for place in low)
        over = sum(rest * weights[place] - (ceilings[place] or 0) * weight for place in high)
        settled: set[int] = set()
        if low and lacking >= over:
            settled.update(low)
        if high and over >= lacking:
            settled.update(high)
            for place in high:
                amounts[place], bounds[place] = ceilings[place] or 0, "ceiling"
        if not settled:
            break
        rest -= sum(amounts[place] for place in settled)
        weight -= sum(weights[place] for place in settled)
        free = [place for place in free if place not in settled]
    scale = Fraction(rest, weight) if free else Fraction(0)
    for place in free:
        amounts[place], bounds[place] = rest * weights[place] // weight, ""
    left = rest - sum(amounts[place] for place in free)
    for place in sorted(free, key=lambda place: -(rest * weights[place] % weight))[:left]:
        amounts[place] += 1
    return Fit(amounts, bounds, scale)


def _refuse_what_cannot_fit(
    total: int, weights: Sequence[int], floors: Sequence[int], ceilings: Sequence[int | None]
) -> None:
    places = range(len(weights))
    crossed = [place for place in places if (limit := ceilings[place]) is not None and floors[place] > limit]
    if crossed:
        raise Clash("A floor lies above the ceiling.", "", crossed)
    least = sum(floors)
    if least > total:
        sentence = f"The floors sum to {_written(least)}, which is {_written(least - total)} more than the"
        raise Clash(
            f"{sentence} {_written(total)} to share.",
            "floor",
            sorted((p for p in places if floors[p]), key=lambda p: -floors[p]),
        )
    most = [ceilings[place] if weights[place] else floors[place] for place in places]
    if None not in most and (whole := sum(limit or 0 for limit in most)) < total:
        sentence = f"The ceilings sum to {_written(whole)}, which is {_written(total - whole)} less than the"
        raise Clash(f"{sentence} {_written(total)} to share.", "ceiling", sorted(places, key=lambda p: -(most[p] or 0)))


def _written(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02}"


# ── Elements ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Blend:
    """Σ weight_e × share_e of each person as whole numbers over one denominator; and what each element summed to."""

    weights: list[int]
    wholes: list[int]


def blend(percents: Sequence[int], values: Sequence[Sequence[int]]) -> Blend:
    """What each person weighs: `values` hold a person's raw value in each element.

    An element of which nobody has anything is shared alike.
    """
    size = len(values)
    wholes = [sum(theirs[element] for theirs in values) for element in range(len(percents))]
    parts = [whole or size for whole in wholes]
    common = prod(parts)
    factors = [percent * common // part for percent, part in zip(percents, parts, strict=True)]
    return Blend(
        [
            sum(factor * (value if whole else 1) for factor, value, whole in zip(factors, theirs, wholes, strict=True))
            for theirs in values
        ],
        wholes,
    )


# ── The tree of a plan ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True, eq=False)
class Node:
    """A line of a plan in cents, and what it is made of. A team holds what its children sum to, less its hedge."""

    place: Place
    amount: int = 0
    floor: int = 0
    ceiling: int | None = None
    values: tuple[int, ...] = ()
    rank: int = 0
    is_locked: bool = False
    hedge: int = 0
    children: list["Node"] = field(default_factory=list)
    bound: Bound = ""
    shared: "Shared | None" = None
    pk: int = 0
    was: int = 0
    """What it held before, of a line that stands already."""

    @property
    def is_person(self) -> bool:
        return self.place[1] is not None


@dataclass(frozen=True, slots=True)
class Shared:
    """One sharing out that people took part in together: what there was, what each element summed to, the λ."""

    rest: int
    wholes: tuple[int, ...]
    people: int
    scale: Fraction
    """Of what the weights come to: 1 where no bound held anybody."""


def settle(top: Node, total: int, percents: Sequence[int], *, opens_locked: bool = True) -> None:
    """Have everybody below `top` come to `total`: all who are free by one λ, then teams as sums of what is below.

    Locked lines stay, and those below them share what they hold, unless `opens_locked` is off: then they stay too. A
    team with a hedge gives that much more to its people. Refused where locked lines leave less than nothing, or bounds
    clash.
    """
    people, locked, hedged = [], [], []
    for node, is_inside in _free(top):
        if node.is_locked:
            locked.append(node)
        elif node.is_person:
            people.append(node)
        elif node.hedge and not is_inside:
            hedged.append(node)
    rest = total - sum(node.amount for node in locked)
    if rest < 0:
        raise Clash(f"The locked lines come to {_written(-rest)} more than the {_written(total)} there is.", "", [])
    if people:
        _share(sorted(people, key=lambda node: node.rank), rest, percents)
    for node in locked:
        if node.children and opens_locked:
            settle(node, node.amount + node.hedge, percents)
    for node in hedged:
        settle(node, _below(node) + node.hedge, percents, opens_locked=opens_locked)
    for child in top.children:
        _sum_up(child)


def pass_on(nodes: Sequence[Node], total: int) -> None:
    """`total` over lines beside one another in proportion to what stands, and what each then holds over those below.

    Locked lines are none of them. Each line's room is that of the people below it.
    """
    rooms = [_room(node) for node in nodes]
    try:
        found = fit(total, [node.values[0] for node in nodes], [low for low, _ in rooms], [high for _, high in rooms])
    except Clash as clash:
        clash.lines = [nodes[place].place for place in clash.places]
        raise
    for node, amount, bound in zip(nodes, found.amounts, found.bounds, strict=True):
        node.amount, node.bound = amount, bound
        if node.children:
            settle(node, amount + node.hedge, (100,), opens_locked=False)
            node.amount = amount


def _room(node: Node) -> tuple[int, int | None]:
    """Between what a line can hold, by the bounds and locks of those below."""
    if node.is_locked:
        return node.amount, node.amount
    if not node.children:
        return node.floor, node.ceiling
    rooms = [_room(child) for child in node.children]
    ceilings = [high for _, high in rooms]
    low = sum(low for low, _ in rooms) - node.hedge
    return max(low, 0), None if None in ceilings else max(sum(high or 0 for high in ceilings) - node.hedge, 0)


def _free(top: Node) -> Iterator[tuple[Node, bool]]:
    """All below a node, down to what is locked; and whether a team with a hedge stands between."""
    waiting = [(child, False) for child in top.children]
    while waiting:
        node, is_inside = waiting.pop()
        yield node, is_inside
        if not node.is_locked:
            waiting += [(child, is_inside or bool(node.hedge)) for child in node.children]


def _below(node: Node) -> int:
    """What people and locked lines below a team come to."""
    if node.is_person or node.is_locked:
        return node.amount
    return sum(_below(child) for child in node.children)


def _sum_up(node: Node) -> int:
    """A team that is free holds what its children sum to, less its hedge; answers what the node holds."""
    if node.children and not node.is_locked:
        node.amount = max(sum(_sum_up(child) for child in node.children) - node.hedge, 0)
    return node.amount


def _share(people: list[Node], rest: int, percents: Sequence[int]) -> None:
    mixed = blend(percents, [node.values for node in people])
    try:
        found = fit(rest, mixed.weights, [node.floor for node in people], [node.ceiling for node in people])
    except Clash as clash:
        clash.lines = [people[place].place for place in clash.places]
        raise
    weight = sum(mixed.weights)
    scale = found.scale * weight / rest if rest and weight else Fraction(1)
    shared = Shared(rest, tuple(mixed.wholes), len(people), scale)
    for node, amount, bound in zip(people, found.amounts, found.bounds, strict=True):
        node.amount, node.bound, node.shared = amount, bound, shared
