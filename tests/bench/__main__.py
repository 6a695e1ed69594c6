"""Seed the volume asked for, serve it, measure, print a table, write var/bench.json."""

import http.cookiejar
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg2

from salesmgmt.run import home, services

ROOT = Path(__file__).parent.parent.parent
VOLUME = {"PEOPLE": 200, "ACCOUNTS": 20_000, "DEALS": 200_000, "ACTIVITIES": 500_000, "YEARS": 2}
RUNS, REPEATS = 5, 10
REFERENCE = "one indexed query of 50 rows, same server and middleware"


@dataclass(frozen=True)
class Page:
    name: str
    login: str
    path: str
    times: float  # at most so many times the reference
    queries: int | None = None


PAGES = [
    Page("manager home", "maya", "/", 5, 15),
    Page("executive home", "vera", "/", 5, 15),
    Page("deals, first page", "vera", "/deals/", 3),
    Page("deals, one stage", "vera", "/deals/?status=won", 3),
    Page("deals, text search", "vera", "/deals/?q=north", 3),
    Page("leaderboard", "vera", "/leaderboard/", 3),
]


class Client:
    """A browser of one person: cookies, login, and what the server says an answer cost."""

    def __init__(self, base: str, login: str) -> None:
        self.base = base
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        form = self.opener.open(f"{base}/login/").read().decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
        fields = {"username": login, "password": "demo", "csrfmiddlewaretoken": token[1] if token else ""}
        self.opener.open(f"{base}/login/", urllib.parse.urlencode(fields).encode())

    def cost(self, path: str) -> tuple[float, int]:
        """Milliseconds in the server and queries, of one answer."""
        with self.opener.open(f"{self.base}{path}") as answer:
            answer.read()
            return float(answer.headers["Server-Timing"].split("dur=")[1].split(",")[0]), int(
                answer.headers["X-Query-Count"]
            )


def main() -> int:
    volume = {name: int(os.environ.get(name) or default) for name, default in VOLUME.items()}
    var = Path(os.environ.get("VAR") or "var").absolute()
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    place = home.settle(var / "bench")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = dict(os.environ) | services.start(place) | {"DEMO": "1", "SHOW_COST": "1", "PORT": port}
    environment |= {"VAR": str(place.var), "BASE_URL": f"http://localhost:{port}", "WEB_CONCURRENCY": "1"}
    try:
        seed(place, environment, volume)
        results = serve_and_measure(environment, port)
    finally:
        services.stop(place)
    (var / "bench.json").write_text(json.dumps(results, indent=2) + "\n")
    for row in results:
        verdict = "holds" if row["holds"] else "FAILS"
        print(f"{row['name']:<22} {row['ours']!s:>8} ms  {row['ratio']!s:>6} × (bar {row['bar']})  {verdict}")
    return 0 if all(row["holds"] for row in results) else 1


def seed(place: home.Home, environment: dict[str, str], volume: dict[str, int]) -> None:
    """The volume asked for, unless it is what stands already."""
    owner, stands = environment["DATABASE_OWNER_URL"], place.data / "volume"
    if stands.exists() and json.loads(stands.read_text()) == volume:
        return
    stands.unlink(missing_ok=True)
    execute(owner.rpartition("/")[0] + "/postgres", "DROP DATABASE IF EXISTS paceline WITH (FORCE)")
    services.make_roles(place)
    manage = [sys.executable, ROOT / "manage.py"]
    subprocess.run([*manage, "migrate", "--verbosity=0"], env=environment, check=True)
    subprocess.run([*manage, "collectstatic", "--noinput", "--verbosity=0"], env=environment, check=True)
    sizes = [part for name, value in volume.items() for part in (f"--{name.lower()}", str(value))]
    subprocess.run([*manage, "seed_demo", *sizes], env=environment, check=True)
    for statement in (
        "CREATE TABLE bench_reference AS SELECT n AS id, u.id AS owner, 'row ' || n AS name"
        " FROM generate_series(1, 1000) n, teams_user u WHERE u.username IN ('maya', 'vera')",
        "CREATE INDEX ON bench_reference (owner, id)",
        "GRANT SELECT ON bench_reference TO paceline",
        "VACUUM ANALYZE",
    ):
        execute(owner, statement)
    stands.write_text(json.dumps(volume))


def serve_and_measure(environment: dict[str, str], port: str) -> list[dict[str, object]]:
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--config", "python:salesmgmt.run.gunicorn", "salesmgmt.wsgi:application"],
        cwd=ROOT,
        env=environment | {"DJANGO_SETTINGS_MODULE": "tests.bench.settings"},
    )
    try:
        base = f"http://127.0.0.1:{port}"
        wait_for(f"{base}/readyz")
        clients = {login: Client(base, login) for login in {page.login for page in PAGES}}
        return [measure(clients[page.login], page) for page in PAGES]
    finally:
        server.terminate()
        server.wait()


def measure(client: Client, page: Page) -> dict[str, object]:
    """Medians of alternating runs, so that a slow moment of the machine meets both."""
    row: dict[str, object] = {"name": page.name, "unit": "ms", "reference_name": REFERENCE, "bar": page.times}
    try:
        client.cost(page.path)
        runs = [
            (
                median(client.cost("/reference/")[0] for _ in range(REPEATS)),
                [client.cost(page.path) for _ in range(REPEATS)],
            )
            for _ in range(RUNS)
        ]
    except urllib.error.HTTPError as error:
        return row | {"ours": None, "reference": None, "ratio": None, "holds": False, "error": f"answered {error.code}"}
    ours = median(median(cost for cost, _ in costs) for _, costs in runs)
    ratio = median(median(cost for cost, _ in costs) / reference for reference, costs in runs)
    queries = max(count for _, costs in runs for _, count in costs)
    holds = ratio <= page.times and (page.queries is None or queries <= page.queries)
    return row | {
        "ours": round(ours, 1),
        "reference": round(median(reference for reference, _ in runs), 1),
        "ratio": round(ratio, 2),
        "queries": queries,
        "holds": holds,
    }


def execute(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def wait_for(url: str) -> None:
    until = time.monotonic() + services.PATIENCE
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(url).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer.")


if __name__ == "__main__":
    sys.exit(main())
