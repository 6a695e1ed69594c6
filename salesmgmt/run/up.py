"""make run: everything of one Paceline, started and stopped together under supervisor."""

import fcntl
import hashlib
import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import SupervisorTransport

from . import services
from .home import Home, Refused, settle

BASE = Path(__file__).resolve().parent.parent.parent
MARK = "PACELINE_VAR"  # in the environment of every process of ours: by it a killed start's leftovers are found
# What `manage.py` beside a running `make run` takes over, so that an operator needs to set nothing.
TOLD = ("DATABASE_URL", "DATABASE_OWNER_URL", "PG_BIN", "REDIS_URL", "SECRET_KEY", "BASE_URL", "DEMO", "VAR", "FILES")
LOGINS = {
    "admin": "admin",
    "vera": "executive",
    "olga": "operations",
    "maya, omar": "managers",
    "ana, ben, cleo": "reps",
}
CELERY = ["celery", "--quiet", "-A", "salesmgmt"]
PROGRAMS = {
    "worker": [*CELERY, "worker", "--concurrency=2", "--without-gossip", "--without-mingle"],
    "beat": [*CELERY, "beat", "--pidfile="],
    "web": ["gunicorn", "--config", "python:salesmgmt.run.gunicorn", "salesmgmt.wsgi:application"],
}


class Stopped(Exception):
    """Someone asked for the end: Ctrl-C or SIGTERM."""


def up(var: Path) -> int:
    """Start everything, stay until asked to stop or until it can't go on, and leave no process."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    home = settle(var)
    with _alone(home):
        try:
            return _run(home)
        except Stopped:
            say("Stopped.")
            return 0
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            sweep(home)


def sweep(home: Home) -> None:
    """End every process of this VAR, the embedded servers in good order."""
    end(leftovers(home))
    services.stop(home)


def leftovers(home: Home) -> list[psutil.Process]:
    """Processes that a start with this VAR made, embedded servers apart."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(home.var) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def end(processes: list[psutil.Process]) -> None:
    """Kill: what they were at waits as rows and is taken up again."""
    for process in processes:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(processes, timeout=5)


def say(line: str) -> None:
    print(line, flush=True)


def _run(home: Home) -> int:
    if home.elsewhere:
        say(f"An unprivileged account can't reach this folder: the servers' programs and data are in {home.data}")
        say(f"(also written in {home.var / 'where'}).")
    environment = _environment(home)
    port = int(environment["PORT"])
    _need_free(port)
    embedded = {name: services.prepare(home, name) for name in services.wanted()}
    for name in embedded:
        environment |= services.urls(home, name)
    key = secrets.token_urlsafe(24)
    configuration = home.var / "supervisord.conf"
    _write_private(configuration, _configuration(home, embedded, key))
    told = home.var / "environment"
    _write_private(told, json.dumps({name: environment[name] for name in TOLD if name in environment}))
    everyday = {name: value for name, value in environment.items() if name != "DATABASE_OWNER_URL"}
    daemon = subprocess.Popen(
        [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "--configuration", str(configuration)],
        cwd=BASE,
        env=everyday,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        for name in embedded:
            services.wait(home, name)
        if "postgres" in embedded:
            services.make_roles(home)
        _manage(environment, "migrate", "--verbosity=0")
        _collect_static(home, environment)
        demo = environment["DEMO"] not in {"", "0"}
        if demo and not (home.data / "demo-loaded").exists():
            say("Making the demo company …")
            _manage(environment, "seed_demo")
            (home.data / "demo-loaded").touch()
        control: Any = ServerProxy(
            "http://127.0.0.1", SupervisorTransport("paceline", key, f"unix://{home.sockets / 'supervisor'}")
        )
        for name in PROGRAMS:
            control.supervisor.startProcess(name, False)
        _wait_for_web(control, daemon, port)
        say("")
        say(f"Paceline is at {environment['BASE_URL']}/")
        if demo:
            logins = "; ".join(f"{names} ({role})" for names, role in LOGINS.items())
            say(f"Log in as {logins}. The password is demo.")
        else:
            _manage(environment, "first_admin")
        say(f"Logs are in {home.var / 'log'}; Ctrl-C stops everything.")
        return _watch(control, daemon, home)
    finally:
        told.unlink(missing_ok=True)
        _end_daemon(daemon)


def _environment(home: Home) -> dict[str, str]:
    """What every process of ours is told."""
    environment = dict(os.environ) | {MARK: str(home.var), "VAR": str(home.var)}
    environment["PORT"] = environment.get("PORT") or "8000"
    if not (environment["PORT"].isdigit() and 0 < int(environment["PORT"]) < 65536):
        raise Refused(f"PORT is wrong: “{environment['PORT']}” is not a number from 1 to 65535.")
    environment["DEMO"] = environment.get("DEMO", "1") or "0"
    environment["BASE_URL"] = environment.get("BASE_URL") or f"http://localhost:{environment['PORT']}"
    if not environment.get("SECRET_KEY"):
        kept = home.var / "secret-key"
        if not kept.exists():
            _write_private(kept, secrets.token_urlsafe(48))
        environment["SECRET_KEY"] = kept.read_text()
    environment["PYTHONUNBUFFERED"] = "1"
    return environment


def _configuration(home: Home, embedded: dict[str, services.Server], key: str) -> str:
    """supervisor's: the embedded servers at once, the rest when the database is ready; the last started stops first."""
    log = home.var / "log"
    log.mkdir(mode=0o700, exist_ok=True)
    (home.sockets / "supervisor").unlink(missing_ok=True)
    sections: dict[str, dict[str, object]] = {
        "supervisord": {"nodaemon": "true", "logfile": home.var / "log" / "supervisor.log", "pidfile": home.var / "pid"}
        | ({"user": "root"} if os.geteuid() == 0 else {}),
        "unix_http_server": {
            "file": home.sockets / "supervisor", "chmod": "0700", "username": "paceline", "password": key,
        },
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface",
        },
    }  # fmt: skip
    every = {"startretries": 20, "redirect_stderr": "true", "stdout_logfile_maxbytes": "10MB"}
    every |= {"stdout_logfile_backups": 2, "stopasgroup": "false", "killasgroup": "true"}
    for name, server in embedded.items():
        # env -i: a server gets none of our secrets.
        bare = ["env", "-i", *(f"{key}={value}" for key, value in home.environ().items()), *server.command]
        sections[f"program:{name}"] = every | {
            "command": shlex.join(bare),
            "directory": server.folder,
            "umask": "077",
            "priority": 10,
            "stopsignal": "INT" if name == "postgres" else "TERM",
            "stopwaitsecs": 30,
            "stdout_logfile": log / f"{name}.log",
        } | ({"user": home.account.pw_name} if home.account else {})  # fmt: skip
    for priority, (name, command) in enumerate(PROGRAMS.items()):
        sections[f"program:{name}"] = every | {
            "command": shlex.join([sys.executable, "-m", *command]),
            "directory": BASE,
            "autostart": "false",
            "priority": 20 + priority,
            "stopwaitsecs": 8,
            "stdout_logfile": log / f"{name}.log",
        }
    return "\n".join(
        f"[{section}]\n" + "".join(f"{name} = {str(value).replace('%', '%%')}\n" for name, value in values.items())
        for section, values in sections.items()
    )


