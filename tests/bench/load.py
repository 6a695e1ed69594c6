"""Two hundred people at work for ten minutes, each with a live page open, while workers and servers fail beneath them.

Each acts every ten seconds on average: logs an activity by the form, looks at a page, moves a deal by the API; and asks
for news every second, as an open page does. The worker is killed three times, PostgreSQL and Valkey restarted once
each. Afterwards every write that was answered is there once, and the rollups equal their records. LOAD_SECONDS and
LOAD_PEOPLE set the size.

`measure` makes an installation of its own as `make run` does; run as a module this prints the logins it made.
"""

import asyncio
import configparser
import json
import os
import random
import re
import secrets
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from urllib.error import URLError
from urllib.parse import quote, urlencode
from xmlrpc.client import ServerProxy

import psutil
import psycopg2
from supervisor.xmlrpc import SupervisorTransport

from salesmgmt.run import home, services

BASE = Path(__file__).resolve().parent.parent.parent
PEOPLE, SECONDS, THINK = 200, 600, 10.0
SIZE = {"accounts": 2_000, "deals": 20_000, "activities": 50_000, "years": 2, "seed": 1}
P95_BAR, SCREEN_BAR = 300.0, 1000.0
# When in the run, and what: shares of the whole.
FAULTS = ((0.12, "worker"), (0.28, "postgres"), (0.45, "worker"), (0.62, "valkey"), (0.8, "worker"))
WINDOW = 15.0  # seconds after a fault that count as its window
PATIENCE = 30.0
BREATH, OFTEN, FRESH = 4, 1.0, 2.0  # as in live.js
PAGES = ("/", "/deals/", "/activities/", "/accounts/", "/leaderboard/", "/tasks/")
LIVE = re.compile(r'data-live="([^"]+)" data-live-token="([^"]+)"')


@dataclass(slots=True)
class Took:
    """One answered or lost request."""

    at: float
    seconds: float
    what: str
    status: int
    says_when: bool


@dataclass(slots=True)
class Book:
    """What happened, by everybody."""

    run: str = field(default_factory=lambda: secrets.token_hex(4))
    began: float = field(default_factory=time.monotonic)
    took: list[Took] = field(default_factory=list)
    screens: list[float] = field(default_factory=list)
    """Seconds from the answer to a save to the fresh page beside it."""
    logged: dict[str, bool] = field(default_factory=dict)
    """By marker: whether the server said it was taken."""
    moved: Counter[int] = field(default_factory=Counter)
    unsure: set[int] = field(default_factory=set)
    """Deals whose last move was never answered."""
    faults: list[float] = field(default_factory=list)


class Wire:
    """HTTP/1.1 on one kept connection."""

    def __init__(self, port: int, cookies: str) -> None:
        self.port, self.cookies = port, cookies
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], str]:
        said = {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookies, "Content-Length": str(len(body))}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in said.items())
        fresh = self.streams is None
        try:
            return await asyncio.wait_for(self._once(head.encode() + b"\r\n" + body), PATIENCE)
        except (OSError, asyncio.IncompleteReadError, ValueError, IndexError) as error:
            self.drop()
            if fresh or isinstance(error, TimeoutError):
                raise ConnectionError from None
        return await self.ask(method, path, body, **headers)  # the server had closed what was kept: as browsers do

    def drop(self) -> None:
        if self.streams:
            self.streams[1].close()
        self.streams = None

    async def _once(self, request: bytes) -> tuple[int, dict[str, str], str]:
        if self.streams is None or self.streams[0].at_eof():  # never opened, or closed by the server since
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        writer.write(request)
        status = int((await reader.readline()).split()[1])
        headers: dict[str, str] = {}
        while (line := (await reader.readline()).decode().strip()) != "":
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        if headers.get("transfer-encoding") == "chunked":
            parts = []
            while size := int(await reader.readline(), 16):
                parts.append(await reader.readexactly(size))
                await reader.readline()
            await reader.readline()
            body = b"".join(parts)
        else:
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection") == "close":
            self.drop()
        return status, headers, body.decode(errors="replace")


