"""For every tree, weight, bound, lock and hedge: parts equal the whole, bounds hold, nobody is below zero."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from targets.analysis.allocation import Clash, Node, blend, fit, pass_on, settle

cents = st.integers(0, 10**12)
weight = st.one_of(st.integers(0, 50), st.integers(0, 10**13))


@st.composite
def people(draw: st.DrawFn, most: int = 9) -> tuple[list[int], list[int], list[int | None]]:
    size = draw(st.integers(1, most))
    weights = draw(st.lists(weight, min_size=size, max_size=size))
    floors = draw(st.lists(st.sampled_from([0, 0, 1, 10_001, 500_000]), min_size=size, max_size=size))
    rooms = draw(st.lists(st.sampled_from([None, None, 0, 1, 90_000, 10**7]), min_size=size, max_size=size))
    return weights, floors, [None if room is None else floor + room for floor, room in zip(floors, rooms, strict=True)]


@given(st.one_of(st.integers(0, 3_000_000), cents), people())
@settings(max_examples=600, deadline=None)
def test_a_fit_sums_to_the_total_within_bounds_by_one_scale_or_is_refused(
    total: int, of: tuple[list[int], list[int], list[int | None]]
) -> None:
    weights, floors, ceilings = of
    blank = not any(weights)
    most = [ceiling if weight or blank else floor for weight, floor, ceiling in zip(*of, strict=True)]
    try:
        found = fit(total, *of)
    except Clash as clash:
        over = None not in most and sum(limit or 0 for limit in most) < total
        clashes = {"floor": sum(floors) > total, "ceiling": over}[clash.side] and bool(clash.places)
        assert clashes
        return
    assert sum(floors) <= total
    assert sum(found.amounts) == total
    assert found == fit(total, *of)
    for amount, floor, ceiling in zip(found.amounts, floors, ceilings, strict=True):
        assert floor <= amount
        assert ceiling is None or amount <= ceiling
    # One λ: each at no bound has λ · weight to the cent, each at a bound would lie beyond it.
    for amount, bound, one, floor, ceiling in zip(
        found.amounts, found.bounds, [1] * len(weights) if blank else weights, floors, ceilings, strict=True
    ):
        share = found.scale * one
        if not bound and one:
            assert abs(amount - share) < 1
        elif one and found.scale:
            assert share <= floor if bound == "floor" else share >= (ceiling or 0)


@given(st.integers(0, 10**9), people(), st.integers(0, 8), st.integers(1, 10**6))
@settings(max_examples=300, deadline=None)
def test_more_weight_never_brings_less(
    total: int, of: tuple[list[int], list[int], list[int | None]], who: int, more: int
) -> None:
    weights, floors, ceilings = of
    who %= len(weights)
    heavier = [weight + more * (place == who) for place, weight in enumerate(weights)]
    try:
        before, after = fit(total, weights, floors, ceilings), fit(total, heavier, floors, ceilings)
    except Clash:
        return
    if any(weights):
        assert after.amounts[who] >= before.amounts[who] - 1  # a cent of the remainders may change hands


@given(
    st.lists(st.integers(0, 100), min_size=1, max_size=5),
    st.lists(st.lists(st.integers(0, 10**9), min_size=5, max_size=5), min_size=1, max_size=8),
)
def test_weighted_elements_are_exact_sums_of_shares(percents: list[int], values: list[list[int]]) -> None:
    theirs = [row[: len(percents)] for row in values]
    found = blend(percents, theirs)
    shares = [
        sum(
            percent * (Fraction(row[at], whole) if whole else Fraction(1, len(theirs)))
            for at, (percent, whole) in enumerate(zip(percents, found.wholes, strict=True))
        )
        for row in theirs
    ]
    assert [Fraction(one) * sum(shares) for one in found.weights] == [share * sum(found.weights) for share in shares]


@st.composite
def trees(draw: st.DrawFn) -> Node:
    count = iter(range(1, 1000))
    top = Node((0, None))

    def grow(above: Node, depth: int) -> None:
        for _ in range(draw(st.integers(1, 3))):
            team = Node((next(count), None), hedge=draw(st.sampled_from([0, 0, 0, 700])))
            above.children.append(team)
            for _ in range(draw(st.integers(0 if depth else 1, 3))):
                person = next(count)
                values = tuple(draw(st.lists(st.integers(0, 10**6), min_size=2, max_size=2)))
                floor = draw(st.sampled_from([0, 0, 100]))
                team.children.append(
                    Node(
                        (team.place[0], person),
                        floor=floor,
                        ceiling=draw(st.sampled_from([None, None, floor + 10**6])),
                        values=values,
                        rank=person,
                    )
                )
                if draw(st.integers(0, 7)) == 0:
                    team.children[-1].is_locked = True
                    team.children[-1].amount = draw(st.integers(0, 5000))
            if depth and (draw(st.booleans()) or not team.children):
                grow(team, depth - 1)

    grow(top, 2)
    return top


def check(node: Node) -> None:
    """Every team's children come to what it holds and its hedge, but where nobody below is free to take the rest."""
    for child in node.children:
        assert child.amount >= 0
        if child.is_person and not child.is_locked:
            assert child.floor <= child.amount
            assert child.ceiling is None or child.amount <= child.ceiling
        if child.children:
            below = sum(one.amount for one in child.children)
            assert below == child.amount + child.hedge or (child.hedge and below <= child.hedge)
            check(child)


