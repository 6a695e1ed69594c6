"""From a definition to rows: what a measure counts, as one query per source, day and person it goes by.

Conditions are `[field, test, values]` with names of performance.selectors.sources; `said` and `read` are how people
write them, a line each: `kind is meeting, demo`, `minutes at least 15`, `on_a_deal yes`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Case, F, IntegerField, Q, Value, When
from django.db.models.functions import Cast, Floor, Ln

from performance.models import MeasureVersion

from .sources import SOURCES, Field, Source

FIRST_DAY, END_OF_TIME = date(1900, 1, 1), date(9999, 1, 1)
BUCKETED = {"median", "percentile", "nps"}
STEP = Decimal("1.02")  # each bucket of a sketch is two per cent wide: its middle is off by one at most
MOST_CONDITIONS, MOST_VALUES, LONGEST_VALUE = 10, 50, 100

TESTS = {"is": "is", "is_not": "is not", "at_least": "at least", "at_most": "at most", "yes": "yes", "no": "no"}
_OF_TYPE = {
    "choice": ("is", "is_not"),
    "text": ("is", "is_not"),
    "number": ("is", "is_not", "at_least", "at_most"),
    "flag": ("yes", "no"),
}

Condition = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One of the sums of a measure, and the days it is worked out for."""

    name: str
    """Under which its rollups stand: `topic:key`, with `#` where values are kept apart, `/` for the divisor."""
    source: Source
    value: str
    day: str
    credit: str
    conditions: tuple[Condition, ...]
    first: date
    until: date

    @property
    def is_bucketed(self) -> bool:
        return self.name.endswith("#")

    @property
    def is_ahead(self) -> bool:
        """Whether its day may lie ahead of the one a figure is asked for."""
        return self.day in self.source.ahead

    @property
    def left_out(self) -> str:
        """Where it is counted how many rows lack the value."""
        return f"{self.name}!"

    def matches(self) -> Q:
        """Which rows of the source count."""
        return Q(*(_holds(self.source, condition) for condition in self.conditions))

    def holds(self) -> Any:
        """Whether a row counts, as an annotation."""
        if not self.conditions:
            return Value(True)
        return Case(When(self.matches(), then=True), default=False, output_field=BooleanField())

    def expression(self) -> Any:
        return self.source.values[self.value].expression() if self.value else Value(1)

    def bucket(self, value: str) -> Any:
        """Which bucket an annotated value belongs to: itself where it is whole, else its place on a log scale."""
        if not self.is_bucketed:
            return Value(0)
        if self.source.values[self.value].is_whole:
            return Cast(F(value), IntegerField())
        size = Cast(Floor(Ln(F(value)) / Ln(Value(STEP))), IntegerField())
        return Case(When(**{f"{value}__gt": 0}, then=size), default=Value(NOTHING))


NOTHING = -(10**6)  # the bucket of what is zero or less, in a sketch


def middle_of(bucket: int) -> Decimal:
    """The value in the middle of a bucket of a sketch."""
    return Decimal(0) if bucket == NOTHING else STEP**bucket * 2 * STEP / (1 + STEP)


def versions_in_force(versions: Iterable[MeasureVersion]) -> list[tuple[MeasureVersion, date, date]]:
    """Each version with the days it holds for; of those that begin on one day only the newest."""
    ordered = sorted(versions, key=lambda version: (version.from_on, version.pk or 0))
    newest = [list(same)[-1] for _, same in groupby(ordered, key=lambda version: version.from_on)]
    ends = [later.from_on for _, later in pairwise(newest)] + [END_OF_TIME]
    return [(version, version.from_on, until) for version, until in zip(newest, ends, strict=True)]


def parts_of(version: MeasureVersion, first: date = FIRST_DAY, until: date = END_OF_TIME) -> list[Part]:
    """What is worked out for a version."""
    definition = version.definition
    source = SOURCES[version.source]
    mark = "#" if definition.method in BUCKETED else ""
    parts = [
        Part(
            f"{source.topic}:{definition.key}{mark}", source, version.value, version.day, version.credit,
            tuple(version.conditions), first, until,
        )
    ]  # fmt: skip
    if definition.has_divisor:
        other = SOURCES[version.of_source]
        parts.append(
            Part(
                f"{other.topic}:{definition.key}/", other, version.of_value, version.of_day, version.of_credit,
                tuple(version.of_conditions), first, until,
            )
        )  # fmt: skip
    return parts