class Worker:
    """Somebody at work: a page open, and an act now and then."""

    def __init__(self, port: int, login: dict[str, Any], book: Book, stop: float) -> None:
        self.login, self.book, self.stop = login, book, stop
        self.chance = random.Random(login["person"])
        cookies = f"sessionid={login['session']}; csrftoken={login['csrf']}"
        self.acts, self.looks = Wire(port, cookies), Wire(port, cookies)
        self.marks = 0
        self.saved = 0.0
        self.token = self.address = ""

    async def work(self) -> None:
        await asyncio.sleep(self.chance.uniform(0, THINK))
        await asyncio.gather(self._act(), self._watch())

    async def _ask(self, what: str, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, str]:
        began = time.monotonic()
        wire = self.looks if what in {"stamp", "refresh", "open"} else self.acts
        try:
            status, told, text = await wire.ask(method, path, body, **headers)
        except ConnectionError:
            status, told, text = 0, {}, ""
        now = time.monotonic()
        self.book.took.append(Took(began - self.book.began, now - began, what, status, "retry-after" in told))
        return status, text

    async def _act(self) -> None:
        while time.monotonic() < self.stop:
            kind = self.chance.random()
            if kind < 0.4:
                await self._log()
            elif kind < 0.6 and self.login["deals"]:
                await self._move()
            else:
                await self._ask("look", "GET", self.chance.choice(PAGES))
            await asyncio.sleep(self.chance.expovariate(1 / THINK))

    async def _insist(self, what: str, path: str, body: bytes, **headers: str) -> tuple[int, str]:
        """Send it again, as the same act, until it is answered."""
        while True:
            status, text = await self._ask(what, "POST", path, body, X_CSRFToken=self.login["csrf"], **headers)
            if status not in {0, 503} or time.monotonic() > self.stop + PATIENCE:
                return status, text
            await asyncio.sleep(1)

    async def _log(self) -> None:
        self.marks += 1
        marker = f"load {self.book.run} {self.login['person']} {self.marks}"
        self.book.logged[marker] = False
        values = {"kind": "call", "who": "none", "notes": marker, "idempotency_key": secrets.token_hex(16)}
        body = urlencode(values).encode()
        status, _ = await self._insist(
            "log", "/activities/log/", body, Content_Type="application/x-www-form-urlencoded"
        )
        if status in {302, 303}:
            self.book.logged[marker] = True
            self.saved = time.monotonic()

    async def _move(self) -> None:
        deal = self.chance.choice(self.login["deals"])
        if deal["id"] in self.book.unsure:
            return
        stage = next(name for name in self.login["stages"] if name != deal["stage"])
        body = json.dumps({"stage": stage, "version": deal["version"]}).encode()
        said = {"Content_Type": "application/json", "Idempotency_Key": secrets.token_hex(16)}
        self.book.unsure.add(deal["id"])
        status, text = await self._insist("move", f"/api/v1/deals/{deal['id']}/move/", body, **said)
        if status == 200:
            deal |= {"stage": stage, "version": json.loads(text)["version"]}
            self.book.moved[deal["id"]] += 1
        if status not in {0, 503}:
            self.book.unsure.discard(deal["id"])

    async def _watch(self) -> None:
        """As live.js does: ask for the stamp each second, less often while the server is away; fetch the part anew."""
        seen, wait = "", OFTEN
        await self._open()
        while time.monotonic() < self.stop:
            await asyncio.sleep(wait)
            if not self.token:
                await self._open()
                continue
            began, least = time.monotonic(), OFTEN
            status, stamp = await self._ask("stamp", "GET", f"/live/stamp/?t={quote(self.token)}")
            if status == 403 or (status == 200 and stamp != (seen or self.token.split(".")[3])):
                status, text = await self._ask("refresh", "GET", self.address, HX_Request="true")
                least = FRESH
                if status == 200:
                    self._take(text)
                    if self.saved:
                        self.book.screens.append(time.monotonic() - self.saved)
                        self.saved = 0.0
                seen = stamp
            wait = max(least, BREATH * (time.monotonic() - began)) if status in {200, 403} else wait * 2
            wait = min(wait, 30)

    async def _open(self) -> None:
        status, text = await self._ask("open", "GET", "/")
        if status == 200:
            self._take(text)

    def _take(self, text: str) -> None:
        if found := LIVE.search(text):
            self.address, self.token = found[1].replace("&amp;", "&"), found[2]


