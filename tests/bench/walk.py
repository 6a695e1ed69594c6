"""Every filter and every order that a list offers, at its first and its last page: which of them costs most?"""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin

from .client import Client

LAST = urlsafe_b64encode(b'["<", null, 1]').decode()
WORDS = ("novardal", "an", "zq", "nowhere")  # a name, two letters that are everywhere, what there is nothing of
DAYS = (30, 600)  # ago
EACH = 3  # of a filter's choices: the first, the last, one between
TRIES = 2


@dataclass(slots=True)
class Offer(HTMLParser):
    """What a list's page lets one choose: its tabs, and the values of the fields of its filters."""

    tabs: list[str] = field(default_factory=list)
    fields: dict[str, list[str]] = field(default_factory=dict)
    _in: str = ""
    _select: str = ""

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attributes}
        classes = said.get("class", "").split()
        name = said.get("name", "")
        if tag in {"nav", "form"}:
            self._in = next((one for one in ("tabs", "filters") if one in classes), "")
        elif tag == "a" and self._in == "tabs" and said.get("href", "").startswith("?"):
            self.tabs.append(said["href"])
        elif self._in != "filters":
            return
        elif tag == "select":
            self._select = name
            self.fields[name] = []
        elif tag == "option" and said.get("value"):
            self.fields[self._select].append(said["value"])
        elif tag == "input" and said.get("type") == "date":
            self.fields[name] = [f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}" for days in DAYS]
        elif tag == "input" and name and said.get("type") != "hidden":
            self.fields[name] = list(WORDS)

    def handle_endtag(self, tag: str) -> None:
        if tag in {"nav", "form"}:
            self._in = ""


def ways(client: Client, path: str) -> Iterator[str]:
    """The addresses of a list: each tab, narrowed by one filter at a time, in each order, from both ends."""
    for tab in offered(client, path).tabs or [path]:
        at = urljoin(path, tab)
        fields = offered(client, at).fields
        orders = fields.pop("sort", None) or [""]
        narrowed = [{}, *({name: value} for name, values in fields.items() for value in some(values))]
        for asked in narrowed:
            for order in orders:
                for cursor in ("", LAST):
                    more = {name: value for name, value in (asked | {"sort": order, "cursor": cursor}).items() if value}
                    yield f"{at}{'&' if '?' in at else '?'}{urlencode(more)}"


def offered(client: Client, path: str) -> Offer:
    found = Offer()
    found.feed(client.get(path).body)
    return found


def some(values: list[str]) -> list[str]:
    return values if len(values) <= EACH else [values[0], values[len(values) // 2], values[-1]]


def slowest(client: Client, path: str) -> tuple[str, int]:
    """The address that costs most, and how many were tried; each is asked a few times, its quickest answer counts."""
    took = {way: min(client.get(way).milliseconds for _ in range(TRIES)) for way in ways(client, path)}
    return max(took, key=lambda way: took[way]), len(took)
