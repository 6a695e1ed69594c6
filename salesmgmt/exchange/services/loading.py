"""Tables of any size, taken in by COPY and by statements over whole portions of them (`lib.kinds.Loader`).

The file is copied as text into a temporary table, never held in memory. Then portion by portion, each in a transaction
of its own under the lock of imports: what is written plainly is typed by the database, any other word once by Python's
readers; references are joined, rows judged, what is new inserted, the ledgers brought in line, and the line up to which
all this is done written into the batch. So a crash leaves whole portions and the place where to go on, and what a row
comes to doesn't depend on where portions end: a record given twice and the nth of several alike are known across them.
"""

from collections.abc import Callable, Iterator
from copy import copy
from datetime import date, datetime
from io import BytesIO
from itertools import islice
from operator import itemgetter
from typing import Any, BinaryIO

from django.apps import apps
from django.db import connection, models

from salesmgmt.exchange import values
from salesmgmt.exchange.kinds import referents
from salesmgmt.exchange.mapping import Column, MappingFile
from salesmgmt.exchange.models import Batch, BatchRow
from salesmgmt.exchange.reader import Row as Cells
from salesmgmt.exchange.reader import Table
from salesmgmt.exchange.staging import describe, is_noted, notations, open_as
from salesmgmt.lib.kinds import Aside, Field, Kind, Plan, Refusal, Row, Settling, folded
from teams.models import Organisation, User

from .writing import keep_steps, settle, touched_ids, write

PORTION = 20_000  # rows that are judged and written together
SAMPLED = 50  # rows kept for a preview, sound ones and refused ones
TOLD = 100_000  # refusals an answer holds; the batch keeps them all
REMEMBERED = 200_000  # texts of references that are remembered from one portion to the next
TABLES = ("raw", "typed", "part", "named", "refused", "repeated", "given", "seen")