def _manage(environment: dict[str, str], *command: str) -> None:
    if subprocess.run([sys.executable, BASE / "manage.py", *command], cwd=BASE, env=environment).returncode:
        raise Refused(f"manage.py {command[0]} failed; what it said stands above.")


def _collect_static(home: Home, environment: dict[str, str]) -> None:
    """Gather and compress the static files, unless none has changed since."""
    sources = [*(BASE / "static").rglob("*"), BASE / "requirements.txt"]  # ours, and what the packages bring
    seen = hashlib.sha256()
    for path in sorted(path for path in sources if path.is_file()):
        seen.update(f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}\n".encode())
    stamp = home.var / "static-of"
    if not (home.var / "static").exists() or not stamp.exists() or stamp.read_text() != seen.hexdigest():
        shutil.rmtree(home.var / "static", ignore_errors=True)
        _manage(environment, "collectstatic", "--noinput", "--verbosity=0")
        stamp.write_text(seen.hexdigest())


def _wait_for_web(control: Any, daemon: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + services.PATIENCE
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
        if daemon.poll() is not None or _given_up(control):
            break
    raise Refused("The web process does not answer; its log says why.")


def _watch(control: Any, daemon: "subprocess.Popen[bytes]", home: Home) -> int:
    while True:
        try:
            daemon.wait(timeout=2)
        except subprocess.TimeoutExpired:
            if given_up := _given_up(control):
                say(f"{', '.join(given_up)} can't be kept running; see {home.var / 'log'}.")
                return 1
        else:
            say("The process manager ended; stopping everything.")
            return 1


def _given_up(control: Any) -> list[str]:
    try:
        programs = control.supervisor.getAllProcessInfo()
    except (OSError, Fault):
        return []
    return [program["name"] for program in programs if program["statename"] == "FATAL"]


def _end_daemon(daemon: "subprocess.Popen[bytes]") -> None:
    with _deaf():
        daemon.terminate()
        try:
            daemon.wait(timeout=45)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


@contextmanager
def _deaf() -> Iterator[None]:
    """A second Ctrl-C must not cut the stopping short."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """One start for each VAR; then the leftovers of a killed one are ended."""
    with (home.var / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                f"Paceline already runs with VAR={home.var}; stop that one, or name another folder."
            ) from None
        sweep(home)
        for name in services.SERVERS:
            services.heal(home, name)
        yield


def _need_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Refused(f"PORT={port} can't be had ({error.strerror}); name another with PORT=number.") from None


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stopped
