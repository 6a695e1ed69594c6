"""What holds for every base, calendar, tree and set of bounds: parts equal the whole to the cent, every time."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal as D
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from salesmgmt.lib.refusals import Refused
from targets.analysis import Line, Seat, allocate, derive, learn_shares, seat, split, spread

START, END = date(2026, 7, 1), date(2026, 10, 1)
SHARES = {date(2026, 7, 1): D(20), date(2026, 8, 1): D("33.3333"), date(2026, 9, 1): D("46.6667")}
KINDS = frozenset({"fte", "ramp"})
cents = st.integers(0, 10**12).map(lambda n: D(n).scaleb(-2))


@dataclass(frozen=True)
class Days:
    days: Any
    team_ids: Any
    employed: Any
    fte: Any
    relieved: Any
    away: Any
    tenure_month: Any
    ramp: Any


@st.composite
def seats(draw: st.DrawFn) -> Seat:
    days = np.array(sorted(draw(st.sets(st.integers(0, 91), max_size=70))), dtype=np.int64) + np.datetime64(START)
    size = len(days)

    def flags() -> Any:
        return np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)), dtype=bool)

    joined, left = sorted(draw(st.tuples(st.integers(0, size), st.integers(0, size))))
    employed = np.zeros(size, dtype=bool)
    employed[joined:left] = True
    relieved = flags()
    shares = draw(st.sampled_from([{}, SHARES]))
    return seat(
        Days(
            days=days,
            team_ids=np.where(employed, draw(st.sampled_from([1, 2])), 0),
            employed=employed,
            fte=np.array([draw(st.sampled_from([D(1), D("0.6"), D("0.3333")]))] * size, dtype=object),
            relieved=relieved,
            away=relieved | flags(),
            tenure_month=np.arange(size) // 20 + 1,
            ramp=np.full(size, draw(st.sampled_from(["", "Newcomer"])), dtype=object),
        ),
        start=START,
        end=END,
        shares=shares,
        team_id=1,
        ramps={"Newcomer": {1: D("12.5"), 2: D(50)}},
    )


@given(cents, seats())
@settings(max_examples=150, deadline=None)
def test_what_a_base_leads_to_is_never_negative_and_what_stays_with_the_team_is_what_was_taken(
    base: D, of: Seat
) -> None:
    parts = derive(base, of, start=START, end=END)
    sums: dict[str, D] = {}
    for part in parts:
        sums[part.kind] = sums.get(part.kind, D(0)) + part.amount
        assert START <= part.start < part.end <= END
    person = sum((amount for kind, amount in sums.items() if kind not in {"vacant", "uncovered"}), D(0))
    assert 0 <= person <= base
    assert sums.get("vacant", D(0)) == -sums.get("employment", D(0))
    assert sums.get("uncovered", D(0)) == -sums.get("leave", D(0))
    assert parts == derive(base, of, start=START, end=END)


@given(cents, seats())
@settings(max_examples=150, deadline=None)
def test_a_quota_spread_over_days_sums_to_it_exactly_and_no_relieved_day_bears_any(total: D, of: Seat) -> None:
    days = spread(total, of, end=END, kinds=KINDS)
    assert sum((amount for _, amount in days), D(0)) == total
    assert all(amount == round(amount, 6) for _, amount in days)
    assert len({day for day, _ in days}) == len(days)
    free = set(of.days[of.employed & ~of.relieved & (of.ramp > 0)].astype(object))
    if free:
        assert {day for day, _ in days} <= free


@given(cents, seats())
@settings(max_examples=100, deadline=None)
def test_full_time_and_always_there_is_exactly_the_base(base: D, of: Seat) -> None:
    always = Seat(
        of.days,
        of.bucket,
        of.weight,
        np.ones(len(of.days), dtype=bool),
        np.full(len(of.days), 10_000),
        np.zeros(len(of.days), dtype=bool),
        of.away,
        np.full(len(of.days), 10_000),
    )
    assert [(part.kind, part.amount) for part in derive(base, always, start=START, end=END)] == [("base", base)]


@given(cents, st.lists(st.fractions(0, 10**6), min_size=1, max_size=12).filter(any))
@settings(max_examples=200, deadline=None)
def test_a_split_sums_to_the_whole_within_a_cent_of_each_share(total: D, weights: list[Fraction]) -> None:
    parts = split(total, dict(enumerate(weights)))
    assert sum(parts.values()) == total
    for key, part in parts.items():
        assert abs(Fraction(part) - Fraction(total) * weights[key] / sum(weights)) < Fraction(1, 100)


@st.composite
def lines(draw: st.DrawFn) -> dict[int, Line]:
    made = {}
    for key in range(draw(st.integers(1, 8))):
        floor = draw(st.sampled_from([D(0), D(0), D("100.01"), D(5000)]))
        room = draw(st.sampled_from([None, D(0), D("0.01"), D(900), D(100000)]))
        made[key] = Line(draw(st.fractions(0, 10**5)), floor, None if room is None else floor + room)
    return made


@given(st.integers(0, 10**8).map(lambda n: D(n).scaleb(-2)), lines())
@settings(max_examples=400, deadline=None)
def test_an_allocation_sums_to_the_target_within_bounds_or_is_refused(total: D, of: dict[int, Line]) -> None:
    try:
        parts = allocate(total, of)
    except Refused:
        blank = not any(line.weight for line in of.values())
        most = [line.ceiling if line.weight or blank else line.floor for line in of.values()]
        least = sum((line.floor for line in of.values()), D(0))
        assert total < least or (None not in most and sum(amount for amount in most if amount is not None) < total)
        return
    assert sum(parts.values()) == total
    assert parts == allocate(total, of)
    for key, line in of.items():
        assert line.floor <= parts[key]
        assert line.ceiling is None or parts[key] <= line.ceiling
    # One scale holds for all that are at no bound: ratios of amount to weight agree up to the cent.
    free = [
        (Fraction(parts[key]), line.weight)
        for key, line in of.items()
        if line.weight and line.floor < parts[key] and (line.ceiling is None or parts[key] < line.ceiling)
    ]
    for amount, weight in free:
        other, heavy = free[0]
        assert abs(amount * heavy - other * weight) <= (weight + heavy) / 100


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> Any:
    if depth == 0 or draw(st.booleans()):
        return draw(st.fractions(0, 1000))
    return draw(st.lists(trees(depth - 1), min_size=1, max_size=4))


def weigh(tree: Any) -> Fraction:
    return sum(map(weigh, tree), Fraction(0)) if isinstance(tree, list) else tree


def share(total: D, tree: Any) -> D:
    """The sum of the leaves after splitting level by level."""
    if not isinstance(tree, list):
        return total
    parts = allocate(total, {place: Line(weigh(child)) for place, child in enumerate(tree)})
    assert sum(parts.values()) == total
    return sum((share(parts[place], child) for place, child in enumerate(tree)), D(0))


@given(cents, trees())
@settings(max_examples=150, deadline=None)
def test_parts_equal_the_whole_at_every_level_of_a_tree(total: D, tree: Any) -> None:
    assert share(total, tree) == total


@given(st.lists(st.tuples(st.integers(-100, 10**7), st.integers(1, 25)), min_size=3, max_size=3))
@settings(deadline=None)
def test_learned_shares_total_a_hundred_percent(history: list[tuple[int, int]]) -> None:
    past = {str(place): (D(credited), days) for place, (credited, days) in enumerate(history)}
    shares = learn_shares(past, {f"2026-0{7 + place}": (str(place), 21) for place in range(3)})
    assume(shares)
    assert sum(shares.values()) == 100
    assert all(share >= 0 for share in shares.values())
