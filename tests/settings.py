"""Settings of the suite: the embedded servers unless the environment names others; quick where safety is not tested."""

import fcntl
import os
from pathlib import Path

from salesmgmt.run import home, services

VAR = Path(os.environ.get("TEST_VAR") or Path(__file__).parent.parent / "var" / "test")
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw") or 0)

os.environ.setdefault("SECRET_KEY", "a-key-of-the-suite-that-guards-nothing-at-all")
os.environ.setdefault("DEMO", "1")
os.environ["SHOW_COST"] = "1"

if services.wanted():
    STARTED = home.settle(VAR)
    # Each session holds its share of the lock; who can have it alone at the end is the last one, and stops the servers.
    IN_USE = (VAR / "in-use").open("w")
    fcntl.flock(IN_USE, fcntl.LOCK_SH)
    with (VAR / "starting").open("w") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        os.environ.update(services.start(STARTED, services.wanted(), forgetful=True))

os.environ["AS_DATABASE_OWNER"] = "1"
os.environ["VAR"] = str(VAR)

from salesmgmt.settings import *  # noqa: E402, F403
from salesmgmt.settings import REDIS_URL, STATIC_ROOT, STORAGES  # noqa: E402

# A pair of Redis databases for each xdist worker; there are sixteen.
REDIS_URL = f"{REDIS_URL.rpartition('/')[0]}/{WORKER * 2 % 16}"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": f"{REDIS_URL.rpartition('/')[0]}/{WORKER * 2 % 16 + 1}",
    }
}
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
LEARNED_FOR = 0  # each test has a past of its own
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
MEDIA_ROOT = VAR / f"files-{WORKER}"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)
