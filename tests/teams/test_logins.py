"""Logging in, invitations, passwords, profile and tokens."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from salesmgmt.desk.models import AuditEntry, Token
from salesmgmt.desk.tokens import user_of_api_token
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused
from teams import selectors, services, tasks
from teams.models import Person, User
from tests.cast import Cast


def log_in(client: Client, username: str, password: str = "demo", **extra: str) -> int:
    return client.post("/login/", {"username": username, "password": password}, **extra).status_code


def test_a_login_leads_home_and_rotates_the_session(cast: Cast, client: Client) -> None:
    client.get("/login/")
    client.session["before"] = 1
    before = client.session.session_key
    response = client.post("/login/", {"username": "ana", "password": "demo"})
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.session.session_key != before


def test_the_page_asked_for_waits_behind_the_login(cast: Cast, client: Client) -> None:
    response = client.get("/profile/")
    assert response["Location"] == "/login/?next=/profile/"
    response = client.post("/login/?next=/profile/", {"username": "ana", "password": "demo"})
    assert response["Location"] == "/profile/"


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(cast: Cast, client: Client) -> None:
    def body(username: str) -> str:
        html = client.post("/login/", {"username": username, "password": "wrong"}).content.decode()
        return re.sub(r'value="[^"]*"|[A-Za-z0-9]{64}', "", html)

    assert body("ana") == body("nobody-here")


def test_five_wrong_passwords_lock_the_account_for_that_address_only(cast: Cast, client: Client) -> None:
    assert [log_in(client, "ana", "wrong") for _ in range(5)] == [200, 200, 200, 200, 429]
    assert log_in(client, "ana") == 429
    assert log_in(client, "ben") == 302
    assert log_in(Client(REMOTE_ADDR="192.0.2.7"), "ana") == 302


def test_an_unknown_account_is_locked_like_a_known_one(cast: Cast, client: Client) -> None:
    assert [log_in(client, "nobody-here", "wrong") for _ in range(5)] == [200, 200, 200, 200, 429]


def test_the_admin_has_no_login_of_its_own(cast: Cast, client: Client) -> None:
    response = client.get("/admin/login/?next=/admin/")
    assert (response.status_code, response["Location"]) == (302, "/login/?next=/admin/")
    assert client.post("/admin/login/", {"username": "admin", "password": "demo"}).status_code in {302, 405}
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("name", ["ana", "maya", "vera", "olga"])
def test_nobody_but_the_admin_finds_the_admin_pages(cast: Cast, client: Client, name: str) -> None:
    client.force_login(User.objects.get(username=name))
    assert client.get("/admin/").status_code == 404
    assert client.get("/admin/teams/person/").status_code == 404


def test_somebody_who_left_is_told_what_a_wrong_password_is_told(cast: Cast, client: Client) -> None:
    services.end_employment(person=cast.ana, on=clock.today("UTC") - timedelta(days=5), by=cast.admin)
    assert log_in(client, "ana") == 200
    assert b"correct username and password" in client.post("/login/", {"username": "ana", "password": "demo"}).content


def test_a_new_password_ends_the_other_sessions(cast: Cast) -> None:
    here, elsewhere = Client(), Client()
    log_in(here, "ana")
    log_in(elsewhere, "ana")
    fields = {"old_password": "demo", "new_password1": "Quiet-Harbour-7", "new_password2": "Quiet-Harbour-7"}
    assert here.post("/password/", fields).status_code == 302
    assert here.get("/profile/").status_code == 200
    assert elsewhere.get("/profile/").status_code == 302


def test_a_reset_link_is_mailed_works_once_and_tells_nobody_who_is_known(cast: Cast, client: Client) -> None:
    answers = [
        client.post("/password/reset/", {"email": email})["Location"] for email in ("ana@example.com", "no@no.no")
    ]
    assert answers == ["/password/reset/sent/"] * 2
    mail.outbox.clear()
    tasks.mail_password_reset("no@no.no")
    tasks.mail_password_reset("ana@example.com")
    assert [message.to for message in mail.outbox] == [["ana@example.com"]]
    link = re.search(r"https?://[^/]+(/password/reset/\S+)", str(mail.outbox[0].body))
    assert link
    page = client.get(link[1], follow=True)
    where = page.redirect_chain[-1][0]
    fields = {"new_password1": "Quiet-Harbour-7", "new_password2": "Quiet-Harbour-7"}
    assert client.post(where, fields)["Location"] == "/password/reset/complete/"
    assert b"no longer works" in Client().get(link[1], follow=True).content
    assert log_in(client, "ana", "Quiet-Harbour-7") == 302


def test_somebody_without_a_login_is_invited_and_makes_one(cast: Cast, client: Client) -> None:
    person = services.add_person(name="Dana Berg", email="dana@example.com", by=cast.admin)
    link = services.invite_person(person=person, by=cast.olga.user, at=clock.now())
    path = link[link.index("/invitation/") :]
    assert b"<strong>dana</strong>" in client.get(path).content
    fields = {"new_password1": "Quiet-Harbour-7", "new_password2": "Quiet-Harbour-7"}
    assert client.post(path, fields)["Location"] == "/"
    person.refresh_from_db()
    assert selectors.person_of(User.objects.get(username="dana")) == person
    assert client.get(path).status_code == 404
    assert log_in(Client(), "dana", "Quiet-Harbour-7") == 302


def test_an_invitation_is_too_old_after_72_hours_and_a_new_one_replaces_it(cast: Cast) -> None:
    person = services.add_person(name="Dana Berg", by=cast.admin)
    at = clock.now()
    first = services.invite_person(person=person, by=None, at=at).rsplit("/", 2)[1]
    assert selectors.invitation(first, at=at + timedelta(hours=71))
    assert selectors.invitation(first, at=at + timedelta(hours=72)) is None
    second = services.invite_person(person=person, by=None, at=at).rsplit("/", 2)[1]
    assert selectors.invitation(first, at=at) is None
    services.accept_invitation(secret=second, password="Quiet-Harbour-7", at=at)
    with pytest.raises(Refused):
        services.accept_invitation(secret=second, password="Other-Harbour-8", at=at)


def test_only_admin_and_operations_invite_and_nobody_with_a_login_is(cast: Cast) -> None:
    person = services.add_person(name="Dana Berg", by=cast.admin)
    with pytest.raises(Refused):
        services.invite_person(person=person, by=cast.maya.user, at=clock.now())
    with pytest.raises(Refused, match="has a login already"):
        services.invite_person(person=cast.ana, by=cast.olga.user, at=clock.now())


def test_the_commands_print_links(
    db: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    call_command("first_admin")
    assert "/invitation/" in capsys.readouterr().out
    services.add_person(name="Dana Berg", by=None)
    call_command("invite", "dana berg")
    assert "/invitation/" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no person"):
        call_command("invite", "Somebody Else")
    User.objects.all().delete()
    monkeypatch.setenv("FIRST_ADMIN", "root:Quiet-Harbour-7")
    call_command("first_admin")
    assert User.objects.get(username="root").is_superuser
    call_command("first_admin")
    assert "There is an admin already." in capsys.readouterr().out


def test_the_profile_changes_login_and_person_and_the_audit_names_who(cast: Cast, client: Client) -> None:
    log_in(client, "ana")
    fields = {"name": "Ana Núñez", "email": "ana.n@example.com", "time_zone": "America/Lima", "keys_off": "on"}
    assert client.post("/profile/", fields)["Location"] == "/profile/"
    cast.ana.refresh_from_db()
    assert (cast.ana.name, cast.ana.email) == ("Ana Núñez", "ana.n@example.com")
    entry = AuditEntry.objects.get(table="teams_person", row_id=cast.ana.pk)
    assert (entry.user_id, entry.before["name"]) == (cast.ana.user_id, "Ana")
    assert b'value="America/Lima" selected' in client.get("/profile/").content


def test_an_address_that_another_login_has_is_refused(cast: Cast, client: Client) -> None:
    log_in(client, "ana")
    response = client.post("/profile/", {"name": "Ana", "email": "BEN@example.com"})
    assert response.status_code == 200
    assert b"can&#x27;t be used" in response.content


def test_an_api_token_is_shown_once_kept_as_a_hash_and_revoked_by_its_owner_only(cast: Cast, client: Client) -> None:
    log_in(client, "ana")
    found = re.search(r"<code>([\w-]{43})</code>", client.post("/profile/tokens/", {"name": "script"}).content.decode())
    assert found
    assert found[1] not in client.get("/profile/").content.decode()
    token = Token.objects.get()
    assert found[1] not in token.digest
    other = Client()
    log_in(other, "ben")
    assert other.post(f"/profile/tokens/{token.pk}/revoke/").status_code == 404
    assert user_of_api_token(found[1], at=clock.now()) == cast.ana.user
    assert client.post(f"/profile/tokens/{token.pk}/revoke/").status_code == 302
    assert user_of_api_token(found[1], at=clock.now()) is None


def test_logging_out_is_a_post(cast: Cast, client: Client) -> None:
    log_in(client, "ana")
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/profile/").status_code == 302
    assert Person.objects.filter(user__username="ana").exists()


def test_no_cache_on_the_way_keeps_what_somebody_sees(cast: Cast, client: Client) -> None:
    log_in(client, "ana")
    for path in ("/profile/", "/api/v1/me/", "/api/v1/activities/"):
        assert "private" in client.get(path)["Cache-Control"]
