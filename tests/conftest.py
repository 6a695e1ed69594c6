"""The suite's ground: servers, a browser, and an honest count of what was skipped."""

import fcntl
import io
import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.test import TransactionTestCase
from pytest_django.plugin import DjangoDbBlocker

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytest_plugins = ["tests.cast"]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NO_BROWSER = "no browser: install one with “apt-get install chromium”"


@pytest.fixture(scope="session", autouse=True)
def _reference_data(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """What the migrations wrote stands again after a test that commits."""
    # pytest-django makes no database where no collected test asks for one.
    if not any(item.get_closest_marker("django_db") or "db" in item.fixturenames for item in request.session.items):
        yield
        return
    with django_db_blocker.unblock():
        _forget_marks()
        kept = _rows()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda test: _start_over(kept))
        yield


def _rows() -> dict[str, bytes]:
    """What stands, by table."""
    kept = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True, include_views=False):
            held = io.BytesIO()
            cursor.copy_expert(f"COPY {table} TO STDOUT", held)
            if held.tell():
                kept[table] = held.getvalue()
    return kept


def _start_over(kept: dict[str, bytes]) -> None:
    """Empty every table and put back what is kept, with its numbers, which are not given out again."""
    call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)
    models = [model for model in apps.get_models() if model._meta.db_table in kept]
    with transaction.atomic(), connection.cursor() as cursor:
        for table, rows in kept.items():
            cursor.copy_expert(f"COPY {table} FROM STDIN", io.BytesIO(rows))
        cursor.execute("\n".join(connection.ops.sequence_reset_sql(no_style(), models)))
    _forget_marks()


def _forget_marks() -> None:
    """Those that writing reference data leaves: writing it again leaves them again, under numbers that may be taken."""
    from salesmgmt.desk.models import Mark

    Mark.objects.all().delete()


@pytest.fixture(scope="module")
def standing(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """What fixtures of a module write on this stands for all its tests, each in a savepoint of its own (`db`)."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="session")
def browser(django_db_setup: None) -> "Iterator[Browser]":
    """The machine's own Chromium; without one the test is skipped, and fails where CI=true."""
    if CHROMIUM is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(NO_BROWSER)
    from playwright.sync_api import sync_playwright

    # Playwright runs an event loop in this thread; Django would refuse the database there.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync"]
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*quiet, *root])
        yield browser
        browser.close()
        connection.close()


# The files that take longest are begun first, or one of two workers would end with them while the other rests.
LONGEST = (
    "test_access", "test_maven", "test_up", "test_page", "test_days", "test_pages", "test_large", "test_backup",
    "test_morning", "test_demo",
)  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The last lines: how many were skipped, and what would have them run."""
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
        reasons[reason] = reasons.get(reason, 0) + 1
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count} skipped: {reason.removeprefix('Skipped: ')}")
    if not reasons:
        terminalreporter.write_line("0 skipped")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last session out stops the embedded servers."""
    from salesmgmt.run import services
    from tests import settings

    if hasattr(config, "workerinput") or not hasattr(settings, "STARTED"):
        return
    try:
        fcntl.flock(settings.IN_USE, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    services.stop(settings.STARTED)
