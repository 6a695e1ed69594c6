"""The embedded PostgreSQL and Valkey: prepare, start, find, heal and stop them."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg2
import redis

from .home import Home, Refused

SERVERS = ("postgres", "valkey")
DATABASE, OWNER, APP = "paceline", "paceline_owner", "paceline"
PATIENCE = 60.0

POSTGRES = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_preload_libraries": "pg_stat_statements",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "temp_buffers": "64MB",  # of an import's portion; taken only by sessions that have temporary tables
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",  # a page's queries are small: starting helpers costs more than they save
    "timezone": "UTC",
    "log_timezone": "UTC",
}
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "128MB"}

_started: "list[subprocess.Popen[bytes]]" = []  # kept, or Python warns of children that outlive their Popen


@dataclass(frozen=True)
class Server:
    """One embedded server: how to start it and where it works."""

    name: str
    home: Home
    command: list[str]
    folder: Path

    def processes(self) -> list[psutil.Process]:
        """What runs in the server's folder, however it came to be started."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.cwd() == str(self.folder) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def start(self) -> "subprocess.Popen[bytes]":
        with (self.home.var / f"{self.name}.log").open("ab") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.home.environ(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
                **self.home.unprivileged(),
            )
        _started.append(process)
        return process

    def stop(self) -> None:
        """Ask for a quick orderly end, then insist."""
        processes = self.processes()
        everyone = {process.pid for process in processes}
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):  # it ended meanwhile
                if process.ppid() not in everyone:
                    process.send_signal(signal.SIGINT if self.name == "postgres" else signal.SIGTERM)
        _, alive = psutil.wait_procs(processes, timeout=20)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=5)
        for child in _started:
            child.poll()


def postgres(home: Home, *, forgetful: bool = False) -> Server:
    """The PostgreSQL of this home, its cluster made if there is none. `forgetful` trades safety for speed (tests)."""
    if not (home.cluster / "PG_VERSION").exists():
        _make_cluster(home)
    options = POSTGRES | {"unix_socket_directories": str(home.sockets)} | (FORGETFUL if forgetful else {})
    settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
    return Server("postgres", home, [str(home.postgres / "postgres"), "-D", str(home.cluster), *settings], home.cluster)


