"""Feedback: the public link that is used once, what is said on the phone, and scores that show from ten answers on."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import connections
from django.test import Client

from sales import selectors, services
from sales.models import Account, Complaint, Contact, Feedback, FeedbackRequest, Order
from sales.selectors.feedback import Scores, csat_of_people
from salesmgmt.desk.digests import send_next
from salesmgmt.desk.models import AuditEntry, Delivery, Notice
from salesmgmt.lib import clock
from salesmgmt.lib.ranges import half_open
from salesmgmt.lib.refusals import Refused
from teams.models import Posting, Team
from tests.cast import Cast, make_cast
from tests.sales.test_pages import NAUGHTY, signed_in

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
DAY = date(2026, 7, 1)


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def account(cast: Cast) -> Account:
    return services.add_account(name="Brandt Optik", owner=cast.ana, by=None)


@pytest.fixture
def order(cast: Cast, account: Account) -> Order:
    return services.book_order(
        owner=cast.ana, account=account, amount=Decimal("98765.43"), ordered_on=date(2026, 5, 1), number="A-7",
        delivered_on=date(2026, 6, 1), by=None, at=AT,
    )  # fmt: skip


@pytest.fixture
def link(order: Order) -> str:
    return f"/f/{services.ask_feedback(account=None, order=order, by=None, at=clock.now())}/"


def rate(account: Account, kind: str, score: int, **more: Any) -> Feedback:
    said = {"given_on": DAY, "on": DAY, "by": None}
    return services.record_feedback(account=account, kind=kind, score=score, **said | more)


# ── The link ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_customer_answers_without_a_login_once(cast: Cast, link: str, order: Order) -> None:
    stranger = Client()
    page = stranger.get(link)
    assert page.status_code == 200
    assert "A-7" in page.content.decode()
    assert "98" not in re.sub(r"<[^>]+>", "", page.content.decode()).replace("1998", "")
    answer = stranger.post(link, {"csat": "4", "nps": "9", "comment": "Well done"})
    assert (answer.status_code, answer["Location"]) == (303, "/f/thanks/")
    assert stranger.get("/f/thanks/").status_code == 200
    given = {row.kind: row for row in Feedback.objects.all()}
    assert (given["csat"].score, given["nps"].score, given["csat"].comment) == (4, 9, "Well done")
    assert {(row.account, row.order, row.owner, row.recorded_by) for row in given.values()} == {
        (order.account, order, cast.ana, None)
    }
    assert Notice.objects.filter(user=cast.ana.user, text__contains="4 of 5, 9 of 10").exists()
    again = stranger.post(link, {"csat": "1"})
    assert (again.status_code, Feedback.objects.count()) == (404, 2)


def test_used_unknown_expired_and_invented_links_are_answered_alike(cast: Cast, link: str, order: Order) -> None:
    def words(url: str) -> tuple[int, str]:
        answer = Client().get(url)
        return answer.status_code, re.sub(r"X-CSRFToken.*?>", "", answer.content.decode())

    Client().post(link, {"csat": "5"})
    used = words(link)
    order = Order.objects.create(
        owner=cast.ana, account=order.account, amount=1, currency="EUR", ordered_on=DAY, number="A-8"
    )
    expired = services.ask_feedback(account=None, order=order, by=None, at=clock.now() - timedelta(days=61))
    replaced = services.ask_feedback(account=None, order=order, by=None, at=clock.now())
    services.ask_feedback(account=None, order=order, by=None, at=clock.now())
    unsigned = "x" * 32
    assert used[0] == 404
    for secret in (expired, replaced, unsigned, f"{unsigned}.{'y' * 43}", "a" * 5000, "%00", "ü"):
        assert words(f"/f/{secret}/") == used


def test_only_the_digest_is_kept_and_nowhere_the_secret(cast: Cast, order: Order) -> None:
    secret = services.ask_feedback(account=None, order=order, by=None, at=AT)
    kept = FeedbackRequest.objects.get()
    assert secret not in str(kept.__dict__)
    assert kept.expires_at - kept.made_at == timedelta(days=60)
    services.ask_feedback(account=None, order=order, by=None, at=AT + timedelta(minutes=1))
    assert "digest" not in str(list(AuditEntry.objects.filter(table="sales_feedbackrequest").values_list("before")))


def test_something_went_wrong_is_a_complaint_that_reaches_rep_and_manager(cast: Cast, link: str, order: Order) -> None:
    stranger = Client()
    refused = stranger.post(link, {"csat": "1", "went_wrong": "on"})
    assert (refused.status_code, Feedback.objects.count()) == (422, 0)
    assert "what went wrong" in refused.content.decode()
    stranger.post(link, {"csat": "1", "went_wrong": "on", "comment": "It leaks"})
    complaint = Complaint.objects.get()
    assert (complaint.text, complaint.order, complaint.owner, complaint.feedback) == (
        "It leaks", order, cast.ana, Feedback.objects.get(),
    )  # fmt: skip
    assert set(Notice.objects.values_list("user__username", flat=True)) == {"ana", "maya"}


@pytest.mark.parametrize("value", NAUGHTY)
def test_naughty_answers_are_a_sentence_and_leave_the_link_usable(cast: Cast, link: str, value: str) -> None:
    stranger = Client()
    for field in ("csat", "nps"):
        assert stranger.post(link, {field: value}).status_code == 422
    assert stranger.post(link, {}).status_code == 422
    assert not Feedback.objects.exists()
    answer = stranger.post(link, {"csat": "3", "comment": value, "went_wrong": value[:5]})
    assert answer.status_code in {303, 422}
    shown = signed_in(cast.ana).get("/feedback/?period=all").content.decode()
    assert "<script>alert" not in shown


def test_the_public_page_is_closed_to_frames_scripts_caches_and_searchers(link: str) -> None:
    answer = Client().get(link)
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    assert (answer["X-Robots-Tag"], answer["Referrer-Policy"]) == ("noindex, nofollow", "same-origin")
    assert Client(enforce_csrf_checks=True).post(link, {"csat": "5"}).status_code == 403


def test_trying_links_is_slowed_down(cast: Cast) -> None:
    stranger = Client()
    answers = [stranger.get(f"/f/try-{number}/").status_code for number in range(62)]
    assert (answers[0], answers[-1]) == (404, 429)


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_the_same_time_are_one() -> None:
    cast = make_cast()
    account = services.add_account(name="Brandt", owner=cast.ana, by=None)
    secret = services.ask_feedback(account=account, by=None, at=clock.now())

    def answer(score: int) -> bool:
        try:
            services.give_feedback(secret=secret, at=clock.now(), on=DAY, csat=score)
        except Refused:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(answer, [1, 2, 3, 4])) == [False, False, False, True]
    assert Feedback.objects.count() == 1


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_customer_answers_on_a_phone(live_server: Any, browser: Any) -> None:
    cast = make_cast()
    account = services.add_account(name="Brandt", owner=cast.ana, by=None)
    secret = services.ask_feedback(account=account, by=None, at=clock.now())
    page = browser.new_page(viewport={"width": 390, "height": 844})
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.goto(f"{live_server.url}/f/{secret}/")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.click("label.choice:has-text('4') >> nth=0")
    page.click("label.choice:has-text('9')")
    page.fill("textarea", "Fine")
    page.dblclick("text=Send")
    page.wait_for_url("**/f/thanks/")
    assert wrong == []
    page.close()
    assert sorted(Feedback.objects.values_list("kind", "score")) == [("csat", 4), ("nps", 9)]


# ── Asking ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_rep_makes_a_link_on_the_orders_page_and_it_shows_once(cast: Cast, order: Order, account: Account) -> None:
    contact = Contact.objects.create(name="Eva", account=account)
    shy = Contact.objects.create(name="Ida", account=account, is_not_to_be_contacted=True)
    client = signed_in(cast.ana)
    answer = client.post(f"/orders/{order.pk}/ask/", {"ask-contact": contact.pk})
    found = re.search(r'value="(http[^"]+/f/[^"]+)"', answer.content.decode())
    assert found
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert Client().get(found[1].split("/", 3)[-1].join(["/", ""])).status_code == 200
    assert "/f/" not in client.get(f"/orders/{order.pk}/").content.decode()
    assert client.post(f"/orders/{order.pk}/ask/", {"ask-contact": shy.pk}).status_code == 422
    with pytest.raises(Refused, match="not want to be contacted"):
        services.ask_feedback(account=account, contact=shy, by=None, at=AT)
    assert signed_in(cast.ben).post(f"/orders/{order.pk}/ask/").status_code == 404


def test_what_was_said_on_the_phone_is_kept_with_who_wrote_it(cast: Cast, account: Account) -> None:
    client = signed_in(cast.ana)
    day = clock.today("Europe/Berlin").isoformat()
    sent = {"account": "Brandt Optik", "kind": "csat", "score": "5", "given_on": day, "idempotency_key": "k"}
    assert [client.post("/feedback/add/", sent).status_code for _ in range(2)] == [303, 303]
    kept = Feedback.objects.get()
    assert (kept.recorded_by, kept.owner) == (cast.ana.user, cast.ana)
    for wrong in ({"score": "0"}, {"kind": "x"}, {"given_on": "2090-01-01"}, {"account": "Nobody"}):
        assert client.post("/feedback/add/", sent | wrong | {"idempotency_key": str(wrong)}).status_code == 422
    assert signed_in(cast.cleo).post("/feedback/add/", sent).status_code == 422


@pytest.mark.parametrize("value", NAUGHTY)
def test_naughty_feedback_of_a_rep_is_answered_by_a_sentence(cast: Cast, account: Account, value: str) -> None:
    client = signed_in(cast.ana)
    sent = {"account": "Brandt Optik", "kind": "nps", "score": "5", "given_on": "2026-07-01"}
    for field in (*sent, "comment", "order"):
        assert client.post("/feedback/add/", sent | {field: value}).status_code in {303, 422}
    for query in ("kind", "owner", "account", "cursor"):
        assert client.get("/feedback/", {query: value}).status_code == 200
    assert client.get("/feedback/", {"period": value}).status_code in {200, 404}


# ── Scores ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nps_is_made_of_promoters_passives_and_detractors() -> None:
    held = Scores(promoters=5, passives=3, detractors=2)
    assert (held.nps, held.nps_count, held.csat) == (30, 10, None)
    assert Scores(promoters=1, detractors=2).nps == -33
    assert Scores(csat_sum=14, csat_count=3).csat == Decimal("4.67")
    assert Scores().nps is None


def test_a_persons_score_shows_from_ten_answers_on(cast: Cast, account: Account) -> None:
    for _ in range(9):
        rate(account, "nps", 10)
    client = signed_in(cast.ana)
    assert "9 of 10" in client.get("/feedback/?period=2026-Q3").content.decode()
    rate(account, "nps", 10, by=cast.ana.user)  # their own word counts for nothing
    assert "9 of 10" in client.get("/feedback/?period=2026-Q3").content.decode()
    rate(account, "nps", 0)
    people = signed_in(cast.maya).get("/feedback/?period=2026-Q3").context["people"]
    assert [(person.name, held.nps, held.nps_count) for person, held in people] == [("Ana", 80, 10)]


def test_one_persons_answers_show_no_score_before_ten_however_the_page_is_narrowed(
    cast: Cast, account: Account
) -> None:
    rate(account, "csat", 5)
    narrowed = [(cast.maya, f"&owner={cast.ana.pk}"), (cast.maya, f"&account={account.pk}")]
    for who, query in [(cast.ana, ""), (cast.maya, ""), *narrowed]:
        page = signed_in(who).get(f"/feedback/?period=2026-Q3{query}")
        assert (page.context["scores"].csat, page.context["scores"].csat_count) == (None, 1)
    rate(services.add_account(name="Ben's", owner=cast.ben, by=None), "csat", 5)
    for who, query in narrowed:
        assert signed_in(who).get(f"/feedback/?period=2026-Q3{query}").context["scores"].csat is None
    assert signed_in(cast.maya).get("/feedback/?period=2026-Q3").context["scores"].csat == 5


def test_a_colleague_writes_no_score_of_anothers_and_an_order_is_answered_once(
    cast: Cast, account: Account, order: Order, link: str
) -> None:
    services.share_credit(order=order, shares={}, overlays={cast.ben: Decimal(10)}, by=cast.maya.user, at=AT)
    with pytest.raises(Refused, match=r"Only the owner and those who lead them|no such"):
        rate(account, "nps", 0, order=order, by=cast.ben.user)
    Client().post(link, {"nps": "10"})
    with pytest.raises(Refused, match=r"was answered on .*; it counts once"):
        services.ask_feedback(account=None, order=order, by=cast.ana.user, at=clock.now())


def test_answers_by_a_link_that_one_held_oneself_are_no_score_of_ones_own(cast: Cast, account: Account) -> None:
    client = signed_in(cast.ana)
    for who in (cast.ana, cast.ana, cast.maya):
        order = services.book_order(
            owner=cast.ana, account=account, amount=Decimal(1), ordered_on=DAY, by=cast.ana.user, at=AT
        )
        asked = signed_in(who).post(f"/api/v1/orders/{order.pk}/ask/", {}, content_type="application/json").json()
        Client().post("/" + asked["link"].split("/", 3)[-1], {"nps": "10"})
    assert sorted(Feedback.objects.values_list("owner_had_link", flat=True)) == [False, True, True]
    Feedback.objects.bulk_create(
        Feedback(account=account, owner=cast.ana, kind="csat", score=5, given_on=DAY, owner_had_link=True)
        for _ in range(10)
    )
    span = {"start": date(2026, 1, 1), "end": date(2100, 1, 1)}
    assert cast.maya.user
    assert client.get("/feedback/?period=all").context["scores"].count == 1
    assert [held.count for _, held in selectors.scores_of_people(cast.maya.user, **span)] == [1]
    assert [held.count for _, held in selectors.scores_of_teams(Team.objects.all(), **span)] == [1, 1]
    assert csat_of_people([cast.ana.pk], **span) == {}
    assert selectors.after_sales(cast.maya.user, account, DAY)["scores"].count == 13
    Feedback.objects.update(owner_had_link=False)
    assert csat_of_people([cast.ana.pk], **span) == {cast.ana.pk: 5}
    nothing = Order.objects.create(owner=cast.ana, account=account, amount=0, currency="EUR", ordered_on=DAY)
    refused = client.post(f"/api/v1/orders/{nothing.pk}/ask/", {}, content_type="application/json")
    assert (refused.status_code, "Nothing was sold" in refused.json()["detail"]) == (409, True)


def test_the_link_goes_to_the_customer_alone_where_there_is_an_address(
    cast: Cast, account: Account, order: Order
) -> None:
    eva = Contact.objects.create(name="Eva", email="eva@example.org", account=account)
    Contact.objects.create(name="Abe", account=account)
    client = signed_in(cast.ana)
    page = client.get(f"/orders/{order.pk}/").content.decode()
    assert 'id="ask"' in page
    first = re.search(r'name="ask-contact".*?<option value="(\d+)" selected', page, re.DOTALL)
    assert first
    assert first[1] == str(eva.pk), "who has an address is chosen already"
    answer = client.post(f"/orders/{order.pk}/ask/", {"ask-contact": eva.pk})
    assert "eva@example.org" in answer.content.decode()
    assert "/f/" not in answer.content.decode()
    while send_next(at=clock.now()):
        pass
    (sent,) = [one for one in mail.outbox if one.to == ["eva@example.org"]]
    found = re.search(r"/f/\S+/", str(sent.body))
    assert found
    kept = Delivery.objects.get(user=None)
    assert (kept.to, kept.text, "List-Unsubscribe" in sent.extra_headers) == ("", "", False)
    Client().post(found[0], {"nps": "10"})
    assert not Feedback.objects.get().owner_had_link
    # An address of somebody who works here is none of a customer: the link is shown, and its answer is no score.
    own = Contact.objects.create(name="Me", email="ANA@example.com", account=account)
    other = services.book_order(owner=cast.ana, account=account, amount=Decimal(1), ordered_on=DAY, by=None, at=AT)
    shown = client.post(f"/orders/{other.pk}/ask/", {"ask-contact": own.pk}).content.decode()
    assert "no score of yours" in shown
    assert not FeedbackRequest.objects.get(order=other).is_mailed


def test_a_teams_score_counts_people_as_posted_on_the_day_of_the_answer(cast: Cast, account: Account) -> None:
    for who in (cast.ben, cast.cleo):
        rate(services.add_account(name=who.name, owner=who, by=None), "csat", 5)
    rate(account, "csat", 5, given_on=date(2026, 7, 1))
    Posting.objects.filter(person=cast.ana).update(during=half_open(date(2024, 1, 1), date(2026, 8, 1)))
    Posting.objects.create(person=cast.ana, team=cast.south, during=half_open(date(2026, 8, 1)))
    rate(account, "csat", 1, given_on=date(2026, 8, 15), on=date(2026, 9, 1))
    page = signed_in(cast.vera).get("/feedback/?period=2026-Q3")
    found = {team.name: held.csat for team, held in page.context["teams"]}
    assert found == {"Company": Decimal("4.00"), "North": Decimal("5.00"), "South": Decimal("3.00")}
    omar = signed_in(cast.omar).get("/feedback/?period=2026-Q3")
    assert [team.name for team, _ in omar.context["teams"]] == ["South"]


def test_scores_and_answers_are_seen_by_those_who_see_the_customer(cast: Cast, account: Account) -> None:
    rate(account, "csat", 2, comment="Slow")
    for who, sees in ((cast.ana, True), (cast.maya, True), (cast.vera, True), (cast.cleo, False), (cast.omar, False)):
        client = signed_in(who)
        assert ("Slow" in client.get("/feedback/?period=2026-Q3").content.decode()) == sees
        assert ("Slow" in client.get("/feedback/?period=2026-Q3&export=csv").getvalue().decode()) == sees
        assert bool(client.get("/api/v1/feedback/").json()["results"]) == sees
    assert not signed_in(cast.cleo).get("/feedback/?period=2026-Q3").context["people"]


def test_whose_score_it_is_cannot_withdraw_it(cast: Cast, account: Account) -> None:
    bad = rate(account, "csat", 1)
    assert signed_in(cast.ana).delete(f"/api/v1/feedback/{bad.pk}/").status_code == 409
    assert signed_in(cast.maya).delete(f"/api/v1/feedback/{bad.pk}/").status_code == 204
    assert not Feedback.objects.present().exists()
    made = signed_in(cast.ana).post(
        "/api/v1/feedback/", {"account": account.pk, "kind": "csat", "score": 6}, content_type="application/json"
    )
    assert made.status_code == 409


def test_the_page_costs_a_fixed_number_of_queries(cast: Cast, account: Account) -> None:
    counts = []
    for _ in range(2):
        for score in range(6):
            rate(account, "nps", score)
        counts.append(int(signed_in(cast.maya).get("/feedback/?period=2026-Q3")["X-Query-Count"]))
    assert counts[0] == counts[1] <= 14
