"""The sentences that answer a page."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from salesmgmt.lib.periods import Period
from salesmgmt.pages import words

Q4 = Period.parse("2026-Q4")
TODAY = date(2026, 11, 21)


@dataclass
class Stand:
    """A pace."""

    credited: Decimal
    goal: Decimal | None = Decimal(100_000)
    target: Decimal | None = None
    expected: Decimal | None = Decimal(50_000)
    status: str = "on_pace"


@pytest.mark.parametrize(
    ("credited", "status", "today", "said"),
    [
        (27_000, "at_risk", TODAY, "€23k behind pace, with 40 days left."),
        (47_000, "behind", date(2026, 12, 30), "€3k behind pace, with one day left."),
        (50_000, "on_pace", date(2026, 12, 31), "On pace, on the last day."),
        (62_500, "ahead", date(2026, 12, 28), "€12.5k ahead of pace, with three days left."),
        (114_000, "ahead", date(2026, 12, 19), "Quota reached, €14k over, with 12 days left."),
        (100_000, "ahead", TODAY, "Quota reached, with 40 days left."),
        (94_000, "behind", date(2027, 1, 1), "Q4 2026 ended at 94% of quota, €6k short."),
        (101_000, "ahead", date(2027, 3, 1), "Q4 2026 ended at 101% of quota, €1k over."),
        (0, "unknown", date(2026, 9, 1), "Q4 2026 begins on 1 October."),
    ],
)
def test_the_headline_says_where_one_stands(credited: int, status: str, today: date, said: str) -> None:
    assert words.headline(Stand(Decimal(credited), status=status), Q4, today, "EUR") == said


def test_without_a_quota_nothing_is_invented() -> None:
    none = Stand(Decimal(0), goal=None, expected=None, status="unknown")
    assert words.headline(none, Q4, TODAY, "EUR") == "No quota is published for Q4 2026 yet."
    assert words.headline(none, Q4, date(2027, 1, 1), "EUR") == "Q4 2026 had no quota."
    some = Stand(Decimal(428_000), goal=None, expected=None, status="unknown")
    assert words.headline(some, Q4, date(2027, 1, 1), "USD") == "Q4 2026 had no quota; $428k was booked."


def test_what_to_do_next() -> None:
    assert words.leaders_turn(flagged=2, overdue=1, suggested=0) == "Two people need you this week."
    assert words.leaders_turn(flagged=1, overdue=0, suggested=0) == "One person needs you this week."
    assert words.leaders_turn(flagged=0, overdue=12, suggested=0) == "12 promises are overdue."
    assert words.leaders_turn(flagged=0, overdue=0, suggested=3) == "Three successes wait for a word from you."
    assert words.leaders_turn(flagged=0, overdue=0, suggested=0) == "Nobody needs you this week."
    assert words.companys_turn(flagged=5, teams=4) == "Five people in four teams need attention."
    assert words.companys_turn(flagged=1, teams=1) == "One person needs attention."
    turn = words.reps_turn(unanswered=0, due=0, needed_per_day=Decimal(4_200), currency="EUR")
    assert turn == "€4.2k a working day reaches your quota."
    assert words.reps_turn(unanswered=1, due=0, needed_per_day=None, currency="EUR").startswith("A finding about you")


def test_a_list_of_teams_is_summed_up() -> None:
    assert words.teams_headline(["ahead", "behind", "unknown"], Q4, is_over=False) == "One of two teams is behind pace."
    assert words.teams_headline(["at_risk"], Q4, is_over=True) == "The team was behind pace."
    assert words.teams_headline(["ahead", "on_pace"], Q4, is_over=False) == "Every team is on pace."
    assert words.teams_headline(["unknown"], Q4, is_over=False) == "No quota is published for Q4 2026 yet."
    assert words.teams_headline([], Q4, is_over=False) == "No team yet."
