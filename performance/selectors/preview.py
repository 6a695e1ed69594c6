"""What a definition would come to, before anybody is measured by it."""

from dataclasses import dataclass
from decimal import Decimal

from performance.models import MeasureVersion
from salesmgmt.lib.periods import Period
from teams.models import Team

from .catalogue import Measure, measure_of
from .cells import Cells, is_bucketed
from .figures import defined_value, left_out_of
from .parts import counted, parts_of


@dataclass(frozen=True, slots=True)
class Preview:
    """A measure in a period: the company's value, each team's with all below it, and what it is made of."""

    measure: Measure
    period: Period
    value: Decimal | None
    note: str
    records: int
    left_out: int
    people: int
    teams: list[tuple[Team, Decimal | None]]


def preview(*, version: MeasureVersion, period: Period) -> Preview:
    """A version that need not be stored, in four queries."""
    measure = measure_of([version])
    rows = counted(parts_of(version), period.start, period.end)
    above = [Team(pk=0, path=[0]), *Team.objects.present().order_by("path")]
    paths = {team.pk: [0, *team.path] for team in above}
    cells = Cells({}, {}, {})
    people: dict[int, set[int]] = {}
    for person, team, name, bucket, total, count in rows:
        for pk in paths.get(team, [0]):
            people.setdefault(pk, set()).add(person)
            was = cells.sums.get((pk, "to_date", name), (Decimal(0), 0))
            cells.sums[pk, "to_date", name] = (was[0] + total, was[1] + count)
            if is_bucketed(name):
                mine = cells.buckets.setdefault((pk, "to_date", name), {})
                mine[bucket] = mine.get(bucket, 0) + count
    value, _, _, note = defined_value(measure, cells, is_person=len(people.get(0, ())) == 1)
    return Preview(
        measure=measure,
        period=period,
        value=value,
        note=note,
        records=sum(row[5] for row in rows if not row[2].endswith("!")),
        left_out=left_out_of(measure, cells),
        people=len({row[0] for row in rows}),
        teams=[
            (team, defined_value(measure, cells, is_person=len(people.get(team.pk, ())) == 1, key=team.pk)[0])
            for team in above[1:]
        ],
    )
