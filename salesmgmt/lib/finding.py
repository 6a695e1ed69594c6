"""Finding by words and by likeness: the database's own functions, as expressions for indexes and queries.

`plain(text)` is small letters without accents; `words(text)` its words for full text in no particular language;
`words_asked(text)` a query for all words of a text, the last and every other as the beginning of a word.
"""

from dataclasses import dataclass

from django.contrib.postgres.search import SearchQueryField, SearchVectorField
from django.db.models import BooleanField, Func, Model, Q, TextField, Value
from django.db.models.expressions import Combinable


class Plain(Func):
    function = "plain"
    output_field = TextField()


class Words(Func):
    """The words of columns that are never NULL, in one vector."""

    function = "words"
    arg_joiner = " || ' ' || "
    output_field = SearchVectorField()


class Asked(Func):
    function = "words_asked"
    output_field = SearchQueryField()

    def __init__(self, text: str) -> None:
        super().__init__(Value(text, output_field=TextField()))


class Holds(Func):
    """Whether words hold all that is asked: `Holds(Words("name"), Asked(text))`."""

    template = "(%(expressions)s)"
    arg_joiner = " @@ "
    output_field = BooleanField()


@dataclass(frozen=True, slots=True)
class Findable:
    """What one box finds of a noun; each app declares its own in `search.py`.

    `texts` are the columns whose words are looked for, as the noun's index has them. A noun with `likeness` is found
    by a part of its first text and by nearly its name as well; one with `latest` shows the latest first, not the best.
    """

    noun: str
    plural: str
    icon: str
    model: type[Model]
    texts: tuple[str, ...]
    url: str
    """Name of the address of its page, by the number in `page_of`."""
    title: str | Combinable = "name"
    detail: str | Combinable = ""
    page_of: str = "pk"
    only: Q | None = None
    likeness: bool = False
    latest: str = ""
    before: Q | None = None
    """Among equals, what this holds for comes first."""
    fewest: int = 2
    """Letters that must have been typed before it is looked for."""
