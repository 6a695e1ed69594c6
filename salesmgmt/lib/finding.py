"""Finding by words and by likeness: the database's own functions, as expressions for indexes and queries.

`plain(text)` is small letters without accents; `words(text)` its words for full text in no particular language;
`words_asked(text)` a query for all words of a text, the last and every other as the beginning of a word.
"""

from django.contrib.postgres.search import SearchQueryField, SearchVectorField
from django.db.models import Func, TextField, Value


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