def valkey(home: Home, *, forgetful: bool = False) -> Server:
    """The Valkey of this home; port and password are kept between starts."""
    config = home.queue / "valkey.conf"
    kept = _read_config(config)
    port = kept.get("port", "")
    if not port or not _is_free(int(port)):
        port = str(_free_port())
    lines = {
        "bind": "127.0.0.1",
        "port": port,
        "requirepass": kept.get("requirepass") or secrets.token_urlsafe(24),
        "dir": str(home.queue),
        "save": '""',
        "appendonly": "no" if forgetful else "yes",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    _write_config(home, config, "".join(f"{key} {value}\n" for key, value in lines.items()))
    return Server("valkey", home, [str(home.valkey), str(config)], home.queue)


def urls(home: Home, name: str) -> dict[str, str]:
    """What the rest of Paceline is told of the named server."""
    if name == "postgres":
        roles = {"DATABASE_URL": _database(home, APP), "DATABASE_OWNER_URL": _database(home, OWNER)}
        return roles | {"PG_BIN": str(home.postgres)}
    kept = _read_config(home.queue / "valkey.conf")
    return {"REDIS_URL": f"redis://:{kept['requirepass']}@127.0.0.1:{kept['port']}/0"} if kept else {}


def wanted() -> list[str]:
    """The servers this environment doesn't bring itself."""
    return [name for name, url in (("postgres", "DATABASE_URL"), ("valkey", "REDIS_URL")) if not os.environ.get(url)]


def start(home: Home, names: Iterable[str] = SERVERS, *, forgetful: bool = False) -> dict[str, str]:
    """Start the named servers that are not up, detached; answer their URLs."""
    found: dict[str, str] = {}
    for name in names:
        if not is_up(home, name):
            heal(home, name)
            wait(home, name, prepare(home, name, forgetful=forgetful).start())
        if name == "postgres":
            make_roles(home)
        found |= urls(home, name)
    return found


def prepare(home: Home, name: str, *, forgetful: bool = False) -> Server:
    """The named server, ready to be started."""
    return (postgres if name == "postgres" else valkey)(home, forgetful=forgetful)


def stop(home: Home) -> None:
    """Stop whatever embedded server runs in this home."""
    for name, folder in (("valkey", home.queue), ("postgres", home.cluster)):
        Server(name, home, [], folder).stop()


def heal(home: Home, name: str) -> None:
    """End what a killed start left running, and remove its pid, lock and socket files."""
    folder = home.cluster if name == "postgres" else home.queue
    Server(name, home, [], folder).stop()
    if name == "postgres":
        # PostgreSQL trusts these when another process has taken the number meanwhile, as it does in containers.
        (home.cluster / "postmaster.pid").unlink(missing_ok=True)
        for leftover in home.sockets.glob(".s.PGSQL.*"):
            leftover.unlink(missing_ok=True)


def is_up(home: Home, name: str) -> bool:
    """Whether the named server of this home answers."""
    try:
        if name == "postgres":
            psycopg2.connect(host=str(home.sockets), user="postgres", dbname="postgres", connect_timeout=3).close()
        else:
            url = urls(home, name).get("REDIS_URL")
            if not url:
                return False
            with redis.Redis.from_url(url, socket_timeout=3) as client:
                client.ping()
    except (psycopg2.Error, redis.RedisError):
        return False
    return True


def wait(home: Home, name: str, process: "subprocess.Popen[bytes] | None" = None) -> None:
    """Until the named server answers; one that ended or takes too long is refused with its last words."""
    until = time.monotonic() + PATIENCE
    while not is_up(home, name):
        if time.monotonic() > until or (process is not None and process.poll() is not None):
            log = home.var / f"{name}.log"
            last = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
            raise Refused(f"{name} does not start ({''.join(last) or 'it gave no reason'}); see {log}.")
        time.sleep(0.05)


def make_roles(home: Home) -> None:
    """The database, its owner, the role of web and worker, and what that role may do."""
    with _superuser(home, "template1") as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        cursor.execute("SELECT rolname FROM pg_roles")
        roles = {row[0] for row in cursor.fetchall()}
        if OWNER not in roles:
            cursor.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB")
        if APP not in roles:
            cursor.execute(f"CREATE ROLE {APP} LOGIN")
            cursor.execute(f"GRANT {APP} TO {OWNER}")
        cursor.execute(f"GRANT pg_read_all_stats TO {OWNER}")
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if not cursor.fetchone():
            cursor.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")


def _make_cluster(home: Home) -> None:
    unfinished = home.cluster.with_name("unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    made = subprocess.run(
        [
            home.postgres / "initdb", "--pgdata", unfinished, "--username=postgres", "--auth=trust", "--encoding=UTF8",
            "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions",
        ],
        cwd="/",
        env=home.environ(),
        capture_output=True,
        text=True,
        umask=0o077,
        **home.unprivileged(),
    )  # fmt: skip
    if made.returncode:
        raise Refused(f"PostgreSQL can't make its data folder: {made.stderr.strip().splitlines()[-1]}")
    unfinished.rename(home.cluster)


class _superuser:
    """A cursor of the cluster's own superuser, each statement on its own."""

    def __init__(self, home: Home, database: str) -> None:
        self.connection = psycopg2.connect(host=str(home.sockets), user="postgres", dbname=database)
        self.connection.autocommit = True

    def __enter__(self) -> "psycopg2.extensions.cursor":
        return self.connection.cursor()

    def __exit__(self, *exception: object) -> None:
        self.connection.close()


def _database(home: Home, role: str) -> str:
    return f"postgres://{role}@{quote(str(home.sockets), safe='')}/{DATABASE}"


def _read_config(config: Path) -> dict[str, str]:
    if not config.exists():
        return {}
    pairs = (line.split(" ", 1) for line in config.read_text().splitlines() if " " in line)
    return dict(pair for pair in pairs if len(pair) == 2)


def _write_config(home: Home, config: Path, text: str) -> None:
    config.unlink(missing_ok=True)
    with open(os.open(config, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    if home.account:
        os.chown(config, home.account.pw_uid, home.account.pw_gid)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
