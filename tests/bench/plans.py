"""What it costs to split a target to ten thousand people in 1,200 teams, and to have one change followed through.

`measure` makes a database of its own and runs this module in a fresh process, which prints a line of JSON.
"""

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import psycopg2

from .client import Client

BASE = Path(__file__).resolve().parent.parent.parent
PEOPLE, REGIONS, AREAS, TEAMS = 10_000, 19, 180, 1_000
PROPOSAL_BAR, CHANGE_BAR, MEMORY_BAR, GRID_BAR = 5.0, 300.0, 300.0, 500.0
CHANGES = 7

# Everybody since three years; a tenth part time, a twentieth new with a ramp, some in other calendars or on leave; four
# credits a quarter each, accounts with revenue, open deals of the quarter ahead.
SEED = f"""
    UPDATE teams_organisation SET name = 'Bench', currency = 'EUR', holiday_region = 'DE';
    INSERT INTO teams_team (id, name, created_at, path) VALUES (1, 'Company', now(), '{{}}');
    INSERT INTO teams_team (id, name, created_at, parent_id, path)
    SELECT 1 + n, 'Region ' || n, now(), 1, '{{}}' FROM generate_series(1, {REGIONS}) n;
    INSERT INTO teams_team (id, name, created_at, parent_id, path)
    SELECT 100 + n, 'Area ' || n, now(), 2 + n % {REGIONS}, '{{}}' FROM generate_series(1, {AREAS}) n;
    INSERT INTO teams_team (id, name, created_at, parent_id, path)
    SELECT 1000 + n, 'Team ' || n, now(), 101 + n % {AREAS}, '{{}}' FROM generate_series(1, {TEAMS}) n;
    INSERT INTO teams_person (id, name, external_id, email, created_at, hired_on)
    SELECT n, 'Person ' || n, 'P' || lpad(n::text, 5, '0'), '', now(),
           CASE WHEN n % 20 = 0 THEN date '2026-05-01' ELSE date '2023-01-01' END FROM generate_series(1, {PEOPLE}) n;
    INSERT INTO targets_rampprofile (id, name) VALUES (900, 'Bench ramp');
    INSERT INTO targets_rampstep (profile_id, month, percent) SELECT 900, m, m * 15 FROM generate_series(1, 6) m;
    INSERT INTO teams_posting (person_id, team_id, role, fte, holiday_region, ramp, during)
    SELECT n, 1001 + n % {TEAMS}, 'rep', CASE WHEN n % 10 = 0 THEN 0.6 ELSE 1 END,
           CASE WHEN n % 7 = 0 THEN 'FR' ELSE '' END, CASE WHEN n % 20 = 0 THEN 'Bench ramp' ELSE '' END,
           daterange(CASE WHEN n % 20 = 0 THEN date '2026-05-01' ELSE date '2023-01-01' END, NULL)
      FROM generate_series(1, {PEOPLE}) n;
    INSERT INTO teams_leave (person_id, kind_id, during)
    SELECT n, (SELECT id FROM teams_leavekind WHERE key = 'parental'), daterange('2026-02-01', '2026-05-01')
      FROM generate_series(1, {PEOPLE}, 33) n;
    INSERT INTO sales_account (id, name, industry, revenue, owner_id, created_at, country)
    SELECT n, 'Account ' || n, 'Industry ' || n % 12, 100000 + n * 7919 % 9000000, 1 + n % {PEOPLE}, now(), ''
      FROM generate_series(1, {PEOPLE} * 5) n;
    INSERT INTO sales_order (id, number, owner_id, account_id, amount, currency, ordered_on, created_at,
                             is_booked_by_win)
    SELECT n, 'O' || n, 1 + n % {PEOPLE}, 1 + n % ({PEOPLE} * 5), 500 + n * 7919 % 90000, 'EUR',
           date '2025-07-01' + (n * 31 % 365)::int, now(), false FROM generate_series(1, {PEOPLE} * 16) n;
    INSERT INTO sales_credit (order_id, person_id, team_id, kind, occurred_on, posted_on, amount, currency, rate,
                              reporting_amount, recorded_at, reason)
    SELECT id, owner_id, 1001 + owner_id % {TEAMS}, 'primary', ordered_on, ordered_on, amount, 'EUR', 1, amount,
           now(), 'Booked' FROM sales_order;
    INSERT INTO sales_deal (name, owner_id, stage_id, status, amount, currency, expected_close_on, created_at,
                            own_forecast_category, source, books_order, version, next_step)
    SELECT 'Deal ' || n, 1 + n % {PEOPLE}, (SELECT min(id) FROM sales_stage), 'open', 1000 + n % 9000, 'EUR',
           date '2026-07-01' + n % 90, now(), '', '', true, 1, '' FROM generate_series(1, {PEOPLE} * 2) n;
    DELETE FROM desk_mark;
"""


