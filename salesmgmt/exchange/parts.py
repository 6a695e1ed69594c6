"""A file of any size as parts that are planned one after another, each small enough to be held in memory.

Rows that say something about each other (`Kind.together`) stand in the same part, wherever in the file they are; what
a row comes to doesn't depend on the others. The parts wait on disk.
"""

import json
import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from salesmgmt.lib.kinds import Kind, Refusal, Row

from . import values
from .mapping import Column
from .reader import Table, Unreadable
from .staging import NUMBERS, cells, is_noted

PART = 10_000  # rows
WHOLE = 50_000  # rows that hang together and are still one part
BUCKETS = 256
HELD = 2_000  # rows of a part that wait to be written
SAME_FIGURES = str.maketrans("23456789", "11111111")


class Parts:
    """Counts the rows of a file and sees how its columns are written; then deals the rows out."""

    def __init__(self, table: Table, columns: dict[str, Column], kind: Kind) -> None:
        self.table, self.columns, self.kind = table, columns, kind
        self._keys = [[way.split("+") for way in space.split("|")] for space in kind.together]
        self._noted = [one for one in kind.fields if one.name in columns and is_noted(one)]
        ways: dict[str, set[str]] = {one.name: set() for one in self._noted}
        seen = [array("q") for _ in range(BUCKETS)]
        self.count, self.hangs = 0, False
        for row in self._rows():
            self.count += 1
            for one in self._noted:
                if text := row.raw.get(one.name):
                    ways[one.name].add(_way(text, is_number=one.type in NUMBERS))
            for key in self._keys_of(row):
                seen[key % BUCKETS].append(key)
        self.ways = {
            one.name: [way for way in ways[one.name] if not values.is_nothing(one, way)] for one in self._noted
        }
        self._shared: set[int] = set()  # keys of several rows
        while seen:
            self._shared |= {key for key, count in Counter(seen.pop()).items() if count > 1}

    def _rows(self) -> Iterator[Row]:
        for line, of_row, problem, cell in cells(self.table, self.columns):
            raw = {} if problem else {n: values.rearmed(column.text(of_row)) for n, column in self.columns.items()}
            yield Row(line, {}, raw, [Refusal(line, "", "", problem)] if problem else [], column=cell)

    def _keys_of(self, row: Row, but: list[str] | None = None) -> Iterator[int]:
        for space, ways in enumerate(self._keys):
            for fields in ways:
                if fields == but:
                    continue
                texts = [row.raw.get(name, "").casefold() for name in fields]
                if any(texts):
                    yield hash((space, *texts))

    def deal(self) -> Iterator[list[Row]]:
        """The rows in parts, in the sequence of the file as far as their belonging together lets them.

        Where more hang together than are held in memory, what rows refer to is in an earlier part (`hangs`).
        """
        groups = _Groups(self.count)
        if self._shared:
            first: dict[int, int] = {}
            for place, row in enumerate(self._rows()):
                for key in self._keys_of(row):
                    if key in self._shared:
                        groups.join(place, first.setdefault(key, place))
            first.clear()
        more = Counter(head for place in range(self.count) if (head := groups.head(place)) != place)
        large = {head for head, size in more.items() if size >= WHOLE}
        self.hangs = bool(large)
        placed, parts = self._in_layers(groups, large) if large else (array("i"), 0)
        with TemporaryDirectory() as folder:
            part, filled = parts, 0
            where: dict[int, int] = {}  # the part of each group of several rows
            waiting: dict[int, list[str]] = defaultdict(list)
            for place, row in enumerate(self._rows()):
                head = groups.head(place)
                size = 1 + more[head]
                if head in large:
                    where[head] = placed[place]
                elif head not in where:
                    if filled and filled + size > PART:
                        part, filled = part + 1, 0
                    filled += size
                    if size > 1:
                        where[head] = part
                of_row = where.get(head, part)
                problem = row.refusals[0].reason if row.refusals else ""
                waiting[of_row].append(json.dumps([row.line, row.raw, problem, row.column]))
                if len(waiting[of_row]) >= HELD:
                    _append(folder, of_row, waiting.pop(of_row))
            for of_row, lines in waiting.items():
                _append(folder, of_row, lines)
            more.clear()
            where.clear()
            for number in range(part + 1):
                if rows := _read(folder, number):
                    yield rows

    def _in_layers(self, groups: "_Groups", large: set[int]) -> "tuple[array[int], int]":
        """For each row of the large groups its part, no earlier than that of what it is within; and how many parts."""
        space, within = next(
            ((n, one) for n, ways in enumerate(self._keys) for one in ways if one == [self.kind.within]), (0, None)
        )
        if within is None:
            raise Unreadable(
                f"{self.table.name}: more than {WHOLE:,} rows say something about the same record; split the file."
            )
        first: dict[int, int] = {}  # by what a row calls itself
        for place, row in enumerate(self._rows()):
            for key in self._keys_of(row, but=within):
                if key in self._shared:
                    first.setdefault(key, place)
        same, above, depth = array("i", range(self.count)), array("i", [-1]) * self.count, array("i", [-1]) * self.count
        for place, row in enumerate(self._rows()):
            same[place] = min([first[key] for key in self._keys_of(row, but=within) if key in first], default=place)
            if text := row.raw.get(self.kind.within, "").casefold():
                above[place] = first.get(hash((space, text)), -1)
        first.clear()
        for place in range(self.count):
            trail: list[int] = []
            at = same[place]
            while at >= 0 and depth[at] == -1:
                depth[at] = -2  # on the way
                trail.append(at)
                at = same[above[at]] if above[at] >= 0 else -1
            if at >= 0 and depth[at] == -2:  # a circle, to be refused as a whole
                circle = trail[trail.index(at) :]
                for one in circle:
                    same[one], depth[one] = min(circle), 0
            for one in reversed(trail):
                if depth[one] == -2:
                    depth[one] = depth[same[above[one]]] + 1 if above[one] >= 0 else 0
        rows = [place for place in range(self.count) if groups.head(place) in large]
        rows.sort(key=lambda place: depth[same[place]])
        parts = array("i", [-1]) * self.count
        for rank, place in enumerate(rows):
            parts[place] = rank // PART
        for place in rows:
            parts[place] = parts[same[place]]
        return parts, -(-len(rows) // PART)


class _Groups:
    """Which rows belong together: each points to an earlier one, the head of a group to itself."""

    def __init__(self, count: int) -> None:
        self._above = array("i", range(count))

    def head(self, place: int) -> int:
        above = self._above
        while above[place] != place:
            above[place] = above[above[place]]
            place = above[place]
        return place

    def join(self, one: int, other: int) -> None:
        one, other = self.head(one), self.head(other)
        self._above[max(one, other)] = min(one, other)


def _way(text: str, *, is_number: bool) -> str:
    """A text that shows the same way of writing: there are few of them, however long the file is."""
    if is_number:
        return text.translate(SAME_FIGURES)
    return "" if re.match(r"\d{4}-", text) else re.sub(r"\d{1,2}:\d{2}.*$", "0:00", text)


def _append(folder: str, part: int, lines: list[str]) -> None:
    with (Path(folder) / str(part)).open("a", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in lines)


def _read(folder: str, part: int) -> list[Row]:
    path = Path(folder) / str(part)
    if not path.exists():
        return []
    with path.open(encoding="ascii") as file:
        told = [json.loads(line) for line in file]
    return [
        Row(line, {}, raw, [Refusal(line, "", "", problem)] if problem else [], column=cell)
        for line, raw, problem, cell in told
    ]
