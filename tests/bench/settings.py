"""Production's settings, and one more URL: the view that the others are measured against."""

from salesmgmt.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
