"""A wrong or missing value stops the start with one sentence that names it."""

import subprocess
import sys

import pytest

from .conftest import ROOT

RIGHT = {
    "SECRET_KEY": "not-a-secret-but-long-enough-for-one-it-seems",
    "DATABASE_URL": "postgres://a@127.0.0.1:1/b",
    "REDIS_URL": "redis://127.0.0.1:1",
}


def check(environment: dict[str, str], **values: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", "check"],
        env=environment | RIGHT | values,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


def test_the_right_values_start(fresh_environment: dict[str, str]) -> None:
    assert check(fresh_environment).returncode == 0


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SECRET_KEY", "", "SECRET_KEY is missing"),
        ("SECRET_KEY", "short", "SECRET_KEY is wrong"),
        ("DATABASE_URL", "", "DATABASE_URL is missing"),
        ("DATABASE_URL", "mysql://a/b", "DATABASE_URL is wrong"),
        ("DATABASE_OWNER_URL", "owner", "DATABASE_OWNER_URL is wrong"),
        ("REDIS_URL", "127.0.0.1:6379", "REDIS_URL is wrong"),
        ("DEBUG", "perhaps", "DEBUG is wrong"),
        ("DEMO", "perhaps", "DEMO is wrong"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS is wrong"),
        ("BASE_URL", "paceline.example", "BASE_URL is wrong"),
        ("TRUSTED_PROXIES", "the one in front", "TRUSTED_PROXIES is wrong"),
        ("PORT", "http", "PORT is wrong"),
        ("WEB_CONCURRENCY", "0", "WEB_CONCURRENCY is wrong"),
        ("TIME_ZONE", "Mars/Olympus", "TIME_ZONE is wrong"),
        ("EMAIL_URL", "me@example.com", "EMAIL_URL is wrong"),
        ("SENTRY_DSN", "sentry", "SENTRY_DSN is wrong"),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(
    fresh_environment: dict[str, str], name: str, value: str, says: str
) -> None:
    ended = check(fresh_environment, **{name: value})
    assert ended.returncode != 0
    assert ended.stderr.startswith(says)
    assert len(ended.stderr.splitlines()) == 1
