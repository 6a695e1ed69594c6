"""Production's settings, with the reference view mounted."""

from salesmgmt.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
