"""A backup is one file: the database as it stood at one moment, the uploaded files, and checksums of both.

A tar of `manifest.json`, `database.dump` (pg_dump's custom format) and `files/…`. The checksum of a table is the sum of
a hash over its rows, taken in the snapshot that is dumped, so that a restore can be shown to be equal to the cent.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from salesmgmt.lib.refusals import Refused

DUMP, MANIFEST, FILES = "database.dump", "manifest.json", "files"
FORM = 1


def backup(*, path: Path, at: datetime) -> dict[str, Any]:
    """Write everything to `path`, which only its owner may read; answers the manifest. Raises Refused."""
    if path.exists():
        raise Refused(f"{path} exists; name a file that does not.")
    if not path.parent.is_dir():
        raise Refused(f"There is no folder {path.parent}.")
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".backup-") as folder:
        dump = Path(folder, DUMP)
        with _snapshot() as (snapshot, cursor):
            tables = checksums(cursor)
            options = ["--format=custom", "--no-owner", "--no-privileges", "--no-comments", f"--snapshot={snapshot}"]
            _run("pg_dump", *options, f"--file={dump}")
        manifest: dict[str, Any] = {
            "form": FORM,
            "at": at.isoformat(),
            "tables": tables,
            "dump": _digest(dump),
            "files": {name: _digest(settings.MEDIA_ROOT / name) for name in _files()},
        }
        unfinished = Path(folder, "unfinished.tar")
        with open(os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                Path(folder, MANIFEST).write_text(json.dumps(manifest, indent=1))
                tar.add(Path(folder, MANIFEST), MANIFEST)
                tar.add(dump, DUMP)
                for name in manifest["files"]:
                    tar.add(settings.MEDIA_ROOT / name, f"{FILES}/{name}")
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    return manifest


def restore(*, path: Path, replace: bool) -> dict[str, Any]:
    """Bring the database and the files back as they were, and compare them; answers the manifest. Raises Refused.

    What stands in the database is given up only with `replace`. The application can't connect meanwhile.
    """
    with tempfile.TemporaryDirectory(prefix="paceline-restore-") as folder:
        manifest = _unpacked(path, Path(folder))
        with connection.cursor() as cursor:
            if not replace and _tables(cursor):
                raise Refused("The database is not empty; --replace gives up what is in it.")
        with _alone():
            with connection.cursor() as cursor:
                cursor.execute("DROP OWNED BY CURRENT_USER CASCADE")
            options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
            _run("pg_restore", *options, f"--dbname={connection.settings_dict['NAME']}", str(Path(folder, DUMP)))
            with connection.cursor() as cursor:
                found = checksums(cursor)
                cursor.execute("ANALYZE")
            if differing := sorted(name for name, sum_ in manifest["tables"].items() if found.get(name) != sum_):
                raise Refused(f"Restored, but not equal to what was backed up: {', '.join(differing)}.")
            for name in manifest["files"]:
                target = settings.MEDIA_ROOT / name
                target.parent.mkdir(parents=True, exist_ok=True)
                Path(folder, FILES, name).replace(target)
    return manifest


def checksums(cursor: CursorWrapper) -> dict[str, list[str]]:
    """Of each table: how many rows, and the sum of a hash over them, whatever their order."""
    found = {}
    for name in _tables(cursor):
        table = connection.ops.quote_name(name)
        cursor.execute(f"SELECT count(*)::text, coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {table} t")
        found[name] = list(cursor.fetchone())
    return found


def _tables(cursor: CursorWrapper) -> list[str]:
    cursor.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        " AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e') ORDER BY relname"
    )
    return [row[0] for row in cursor.fetchall()]


@contextmanager
def _snapshot() -> Iterator[tuple[str, CursorWrapper]]:
    """One moment of the database, for the checksums and for pg_dump alike."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        yield cursor.fetchone()[0], cursor


@contextmanager
def _alone() -> Iterator[None]:
    """Nobody else connects: the application finds the database away, and answers 503 until it is back."""
    database = connection.ops.quote_name(connection.settings_dict["NAME"])
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
    with connection.cursor() as cursor:
        cursor.execute(f"REVOKE CONNECT ON DATABASE {database} FROM PUBLIC")
        cursor.execute("SELECT pg_backend_pid()")
        cursor.execute(f"{others} AND pg_has_role(current_user, usename, 'USAGE')", cursor.fetchone())
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"GRANT CONNECT ON DATABASE {database} TO PUBLIC")


def _unpack(tar: tarfile.TarFile, folder: Path) -> None:
    """Its files, none outside of the folder; links and the like are not ours. Filters are newer than Python 3.11."""
    for member in tar:
        target = Path(folder, member.name).resolve()
        if not target.is_relative_to(folder.resolve()):
            raise ValueError("it names files outside of its folder")
        if (source := tar.extractfile(member) if member.isfile() else None) is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            with source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)


def _unpacked(path: Path, folder: Path) -> dict[str, Any]:
    """The manifest of a backup whose parts are all there and unharmed."""
    try:
        with tarfile.open(path) as tar:
            _unpack(tar, folder)
        manifest: dict[str, Any] = json.loads(Path(folder, MANIFEST).read_text())
        if any(
            not (settings.MEDIA_ROOT / name).resolve().is_relative_to(settings.MEDIA_ROOT) for name in manifest["files"]
        ):
            raise ValueError("it names files outside of its folder")
        parts = {DUMP: manifest["dump"]} | {f"{FILES}/{name}": sum_ for name, sum_ in manifest["files"].items()}
        harmed = [name for name, sum_ in parts.items() if _digest(folder / name) != sum_]
    except FileNotFoundError as error:
        raise Refused(f"{path} is no backup of ours: {error.filename} is missing.") from None
    except (tarfile.TarError, ValueError, KeyError, EOFError, OSError) as error:
        raise Refused(f"{path} can't be read as a backup: {error}") from None
    if harmed:
        raise Refused(f"{path} is damaged: {', '.join(harmed)}.")
    return manifest


def _files() -> list[str]:
    root = settings.MEDIA_ROOT
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(program: str, *options: str) -> None:
    told = connection.settings_dict
    place = {"PGHOST": told["HOST"], "PGPORT": told["PORT"], "PGUSER": told["USER"], "PGPASSWORD": told["PASSWORD"]}
    place |= {"PGDATABASE": told["NAME"], "PGSSLMODE": (told.get("OPTIONS") or {}).get("sslmode", "")}
    environment = os.environ | {name: str(value) for name, value in place.items() if value}
    try:
        done = subprocess.run(
            [str(Path(settings.PG_BIN, program)) if settings.PG_BIN else program, *options],
            env=environment,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        raise Refused(f"{program} is not here; PG_BIN names the folder of PostgreSQL's programs.") from None
    if done.returncode:
        raise Refused(f"{program} failed: {(done.stderr.strip() or 'it gave no reason').splitlines()[-1]}")
