"""Watches: statement-level triggers that mark what a change makes stale, whatever the way in (house, "Marks").

A bulk load of any size leaves a few marks per person: single days while they are few, else one range from the first
day to the last. TRUNCATE fires none of these; only the owner may do it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pgtrigger

FEW = 8  # separate ranges of days per person and statement, before they are merged into one
ALWAYS = "'(,)'::daterange"
EVERYBODY = "NULL::bigint"


@dataclass(frozen=True, slots=True)
class Watch:
    """What of a table matters: `person`, `days` and `matters` are SQL over one row `r`."""

    topics: Sequence[str]
    person: str
    days: str
    columns: Sequence[str]
    matters: str = "true"
    on_insert: bool = True
    name: str = "mark"
    """Of its triggers: each app that watches a table has its own."""
    joins: str = ""
    """Further tables that the others speak of, joined to `r`; `{touched}` are the ids of what changed."""
    is_above: bool = False
    """Its rows are what others refer to: what `joins` finds is stale once such a row has changed."""

    def triggers(self) -> list[pgtrigger.Trigger]:
        columns = ", ".join(("id", *self.columns))
        moved = f"SELECT {columns} FROM new_rows EXCEPT SELECT {columns} FROM old_rows"
        touched = f"SELECT id FROM ({moved}) AS moved"  # nosec B608 (constants, as below)
        both = pgtrigger.Referencing(old="old_rows", new="new_rows")
        if self.is_above:
            rows = [f"(SELECT * FROM {name} WHERE id IN ({touched}))" for name in ("old_rows", "new_rows")]  # nosec B608
            above = " UNION ALL ".join(self._rows(name, touched) for name in rows)
            return [self._trigger(f"{self.name}_update", pgtrigger.Update, both, above)]
        old, new = self._rows("old_rows", touched), self._rows("new_rows", touched)
        changed = f"({old} EXCEPT {new}) UNION ALL ({new} EXCEPT {old})"
        gone, fresh = (self._rows(name, f"SELECT id FROM {name}") for name in ("old_rows", "new_rows"))  # nosec B608
        made = [
            self._trigger(f"{self.name}_update", pgtrigger.Update, both, changed),
            self._trigger(f"{self.name}_delete", pgtrigger.Delete, pgtrigger.Referencing(old="old_rows"), gone),
        ]
        if self.on_insert:
            made.append(
                self._trigger(f"{self.name}_insert", pgtrigger.Insert, pgtrigger.Referencing(new="new_rows"), fresh)
            )
        return made

    def _rows(self, source: str, touched: str) -> str:
        columns = ", ".join(f"r.{column}" for column in ("id", *self.columns))
        # Every part of these statements is a constant of this module.
        what = f"{self.person} AS person_id, {self.days} AS days, {columns}"
        joined = f" {self.joins.format(touched=touched)}" if self.joins else ""
        return f"SELECT {what} FROM {source} r{joined} WHERE {self.matters}"  # nosec B608

    def _trigger(
        self, name: str, operation: pgtrigger.Operation, referencing: pgtrigger.Referencing, rows: str
    ) -> pgtrigger.Trigger:
        topics = ", ".join(f"'{topic}'" for topic in self.topics)
        return pgtrigger.Trigger(
            name=name,
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=operation,
            referencing=referencing,
            func=f"""
                INSERT INTO desk_mark (topic, person_id, days)
                SELECT topic, person_id, stale
                  FROM (SELECT person_id, range_agg(days) AS days, count(*) AS ranges
                          FROM (SELECT DISTINCT person_id, days FROM ({rows}) AS touched) AS each
                         WHERE NOT isempty(days) GROUP BY person_id) AS people,
                       unnest(CASE WHEN ranges <= {FEW} THEN days ELSE datemultirange(range_merge(days)) END) AS stale,
                       unnest(ARRAY[{topics}]) AS topic;
                RETURN NULL;
            """,  # nosec B608
        )
