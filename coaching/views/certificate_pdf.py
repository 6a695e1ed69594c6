"""A certificate on paper."""

from coaching.models import Enrolment
from salesmgmt.lib.clock import day_of
from salesmgmt.lib.pdf import FONTS, MUTED, Paper
from teams.models import Organisation


def write_certificate(row: Enrolment, *, organisation: Organisation) -> bytes:
    """Who passed which version of a course when, and how long it holds."""
    assert row.passed_at is not None
    passed_on = day_of(row.passed_at, organisation.time_zone)
    paper = Paper(FONTS, title=f"{row.course.title}: {row.person.name}", author=organisation.name)
    paper.add_page()
    paper.foot = f"Certificate {row.pk} · {organisation.name}"
    paper.mark(organisation.name)
    number = "" if paper.can_draw(row.person.name) or not row.person.external_id else f" ({row.person.external_id})"
    paper.write_text("Certificate", colour=MUTED, gap=1)
    paper.write_text(f"{row.person.name}{number} has passed “{row.course.title}”.", size=18, bold=True, leading=1.25,
                     gap=4)  # fmt: skip
    if row.course.summary:
        paper.write_text(row.course.summary, gap=3)
    paper.rule()
    paper.write_row("Passed", f"{passed_on:%-d %b %Y}")
    paper.write_row("Version of the course", str(row.version.number))
    paper.write_row("Holds until", f"{row.valid_until:%-d %b %Y}" if row.valid_until else "no end", rule=False)
    return paper.bytes()
