"""A VAR of a test's own, and the environment of a fresh machine."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from salesmgmt.run import home, up

ROOT = Path(__file__).parent.parent.parent
OURS = (
    "DJANGO_",
    "PYTEST_",
    "DATABASE_",
    "REDIS_URL",
    "AS_DATABASE",
    "SECRET_KEY",
    "DEMO",
    "DEBUG",
    "SHOW_COST",
    "VAR",
    "PORT",
    "BASE_URL",
)


@pytest.fixture
def fresh_environment() -> dict[str, str]:
    """This environment without what the suite has set."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


@pytest.fixture
def var(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An open folder, as a checkout in /srv would have; what runs there is ended afterwards."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    folder = Path(tempfile.mkdtemp(prefix="paceline-"))
    folder.chmod(0o755)
    yield folder / "var"
    with contextlib.suppress(home.Refused):
        up.sweep(home.settle(folder / "var"))
    shutil.rmtree(folder, ignore_errors=True)
