"""Seed a database of the size asked for and one with a tenth of its records, serve both as in production, measure.

PEOPLE, ACCOUNTS, DEALS, ACTIVITIES, YEARS, SEED set the size; IMPORT_ACTIVITIES and IMPORT_DEALS that of the files that
are imported (0: none); ONLY=imports, plans, pages, lists (every filter and order), rollups or load leaves the rest out.
A database that was seeded today with the same figures is used again. Prints a table and writes
bench.json into VAR.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any
from urllib.error import URLError
from urllib.parse import urljoin

import psycopg2

from salesmgmt.run import home, services

from . import imports, load, plans, rollups, walk
from .client import Answer, Client, read

BASE = Path(__file__).resolve().parent.parent.parent
DEFAULTS = {"people": 200, "accounts": 20_000, "deals": 200_000, "activities": 500_000, "years": 2, "seed": 1}
IMPORTS = {"activities": 500_000, "deals": 200_000}
RECORDS = ("accounts", "deals", "activities")
RUNS, TIMES = 5, 7
REFERENCE = "/bench/reference/"
REFERENCE_NAME = "one indexed query of 50 rows, same middleware, logged in"
SMALLER = "a tenth of the records, the same people"
DEEP = 1_000
GROWTH_BAR, QUERIES_BAR = 1.3, 15

Act = Callable[[Client], Answer]


@dataclass(frozen=True, slots=True)
class Measured:
    """A page or an act: who does it, what it is, how many times the reference it may cost."""

    name: str
    who: str
    act: Act
    bar: float
    most_queries: int | None = None


def page(path: str) -> Act:
    return lambda client: client.get(path)


def own_page(way: str, path: str, of: str) -> Act:
    """The same page of the first record of a list wherever it is asked for: a tenth of the records has other ones."""
    found: dict[int, str] = {}

    def act(client: Client) -> Answer:
        port = client.connection.port
        if port not in found:
            found[port] = way.replace(path, walk.first_of(client, of))
        return client.get(found[port])

    return act


def deep_page(path: str) -> Act:
    """The page that a thousand clicks on “next” lead to, or the last one before it."""
    found: dict[int, str] = {}

    def act(client: Client) -> Answer:
        port = client.connection.port
        if port not in found:
            at = path
            for _ in range(DEEP - 1):
                onwards = read(client.get(at)).next
                if not onwards:
                    break
                at = urljoin(at, onwards)
            found[port] = at
        return client.get(found[port])

    return act


def linked(path: str, pattern: str) -> Act:
    """The first page of a kind that another one leads to."""
    found: dict[int, str] = {}

    def act(client: Client) -> Answer:
        port = client.connection.port
        if port not in found:
            link = re.search(rf'href="({pattern})"', client.get(path).body)
            if link is None:
                raise SystemExit(f"{path} leads to no {pattern}.")
            found[port] = unescape(link[1])
        return client.get(found[port])

    return act


def log_activity(client: Client) -> Answer:
    form = client.form("/activities/log/", "kind")
    answer = client.send(form.action, form.fields | {"kind": "call", "outcome": "Reached"})
    if answer.status not in {302, 303}:
        raise SystemExit(f"The activity was not taken: {answer.status} instead of a redirect.")
    return answer


MEASURED = (
    Measured("manager home", "maya", page("/"), 5, QUERIES_BAR),
    Measured("executive home", "vera", page("/"), 5, QUERIES_BAR),
    Measured("deals, first page", "vera", page("/deals/"), 3),
    Measured("deals, first page, of a manager", "maya", page("/deals/"), 3),
    Measured("all deals, first page", "vera", page("/deals/?status=all"), 3),
    Measured("all deals, page 1,000", "vera", deep_page("/deals/?status=all"), 3),
    Measured("won deals, largest first", "vera", page("/deals/?status=won&sort=amount"), 3),
    Measured("all deals, text search", "vera", page("/deals/?status=all&text=novardal"), 3),
    Measured("deals with warnings and odds, the quietest", "maya", page("/deals/?sort=opened"), 3),
    Measured("deal board", "maya", page("/deals/board/"), 3),
    Measured("accounts, first page", "vera", page("/accounts/"), 3),
    Measured("accounts, text search", "vera", page("/accounts/?text=novardal"), 3),
    Measured("activities, first page", "vera", page("/activities/"), 3),
    Measured("activities, page 1,000", "vera", deep_page("/activities/"), 3),
    Measured("activities, words of their notes", "maya", page("/activities/?text=calibration"), 3),
    Measured("orders, delivered late", "vera", page("/orders/?late=1"), 3),
    Measured("search, as one types", "vera", page("/search/?q=novard"), 3),
    Measured("search, as a rep types", "ana", page("/palette/?q=nova"), 3),
    Measured("an account's page", "vera", page("/accounts/1/"), 5),
    Measured("timeline of an account", "vera", page("/accounts/1/timeline/"), 3),
    Measured("timeline of a contact", "vera", page("/contacts/1/timeline/"), 3),
    Measured("leaderboard", "maya", page("/leaderboard/"), 3),
    Measured("waterfall of the company, by API", "vera", page("/api/v1/waterfall/?of=company"), 5),
    Measured("pipeline of the company", "vera", page("/pipeline/"), 5),
    Measured("pipeline of a team", "maya", page("/pipeline/"), 5),
    Measured("calls of a team", "maya", page("/calls/"), 5),
    Measured("team", "maya", linked("/teams/", r"/teams/\d+/"), 5),
    Measured("person", "maya", linked("/", r"/people/\d+/"), 5),
    Measured("a figure of the company opened", "vera", page("/records/?measure=bookings&of=company"), 5),
    Measured("a figure worked out from others opened", "vera", page("/records/?measure=coverage&of=company"), 5),
    Measured("a quota opened", "vera", page("/records/?measure=quota&of=company"), 5),
    Measured("a defined figure opened", "maya", linked("/figures/", r"/records/\?measure=on_time\S+?"), 5),
    Measured("all figures of the company", "vera", page("/figures/"), 5),
    Measured("scorecards of a team", "maya", page("/scorecards/"), 5),
    Measured("a scorecard", "maya", linked("/scorecards/", r"/scorecards/\d+/\S*?"), 5),
    Measured("forecast of the company", "vera", page("/forecast/"), 5),
    Measured("forecast of a team", "maya", page("/forecast/"), 5),
    Measured("what works", "vera", page("/what-works/"), 5),
    Measured("flags of a manager", "maya", page("/flags/"), 5),
    Measured("reports", "vera", page("/reports/"), 3),
    Measured("week of a manager", "maya", page("/week/"), 5),
    Measured("cases, all of them", "vera", page("/cases/"), 3),
    Measured("skill map of everybody", "vera", page("/skills/"), 5),
    Measured("courses, who has done what", "vera", page("/courses/report/"), 5),
    Measured("log an activity", "ana", log_activity, 4),
)


LISTS = (
    ("deals", "/deals/"),
    ("accounts", "/accounts/"),
    ("contacts", "/contacts/"),
    ("activities", "/activities/"),
    ("orders", "/orders/"),
    ("leads", "/leads/"),
    ("contracts", "/contracts/"),
    ("campaigns", "/campaigns/"),
    ("complaints", "/complaints/"),
    ("suggestions", "/repeat/"),
    ("market notes", "/market/"),
    ("tasks", "/tasks/"),
    ("deal board", "/deals/board/"),
    ("search", "/search/"),
)
STORIES = (("timeline of an account", "/accounts/"), ("timeline of a contact", "/contacts/"))  # of the first one there
WALKERS = ("vera", "maya", "ana")  # all of it, a team's, one's own


def main() -> int:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))  # so that what was started is stopped
    size = {name: int(os.environ.get(name.upper()) or value) for name, value in DEFAULTS.items()}
    tenth = size | {name: max(1, size[name] // 10) for name in RECORDS}
    var = Path(os.environ.get("VAR") or "var").absolute()
    if os.environ.get("ONLY") == "load":
        return tell(var, list(load.measure(var / "bench")), size)
    place = home.settle(var / "bench")
    environment = {name: value for name, value in os.environ.items() if name not in {"DEBUG", "BASE_URL"}}
    environment |= services.start(place, services.wanted()) | {"VAR": str(place.var), "DEMO": "1", "SHOW_COST": "1"}
    environment.setdefault("DATABASE_OWNER_URL", environment["DATABASE_URL"])
    try:
        only = os.environ.get("ONLY")
        smaller = environment if only == "plans" else seeded(environment, "tenth", tenth)  # plans seed their own
        files = {kind: int(os.environ.get(f"IMPORT_{kind.upper()}") or rows) for kind, rows in IMPORTS.items()}
        if only not in {None, "", "imports"}:
            files = {}
        found = list(imports.measure(smaller, {kind: rows for kind, rows in files.items() if rows}))
        if only in {None, "", "plans"}:
            found += plans.measure(environment)
        whole_environment = environment if only in {"imports", "plans"} else seeded(environment, "whole", size)
        if only in {None, "", "rollups"}:
            found += rollups.measure(whole_environment, smaller)
            manage(environment, "collectstatic", "--noinput", "--verbosity=0")
            with rollups.working(whole_environment), serving(whole_environment) as port:
                found.append(rollups.screen(port))
        if only not in {"imports", "plans", "rollups"}:
            manage(environment, "collectstatic", "--noinput", "--verbosity=0")
            with ExitStack() as stack:
                whole = stack.enter_context(serving(whole_environment))
                part = stack.enter_context(serving(smaller))
                found = [*measure(whole, part), *found]
    finally:
        if services.wanted():
            services.stop(place)
    if not only:
        found += load.measure(var / "bench")
    return tell(var, found, size)


def tell(var: Path, found: list[dict[str, Any]], size: dict[str, int]) -> int:
    show(found, size)
    (var / "bench.json").write_text(json.dumps(found, indent=1) + "\n")
    return 0


def measure(whole: int, part: int) -> Iterator[dict[str, Any]]:
    """Medians of alternating runs: the reference, the page, the page on a tenth of the records, and again."""
    clients: dict[tuple[int, str], Client] = {}
    wanted = os.environ.get("ONLY")
    pages, lists = () if wanted == "lists" else MEASURED, () if wanted == "pages" else walked(whole)
    for measured in chain(pages, lists):
        for port in (whole, part):
            if (port, measured.who) not in clients:
                clients[port, measured.who] = Client(port, measured.who)
        here, there = clients[whole, measured.who], clients[part, measured.who]
        acts: tuple[tuple[Client, Act], ...] = ((here, page(REFERENCE)), (here, measured.act), (there, measured.act))
        for client, act in acts * 8:  # both workers warm
            act(client)
        runs: list[list[Answer]] = [[], [], []]
        for _ in range(RUNS):
            took = [[act(client) for client, act in acts] for _ in range(TIMES)]
            for answers, alike in zip(runs, zip(*took, strict=True), strict=True):
                answers.append(sorted(alike, key=lambda answer: answer.milliseconds)[TIMES // 2])
        reference, ours, smaller = (median(answer.milliseconds for answer in answers) for answers in runs)
        yield line(measured.name, ours, REFERENCE_NAME, reference, "ms", measured.bar)
        if measured.most_queries:
            queries = max(answer.queries for answer in runs[1])
            yield line(f"{measured.name}, queries", queries, "the most allowed", measured.most_queries, "queries", 1)
        yield line(f"{measured.name}, growth", ours, SMALLER, smaller, "ms", GROWTH_BAR)


def walked(port: int) -> Iterator[Measured]:
    """Of each list the filter, order and page that cost most, for whoever sees all, some or their own."""
    for who in WALKERS:
        client = Client(port, who)
        stories = ((name, walk.first_of(client, path)) for name, path in STORIES)
        for name, path in (*LISTS, *stories):
            way, count = walk.slowest(client, path)
            act = own_page(way, path, dict(STORIES)[name]) if name in dict(STORIES) else page(way)
            yield Measured(f"{name} of {who}, the slowest of {count}: {way}", who, act, 3)


def line(name: str, ours: float, reference_name: str, reference: float, unit: str, bar: float) -> dict[str, Any]:
    ratio = ours / reference
    return {
        "name": name,
        "ours": round(ours, 1),
        "reference": round(reference, 1),
        "reference_name": reference_name,
        "unit": unit,
        "ratio": round(ratio, 2),
        "bar": bar,
        "holds": ratio <= bar,
    }


def show(found: list[dict[str, Any]], size: dict[str, int]) -> None:
    print(", ".join(f"{value:,} {name}" for name, value in size.items() if name != "seed"))
    print(f"{'':40} {'ours':>9} {'beside':>9} {'ratio':>7} {'bar':>6}")
    for one in found:
        said = "holds" if one["holds"] else "DOES NOT HOLD"
        figures = f"{one['ours']:>9,} {one['reference']:>9,} {one['ratio']:>7} {one['bar']:>6}"
        print(f"{one['name']:40} {figures}  {one['unit']:7} {said}")
    print(f"Beside: {REFERENCE_NAME}; for growth: {SMALLER}. Server time, medians of {RUNS} alternating runs.")
    print(f"Imports: wall time of the command, from its start to its end; beside: {imports.REFERENCE_NAME}.")


def seeded(environment: dict[str, str], name: str, size: dict[str, int]) -> dict[str, str]:
    """The environment of a database of that size, made unless it stands since today."""
    database = f"paceline_bench_{name}"
    own = {key: f"{environment[key].rpartition('/')[0]}/{database}" for key in ("DATABASE_URL", "DATABASE_OWNER_URL")}
    wanted = json.dumps(size | {"day": f"{datetime.now(UTC):%Y-%m-%d}"})
    with maintenance(environment["DATABASE_OWNER_URL"]) as cursor:
        cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [database])
        stands = cursor.fetchone() == (wanted,)
        if not stands:
            cursor.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {database}")
    manage(environment | own, "migrate", "--verbosity=0")
    if not stands:
        began = time.monotonic()
        manage(environment | own, "seed_demo", *(f"--{key}={value}" for key, value in size.items()))
        with maintenance(own["DATABASE_OWNER_URL"]) as cursor:
            cursor.execute("VACUUM (ANALYZE)")
            cursor.execute(f"COMMENT ON DATABASE {database} IS %s", [wanted])
        print(f"{database}: seeded in {time.monotonic() - began:.0f} s.", flush=True)
    return environment | own


@contextmanager
def maintenance(url: str) -> Iterator[Any]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        yield connection.cursor()
    finally:
        connection.close()


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[int]:
    """gunicorn as `make run` starts it, with the reference view; yields its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = ["gunicorn", "--config", "python:salesmgmt.run.gunicorn", "salesmgmt.wsgi:application"]
    told = environment | {"PORT": str(port), "DJANGO_SETTINGS_MODULE": "tests.bench.settings"}
    with (Path(environment["VAR"]) / "web.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-m", *command], cwd=BASE, env=told, stdout=log, stderr=log)
    try:
        until = time.monotonic() + services.PATIENCE
        while not is_ready(port):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"The server does not answer; {log.name} says why.")
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def is_ready(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
    except (URLError, ConnectionError, TimeoutError):
        return False
    return True


def manage(environment: dict[str, str], *command: str) -> None:
    if subprocess.run([sys.executable, BASE / "manage.py", *command], cwd=BASE, env=environment).returncode:
        raise SystemExit(f"manage.py {command[0]} failed; what it said stands above.")


if __name__ == "__main__":
    sys.exit(main())