@given(trees(), st.integers(0, 10**7), st.integers(0, 100))
@settings(max_examples=300, deadline=None)
def test_parts_equal_the_whole_at_every_level_of_a_tree_with_locks_and_hedges(top: Node, total: int, past: int) -> None:
    hedged = [node for node in walk(top) if node.hedge]
    try:
        settle(top, total, [past, 100 - past])
    except Clash:
        return
    if any(not node.is_locked for node in walk(top) if node.is_person):
        assert sum(child.amount for child in top.children) == total or hedged
        if all(any(not one.is_locked for one in walk(node) if one.is_person) for node in hedged):
            assert sum(child.amount for child in top.children) == total
            check(top)
    first = {node.place: node.amount for node in walk(top)}
    settle(top, total, [past, 100 - past])
    assert first == {node.place: node.amount for node in walk(top)}


def walk(node: Node) -> list[Node]:
    return [one for child in node.children for one in (child, *walk(child))]


@given(trees(), st.integers(10_000, 10**7), st.integers(0, 100), st.floats(0, 1))
@settings(max_examples=200, deadline=None)
def test_a_changed_line_leaves_the_rest_to_its_siblings_and_those_below(
    top: Node, total: int, past: int, part: float
) -> None:
    try:
        settle(top, total, [past, 100 - past])
        changed, *free = top.children
        changed.amount, changed.is_locked = int(total * part), True
        for node in walk(top):
            node.values = (node.amount,)
        if not free:
            return
        pass_on(free, total - changed.amount)
    except Clash:
        return
    assert sum(child.amount for child in top.children) == total
    for node in free:
        assert not node.children or sum(child.amount for child in node.children) <= node.amount + node.hedge
        check(node) if any(not one.is_locked for one in walk(node) if one.is_person) else None


def test_those_whose_bounds_clash_are_named_with_the_sums() -> None:
    with pytest.raises(Clash, match=r"floors sum to 30\.00, which is 5\.00 more than the 25\.00") as told:
        fit(2500, [1, 1], [1000, 2000], [None, None])
    assert (told.value.side, told.value.places) == ("floor", [1, 0])
    with pytest.raises(Clash, match=r"ceilings sum to 30\.00, which is 5\.00 less than the 35\.00") as told:
        fit(3500, [1, 1], [0, 0], [1000, 2000])
    assert (told.value.side, told.value.places) == ("ceiling", [1, 0])
    with pytest.raises(Clash, match="floor lies above") as told:
        fit(3500, [1, 1], [0, 3000], [None, 2000])
    assert told.value.places == [1]


def test_hand_computed_one_lambda_with_a_floor_and_a_ceiling() -> None:
    # p = 10, 30, 60 of 100. Floor 20 for the first, ceiling 50 for the third: λ = (100 − 20 − 50) ÷ 30 = 1.
    assert fit(10_000, [10, 30, 60], [2000, 0, 0], [None, None, 5000]).amounts == [2000, 3000, 5000]
    # Ceiling 40 for the third, no floor: λ = (100 − 40) ÷ 40 = 1.5; 15, 45, 40.
    found = fit(10_000, [10, 30, 60], [0, 0, 0], [None, None, 4000])
    assert (found.amounts, found.bounds, found.scale) == ([1500, 4500, 4000], ["", "", "ceiling"], Fraction(150))
    # Thirds of a hundred: the spare cent goes to the first of equal remainders.
    assert fit(10_000, [1, 1, 1], [0, 0, 0], [None, None, None]).amounts == [3334, 3333, 3333]
    # 0.01 over 7 people of whom three weigh double: remainders decide, not the place.
    assert fit(1, [1, 2, 1], [0, 0, 0], [None, None, None]).amounts == [0, 1, 0]
