"""A browser's least: cookies, forms, links, and what the server says an answer cost."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin

COST = re.compile(r"total;dur=([\d.]+)")


@dataclass(frozen=True, slots=True)
class Answer:
    path: str
    status: int
    milliseconds: float
    queries: int
    body: str
    location: str


@dataclass(slots=True)
class Form:
    """Where a form goes and what it would send as it stands."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Reader(HTMLParser):
    """Finds the POST forms of a page and the link to its next one."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.next = ""
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._form = Form(said.get("action", "")) if said.get("method", "").lower() == "post" else None
            if self._form:
                self.forms.append(self._form)
        elif tag == "a" and said.get("rel") == "next":
            self.next = said["href"]
        elif self._form is None:
            return
        elif tag == "input" and said.get("name"):
            pressed = said.get("type") not in {"radio", "checkbox"} or "checked" in said
            if pressed or said["name"] not in self._form.fields:
                self._form.fields[said["name"]] = said.get("value", "") if pressed else ""
        elif tag in {"select", "textarea"} and said.get("name"):
            self._select = said["name"]
            self._form.fields[said["name"]] = ""
        elif tag == "option" and self._select and "selected" in said:
            self._form.fields[self._select] = said.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag in {"select", "textarea"}:
            self._select = ""


class Client:
    """One person, logged in, on one kept connection."""

    def __init__(self, port: int, name: str) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookies: dict[str, str] = {}
        self.name = name
        entered = self.send("/login/", self.form("/login/", "password").fields | {"username": name, "password": "demo"})
        if entered.status not in {302, 303}:
            raise SystemExit(f"{name} can't log in: {entered.status}.")

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def send(self, path: str, values: dict[str, str]) -> Answer:
        return self._ask("POST", path, urlencode(values))

    def form(self, path: str, with_field: str) -> Form:
        """The form of a page that has a field of that name."""
        found = [form for form in read(self.get(path)).forms if with_field in form.fields]
        if not found:
            raise SystemExit(f"{path} shows {self.name} no form with “{with_field}”.")
        found[0].action = urljoin(path, found[0].action)
        return found[0]

    def _ask(self, method: str, path: str, body: str | None = None) -> Answer:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        except ConnectionError:  # kept too long: a new one
            self.connection.close()
            self.connection.request(method, path, body, headers)
            response = self.connection.getresponse()
        text = response.read().decode(errors="replace")
        for header in response.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
        cost = COST.search(response.headers.get("Server-Timing", ""))
        if response.status >= 400:
            raise SystemExit(f"{method} {path} as {self.name} answered {response.status}.")
        queries = int(response.headers.get("X-Query-Count", 0))  # none where nothing is counted
        took, location = float(cost[1]) if cost else 0.0, response.headers.get("Location", "")
        return Answer(path, response.status, took, queries, text, location)


def read(answer: Answer) -> Reader:
    reader = Reader()
    reader.feed(answer.body)
    return reader
