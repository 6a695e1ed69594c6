"""Monthly reports on paper."""

from datetime import date
from decimal import Decimal

from salesmgmt.lib import charts
from salesmgmt.lib.pdf import FONTS, MUTED, Paper, joined
from salesmgmt.lib.periods import Period
from teams.models import Organisation

from ..models import Report
from ..selectors.reports import Contents, Part, sentence_of

MINUS = "\u2212"
UNKNOWN = "–"


def write_report(report: Report, period: Period, said: Contents, *, organisation: Organisation, as_of: date) -> bytes:
    """One report; a draft says that it is one."""
    title = f"{report.team.name}, {period.label}"
    paper = Paper(FONTS, title=title, author=organisation.name)
    paper.add_page()
    draft = "" if report.is_sent else "draft · "
    paper.foot = f"{title} · {draft}as of {_day(as_of)}"
    paper.mark(organisation.name)
    sent = f"sent {_day(as_of)}" if report.is_sent else f"draft, as of {_day(as_of)}"
    paper.write_text(f"Report for {period.label} · {sent}", colour=MUTED, gap=1)
    sentence = report.sentence or sentence_of(report.team, period, said)
    paper.write_text(sentence, size=18, bold=True, leading=1.25, gap=1)
    if said.quota:
        drawn = charts.track(said.credited, said.quota, said.expected)
        paper.track(drawn.fill, drawn.tick)
        paper.write_text(
            f"{said.credited:,.2f} {said.currency} credited of {said.quota:,.2f}; the tick stands where the plan "
            "expected it.",
            size=8.5,
            colour=MUTED,
        )
    if said.ended is not None:
        of = f", of a target of {said.ended.quota:,.0f}" if said.ended.quota else ""
        text = f"{said.ended.period} ended at {said.ended.expected:,.0f} {said.currency}{of}."
        paper.write_text(text, colour=MUTED, gap=1)
    if said.outlook is not None:
        ahead = said.outlook
        spread = (
            f", with an 80 % range of {ahead.low:,.0f} to {ahead.high:,.0f}"
            if ahead.low is not None and ahead.high is not None
            else ""
        )
        paper.write_text(f"{ahead.period} lands at {ahead.expected:,.0f} {said.currency}{spread}.", colour=MUTED, gap=1)
    if report.comment:
        paper.head("What is behind it")
        paper.write_text(report.comment, gap=0)
        if report.commented_by and report.commented_at:
            paper.write_text(f"{report.commented_by}, {_day(report.commented_at.date())}", size=8.5, colour=MUTED)
    paper.head("Figures")
    paper.rule()
    for line in said.lines:
        before = f"month before: {_value(line.before, line.unit, said.currency)}" if line.before is not None else ""
        value = "met" if line.note == "met" else _value(line.value, line.unit, said.currency)
        paper.write_row(line.label, value, note=before)
    for name, parts in (("Teams", said.teams), ("People", said.people)):
        if parts:
            paper.head(name)
            paper.rule()
            for part in parts:
                paper.write_row(part.name, _value(part.credited, "money", said.currency), note=_note(part, said))
    return paper.bytes()


def _note(part: Part, said: Contents) -> str:
    return joined(
        [
            f"{_value(part.attainment, 'ratio', '')} of a quota of {_value(part.quota, 'money', said.currency)};"
            if part.quota is not None
            else "No quota;",
            f"{part.won} won, {part.lost} lost.",
        ]
    )


def _day(on: date) -> str:
    return f"{on:%-d %b %Y}"


def _value(value: Decimal | None, unit: str, currency: str) -> str:
    """A figure as text, exact."""
    if value is None:
        return UNKNOWN
    sign, size = MINUS if value < 0 else "", abs(value)
    match unit:
        case "money":
            return f"{sign}{size:,.2f} {currency}"
        case "ratio":
            return f"{sign}{size * 100:,.1f}%"
        case "days":
            return f"{sign}{size:,.1f} days"
        case _:
            return f"{sign}{size:,f}".rstrip("0").rstrip(".") if size % 1 else f"{sign}{size:,.0f}"
