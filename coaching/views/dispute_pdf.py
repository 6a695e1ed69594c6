"""A dispute on paper: what was asked, said and decided, as far as its reader may read it."""

from datetime import date

from coaching.models import Dispute
from coaching.selectors.disputes import Words, story_of_dispute
from salesmgmt.lib import clock
from salesmgmt.lib.pdf import FONTS, MUTED, Paper, joined
from teams.models import Organisation


def write_dispute(dispute: Dispute, words: Words, *, organisation: Organisation, as_of: date) -> bytes:
    """Statements and decisions by round, what decisions changed, the evidence, the story."""
    zone = organisation.time_zone
    paper = Paper(FONTS, title=dispute.title, author=organisation.name)
    paper.add_page()
    paper.foot = f"{dispute.title} · confidential · as of {_day(as_of)}"
    paper.mark(organisation.name)
    opened = _day(clock.day_of(dispute.opened_at, zone))
    paper.write_text(f"Opened {opened} by {dispute.opened_by.name} · as of {_day(as_of)}", colour=MUTED, gap=1)
    paper.write_text(dispute.title, size=18, bold=True, leading=1.25, gap=1)
    kind = f"{dispute.get_subject_display()}: {str(dispute.get_ground_display()).lower()}"
    paper.write_text(f"{kind}. {dispute.get_state_display()}.", gap=1)
    for number in sorted({one.round for one in words.statements}):
        paper.head("Statements on appeal" if number > 1 else "Statements")
        paper.rule()
        for one in words.statements:
            if one.round == number:
                said = f"said {_day(clock.day_of(one.said_at, zone))}" if one.said_at else f"due {_day(one.due_on)}"
                paper.write_row(one.party.person.name, "nothing said in time" if one.missed_at else said, note=one.text)
        for decision in words.decisions:
            if decision.round == number:
                day = _day(clock.day_of(decision.decided_at, zone))
                note = joined([f"{decision.decider.name}.", decision.reasons])
                paper.write_row(str(decision.get_outcome_display()), day, note=note)
                for remedy in decision.remedies.all():
                    who = remedy.person.name if remedy.person else "Credit"
                    amount = f"{remedy.amount:,.2f} {remedy.currency}" if remedy.amount is not None else ""
                    paper.write_row(f"{who}: {str(remedy.get_kind_display()).lower()}", amount, note=remedy.text)
                    for share in remedy.shares.all():
                        was, now = (
                            "–" if one is None else f"{one.normalize():f} %" for one in (share.was, share.percent)
                        )
                        paper.write_row(f"{share.person.name}, {share.kind}", f"{was} to {now}")
    if words.evidence:
        paper.head("Evidence")
        paper.rule()
    for piece in words.evidence:
        rows = "\n".join(" · ".join(row) for row in piece.content.get("rows", []))
        name = piece.by.name if piece.by else str(piece.get_kind_display())
        paper.write_row(name, _day(piece.as_of), note=joined([piece.text, piece.link]) if piece.text else rows)
    paper.head("Story")
    paper.rule()
    for event in story_of_dispute(dispute):
        what = f"{event.get_kind_display()}: {event.person.name}" if event.person else str(event.get_kind_display())
        paper.write_row(what, _day(clock.day_of(event.at, zone)))
    return paper.bytes()


def _day(on: date) -> str:
    return f"{on:%-d %b %Y}"