def parts_in_force(topic: str) -> list[Part]:
    """What every active definition has worked out from records of a topic, in one query."""
    found = MeasureVersion.objects.filter(definition__is_active=True).select_related("definition")
    by_key = groupby(found.order_by("definition", "from_on", "pk"), key=lambda version: version.definition_id)
    return [
        part
        for _, versions in by_key
        for version, first, until in versions_in_force(versions)
        for part in parts_of(version, first, until)
        if part.source.topic == topic
    ]


def sql_of(parts: Sequence[Part]) -> tuple[str, list[Any]]:
    """Cells of the parts over a table `scope(person_id, first, until)`; the same rows are read once for all of them."""
    ordered = sorted(parts, key=lambda part: (part.source.key, part.day, part.credit, part.name, part.first))
    statements: list[str] = []
    arguments: list[Any] = []
    for _, alike in groupby(ordered, key=lambda part: (part.source.key, part.day, part.credit)):
        sql, values = _of_one_source(list(alike))
        statements.append(sql)
        arguments += values
    return " UNION ALL ".join(statements), arguments


def _of_one_source(parts: list[Part]) -> tuple[str, list[Any]]:
    source = parts[0].source
    rows = source.rows(day=parts[0].day, credit=parts[0].credit)
    columns = ["m_person", "m_on", "m_count"]
    posted, team = "q.m_on", "p.team_id"
    posting = "LEFT JOIN teams_posting p ON p.person_id = q.m_person AND p.during @> q.m_on"
    if source.team:
        rows = rows.annotate(m_team=F(source.team))
        columns += ["m_team", "m_posted"]
        posted, team, posting = "q.m_posted", "q.m_team", ""
    kept = "sum(m.total * q.m_count) <> 0" + (" OR sum(q.m_count) <> 0" if source.counts else "")
    made: list[str] = []
    names: list[Any] = []
    for place, part in enumerate(parts):
        value = f"m_value{place}"
        rows = rows.annotate(
            **{
                f"m_holds{place}": part.holds(),
                value: part.expression(),
            }
        ).annotate(**{f"m_bucket{place}": part.bucket(value)})
        columns += [f"m_holds{place}", value, f"m_bucket{place}"]
        days = f"q.m_holds{place} AND q.m_on >= %s AND q.m_on < %s"
        made.append(f"(%s, {days} AND q.{value} IS NOT NULL, q.m_bucket{place}, q.{value}::numeric)")
        names += [part.name, part.first, part.until]
        if part.value:
            made.append(f"(%s, {days} AND q.{value} IS NULL, 0, 0::numeric)")
            names += [part.left_out, part.first, part.until]
    query, arguments = rows.values_list(*columns).query.sql_with_params()
    # Its parts are Django's own statement, and names of this module.
    return (
        f"""
        SELECT q.m_person AS person_id, coalesce({team}, 0) AS team_id, q.m_on AS "on",
               fiscal({posted}) AS posted_month, m.measure::text, m.bucket, sum(m.total * q.m_count) AS total,
               sum(q.m_count)::bigint AS count
          FROM scope s JOIN ({query}) AS q ON q.m_person = s.person_id AND q.m_on >= s.first AND q.m_on < s.until
          {posting}
         CROSS JOIN LATERAL (VALUES {", ".join(made)}) AS m(measure, matters, bucket, total)
         WHERE m.matters GROUP BY 1, 2, 3, 4, 5, 6 HAVING {kept}
        """,  # nosec B608
        [*arguments, *names],
    )


def counted(parts: Sequence[Part], start: date, until: date) -> list[tuple[int, int, str, int, Decimal, int]]:
    """What parts come to in `[start, until)`, person, team, name, bucket, total and count, without storing it."""
    statement, arguments = sql_of(parts)
    statement = statement.replace(f"fiscal(q.{'m_posted'})", "q.m_posted").replace("fiscal(q.m_on)", "q.m_on")
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH scope AS (SELECT id AS person_id, %s::date AS first, %s::date AS until FROM teams_person)"
            " SELECT person_id, team_id, measure, bucket, sum(total), sum(count)::bigint"
            f" FROM ({statement}) AS cells GROUP BY 1, 2, 3, 4",  # nosec B608 (as above)
            [start, until, *arguments],
        )
        return list(cursor.fetchall())