def measure(var: Path) -> Iterator[dict[str, Any]]:
    """Rows of the table: percentiles outside the fault windows, what was lost, what was answered inside them."""
    people, seconds = int(os.environ.get("LOAD_PEOPLE") or PEOPLE), int(os.environ.get("LOAD_SECONDS") or SECONDS)
    place = home.settle(var / "load")
    with _installation(place, people) as (port, logins):
        book = asyncio.run(_play(place, port, logins[:people], seconds))
        environment = dict(os.environ) | json.loads((place.var / "environment").read_text())
        for command in (["refresh_rollups"], ["rebuild_rollups", "--check"]):
            done = subprocess.run([sys.executable, BASE / "manage.py", *command], cwd=BASE, env=environment)
        lost, doubled = _compare(environment["DATABASE_URL"], book)
    yield from _rows(book, len(logins[:people]), seconds, lost, doubled, done.returncode)


def _rows(book: Book, people: int, seconds: int, lost: int, doubled: int, differs: int) -> Iterator[dict[str, Any]]:
    of = f"load: {people} people for {seconds} s"
    acts = [one for one in book.took if one.what != "stamp"]
    calm = [one for one in acts if not _is_in_window(book, one)]
    rough = [one for one in acts if _is_in_window(book, one)]
    for name, some in (("", calm), (", logs and moves", [one for one in calm if one.what in {"log", "move"}])):
        slow = 1000 * quantiles([one.seconds for one in some], n=20)[-1]
        yield _line(f"{of}, p95 outside fault windows{name}", slow, P95_BAR, "ms")
    wrong = sum(one.status not in {200, 302, 303} for one in calm)
    yield _line(f"{of}, failed outside fault windows of {len(calm):,}", wrong, 0, "answers")
    worse = sum(one.status not in {200, 302, 303} and not (one.status == 503 and one.says_when) for one in rough)
    yield _line(f"{of}, worse than 503 inside of {len(rough):,}", worse, 0, "answers")
    yield _line(f"{of}, writes lost of {len(book.logged) + book.moved.total():,}", lost, 0, "writes")
    yield _line(f"{of}, writes doubled", doubled, 0, "writes")
    yield _line(f"{of}, rollups that differ afterwards", differs, 0, "exit")
    yield _line(f"{of}, a save to the open page, median", 1000 * median(book.screens), SCREEN_BAR, "ms")


def _is_in_window(book: Book, one: Took) -> bool:
    """Begun or still open while a fault was fresh."""
    return any(one.at < fault + WINDOW and one.at + one.seconds > fault for fault in book.faults)


def _line(name: str, ours: float, bar: float, unit: str) -> dict[str, Any]:
    told = {"name": name, "ours": round(ours, 1), "reference": bar, "reference_name": "the most allowed"}
    return told | {"unit": unit, "ratio": round(ours / (bar or 1), 2), "bar": 1 if bar else 0, "holds": ours <= bar}


async def _play(place: home.Home, port: int, logins: list[dict[str, Any]], seconds: int) -> Book:
    book = Book()
    stop = book.began + seconds
    workers = [Worker(port, login, book, stop) for login in logins]
    await asyncio.gather(_fail(place, book, seconds), *(worker.work() for worker in workers))
    return book


async def _fail(place: home.Home, book: Book, seconds: int) -> None:
    for share, what in FAULTS:
        await asyncio.sleep(max(0.0, book.began + share * seconds - time.monotonic()))
        book.faults.append(time.monotonic() - book.began)
        if what == "worker":
            await asyncio.to_thread(_kill_worker, place)
        else:
            await asyncio.to_thread(_restart, place, what)
        print(f"{book.faults[-1]:.0f} s: {what} {'killed' if what == 'worker' else 'restarted'}", flush=True)


def _kill_worker(place: home.Home) -> None:
    for process in psutil.process_iter():
        try:
            if process.environ().get("PACELINE_VAR") == str(place.var) and "worker" in process.cmdline():
                process.kill()
        except psutil.Error:
            continue