def measure(environment: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Seconds of the proposal, milliseconds of a manager's change, megabytes more than before."""
    server = environment["DATABASE_OWNER_URL"].rpartition("/")[0]
    database = "paceline_bench_plans"
    urls = ("DATABASE_URL", "DATABASE_OWNER_URL")
    told = environment | {url: f"{environment[url].rpartition('/')[0]}/{database}" for url in urls}
    told |= {"DJANGO_SETTINGS_MODULE": "tests.bench.settings"}
    _execute(f"{server}/postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", f"CREATE DATABASE {database}")
    try:
        subprocess.run([sys.executable, BASE / "manage.py", "migrate", "--verbosity=0"], cwd=BASE, env=told, check=True)
        _execute(told["DATABASE_OWNER_URL"], SEED, "VACUUM (ANALYZE)")
        command = [sys.executable, "-m", "tests.bench.plans"]
        run = subprocess.run(command, cwd=BASE, env=told, check=True, stdout=subprocess.PIPE)
        found = json.loads(run.stdout.splitlines()[-1])
        found |= _in_the_grid(told)
    finally:
        _execute(f"{server}/postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    where = f"of {PEOPLE:,} people in 1,200 teams"
    yield _line(f"plan {where}, proposal", found["proposal"], PROPOSAL_BAR, "s")
    yield _line(f"plan {where}, proposed anew", found["again"], PROPOSAL_BAR, "s")
    yield _line(f"plan {where}, a change in a team", found["team"], CHANGE_BAR, "ms")
    yield _line(f"plan {where}, a change of a region", found["region"], CHANGE_BAR, "ms")
    yield _line(f"plan {where}, memory", found["memory"], MEMORY_BAR, "MB")
    yield _line(f"plan {where}, its grid opened over HTTP", found["grid"], GRID_BAR, "ms")
    yield _line(f"plan {where}, a team's change in the grid, answered over HTTP", found["answer"], GRID_BAR, "ms")


def _in_the_grid(environment: dict[str, str]) -> dict[str, float]:
    """Milliseconds until a browser has the page of the grid, and the answer to a change that a team follows."""
    from .__main__ import manage, serving

    manage(environment, "collectstatic", "--noinput", "--verbosity=0")
    with closing(psycopg2.connect(environment["DATABASE_OWNER_URL"])) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT plan_id, id, amount FROM targets_allocation WHERE person_id <= %s ORDER BY person_id", [CHANGES]
        )
        lines = cursor.fetchall()
    with serving(environment) as port:
        client, path = Client(port, "bench"), f"/plans/{lines[0][0]}/grid/"
        token = client.form(path, "csrfmiddlewaretoken").fields["csrfmiddlewaretoken"]

        def change(line: int, amount: Decimal) -> float:
            said = {"lines": json.dumps([[line, str(amount), str(amount + 1000)]]), "reason": "A key account more"}
            asked = said | {"rule": "spread", "shown": str(line), "csrfmiddlewaretoken": token}
            return _timed(lambda: client.send(f"{path}change/", asked))

        opened = median(_timed(lambda: client.get(path)) for _ in range(CHANGES))
        return {"grid": 1000 * opened, "answer": 1000 * median(change(line, amount) for _, line, amount in lines)}


def _line(name: str, ours: float, bar: float, unit: str) -> dict[str, Any]:
    told = {"name": name, "ours": round(ours, 1), "reference": bar, "reference_name": "the most allowed"}
    return told | {"unit": unit, "ratio": round(ours / bar, 2), "bar": 1, "holds": ours <= bar}


def _execute(url: str, *statements: str) -> None:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _peak() -> float:
    """The most memory this process has held so far, in megabytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
    import django

    django.setup()
    from datetime import date

    from django.contrib.auth import get_user_model
    from django.contrib.auth.hashers import make_password

    from salesmgmt.lib import clock
    from salesmgmt.lib.periods import Period
    from targets import services
    from targets.models import Allocation
    from teams.services import fill_holidays

    fill_holidays(region="FR", years=range(2025, 2027))
    by = get_user_model().objects.create(username="bench", is_superuser=True, password=make_password("demo"))
    at = clock.now()
    plan = services.make_plan(
        name="Bench", period=Period.parse("2026-Q3"), amount=Decimal("1871234567.89"), by=by, at=at
    )
    weights = {"past": 50, "pipeline": 20, "territory": 15, "capability": 10, "equal": 5}
    plan = services.shape_plan(
        plan=plan,
        by=by,
        at=at,
        follows_trend=True,
        growth=Decimal(60),
        shrink=Decimal(50),
        **{f"weight_{element}": weight for element, weight in weights.items()},
    )
    gc.collect()
    gc.freeze()  # as the web server's workers do once they are loaded
    before = _peak()

    def propose() -> object:
        return services.propose_allocation(plan=plan, by=by, at=at, on=date(2026, 7, 1))

    found = {"proposal": _timed(propose), "again": _timed(propose)}

    def change(team: int, person: int | None, more: int) -> float:
        line = Allocation.objects.get(plan=plan, team=team, person=person)
        amount = line.amount + more
        took = _timed(
            lambda: services.change_allocation(
                allocation=line, amount=amount, reason="A key account more", rule="spread", by=by, at=at
            )
        )
        Allocation.objects.filter(pk=line.pk).update(is_locked=False)
        return took

    # In a team: its other nine follow. A region's: the regions beside it and all ten thousand people.
    found["team"] = 1000 * median(change(1001 + n, n, 1000) for n in range(1, CHANGES + 1))
    found["region"] = 1000 * median(change(1 + n, None, 50_000) for n in range(1, CHANGES + 1))
    found["memory"] = _peak() - before
    print(json.dumps(found))


if __name__ == "__main__":
    main()
