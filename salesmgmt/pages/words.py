"""The sentences that answer a page, worked out from its figures. Plain functions: values in, words out."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol

from salesmgmt.lib.periods import Period
from salesmgmt.pages.templatetags.paceline import money, pct

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class Standing(Protocol):
    """What a sentence needs to know of a pace."""

    @property
    def goal(self) -> Decimal | None: ...
    @property
    def target(self) -> Decimal | None: ...
    @property
    def expected(self) -> Decimal | None: ...
    @property
    def credited(self) -> Decimal: ...
    @property
    def status(self) -> str: ...


def number(n: int) -> str:
    """Up to ten in words: three, ten, 11."""
    return NUMBERS[n] if 0 <= n <= 10 else f"{n:,}"


def counted(n: int, one: str, many: str) -> str:
    """one person, two people, 11 people."""
    return f"{number(n)} {one if n == 1 else many}"


def sentence(text: str) -> str:
    """With a capital first letter."""
    return text[:1].upper() + text[1:]


def days_left(period: Period, today: date) -> int:
    """Days of the period after today."""
    return max((period.last_day - today).days, 0)


def headline(pace: Standing, period: Period, today: date, currency: str) -> str:
    """Where somebody stands in a period, in one sentence: "€23k behind pace, with 40 days left."."""
    if not pace.goal:
        if today < period.end:
            return f"No quota is published for {period.label} yet."
        booked = f"; {money(pace.credited, currency)} was booked" if pace.credited else ""
        return f"{period.label} had no quota{booked}."
    over, held = pace.credited - pace.goal, "quota" if pace.target is None else "target"
    if today >= period.end:
        reached = pct(pace.credited / pace.goal)
        tail = (
            f"{money(over, currency)} over"
            if over > 0
            else f"{money(-over, currency)} short"
            if over
            else "to the cent"
        )
        return f"{period.label} ended at {reached} of {held}, {tail}."
    if today < period.start:
        return f"{period.label} begins on {period.start:%-d %B}."
    left = days_left(period, today)
    time = f"with {counted(left, 'day', 'days')} left" if left else "on the last day"
    if over >= 0:
        return (
            f"{sentence(held)} reached, {money(over, currency)} over, {time}."
            if over
            else f"{sentence(held)} reached, {time}."
        )
    lack = (pace.expected or Decimal(0)) - pace.credited
    status = pace.status.replace("_", "-")
    if status in {"behind", "at-risk"}:
        return f"{money(lack, currency)} behind pace, {time}."
    if status == "ahead":
        return f"{money(-lack, currency)} ahead of pace, {time}."
    if status == "on-pace":
        return f"On pace, {time}."
    return f"Nothing is expected yet, {time}."


def leaders_turn(*, flagged: int, overdue: int, suggested: int) -> str:
    """What a manager does next."""
    if flagged:
        return sentence(f"{counted(flagged, 'person needs', 'people need')} you this week.")
    if overdue:
        return sentence(f"{counted(overdue, 'promise is', 'promises are')} overdue.")
    if suggested:
        return sentence(f"{counted(suggested, 'success waits', 'successes wait')} for a word from you.")
    return "Nobody needs you this week."


def companys_turn(*, flagged: int, teams: int) -> str:
    """What an executive looks at next."""
    if flagged and teams > 1:
        return sentence(f"{counted(flagged, 'person', 'people')} in {counted(teams, 'team', 'teams')} need attention.")
    if flagged:
        return sentence(f"{counted(flagged, 'person needs', 'people need')} attention.")
    return "Nobody needs attention today."


def reps_turn(*, unanswered: int, due: int, needed_per_day: Decimal | None, currency: str) -> str:
    """What a rep does next."""
    if due:
        return sentence(f"{counted(due, 'thing is', 'things are')} due today.")
    if unanswered:
        return "A finding about you waits for your answer."
    if needed_per_day and needed_per_day > 0:
        return f"{money(needed_per_day, currency)} a working day reaches your quota."
    return "Nothing is due today."


def teams_headline(statuses: Sequence[str], period: Period, *, is_over: bool) -> str:
    """How many of the teams are where they should be."""
    known = [status for status in statuses if status != "unknown"]
    if not statuses:
        return "No team yet."
    if not known:
        return f"No quota is published for {period.label} yet." if not is_over else f"{period.label} had no quota."
    late = sum(1 for status in known if status in {"behind", "at_risk"})
    if not late:
        whose = "The" if len(known) == 1 else "Every"
        return f"{whose} team was on pace." if is_over else f"{whose} team is on pace."
    if len(known) == 1:
        return "The team was behind pace." if is_over else "The team is behind pace."
    verb = ("was" if late == 1 else "were") if is_over else ("is" if late == 1 else "are")
    return sentence(f"{number(late)} of {counted(len(known), 'team', 'teams')} {verb} behind pace.")


def todo_headline(late: int, now: int, to_come: int) -> str:
    """What is left on a to-do list, the overdue first."""
    if not late + now + to_come:
        return "Nothing is left to do."
    if late and now:
        return sentence(f"{number(late)} overdue, {number(now)} due today.")
    if late:
        return sentence(f"{counted(late, 'thing is', 'things are')} overdue.")
    if now:
        return sentence(f"{counted(now, 'thing is', 'things are')} due today.")
    return "Nothing is due today."


def later(count: int) -> str:
    """How much more there is."""
    return sentence(f"{number(count)} more {'comes' if count == 1 else 'come'} later.") if count else ""