def _restart(place: home.Home, what: str) -> None:
    kept = configparser.RawConfigParser()
    kept.read(place.var / "supervisord.conf")
    key = kept["unix_http_server"]["password"]
    control: Any = ServerProxy(
        "http://127.0.0.1", SupervisorTransport("paceline", key, f"unix://{place.sockets / 'supervisor'}")
    )
    control.supervisor.stopProcess(what)
    control.supervisor.startProcess(what)


@contextmanager
def _installation(place: home.Home, people: int) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """A company of that size under everything that `make run` starts; yields its port and a login each."""
    environment = {name: value for name, value in os.environ.items() if name not in {"DEBUG", "BASE_URL", "ONLY"}}
    port = _free_port()
    environment |= {"VAR": str(place.var), "PORT": str(port), "DEMO": "1"}
    environment["SECRET_KEY"] = secrets.token_urlsafe(48)
    served = environment | services.start(place, services.wanted())
    try:
        served.setdefault("DATABASE_OWNER_URL", served["DATABASE_URL"])
        if not (place.data / "demo-loaded").exists():
            size = {"people": people} | SIZE
            for command in (["migrate", "--verbosity=0"], ["seed_demo", *(f"--{k}={v}" for k, v in size.items())]):
                subprocess.run([sys.executable, BASE / "manage.py", *command], cwd=BASE, env=served, check=True)
            (place.data / "demo-loaded").touch()
        command = [sys.executable, "-m", "tests.bench.load"]
        run = subprocess.run(command, cwd=BASE, env=served, check=True, stdout=subprocess.PIPE)
        logins = json.loads(run.stdout.splitlines()[-1])
    finally:
        services.stop(place)
    with (place.var / "up.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "salesmgmt.run", "up"], cwd=BASE, env=environment, stdout=log, stderr=log
        )
    try:
        until = time.monotonic() + 180
        while not _is_ready(port):
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"Paceline does not start; {place.var / 'up.log'} says why.")
            time.sleep(0.5)
        yield port, logins
    finally:
        process.terminate()
        process.wait(timeout=90)


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_ready(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
    except (URLError, ConnectionError, TimeoutError):
        return False
    return True


def _compare(url: str, book: Book) -> tuple[int, int]:
    """How many answered writes are missing, and how many stand twice."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT notes, count(*) FROM sales_activity WHERE notes LIKE %s GROUP BY 1", [f"load {book.run} %"]
        )
        found = dict(cursor.fetchall())
        cursor.execute(
            "SELECT deal_id, count(*) FROM sales_dealchange WHERE field = 'stage' AND deal_id = ANY(%s)"
            " AND changed_at > now() - make_interval(secs => %s) GROUP BY 1",
            [list(book.moved), time.monotonic() - book.began],
        )
        changes = dict(cursor.fetchall())
    lost = sum(was_taken and marker not in found for marker, was_taken in book.logged.items())
    doubled = sum(count > 1 for count in found.values())
    for deal, times in book.moved.items():
        if deal not in book.unsure:
            lost += max(0, times - changes.get(deal, 0))
            doubled += max(0, changes.get(deal, 0) - times)
    return lost, doubled


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salesmgmt.settings")
    import django

    django.setup()
    from django.contrib.auth import get_user_model
    from django.test import Client

    from sales.models import Deal, Pipeline, Stage
    from salesmgmt.lib import clock
    from teams.models import Organisation, Posting

    today = clock.today(Organisation.get().time_zone)
    stages = list(
        Stage.objects.filter(pipeline=Pipeline.objects.order_by("pk").first())
        .order_by("position")
        .values_list("name", flat=True)[:2]
    )
    made = []
    for posting in Posting.objects.on(today).select_related("person__user").order_by("person_id"):
        person = posting.person
        if person.user is None:
            person.user = get_user_model().objects.create(username=f"load-{person.pk}")
            person.save(update_fields=["user"])
        client = Client()
        client.force_login(person.user)
        deals = Deal.objects.open().filter(owner=person, stage__name__in=stages).order_by("pk")
        made.append(
            {
                "person": person.pk,
                "session": client.cookies["sessionid"].value,
                "csrf": secrets.token_hex(16),
                "stages": stages,
                "deals": [{"id": d.pk, "version": d.version, "stage": d.stage.name} for d in deals[:5]],
            }
        )
    print(json.dumps(made))


if __name__ == "__main__":
    main()
