"""The embedded PostgreSQL and Valkey start, stop, and get over what was done to them."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from salesmgmt.run import home, services

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: what root does for an unprivileged account")


def every_process(place: home.Home) -> list[psutil.Process]:
    return [
        process
        for name, folder in (("postgres", place.cluster), ("valkey", place.queue))
        for process in services.Server(name, place, [], folder).processes()
    ]


def users_of(place: home.Home) -> set[str]:
    """Whose processes they are; PostgreSQL's own helpers come and go while one looks."""
    users = set()
    for process in every_process(place):
        with contextlib.suppress(psutil.NoSuchProcess):
            users.add(process.username())
    return users


def ask(url: str, sql: str) -> object:
    connection = psycopg2.connect(url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone() if cursor.description else None
    finally:
        connection.close()


def remember(urls: dict[str, str]) -> None:
    ask(urls["DATABASE_OWNER_URL"], "CREATE TABLE kept AS SELECT 7 AS number")
    with redis.Redis.from_url(urls["REDIS_URL"]) as client:
        client.set("kept", "7")
        client.execute_command("WAITAOF", 1, 0, 1000)


def remembered(urls: dict[str, str]) -> bool:
    with redis.Redis.from_url(urls["REDIS_URL"]) as client:
        return ask(urls["DATABASE_OWNER_URL"], "SELECT number FROM kept") == (7,) and client.get("kept") == b"7"


def test_started_twice_they_are_the_same_servers_and_stopped_none_is_left(var: Path) -> None:
    place = home.settle(var)
    first = services.start(place)
    running = {process.pid for process in every_process(place)}
    assert services.start(place) == first
    assert {process.pid for process in every_process(place)} >= running
    services.stop(place)
    assert not every_process(place)


def test_data_is_found_again_after_every_process_was_killed(var: Path) -> None:
    place = home.settle(var)
    remember(services.start(place))
    killed = every_process(place)
    for process in killed:
        if process.is_running():
            process.kill()
    psutil.wait_procs(killed, timeout=10)
    assert remembered(services.start(place))


def test_a_pid_file_whose_number_another_process_has_now_does_not_stop_the_start(var: Path) -> None:
    place = home.settle(var)
    remember(services.start(place))
    pid_file = place.cluster / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    services.stop(place)
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert remembered(services.start(place))


def test_an_unfinished_data_folder_is_made_anew(var: Path) -> None:
    place = home.settle(var)
    (place.cluster.parent / "unfinished").mkdir()
    (place.cluster.parent / "unfinished" / "PG_VERSION").write_text("18\n")
    assert ask(services.start(place)["DATABASE_URL"], "SELECT 1") == (1,)


def test_the_extensions_are_there_for_the_owner_to_use(var: Path) -> None:
    owner = services.start(home.settle(var))["DATABASE_OWNER_URL"]
    for extension in ("pg_trgm", "btree_gist", "pg_stat_statements"):
        ask(owner, f"CREATE EXTENSION IF NOT EXISTS {extension}")
    assert ask(owner, "SELECT count(*) > 0 FROM pg_stat_statements") == (True,)


def test_the_socket_lies_in_a_closed_folder_with_a_short_path(var: Path) -> None:
    place = home.settle(var.parent / ("a-long-name-of-a-folder-" * 8))
    assert stat.S_IMODE(place.sockets.stat().st_mode) == 0o700
    assert len(os.fsencode(place.sockets / ".s.PGSQL.5432.lock")) < 107
    place.sockets.rmdir()


def test_a_redis_without_the_password_is_refused(var: Path) -> None:
    url = services.start(home.settle(var))["REDIS_URL"]
    with redis.Redis.from_url(f"redis://{url.rpartition('@')[2]}") as client, pytest.raises(redis.AuthenticationError):
        client.ping()


def test_a_given_address_stands_and_its_server_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/paceline")
    monkeypatch.delenv("REDIS_URL", raising=False)
    assert services.wanted() == ["valkey"]


def test_a_folder_of_another_owner_is_refused_in_one_sentence(var: Path) -> None:
    var.mkdir()
    if os.geteuid() == 0:
        os.chown(var, 65534, 65534)
    else:
        var = Path("/usr")
    with pytest.raises(home.Refused, match=r"^VAR=\S+ belongs to \w+, and this is .*\.$"):
        home.settle(var)


def test_a_file_is_refused_as_a_folder(var: Path) -> None:
    var.write_text("")
    with pytest.raises(home.Refused, match=r"^VAR=\S+ is not a folder"):
        home.settle(var)


@pytest.fixture
def closed_home(var: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A checkout below a folder only root can enter, and a state directory to go to."""
    with tempfile.TemporaryDirectory(prefix="paceline-state-") as state:
        Path(state).chmod(0o755)
        monkeypatch.setattr(home, "STATE", Path(state) / "paceline")
        var.parent.chmod(0o700)
        yield var
        services.stop(home.settle(var))


@as_root
def test_below_a_closed_folder_data_goes_to_the_state_directory_and_no_permission_changes(closed_home: Path) -> None:
    place = home.settle(closed_home)
    assert (closed_home / "where").read_text() == f"{place.data}\n"
    assert ask(services.start(place)["DATABASE_URL"], "SELECT 1") == (1,)
    assert stat.S_IMODE(closed_home.parent.stat().st_mode) == 0o700
    assert users_of(place) <= {"postgres", "nobody"}
    assert home.settle(closed_home) == place


@as_root
def test_root_has_the_servers_run_as_an_unprivileged_account(var: Path) -> None:
    place = home.settle(var)
    services.start(place)
    assert all(process.uids().effective != 0 for process in every_process(place))
