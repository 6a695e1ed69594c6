"""A ladder on paper: goals, support, what was read and said, and what came of it."""

from datetime import date
from decimal import Decimal

from coaching.models import Ladder, LadderDecision, LadderStep
from coaching.selectors import current_step, goal_lines
from coaching.selectors.ladders import status_of
from salesmgmt.lib import clock
from salesmgmt.lib.pdf import FONTS, MUTED, Paper, joined
from teams.models import Organisation

UNKNOWN = "–"


def write_ladder(ladder: Ladder, *, organisation: Organisation, as_of: date, is_for_them: bool) -> bytes:
    """What the page shows of a ladder, the first step first; for whom it is about without what waits for HR."""
    title = f"{ladder.person.name}: {str(current_step(ladder)).lower()}"
    paper = Paper(FONTS, title=title, author=organisation.name)
    paper.add_page()
    paper.foot = f"{title} · confidential · as of {_day(as_of)}"
    paper.mark(organisation.name)
    paper.write_text(
        f"Opened {_day(clock.day_of(ladder.opened_at, organisation.time_zone))} · as of {_day(as_of)}",
        colour=MUTED,
        gap=1,
    )
    paper.write_text(title, size=18, bold=True, leading=1.25, gap=1)
    paper.write_text(ladder.reason, gap=1)
    if not ladder.is_open:
        paper.write_text(joined([f"{ladder.get_outcome_display()}.", ladder.closing]), bold=True)
    for step in sorted(ladder.steps.all(), key=lambda one: one.kind):
        _step(paper, step, organisation=organisation, as_of=as_of, is_for_them=is_for_them)
    paper.head("Story")
    paper.rule()
    for event in ladder.events.all():
        what = f"{event.get_kind_display()}: {str(event.step).lower()}" if event.step else event.get_kind_display()
        who = (getattr(event.by, "person", None) or event.by) if event.by else "Paceline"
        day = _day(clock.day_of(event.at, organisation.time_zone))
        paper.write_row(what, day, note=joined([f"{who}." if event.text else f"{who}", event.text]))
    return paper.bytes()


def _step(paper: Paper, step: LadderStep, *, organisation: Organisation, as_of: date, is_for_them: bool) -> None:
    paper.head(f"{step} · {_day(step.starts_on)} to {_day(step.last_day)} · {status_of(step, as_of).lower()}")
    paper.rule()
    if step.text:
        paper.write_text(step.text, gap=1)
    for line in goal_lines(step, on=as_of, organisation=organisation):
        was, aim = (value(one, line.unit, organisation.currency) for one in (line.goal.was, line.goal.aim))
        note = f"from {was} to {aim}, {_day(line.goal.starts_on)} to {_day(line.goal.last_day)}"
        paper.write_row(line.label, value(line.reached, line.unit, organisation.currency), note=note)
    for support in step.support.all():
        state = "no longer needed" if support.waived_at else "not given"
        if support.denied_at and not support.waived_at:
            state = f"{step.ladder.person.name} says it was not given"
        elif support.is_kept and support.given_at:
            state = f"given {_day(clock.day_of(support.given_at, organisation.time_zone))}"
        paper.write_row(support.text, state, note=f"{support.owner.name}, by {_day(support.due_on)}")
    for pause in step.pauses.all():
        paper.write_row(f"Away, {pause.days} working days", _day(pause.starts_on))
    for reading in step.readings.all():
        words = "Given, without an answer" if reading.witness_id else f"Read by {step.ladder.person.name}"
        paper.write_row(words, _day(clock.day_of(reading.at, organisation.time_zone)), note=reading.comment)
    for decision in step.decisions.all():
        if is_for_them and not decision.is_answered:
            paper.write_row("A decision was proposed", str(LadderDecision.State(decision.state).label).lower())
            continue
        names = [f"{one}" for one in (decision.decided_by, decision.answered_by) if one]
        until = f"Until {_day(decision.until)}." if decision.until else ""
        note = joined([until, decision.reason, decision.answer, f"Said by {' and '.join(names)}."])
        state = LadderDecision.State(decision.state).label
        decided = _day(clock.day_of(decision.decided_at, organisation.time_zone))
        paper.write_row(f"{decision.get_outcome_display()}: {str(state).lower()}", decided, note=note)
    if step.is_complete:
        paper.write_text(joined(["Goals met." if step.is_met else "Goals not met.", step.result]), gap=1)


def _day(on: date) -> str:
    return f"{on:%-d %b %Y}"


def value(amount: Decimal | None, unit: str, currency: str) -> str:
    """A figure as text, exact to the cent or a tenth of a percent."""
    if amount is None:
        return UNKNOWN
    if unit == "money":
        return f"{amount:,.2f} {currency}"
    if unit == "ratio":
        return f"{amount * 100:,.1f}%"
    return f"{amount:,.2f}".rstrip("0").rstrip(".")
