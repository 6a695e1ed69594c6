"""Rows of long lists are written by Jinja, which makes a function of a template: Django walks its own for each row.

`{% compiled "sales/_deal_rows.jinja" rows=page.rows %}` shows one in a page; it knows all that the page knows.
"""

from functools import cache
from typing import Any

from django.urls import reverse
from jinja2 import Environment, pass_context

from .templatetags import paceline


def environment(**options: Any) -> Environment:
    """Jinja as Django's settings ask for it, with the filters and tags of the other templates."""
    found = Environment(trim_blocks=True, **options)  # nosec B701: the options have autoescape
    filters = (
        paceline.money,
        paceline.money_exact,
        paceline.num,
        paceline.day,
        paceline.moment,
        paceline.ago,
        paceline.lasted,
    )
    found.filters |= {each.__name__: each for each in filters}
    tags = (paceline.icon, paceline.status, paceline.avatar)
    found.globals |= {each.__name__: each for each in tags}
    found.globals |= {"address": address, "query": pass_context(paceline.query)}
    return found


def address(name: str, pk: int) -> str:
    """Where the page of a record is."""
    before, after = _around(name)
    return f"{before}{pk}{after}"


@cache
def _around(name: str) -> tuple[str, str]:
    """What stands before and behind a record's number in its address: looked up once, not for each row."""
    before, _, after = reverse(name, args=[0]).rpartition("0")
    return before, after
