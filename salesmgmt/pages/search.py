"""One box over everything that has a name or words, within what the viewer may see, the best first."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from itertools import groupby
from typing import Any

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import connection
from django.db.models import BigIntegerField, Case, F, FloatField, Q, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Upper
from django.urls import NoReverseMatch, reverse

from coaching.search import FINDABLE as OF_COACHING
from sales.models import Shares, shares_of, viewer_of
from sales.search import FINDABLE as OF_SALES
from salesmgmt.lib import clock
from salesmgmt.lib.finding import Asked, Findable, Holds, Plain, Words
from teams.models import Access, Viewer, access_of
from teams.search import FINDABLE as OF_TEAMS

EACH = 6
WEIGHED = 500  # of a noun's matches are put in order; who types one letter more sees the others
NEWEST = 200  # of a noun that shows the latest first are looked at in any case
FEW = 3  # found at least, or what is only like it is looked for as well
LIKE = "SET LOCAL pg_trgm.word_similarity_threshold = 0.4; "  # of three-letter pieces in common: "Frieght" is Freight
TEXT = "\ue000"  # stands for what is typed in a statement that is kept

Way = Callable[[Viewer, int, Findable], QuerySet[Any, Any]]


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: what it is called, what it is, where it is."""

    text: str
    detail: str
    kind: str
    group: str
    icon: str
    url: str


def find(user: Viewer, text: str) -> list[Hit]:
    """Up to six of each noun that hold every word of `text`, or nearly; nothing for less than two letters.

    One query; where it finds next to nothing, one more for parts of names and mistypings.
    """
    text = " ".join(text.replace("\x00", " ").replace(TEXT, " ").split())[:100]
    letters = sum(map(str.isalnum, text))
    asked = tuple(place for place, one in enumerate(findable()) if letters >= one.fewest)
    rows = _found(_by_words, user, asked, text)
    if len(rows) < FEW and letters > 2:
        known = {row[:2] for row in rows}
        alike = tuple(place for place in asked if findable()[place].likeness)
        nearly = _found(_by_likeness, user, alike, text, first=LIKE)
        rows += [row for row in nearly if row[:2] not in known]
    best: dict[int, float] = {}
    for place, *_, score in rows:
        best[place] = max(best.get(place, 0), score)
    rows.sort(key=lambda row: (-best[row[0]], row[0], -row[5]))  # stable: equals stay where the database put them
    return [_hit(findable()[place], *rest) for place, _, *rest in rows]


@cache
def findable() -> tuple[Findable, ...]:
    """What the apps declare, without nouns that have no page here."""
    return tuple(one for one in (*OF_TEAMS, *OF_SALES, *OF_COACHING) if _has_page(one))


def grouped(hits: Iterable[Hit]) -> list[tuple[str, list[Hit]]]:
    """Hits by noun, in the order they were found."""
    return [(name, list(group)) for name, group in groupby(hits, key=lambda hit: hit.group)]


def _found(way: Way, user: Viewer, places: tuple[int, ...], text: str, *, first: str = "") -> list[tuple[Any, ...]]:
    if not places:
        return []
    access = access_of(user)
    sql, params = _statement(way, access, shares_of(user), places, clock.now().date())
    inside = connection.ops.prep_for_like_query(text)
    with connection.cursor() as cursor:
        cursor.execute(first + sql, [text if value == TEXT else _put_in(value, inside) for value in params])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _put_in(value: Any, text: str) -> Any:
    return value.replace(TEXT, text) if isinstance(value, str) else value


@lru_cache(maxsize=512)
def _statement(
    way: Way,
    access: Access,
    shares: Shares,
    places: tuple[int, ...],
    day: date,
) -> tuple[str, tuple[Any, ...]]:
    """One statement over some nouns for whoever has this access and these shares of others' records, kept for a day:
    to write it is the longer work.
    """
    viewer = viewer_of(access, shares)
    first, *more = (way(viewer, place, findable()[place]) for place in places)
    sql, params = (first.union(*more, all=True) if more else first).query.sql_with_params()
    return sql, tuple(params)


def _by_words(user: Viewer, place: int, one: Findable) -> QuerySet[Any, Any]:
    holds = Holds(Words(*one.texts), Asked(TEXT))
    seen = _visible(one, user)
    rows = one.model._default_manager
    found = seen.filter(holds).values("pk")[:WEIGHED]
    if one.latest:
        # Of a word that is everywhere some are weighed, and the newest are among them.
        # The newest of all, whatever they say: an index knows these without a look at the rows.
        newest = rows.visible_to(user).order_by(f"-{one.latest}", "-pk")[:NEWEST]  # type: ignore[attr-defined]
        newest = rows.filter(one.only or Q(), holds, pk__in=newest.values("pk"))
        some = rows.filter(pk__in=found.union(newest.values("pk")))
        return _rows(some, place, one, Value(1.0)).order_by(f"-{one.latest}", "-pk")[:EACH]
    some = rows.filter(pk__in=found)
    asked = Plain(Value(TEXT))
    score: Any = Case(
        When(Q(called=asked), then=Value(4.0)),
        When(Q(called__startswith=asked), then=Value(3.0)),
        default=Value(2.0),
        output_field=FloatField(),
    )
    if one.before:
        score += Case(When(one.before, then=Value(0.5)), default=Value(0.0), output_field=FloatField())
    some = some.annotate(called=Plain(one.texts[0]))
    return _rows(some, place, one, score).order_by("-score", one.texts[0], "-pk")[:EACH]


def _by_likeness(user: Viewer, place: int, one: Findable) -> QuerySet[Any, Any]:
    name = one.texts[0]
    found = _visible(one, user).annotate(upper=Upper(name))
    found = found.filter(Q(**{f"{name}__icontains": TEXT}) | Q(upper__trigram_word_similar=TEXT))
    some = one.model._default_manager.filter(pk__in=found.values("pk")[:WEIGHED])
    return _rows(some, place, one, TrigramWordSimilarity(TEXT, name)).order_by("-score", name, "-pk")[:EACH]


def _visible(one: Findable, user: Viewer) -> QuerySet[Any, Any]:
    rows: QuerySet[Any, Any] = one.model._default_manager.visible_to(user)  # type: ignore[attr-defined]
    return rows.filter(one.only) if one.only else rows


def _rows(found: QuerySet[Any, Any], place: int, one: Findable, score: Any) -> QuerySet[Any, Any]:
    title, detail = (F(part) if isinstance(part, str) else part for part in (one.title, one.detail or Value("")))
    rows: QuerySet[Any, Any] = found.annotate(score=Cast(score, FloatField())).values_list(
        Value(place),
        F("pk"),
        Cast(F(one.page_of), BigIntegerField()),
        Cast(title, TextField()),
        Cast(Coalesce(detail, Value(""), output_field=TextField()), TextField()),
        F("score"),
    )
    return rows


def _hit(one: Findable, page: int, title: str, detail: str, score: float) -> Hit:
    return Hit(" ".join(title.split()), detail, one.noun, one.plural, one.icon, reverse(one.url, args=[page]))


def _has_page(one: Findable) -> bool:
    try:
        reverse(one.url, args=[1])
    except NoReverseMatch:
        return False
    return True