# ── Conditions ──────────────────────────────────────────────────────────────────────────────────────────────────


def _holds(source: Source, condition: Condition) -> Any:
    name, test, values = condition
    field = source.fields[name]
    if field.type == "flag":
        assert field.holds is not None
        holds = Q(field.holds())
        return holds if test == "yes" else Q(Case(When(holds, then=False), default=True, output_field=BooleanField()))
    match test:
        case "is":
            return Q(**{f"{field.lookup}__in": values})
        case "is_not":
            return ~Q(**{f"{field.lookup}__in": values}) | Q(**{f"{field.lookup}__isnull": True})
        case "at_least":
            return Q(**{f"{field.lookup}__gte": values[0]})
        case _:
            return Q(**{f"{field.lookup}__lte": values[0]})


def said(conditions: Iterable[Condition]) -> str:
    """Conditions as people write them, a line each."""
    return "\n".join(
        f"{name} {TESTS[test]}" if test in {"yes", "no"} else f"{name} {TESTS[test]} {', '.join(map(str, values))}"
        for name, test, values in conditions
    )


def read(text: str, source: Source) -> list[list[Any]]:
    """Conditions from lines that people wrote. ValueError with a sentence where one can't be read."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [_read_line(line, source) for line in lines]


def _read_line(line: str, source: Source) -> list[Any]:
    name, _, rest = line.partition(" ")
    rest = rest.strip()
    for test in sorted(TESTS, key=lambda test: -len(TESTS[test])):
        words = TESTS[test]
        if rest == words or rest.startswith(f"{words} "):
            values = [value.strip() for value in rest[len(words) :].split(",") if value.strip()]
            return checked([name, test, values], source)
    raise ValueError(
        f"“{line}” is no condition; write a field, then {', '.join(TESTS.values())}, then values with commas between."
    )


def checked(condition: Condition, source: Source) -> list[Any]:
    """A condition as it is stored, every word of it known. ValueError with a sentence otherwise."""
    try:
        name, test, values = condition
        field = source.fields[name]
    except KeyError:
        raise ValueError(f"“{name}” is no field of {source.label}; there are {', '.join(source.fields)}.") from None
    except (TypeError, ValueError):
        raise ValueError(f"“{condition}” is no condition: [field, test, [values]].") from None
    if test not in _OF_TYPE[field.type]:
        known = ", ".join(TESTS[each] for each in _OF_TYPE[field.type])
        raise ValueError(f"“{name} {TESTS.get(test, test)}” can't be tested; after {name} comes {known}.")
    if not isinstance(values, (list, tuple)):
        raise ValueError(f"The values of “{name}” are a list.")
    if field.type == "flag":
        if values:
            raise ValueError(f"“{name}” is yes or no, without further values.")
        return [name, test, []]
    if not values:
        raise ValueError(f"“{name} {TESTS[test]}” needs a value.")
    if len(values) > MOST_VALUES or (test in {"at_least", "at_most"} and len(values) > 1):
        raise ValueError(f"“{name} {TESTS[test]}” has too many values.")
    return [name, test, [_value(name, field, str(value)) for value in values]]


def _value(name: str, field: Field, value: str) -> str:
    if len(value) > LONGEST_VALUE or "\0" in value:
        raise ValueError(f"A value of “{name}” has at most {LONGEST_VALUE} plain characters.")
    if field.type == "choice" and value not in field.choices:
        raise ValueError(f"“{value}” is no {field.label.lower()}; there are {', '.join(field.choices)}.")
    if field.type == "number":
        try:
            number = int(value)
        except ValueError:
            raise ValueError(f"“{value}” is not a whole number, as “{name}” is.") from None
        if not 0 <= number < 10**9:
            raise ValueError(f"“{name}” is a number from 0 to 999,999,999, not “{value}”.")
        return str(number)
    return value
