"""make run: together up, together down, and no trace of a violent end."""

import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from salesmgmt.run import home, services, up

from .conftest import ROOT

pytestmark = pytest.mark.xdist_group("up")
LONG = 120.0


class Start:
    """A `make run` whose lines can be waited for."""

    def __init__(self, var: Path, environment: dict[str, str], port: int) -> None:
        self.lines: list[str] = []
        self.more = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "salesmgmt.run", "up", "--var", var],
            cwd=ROOT,
            env=environment | {"DEMO": "0", "PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                with self.more:
                    self.lines.append(line)
                    self.more.notify_all()
        with self.more:
            self.lines.append("<end>")
            self.more.notify_all()

    def wait_for(self, text: str, times: int = 1) -> None:
        def said() -> bool:
            return sum(text in line for line in self.lines) >= times or self.lines[-1:] == ["<end>"]

        with self.more:
            assert self.more.wait_for(said, LONG), self.lines
            assert sum(text in line for line in self.lines) >= times, self.lines

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        self.process.wait(LONG)
        self.reader.join(LONG)
        return self.process.returncode


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture
def environment(fresh_environment: dict[str, str]) -> dict[str, str]:
    return fresh_environment


@pytest.fixture(scope="module")
def kept() -> Iterator[Path]:
    """Where the first test leaves what it has set up, so that migrating a fresh database is paid for once."""
    folder = Path(tempfile.mkdtemp(prefix="paceline-"))
    folder.chmod(0o755)
    yield folder / "var"
    shutil.rmtree(folder, ignore_errors=True)


def everything(var: Path) -> list[psutil.Process]:
    place = home.settle(var)
    servers = [("postgres", place.cluster), ("valkey", place.queue)]
    embedded = [one for name, folder in servers for one in services.Server(name, place, [], folder).processes()]
    return [*up.leftovers(place), *embedded]


def test_a_crash_is_shown_and_restarted_and_stopping_leaves_no_process(
    var: Path, kept: Path, environment: dict[str, str], port: int
) -> None:
    start = Start(var, environment, port)
    start.wait_for(f"Paceline is at http://localhost:{port}/")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
        assert answer.status == 200
    beside = [sys.executable, ROOT / "manage.py", "rebuild_rollups", "--check"]
    assert subprocess.run(beside, env=environment | {"VAR": str(var)}, check=False).returncode == 0
    worker = next(one for one in up.leftovers(home.settle(var)) if "worker" in one.cmdline())
    worker.kill()
    start.wait_for("exited: worker (terminated by SIGKILL")
    start.wait_for("spawned: 'worker'", times=2)
    second = Start(var, environment, port)
    assert second.process.wait(LONG) != 0
    second.reader.join(LONG)
    assert second.lines[0].startswith(f"Paceline already runs with VAR={var}")
    assert start.end(signal.SIGTERM) == 0
    assert everything(var) == []
    assert not (var / "environment").exists()
    subprocess.run(["cp", "-a", var, kept], check=True)


def test_after_a_kill_of_every_process_the_next_start_works(
    var: Path, kept: Path, environment: dict[str, str], port: int
) -> None:
    if kept.exists():
        subprocess.run(["cp", "-a", kept, var], check=True)
    start = Start(var, environment, port)
    start.wait_for("Paceline is at")
    running = everything(var)
    for process in [psutil.Process(start.process.pid), *running]:
        if process.is_running():
            process.kill()
    psutil.wait_procs(running, timeout=10)
    start.process.wait()
    start.reader.join(LONG)
    (var / "beat-schedule").write_bytes(b"not a schedule")
    again = Start(var, environment, port)
    again.wait_for("Paceline is at")
    again.wait_for("success: beat entered RUNNING state")
    # Only the one that watches is killed: the rest lives on, and the next start ends it and takes its place.
    again.process.kill()
    again.process.wait()
    third = Start(var, environment, port)
    third.wait_for("Paceline is at")
    again.reader.join(LONG)
    assert third.end(signal.SIGINT) == 0
    assert everything(var) == []


def test_a_taken_port_is_named_in_one_sentence(var: Path, environment: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        start = Start(var, environment, number)
        assert start.process.wait(LONG) == 2
        start.reader.join(LONG)
    assert start.lines == [
        f"PORT={number} can't be had (Address already in use); name another with PORT=number.\n",
        "<end>",
    ]
