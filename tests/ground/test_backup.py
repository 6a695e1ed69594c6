"""A backup brings everything back, equal to the cent; a damaged one is refused before anything is given up."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.management import CommandError, call_command
from django.db import connection

from salesmgmt.desk.backups import checksums
from teams.models import User
from tests.cast import make_cast
from tests.performance.records import a_credit, an_activity

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """An empty database of its own."""
    name = f"restored_{uuid4().hex[:12]}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    yield name
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def kept(tmp_path: Path, settings: Any) -> Path:
    """A backup of the cast with some records, their rollups and an uploaded file."""
    settings.MEDIA_ROOT = tmp_path / "files"
    (settings.MEDIA_ROOT / "contracts").mkdir(parents=True)
    (settings.MEDIA_ROOT / "contracts" / "ümlaut.pdf").write_bytes(b"%PDF signed")
    cast = make_cast()
    # The suite's quick hashes are not known to the product.
    User.objects.filter(username="ana").update(password=PBKDF2PasswordHasher().encode("demo", "saltsalt", 1))
    an_activity(cast.ana, date(2026, 5, 4))
    a_credit(cast.ana, "120.01", date(2026, 5, 4))
    call_command("refresh_rollups")
    call_command("backup", str(tmp_path / "kept.tar"))
    return tmp_path / "kept.tar"


def manage(database: str, files: Path, *command: str) -> subprocess.CompletedProcess[str]:
    told = connection.settings_dict
    url = f"postgres://{told['USER']}@{told['HOST'].replace('/', '%2F')}/{database}"
    environment = os.environ | {"DATABASE_URL": url, "DATABASE_OWNER_URL": url, "FILES": str(files)}
    environment["DJANGO_SETTINGS_MODULE"] = "salesmgmt.settings"
    return subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, capture_output=True, text=True
    )


LOGIN = """
from django.test import Client
client = Client(SERVER_NAME="localhost")
client.post("/login/", {"username": "ana", "password": "demo"})
print(client.get("/api/v1/deals/").status_code)
"""


def test_everything_comes_back_equal_but_what_stands_is_given_up_only_when_told(
    kept: Path, elsewhere: str, tmp_path: Path
) -> None:
    files = tmp_path / "other"
    assert manage(elsewhere, files, "restore", str(kept)).returncode == 0
    refused = manage(elsewhere, files, "restore", str(kept))
    assert (refused.returncode, refused.stderr.strip()) == (
        1, "CommandError: The database is not empty; --replace gives up what is in it.",
    )  # fmt: skip
    replaced = manage(elsewhere, files, "restore", "--replace", str(kept))
    assert "each equal to the backup" in replaced.stdout, replaced.stderr
    assert (files / "contracts" / "ümlaut.pdf").read_bytes() == b"%PDF signed"
    checked = manage(elsewhere, files, "rebuild_rollups", "--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    login = manage(elsewhere, files, "shell", "-v0", "-c", LOGIN)
    assert login.stdout.strip() == "200", login.stderr


def test_a_backup_is_private_never_overwrites_and_a_damaged_one_touches_nothing(kept: Path, tmp_path: Path) -> None:
    assert kept.stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="exists; name a file that does not"):
        call_command("backup", str(kept))
    with connection.cursor() as cursor:
        before = checksums(cursor)
    torn = tmp_path / "torn.tar"
    torn.write_bytes(kept.read_bytes()[:40_000])
    with pytest.raises(CommandError, match=r"torn\.tar can't be read as a backup|is damaged"):
        call_command("restore", str(torn), "--replace")
    other = tmp_path / "other.tar"
    with tarfile.open(other, "w") as tar:
        tar.add(ROOT / "Makefile", "Makefile")
    with pytest.raises(CommandError, match=r"other\.tar is no backup of ours"):
        call_command("restore", str(other), "--replace")
    with connection.cursor() as cursor:
        assert checksums(cursor) == before