class Load:
    """One file on its way in: read once, then judged and perhaps written in portions."""

    def __init__(
        self,
        kind: Kind,
        file: BinaryIO,
        name: str,
        mapping: MappingFile,
        *,
        organisation: Organisation,
        by: User | None,
        at: datetime,
        today: date,
        own_person_id: int | None,
        create_missing: bool,
        books: bool,
        settles: bool = True,
        by_row: bool = False,
    ) -> None:
        assert kind.loader is not None
        self.kind, self.loader = kind, kind.loader
        self.model: type[models.Model] = apps.get_model(kind.loader.model)
        self.aside = kind.loader.aside
        self._mine = " AND NOT is_aside" if self.aside else ""
        self.by, self.at, self.today, self.create_missing = by, at, today, create_missing
        self.settles, self.by_row = settles, by_row
        self._batch: Batch | None = None
        self.organisation, self.mapping = organisation, mapping
        self.table, self.columns, self.preset = open_as(file, name, kind, mapping)
        self.fields = [one for one in kind.fields if one.name in self.columns]
        self.values: dict[str, Any] = {
            "at": at,
            "by": by and by.pk,
            "today": today,
            "zone": organisation.time_zone,
            "reporting": organisation.currency,
            "own": own_person_id,
            "books": books,
        }
        self.sequence = self.ask("SELECT pg_get_serial_sequence(%(table)s, 'id')", table=self._stands)[0][0]
        self.ends: list[int] = []  # the last line of each portion
        self.read = 0
        self.made: list[str] = []
        self.notes: dict[str, int] = {}  # of the portion judged last
        self.rows: list[Row] = []
        self._made: dict[tuple[str, str], int] = {}
        self._place = self._refused = 0
        self._refers = [one for one in self.fields if one.type == "reference"]

    # Statements

    def run(self, statement: str, **more: Any) -> int:
        """Execute a statement; answer how many rows it touched."""
        with connection.cursor() as cursor:
            cursor.execute(statement, self.values | more)
            return int(cursor.rowcount)

    def ask(self, statement: str, **more: Any) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(statement, self.values | more)
            rows: list[Any] = cursor.fetchall()
            return rows

    def refuse(self, column: str, reason: str, where: str, *, value: str = "") -> None:
        """Refuse rows of `part` that are sound so far and for which `where` holds."""
        self._refuse(f"FROM part p WHERE sound AND ({where})", column, reason, value or self._text(column))

    def _refuse(self, source: str, column: str, reason: str, value: str) -> None:
        self._place += 1
        self._refused += self.run(
            "INSERT INTO refused (line, place, field, value, reason)"
            f" SELECT p.line, {self._place}, '{column}', left(coalesce({value}, ''), 500), {reason} {source}"
        )

    def _text(self, column: str) -> str:
        """SQL: what the file says in a column, of the row `p`."""
        return f'(SELECT r."{column}" FROM raw r WHERE r.line = p.line)' if column in self.columns else "''"

    def _give_up_refused(self) -> None:
        """What was refused so far is out of further questions."""
        if self._refused:
            self.run("UPDATE part SET sound = false WHERE sound AND line IN (SELECT line FROM refused)")

    def note(self, sentence: str, where: str) -> None:
        count = self.ask(f"SELECT count(*) FROM part p WHERE sound AND ({where})")[0][0]
        if count:
            self.notes[sentence] = count

    def insert(self, model: type[models.Model], columns: dict[str, str], source: str) -> None:
        """INSERT … SELECT; fields beyond `columns` get their defaults."""
        defaults: dict[str, Any] = {}
        for one in model._meta.concrete_fields:
            assert one.column is not None
            if one.column in columns or one.primary_key or one.null:
                continue
            if not one.has_default() and one.has_db_default():
                continue
            default = self.at if getattr(one, "auto_now_add", False) or getattr(one, "auto_now", False) else None
            defaults[one.column] = one.get_db_prep_save(default or one.get_default(), connection)
        names = ", ".join(f'"{column}"' for column in [*columns, *defaults])
        given = ", ".join([*columns.values(), *(f"%(default_{column})s" for column in defaults)])
        self.run(
            f"INSERT INTO {model._meta.db_table} ({names}) SELECT {given} {source}",
            **{f"default_{column}": value for column, value in defaults.items()},
        )

    # Reading

    def copy(self) -> None:
        """Copy the file's text into the temporary table `raw`, a column for each field."""
        self._make_room()
        with connection.cursor() as cursor:
            cursor.copy_expert("COPY raw FROM STDIN (NULL '')", _Feed(self._lines()))
        self.run("CREATE INDEX ON raw (line)")
        self.run("CREATE TEMPORARY TABLE repeated AS " + (
            "SELECT external_id FROM raw WHERE external_id IS NOT NULL GROUP BY external_id HAVING count(*) > 1"
            if "external_id" in self.columns else "SELECT NULL::text AS external_id WHERE false"
        ))  # fmt: skip
        self.has_repeats = bool(self.ask("SELECT FROM repeated LIMIT 1"))
        self.run("ANALYZE raw (line)")
        self.notations = notations(self.kind, self._ways(), self.mapping, self.table)
        self.found = describe(self.table, self.columns, self.preset, self.notations)

    def _make_room(self) -> None:
        """The temporary tables, empty."""
        self.clear()
        names = "".join(f', "{one.name}" text' for one in self.fields)
        self.run(f"CREATE TEMPORARY TABLE raw (line integer, problem text{names})")
        self.run("CREATE TEMPORARY TABLE named (ref text, text text, id bigint, many integer, PRIMARY KEY (ref, text))")
        self.run("CREATE TEMPORARY TABLE refused (line integer, place integer, field text, value text, reason text)")
        self.run("CREATE TEMPORARY TABLE given (external_id text PRIMARY KEY, line integer)")
        self.run("CREATE TEMPORARY TABLE seen (key text PRIMARY KEY, many integer)")

    def twin(self) -> "Load":
        """The same load for the session it is called in, which is handed its rows."""
        other = copy(self)
        other.values, other._made, other.made, other.rows = dict(self.values), {}, [], []
        other._make_room()
        other.run("CREATE INDEX ON raw (line)")
        return other

    def texts(self, first: int, last: int) -> BytesIO:
        """The rows in (first, last] as they were copied."""
        out = BytesIO()
        rows = f"SELECT * FROM raw WHERE line > {first} AND line <= {last} ORDER BY line"
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY ({rows}) TO STDOUT", out)
        out.seek(0)
        return out

    def take_over(self, texts: BytesIO) -> None:
        """Have these rows and no others."""
        self.run("TRUNCATE raw")
        with connection.cursor() as cursor:
            cursor.copy_expert("COPY raw FROM STDIN", texts)

    def start(self) -> None:
        """Forget what was judged so far."""
        self.run("TRUNCATE named, given, seen")
        self.made, self._made = [], {}

    def clear(self) -> None:
        self.run(f"DROP TABLE IF EXISTS {', '.join(f'pg_temp.{name}' for name in TABLES)}")

    def _lines(self) -> Iterator[str]:
        """The rows as COPY reads them."""
        texts = _texts_of(self.table, [self.columns[one.name] for one in self.fields])
        nothing = "\t" * (len(self.fields) - 1)
        for row in self.table.rows():
            self.read += 1
            if self.read % PORTION == 0:
                self.ends.append(row.line)
            if row.problem:
                yield f"{row.line}\t{_escaped(row.problem)}\t{nothing}\n"
            else:
                yield f"{row.line}\t\t{texts(row)}\n"
        if not self.ends or self.read % PORTION:
            self.ends.append(row.line if self.read else 0)

    def _ways(self) -> dict[str, list[str]]:
        """For each column of numbers or dates, texts that show every way in which it is written."""
        ways = {}
        for one in self.fields:
            if is_noted(one):
                text = f'"{one.name}"'
                if one.type in {"date", "moment"}:
                    way = f"regexp_replace({text}, '[0-9]{{1,2}}:[0-9]{{2}}.*$', '0:00')"
                    where = f"{text} !~ '^[0-9]{{4}}-'"
                else:
                    way, where = f"translate({text}, '23456789', '11111111')", "true"
                found = self.ask(f"SELECT DISTINCT {way} FROM raw WHERE {text} IS NOT NULL AND {where}")
                ways[one.name] = [way for (way,) in found if not values.is_nothing(one, way)]
        return ways

    # Judging

    def judge(self, first: int, last: int, *, batch: Batch | None) -> None:
        """Work out what the rows in (first, last] come to; with a batch, what they refer to may be made."""
        self._batch, self.notes = batch, {}
        self.run("DELETE FROM refused")
        self._refused = 0
        self._type(first, last)
        self._refer()
        self._find()
        for one in self.kind.fields:
            if one.needed and self._has[f"no_{one.name}"]:
                self._refuse(
                    f"FROM part p WHERE p.{one.name} IS NULL AND line NOT IN (SELECT line FROM refused"
                    f" WHERE field = '{one.name}')", one.name, "'It is needed and empty.'", self._text(one.name)
                )  # fmt: skip
        self._give_up_refused()
        if self.loader.check:
            self.loader.check(self)
            self._give_up_refused()
        self._require_references(batch)
        if self.loader.complete:
            self.loader.complete(self)
        if self.aside is not None:
            self._match_aside(self.aside)
        self._match()
        if self._has["record"]:
            self.run(
                f"UPDATE part p SET act = 'changed' FROM {self._stands} x WHERE x.id = p.record_id AND p.sound"
                f" AND p.act = 'equal'{self._mine} AND ({self.loader.differs})"
            )
        self._refuse(f"FROM raw p WHERE line > {first} AND line <= {last} AND problem IS NOT NULL", "", "problem", "''")

    @property
    def _stands(self) -> str:
        return self.model._meta.db_table

    def _type(self, first: int, last: int) -> None:
        """`typed`: each text as a value; what the database can't read plainly is read by Python, each word once."""
        typed, odd = [], []
        for one in self.fields:
            text = f'r."{one.name}"'
            plain = values.plain_sql(one, self._notation(one), self.organisation.time_zone, text)
            if one.type == "reference":
                plain = f"CASE WHEN {_is_something(one, text)} THEN {plain} END"
            typed.append(f"({plain})::{values.sql_type(one)} AS {one.name}")
            is_odd = f"v.{one.name} IS NULL AND {_is_something(one, text)}"
            odd.append(f"CASE WHEN {is_odd} THEN {text} END AS odd_{one.name}")
        others = [f"NULL::{values.sql_type(one)} AS {one.name}" for one in self.kind.fields if one not in self.fields]
        self.run("DROP TABLE IF EXISTS pg_temp.typed")
        self.run(
            # OFFSET 0: each value is worked out once.
            f"CREATE TEMPORARY TABLE typed AS SELECT line, v.*, {', '.join(odd + others)}"
            f" FROM raw r CROSS JOIN LATERAL (SELECT {', '.join(typed)} OFFSET 0) v"
            " WHERE line > %(first)s AND line <= %(last)s AND problem IS NULL",
            first=first, last=last,
        )  # fmt: skip
        counts = self.ask(f"SELECT {', '.join(f'count(odd_{one.name})' for one in self.fields)} FROM typed")[0]
        odd_ones = [one for one, count in zip(self.fields, counts, strict=True) if count]
        for one in sorted(odd_ones, key=lambda one: one.name != "currency"):
            self._read_odd(one)

    def _read_odd(self, one: Field) -> None:
        currency = "currency" if one.type == "money" and self.kind.field("currency") else "NULL"
        text = f"odd_{one.name}"
        odd = self.ask(f"SELECT DISTINCT {text}, {currency} FROM typed WHERE {text} IS NOT NULL")
        parse = values.parser(one, self._notation(one), self.organisation.time_zone)
        read: list[tuple[str, str | None, str | None, str]] = []
        for text, of in odd:
            try:
                read.append((text, of, str(parse(text, of or self.organisation.currency)), ""))
            except values.Unfit as unfit:
                read.append((text, of, None, str(unfit)))
        words = "unnest(%(texts)s::text[], %(of)s::text[], %(values)s::text[], %(problems)s::text[])"
        words = f"{words} AS w(text, currency, value, problem)"
        texts, ofs, made, problems = map(list, zip(*read, strict=True))
        told = {"texts": texts, "of": ofs, "values": made, "problems": problems}
        same = f"t.odd_{one.name} = w.text"
        if currency != "NULL":
            same += " AND t.currency IS NOT DISTINCT FROM w.currency"
        if any(value is not None for value in made):
            kind = values.sql_type(one)
            self.run(
                f"UPDATE typed t SET {one.name} = w.value::{kind} FROM {words} WHERE w.value IS NOT NULL AND {same}",
                **told,
            )
        if any(problems):
            self._place += 1
            self._refused += self.run(
                "INSERT INTO refused (line, place, field, value, reason)"
                f" SELECT t.line, {self._place}, '{one.name}', left(w.text, 500), w.problem FROM typed t"
                f" JOIN {words} ON {same} WHERE w.problem <> ''",
                **told,
            )

    def _notation(self, one: Field) -> values.Notation:
        return self.notations.get(one.name) or values.Notation()

    def _refer(self) -> None:
        """`named`: for each text that refers to something, what it names, and how many there are."""
        if self.ask("SELECT count(*) FROM named")[0][0] > REMEMBERED:
            self.run("TRUNCATE named")
        for one in self._refers:
            for n, query in enumerate(referents()[one.to].named):
                unknown = f"SELECT DISTINCT {one.name} AS text FROM typed WHERE {one.name} IS NOT NULL"
                known = "many > 0" if n else "true"
                self.run(
                    f"WITH wanted AS MATERIALIZED ({unknown} EXCEPT SELECT text FROM named WHERE ref = '{one.to}'"
                    f" AND {known}) INSERT INTO named SELECT '{one.to}', w.text, min(id), count(DISTINCT id)"
                    f" FROM wanted w LEFT JOIN ({query}) found ON found.text = w.text GROUP BY w.text"
                    " ON CONFLICT (ref, text) DO UPDATE SET id = excluded.id, many = excluded.many"
                )

    def _find(self) -> None:
        """`part`: the typed rows with the numbers of what they refer to, and of the record they are about."""
        refers = "".join(
            f", {one.name}_.id AS {one.name}_id, {one.name}_.many AS {one.name}_many" for one in self._refers
        )
        joins = "".join(
            f" LEFT JOIN named {one.name}_ ON {one.name}_.ref = '{one.to}' AND {one.name}_.text = r.{one.name}"
            for one in self._refers
        )
        references = [f"{one.name}_id" for one in self.kind.fields if one.type == "reference"]
        others = "".join(
            f", NULL::bigint AS {one.name}_id, NULL::integer AS {one.name}_many"
            for one in self.kind.fields
            if one.type == "reference" and one not in self._refers
        )
        columns = [f"t.{one.name}" for one in self.kind.fields]
        columns += [f"t.{one.name}_many" for one in self.kind.fields if one.type == "reference"]
        columns += [f"{self.loader.instead.get(name, f't.{name}')} AS {name}" for name in references]
        self.run("DROP TABLE IF EXISTS pg_temp.part")
        self.run(
            f"CREATE TEMPORARY TABLE part AS SELECT t.line, {', '.join(columns)}, true AS sound, x.id AS record_id,"
            " CASE WHEN x.id IS NULL THEN 'created' ELSE 'equal' END AS act,"
            f" CASE WHEN x.id IS NULL THEN nextval('{self.sequence}') END AS id"
            f"{', ' + self.loader.columns if self.loader.columns else ''}"
            f" FROM (SELECT r.*{refers}{others} FROM typed r{joins}) t"
            # By the index, row by row: the table may be far larger than the portion, and grows with each.
            f" LEFT JOIN LATERAL (SELECT * FROM {self._stands} WHERE external_id = t.external_id"
            " AND withdrawn_at IS NULL LIMIT 1) x ON true"
            f" {self.loader.joins} ORDER BY t.line"
        )
        asked = {f"no_{one.name}": f"{one.name} IS NULL" for one in self.kind.fields if one.needed}
        asked |= {one.name: f"{one.name}_many <> 1" for one in self._refers}
        asked |= {"record": "record_id IS NOT NULL", "no_external_id": "external_id IS NULL"}
        found = self.ask(
            f"SELECT {', '.join(f'count(*) FILTER (WHERE {where})' for where in asked.values())} FROM part"
        )
        self._has: dict[str, int] = dict(zip(asked, found[0], strict=True))

    def _require_references(self, batch: Batch | None) -> None:
        missing = []
        for one in self._refers:
            referent = referents()[one.to]
            can = referent.make is not None
            if self._has[one.name]:
                self.refuse(
                    one.name,
                    f"{one.name}_many || ' {referent.plural} are called so; use the external id or e-mail.'",
                    f"{one.name}_many > 1",
                )
                if can and self.create_missing:
                    missing.append(one)
                else:
                    hint = " Map it, or have it made (--create-missing)." * can
                    self.refuse(
                        one.name,
                        f"'There is no {referent.label} “' || {one.name} || '”.{hint}'",
                        f"{one.name}_many = 0",
                    )
        self._give_up_refused()
        if missing:
            self._make(missing, batch)

    def _make(self, missing: list[Field], batch: Batch | None) -> None:
        """Make what sound rows refer to and what is missing; without a batch only say so."""
        wanted = " UNION ALL ".join(
            f"SELECT line, {place} AS place, '{one.to}' AS ref, {one.name} AS text FROM part"
            f" WHERE sound AND {one.name}_many = 0"
            for place, one in enumerate(self.fields)
            if one in missing
        )
        first = f"SELECT DISTINCT ON (ref, {folded('text')}) line, place, ref, text FROM ({wanted}) w"
        rows = self.ask(f"SELECT * FROM ({first} ORDER BY ref, {folded('text')}, line, place) f ORDER BY line, place")
        plan = self._plan([])
        plan.know({one.to: {} for one in self.kind.fields if one.type == "reference"})
        records: dict[tuple[str, str], Any] = {}
        for line, _, ref, text in rows:
            key = (ref, text.casefold())
            if key not in self._made:
                known = plan.lookup(ref, text)
                make = referents()[ref].make
                assert make is not None
                records[key] = known[0] if known else make(plan, text, Row(line, {}))
        self.made += plan.made
        if batch is not None and records:
            write(plan)
            keep_steps(batch, plan, [])
        for key, record in records.items():
            self._made[key] = record.pk or -(len(self._made) + 1)
        told = [(ref, text, self._made[ref, text.casefold()]) for _, _, ref, text in rows]
        refs, texts, ids = map(list, zip(*told, strict=True)) if told else ([], [], [])
        made = "unnest(%(refs)s::text[], %(texts)s::text[], %(ids)s::bigint[]) AS m(ref, text, id)"
        same = folded("m.text")
        self.run(
            f"UPDATE named n SET id = m.id, many = 1 FROM {made} WHERE n.ref = m.ref AND n.many = 0"
            f" AND {folded('n.text')} = {same}",
            refs=refs, texts=texts, ids=ids,
        )  # fmt: skip
        for one in missing:
            self.run(
                f"UPDATE part p SET {one.name}_id = m.id FROM {made} WHERE m.ref = '{one.to}' AND p.sound"
                f" AND p.{one.name}_many = 0 AND {folded('p.' + one.name)} = {same}",
                refs=refs, texts=texts, ids=ids,
            )  # fmt: skip

    def make_missing(self, column: str, make: Callable[[Plan, str], Any]) -> None:
        """Under --create-missing: what a column names and nothing stands for is made; without a batch only told."""
        if not self.create_missing:
            return
        word = folded(column)
        texts = self.ask(
            f"SELECT {column} FROM (SELECT DISTINCT ON ({word}) {column}, line FROM part WHERE sound"
            f" AND {column} IS NOT NULL AND {column}_id IS NULL ORDER BY {word}, line) f ORDER BY line"
        )
        plan = self._plan([])
        records = {
            (column, text.casefold()): record
            for (text,) in texts
            if (column, text.casefold()) not in self._made and (record := make(plan, text)) is not None
        }
        self.made += plan.made
        if self._batch is not None and records:
            write(plan)
            keep_steps(self._batch, plan, [])
        for key, record in records.items():
            self._made[key] = record.pk or -(len(self._made) + 1)
        told = [(text, made) for (text,) in texts if (made := self._made.get((column, text.casefold())))]
        self.run(
            f"UPDATE part SET {column}_id = m.id FROM unnest(%(texts)s::text[], %(ids)s::bigint[]) AS m(text, id)"
            f" WHERE {column}_id IS NULL AND {folded('part.' + column)} = {folded('m.text')}",
            texts=[text for text, _ in told],
            ids=[made for _, made in told],
        )

    def _match(self) -> None:
        """Find records that have no external id; a second row about a record says the same, or is refused."""
        bare = f"sound AND external_id IS NULL{self._mine}"
        if self.loader.natural and self._has["no_external_id"]:
            natural, key = self.loader.natural, "md5(({})::text)"
            owner = "owner_id IN (SELECT owner_id FROM part)" if "owner_id" in natural else "true"
            self.run("DROP TABLE IF EXISTS pg_temp.keyed")
            self.run(
                "CREATE TEMPORARY TABLE keyed AS SELECT line, key, row_number() OVER (PARTITION BY key ORDER BY line)"
                " + coalesce((SELECT many FROM seen WHERE seen.key = k.key), 0) AS n FROM"
                f" (SELECT line, {key.format(natural)} AS key FROM part WHERE {bare}) k"
            )
            self._has["record"] += self.run(
                f"UPDATE part p SET record_id = s.id, act = 'equal' FROM keyed k, (SELECT id, {key.format(natural)} AS"
                f" key, row_number() OVER (PARTITION BY {key.format(natural)} ORDER BY id) AS n FROM {self._stands}"
                f" WHERE external_id IS NULL AND withdrawn_at IS NULL AND {owner}) s"
                " WHERE p.line = k.line AND s.key = k.key AND s.n = k.n"
            )
            self.run(
                "INSERT INTO seen SELECT key, count(*) FROM keyed GROUP BY key"
                " ON CONFLICT (key) DO UPDATE SET many = seen.many + excluded.many"
            )
            self.run("DROP TABLE keyed")
        if not self.has_repeats:
            return
        self.run(
            "INSERT INTO given SELECT external_id, min(line) FROM part p WHERE sound"
            " AND external_id IN (SELECT external_id FROM repeated) GROUP BY 1 ON CONFLICT DO NOTHING"
        )
        texts = [f'"{one.name}"' for one in self.fields]
        same = " AND ".join(f"a.{text} IS NOT DISTINCT FROM b.{text}" for text in texts)
        again = "SELECT p.line, g.line AS first FROM part p JOIN given g USING (external_id)"
        again = f"{again} WHERE p.sound AND p.line <> g.line"
        self._refuse(
            f"FROM ({again}) p JOIN raw a USING (line) JOIN (SELECT line AS at, {', '.join(texts)} FROM raw) b"
            f" ON b.at = p.first WHERE NOT ({same})",
            self.loader.names,
            "'Line ' || p.first || ' already gives it, and says something else.'",
            f'a."{self.loader.names}"' if self.loader.names in self.columns else "''",
        )
        self._give_up_refused()
        self.run(f"UPDATE part p SET act = 'twice' FROM ({again}) g WHERE p.line = g.line")

    def _match_aside(self, aside: Aside) -> None:
        """Find what another model keeps of these rows: by external id, else by its key, which a file gives once."""
        table, bare = apps.get_model(aside.model)._meta.db_table, "sound AND is_aside AND external_id IS NULL"
        self.run(
            f"UPDATE part p SET record_id = x.id, act = 'equal' FROM {table} x"
            " WHERE sound AND is_aside AND x.external_id = p.external_id"
        )
        key = f"md5(({aside.key})::text)"
        self.run(
            "UPDATE part p SET act = 'twice' FROM (SELECT line, key, row_number() OVER (PARTITION BY key"
            f" ORDER BY line) AS n FROM (SELECT line, {key} AS key FROM part p WHERE {bare}) k) k"
            " WHERE k.line = p.line AND (k.n > 1 OR EXISTS (SELECT FROM seen WHERE seen.key = k.key))"
        )
        self.run(f"INSERT INTO seen SELECT {key}, 1 FROM part p WHERE {bare} AND act <> 'twice' ON CONFLICT DO NOTHING")
        self.run(
            "UPDATE part p SET record_id = x.id, act = 'equal' FROM (SELECT min(id) AS id,"
            f" md5(({aside.stands})::text) AS key FROM {table} x WHERE external_id IS NULL"
            " AND owner_id IN (SELECT owner_id FROM part) GROUP BY 2) x"
            f" WHERE {bare} AND act <> 'twice' AND x.key = {key}"
        )
        self.run(
            f"UPDATE part p SET act = 'changed' FROM {table} x WHERE x.id = p.record_id AND sound AND is_aside"
            f" AND act = 'equal' AND ({aside.differs})"
        )

    # Writing

    def write(self, batch: Batch) -> None:
        """Insert what is new, change what differs, settle what follows; keep what the undo needs."""
        fresh = self._fresh(f"sound AND act = 'created'{self._mine}")
        reason = f"Import {batch.pk}: {self.table.name}"[:200]
        self.values |= {"reason": reason}
        assert self.loader.insert is not None
        if fresh:
            self.loader.insert(self)
        label = self.model._meta.label
        BatchRow.objects.bulk_create(
            BatchRow(batch=batch, line=0, act="created", model=label, object_id=first, through_id=last)
            for first, last in fresh
        )
        ids = {label: {number for first, last in fresh for number in range(first, last + 1)}}
        if self.aside is not None:
            self._write_aside(self.aside, batch)
        plan = self._plan([])
        if self._has["record"] or self.aside is not None:
            self._change(plan)
        if plan.steps:
            write(plan)
            keep_steps(batch, plan, [])
            for name, more in touched_ids(plan.steps, plan.touched).items():
                ids.setdefault(name, set()).update(more)
        if self.settles:
            settle(self.kind, Settling(ids, self.by, self.at, reason))

    def _fresh(self, where: str) -> list[tuple[int, int]]:
        """The numbers of the rows that are new, as spans: mostly one, unless others took numbers meanwhile."""
        new = f"FROM part WHERE {where}"
        first, last, count = self.ask(f"SELECT min(id), max(id), count(*) {new}")[0]
        if not count or last - first + 1 == count:
            return [(first, last)] if count else []
        return self.ask(
            "SELECT lower(one), upper(one) - 1 FROM"
            f" (SELECT unnest(range_agg(int8range(id, id, '[]'))) AS one {new}) spans"
        )

    def _write_aside(self, aside: Aside, batch: Batch) -> None:
        """Insert what another model keeps, with numbers of its own."""
        new = "sound AND act = 'created' AND is_aside"
        sequence = f"pg_get_serial_sequence('{apps.get_model(aside.model)._meta.db_table}', 'id')"
        if self.run(f"UPDATE part SET id = nextval({sequence}) WHERE {new}"):
            aside.insert(self)
            BatchRow.objects.bulk_create(
                BatchRow(batch=batch, line=0, act="created", model=aside.model, object_id=first, through_id=last)
                for first, last in self._fresh(new)
            )

    def _change(self, plan: Plan) -> None:
        if self.loader.change is not None:
            self._each(
                plan, self.model, f"SELECT * FROM part WHERE sound AND act = 'changed'{self._mine}", self.loader.change
            )
        if (aside := self.aside) is None:
            return
        model = apps.get_model(aside.model)
        self._each(plan, model, "SELECT * FROM part WHERE sound AND act = 'changed' AND is_aside", aside.change)
        ended = f"SELECT p.*, x.id AS aside_id FROM part p JOIN {model._meta.db_table} x USING (external_id)"
        ended = f"{ended} WHERE sound AND NOT is_aside AND x.done_at IS NULL"
        self._each(plan, model, ended, aside.finish, by="aside_id")

    def _each(
        self,
        plan: Plan,
        model: type[models.Model],
        query: str,
        act: Callable[[Plan, Any, Row], None],
        by: str = "record_id",
    ) -> None:
        """Have each row act on the record that it is about."""
        with connection.cursor() as cursor:
            cursor.execute(f"{query} ORDER BY line")
            names = [column.name for column in cursor.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        records = model._default_manager.in_bulk([row[by] for row in rows])
        for row in rows:
            act(plan, records[row[by]], Row(row["line"], row))

    def _plan(self, rows: list[Row]) -> Plan:
        return Plan(
            self.kind, rows, referents=referents(), organisation=self.organisation, by=self.by, at=self.at,
            today=self.today, effective=self.today, create_missing=self.create_missing, books=self.values["books"],
        )  # fmt: skip

    # Telling

    def counts(self) -> dict[str, int]:
        """How many rows of the portion were read, created, changed, equal and refused."""
        acts = dict(self.ask("SELECT act, count(*) FROM part WHERE sound GROUP BY act"))
        refused = self.ask("SELECT count(DISTINCT line) FROM refused")[0][0]
        created, changed = acts.get("created", 0), acts.get("changed", 0)
        equal = acts.get("equal", 0) + acts.get("twice", 0)
        return {
            "read": created + changed + equal + refused, "created": created, "changed": changed, "equal": equal,
            "refused": refused,
        }  # fmt: skip

    @property
    def remembers(self) -> bool:
        """Does what later rows come to depend on earlier ones of the file?"""
        return self.has_repeats or bool(
            "external_id" not in self.columns or self.ask("SELECT FROM raw WHERE external_id IS NULL LIMIT 1")
        )

    def refused_words(self) -> list[tuple[str, str, int]]:
        return self.ask("SELECT field, value, count(*) FROM refused GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 1000")

    def acts(self) -> dict[int, str]:
        """What each row of the portion came to, by its line."""
        return dict(self.ask("SELECT line, CASE act WHEN 'twice' THEN 'equal' ELSE act END FROM part WHERE sound"))

    def refusals(self) -> list[Refusal]:
        """The portion's refusals, in the words of the kind."""
        rows = self.ask("SELECT line, field, value, reason FROM refused ORDER BY line, place")
        return [Refusal(*row) for row in rows]

    def keep_refusals(self, batch: Batch) -> None:
        """The refused rows into the batch, with the columns as the file calls them."""
        names = {name: column.column for name, column in self.columns.items() if column.column}
        fields, columns = list(names), list(names.values())
        self.run(
            f"INSERT INTO {BatchRow._meta.db_table} (batch_id, line, act, model, \"column\", value, reason)"
            " SELECT %(batch)s, r.line, 'refused', '', left(coalesce(n.name, r.field), 200), r.value, r.reason"
            " FROM refused r LEFT JOIN unnest(%(fields)s::text[], %(columns)s::text[]) AS n(field, name) USING (field)"
            " ORDER BY r.line, r.place",
            batch=batch.pk, fields=fields, columns=columns,
        )  # fmt: skip

    def sample(self) -> None:
        """Keep some rows for a preview."""
        for is_refused, where in ((True, "NOT sound"), (False, "sound")):
            wanted = SAMPLED - sum(bool(row.refusals) == is_refused for row in self.rows)
            if wanted <= 0:
                continue
            raw = ", ".join(f'r."{one.name}"' for one in self.fields)
            reasons: dict[int, list[Refusal]] = {}
            for line, *row in self.ask(
                f"SELECT line, act, {raw} FROM part JOIN raw r USING (line) WHERE {where} ORDER BY line LIMIT {wanted}"
            ):
                act, *texts = row
                told = {one.name: text or "" for one, text in zip(self.fields, texts, strict=True)}
                made = Row(line, {}, told, act="equal" if act == "twice" else act)
                if is_refused:
                    reasons[line] = made.refusals
                self.rows.append(made)
            if reasons:
                for one in self.ask(
                    "SELECT line, field, value, reason FROM refused WHERE line = ANY(%(lines)s) ORDER BY place",
                    lines=list(reasons),
                ):
                    reasons[one[0]].append(Refusal(*one))


class _Feed:
    """What COPY reads from."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def read(self, size: int = -1) -> bytes:
        return "".join(islice(self._lines, 1000)).encode("utf-8", "replace")


def _texts_of(table: Table, columns: list[Column]) -> Callable[[Cells], str]:
    """From a row's cells to its texts as COPY reads them."""
    places = {name: place for place, name in enumerate(table.header)}
    tabs = len(columns) - 1

    def written(texts: list[str]) -> str:
        line = "\t".join(texts)
        if "'" in line:
            texts = [values.rearmed(text) for text in texts]
            line = "\t".join(texts)
        if "\\" in line or "\n" in line or "\r" in line or line.count("\t") != tabs:
            return "\t".join(map(_escaped, texts))
        return line

    if all(column.is_plain for column in columns):
        wanted = [places[column.column] for column in columns]
        chosen = itemgetter(*wanted) if len(wanted) > 1 else lambda cells: (cells[wanted[0]],)
        return lambda row: written(list(map(str.strip, chosen(row.cells))))
    sources = {source: places[source] for column in columns for source in column.sources}

    def texts(row: Cells) -> str:
        cells = {name: row.cells[at] for name, at in sources.items()}
        return written([column.text(cells) for column in columns])

    return texts


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _is_something(one: Field, text: str) -> str:
    """SQL: a text that is not one of the words for nothing (`values.is_nothing`)."""
    if one.type in {"text", "choice"}:
        return "true"
    words = values.NOTHING | (values.DASHES if one.type not in {"reference", "email"} else set())
    listed = ", ".join(f"'{word}'" for word in sorted(words))
    return f"lower({text}) NOT IN ({listed})"
