"""Plan letters on paper."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from salesmgmt.lib import charts
from salesmgmt.lib.pdf import FONTS, INK, MUTED, Paper, joined
from targets.selectors import Letter, Standing
from targets.views.common import unit_of
from teams.models import Organisation

MINUS = "\u2212"
ROUNDING = (
    "Amounts round half away from zero, and only where an entry is written: each entry is the rounded result after it "
    "less the rounded result before it, so that the entries sum to the figure."
)


def write_letters(
    letters: Sequence[Letter], standings: Mapping[int, Standing], *, organisation: Organisation, as_of: date
) -> bytes:
    """One file, a letter after the other, each on pages of its own."""
    title = letters[0].plan.name if letters else "Plan letters"
    paper = Paper(FONTS, title=title, author=organisation.name)
    for letter in letters:
        paper.add_page()  # its foot is drawn with the next page
        paper.foot = f"{letter.plan.name} · {letter.person.name} · as of {_day(as_of)}"
        _write(paper, letter, standings.get(letter.person.pk), organisation)
    return paper.bytes()


def _day(on: date) -> str:
    return f"{on:%-d %b %Y}"


def _write(paper: Paper, letter: Letter, standing: Standing | None, organisation: Organisation) -> None:
    plan, person = letter.plan, letter.person
    unit = unit_of(plan.measure, organisation)
    until = plan.until or plan.starts_on

    def amount(value: Decimal) -> str:
        text = f"{abs(value):,.2f}"
        is_money = plan.of.unit == "money"
        text = f"{unit} {text}" if is_money else f"{text.removesuffix('.00')}{unit or ''}"
        return f"{MINUS if value < 0 else ''}{text}"

    paper.mark(organisation.name)
    paper.write_text(f"{plan.name} · {_day(plan.starts_on)} to {_day(until - timedelta(days=1))}", colour=MUTED, gap=1)
    # Who can't be named by this file's faces is told by their number.
    number = "" if paper.can_draw(person.name) or not person.external_id else f" ({person.external_id})"
    paper.write_text(f"{person.name}{number}: {amount(letter.original)}.", size=18, bold=True, leading=1.25, gap=1)
    if letter.original != letter.revised:
        paper.write_text(
            f"With what was redistributed it is {amount(letter.revised)}; attainment is judged by the original figure.",
            colour=MUTED,
        )
    if letter.so_far is not None and letter.original:
        drawn = charts.track(letter.so_far, letter.original, letter.expected)
        paper.track(drawn.fill, drawn.tick)
        by_now = f"; {amount(letter.expected)} expected by today, at the tick" if plan.of.adds_up else ""
        paper.write_text(
            f"{amount(letter.so_far)} so far{by_now}.",
            size=8.5,
            colour=MUTED,
        )
    if letter.strategy is not None:
        paper.head("Strategy")
        paper.write_text(letter.strategy.text, gap=0)
        if letter.strategy.reason:
            paper.write_text(
                f"Changed {_day(letter.strategy.at.date())}: {letter.strategy.reason}", size=8.5, colour=MUTED
            )
    for section in letter.sections:
        span = (section.start, section.end) != (plan.starts_on, until)
        where = joined([str(section.team or ""), f"{_day(section.start)} to {_day(section.last_day)}" if span else ""])
        paper.head(f"How it comes about{f', {where}' if where else ''}")
        holidays = ", ".join(f"{on:%-d %b} {name}" for on, name in section.holidays)
        paper.write_text(
            joined(
                [
                    f"{section.working_days} working days in {person.name}’s own calendar.",
                    f"Public holidays left out: {holidays}." if holidays else "",
                    *(
                        f"{bucket.key}: {bucket.percent.normalize():f}% on {bucket.working_days} days."
                        for bucket in section.buckets
                        if bucket.percent is not None
                    ),
                ]
            ),
            size=8.5,
            colour=MUTED,
            gap=1,
        )
        paper.rule()
        paper.write_row("Base", amount(section.base), note=joined([section.reason, section.note]))
        for step in section.steps:
            left_out = "; ".join(str(run) for run in step.left_out[:8])
            paper.write_row(
                step.label,
                amount(step.amount),
                note="\n".join(
                    line
                    for line in (
                        step.counted,
                        f"{step.lacks}: {left_out}" if left_out else "",
                        f"{step.arithmetic}; less {step.before:,.2f}" if step.arithmetic else "",
                    )
                    if line
                ),
            )
        for entry in section.entries:
            author = f" ({entry.by})" if entry.by else ""
            since = f"From {entry.starts_on:%-d %b} on: " if entry.starts_on > section.start else ""
            note = f"{since}{entry.reason} · {_day(entry.recorded_at.date())}{author}"
            paper.write_row(entry.get_kind_display(), amount(entry.reporting_amount), note=note)
        paper.write_row("Figure", amount(section.total), bold=True, rule=False)
    paper.write_text(ROUNDING, size=8.5, colour=MUTED, gap=2)
    if standing is not None:
        paper.head("Your answer")
        said = standing.response
        paper.write_text(
            f"{standing.word}, {_day(said.at.date())}." if said else f"Say yes or object by {_day(standing.due_on)}.",
            colour=INK,
        )
