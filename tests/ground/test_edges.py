"""What stands before every view."""

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings

from salesmgmt import health
from salesmgmt.middleware import TrustedProxiesMiddleware, client_address

AWAY = "redis://127.0.0.1:1/0"


def address_seen(remote: str, forwarded: str, proto: str = "https") -> tuple[str, bool]:
    request = RequestFactory().get(
        "/", REMOTE_ADDR=remote, headers={"x-forwarded-for": forwarded, "x-forwarded-proto": proto}
    )
    TrustedProxiesMiddleware(lambda _: HttpResponse())(request)
    return client_address(request), request.is_secure()


@override_settings(TRUSTED_PROXIES=[])
def test_nobody_is_believed_about_addresses_unless_named() -> None:
    assert address_seen("198.51.100.7", "203.0.113.9") == ("198.51.100.7", False)


def test_a_trusted_proxy_is_believed_and_what_the_client_put_before_it_is_not() -> None:
    from ipaddress import ip_network

    with override_settings(TRUSTED_PROXIES=[ip_network("10.0.0.0/8")]):
        assert address_seen("10.0.0.2", "1.2.3.4, 203.0.113.9, 10.0.0.3") == ("203.0.113.9", True)
        assert address_seen("198.51.100.7", "10.0.0.3") == ("198.51.100.7", False)


def test_a_body_over_the_limit_is_refused_unread(client: Client) -> None:
    with override_settings(MAX_BODY=10):
        response = client.post("/login/", "x" * 11, content_type="text/plain")
    assert response.status_code == 413
    assert response.content.decode().endswith("send it in parts.")


def test_every_answer_says_what_it_cost_and_forbids_foreign_and_inline_script(client: Client) -> None:
    response = client.get("/healthz")
    assert response["X-Query-Count"] == "0"
    assert response["Server-Timing"].startswith("total;dur=")
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
def test_ready_with_a_worker_that_left_its_heartbeat(client: Client) -> None:
    health.leave_heartbeat()
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "ok")


@pytest.mark.django_db
@override_settings(REDIS_URL=AWAY)
def test_ready_but_degraded_without_a_broker(client: Client) -> None:
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")


@pytest.mark.django_db
def test_not_ready_with_migrations_to_run(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db.migrations.recorder import MigrationRecorder

    monkeypatch.setattr(health, "_migrated", False)
    MigrationRecorder.Migration.objects.filter(app="sessions").delete()
    response = client.get("/readyz")
    assert (response.status_code, response["Retry-After"]) == (503, "5")


@pytest.mark.django_db
def test_the_sixth_guess_from_one_address_is_locked_out_and_another_address_is_not(client: Client) -> None:
    from django.contrib.auth import authenticate

    get_user_model().objects.create_user("ana", password="the right one")

    def attempt(password: str, address: str) -> object:
        request: HttpRequest = RequestFactory().post("/login/", REMOTE_ADDR=address)
        try:
            return authenticate(request, username="ana", password=password)
        except Exception as locked:
            return locked

    for _ in range(settings.AXES_FAILURE_LIMIT):
        attempt("a guess", "198.51.100.7")
    assert getattr(attempt("the right one", "198.51.100.7"), "pk", None) is None
    assert getattr(attempt("the right one", "198.51.100.8"), "pk", None) is not None
