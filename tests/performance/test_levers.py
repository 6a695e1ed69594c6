"""The levers split a gap exactly, whatever the figures (R21)."""

from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from math import prod

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from performance.analysis.levers import LEVERS, Levers, Work, _factors, mean_work, shapley, split

# A busy machine draws slowly; that says nothing of the levers.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

counts = st.integers(0, 400).map(Fraction)
cents = st.integers(-(10**12), 10**14).map(lambda n: Fraction(n, 100))
money = st.integers(-(10**12), 10**14).map(lambda n: Decimal(n) / 100)


@st.composite
def works(draw: st.DrawFn) -> Work:
    """Any work, also without activities, deals, decisions or wins."""
    won = draw(counts)
    return Work(
        draw(counts), Fraction(draw(st.integers(0, 9000)), draw(st.integers(1, 92))), won, won + draw(counts),
        draw(cents), Fraction(draw(st.integers(1, 66))),
    )  # fmt: skip


@st.composite
def full_works(draw: st.DrawFn) -> Work:
    """Work whose every factor is known."""
    work = draw(works())
    one = Fraction(1)
    return work + Work(one, one, one, one, Fraction(draw(st.integers(1, 10**9)), 100))


@PATIENT
@given(works(), st.one_of(st.none(), works()), st.one_of(st.none(), money))
def test_stretch_and_levers_sum_to_the_gap_to_the_cent(now: Work, usual: Work | None, expected: Decimal | None) -> None:
    levers = Levers.of(now, usual, expected)
    if usual is not None and expected is not None:
        assert len(levers.parts) == 5
        assert sum(levers.parts.values()) == levers.total
        assert all(value == value.quantize(Decimal("0.01")) for value in levers.parts.values())
    else:
        assert levers.plan_stretch is None
    if expected is None:
        assert levers.total is None


@PATIENT
@given(works(), works(), st.integers(1, 66))
def test_a_scaled_mean_as_reference_sums_too(now: Work, usual: Work, days: int) -> None:
    reference = mean_work([usual.scaled(Fraction(days)), now.scaled(Fraction(days))])
    levers = Levers.of(now, reference, Decimal("123.45"))
    assert sum(levers.parts.values()) == levers.total


@PATIENT
@given(works(), works())
def test_the_levers_sum_exactly_before_they_are_rounded(now: Work, usual: Work) -> None:
    assert sum(split(now, usual).values()) == now.credited - usual.credited


@PATIENT
@given(works(), works())
def test_the_other_way_round_is_the_negative(now: Work, usual: Work) -> None:
    there, back = split(now, usual), split(usual, now)
    assert there == {name: -value for name, value in back.items()}


@PATIENT
@given(works())
def test_no_change_is_no_lever(work: Work) -> None:
    assert split(work, work) == dict.fromkeys(LEVERS, 0)


@PATIENT
@given(full_works(), st.sampled_from(LEVERS), st.fractions("1/10", 5, max_denominator=20))
def test_what_changes_alone_explains_all(usual: Work, lever: str, by: Fraction) -> None:
    a, d, w, k, r = usual.activities, usual.open_deals, usual.won, usual.decided, usual.credited
    now = {
        "activity": Work(a * by, d * by, w * by, k * by, r * by),
        "conversion": Work(a, d, w * by, k, r * by),
        "size": Work(a, d, w, k, r * by),
        "speed": Work(a, d, w * by, k * by, r * by),
    }[lever]
    expected = dict.fromkeys(LEVERS, Fraction(0)) | {lever: r * (by - 1)}
    assert split(now, usual) == expected


@PATIENT
@given(full_works(), full_works())
def test_it_is_the_mean_over_the_twenty_four_orders(now: Work, usual: Work) -> None:
    new, old = _factors(now, usual), _factors(usual, now)
    added = dict.fromkeys(LEVERS, Fraction(0))
    orders = list(permutations(LEVERS))
    for order in orders:
        state = dict(old)
        for name in order:
            before = prod(state.values(), start=Fraction(1))
            state[name] = new[name]
            added[name] += (prod(state.values(), start=Fraction(1)) - before) / len(orders)
    assert shapley(new, old) == added


def test_nothing_won_is_laid_on_what_was_lost_and_not_on_the_size() -> None:
    usual = Work(*map(Fraction, (100, 20, 10, 20, 1000, 60)))
    parts = split(Work(*map(Fraction, (100, 20, 0, 20, 0, 60))), usual)
    assert parts == {"activity": 0, "conversion": -1000, "size": 0, "speed": 0}


def test_credit_without_an_own_win_is_a_matter_of_size() -> None:
    usual = Work(*map(Fraction, (100, 20, 10, 20, 1000, 60)))
    parts = split(Work(*map(Fraction, (100, 20, 0, 20, 300, 60))), usual)
    assert parts == {"activity": 0, "conversion": -1000, "size": 300, "speed": 0}
