"""Contracts: changed until signed, never after; the paper kept as it came; renewed once and in time."""

import hashlib
import io
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.utils import DatabaseError
from django.test import Client

from sales import selectors, services, tasks
from sales.models import Account, Contract, Deal
from sales.selectors.repeat import wanted
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused, Stale
from teams.models import Person
from tests.cast import Cast
from tests.sales.test_pages import NAUGHTY, signed_in

AT = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
TODAY = date(2026, 7, 1)
PDF = b"%PDF-1.7 signed"


@pytest.fixture(autouse=True)
def _files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def account(cast: Cast) -> Account:
    return services.add_account(name="Brandt Optik", owner=cast.ana, by=None)


def paper(content: bytes = PDF, name: str = "contract.pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def agree(account: Account, **more: Any) -> Contract:
    said = {"starts_on": date(2025, 9, 1), "ends_on": date(2026, 8, 31), "value": Decimal(40_000), "number": "C-1"}
    return services.add_contract(account=account, by=None, **said | more)


def sign(contract: Contract, **more: Any) -> Contract:
    said = {"signed_on": date(2025, 8, 20), "signed_by": "Eva Brandt", "file": paper(), "by": None, "on": TODAY}
    return services.sign_contract(contract=contract, **said | more)


def word() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("word/document.xml", "<x/>")
    return held.getvalue()


# ── Signing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_contract_is_changed_until_it_is_signed_and_never_after(cast: Cast, account: Account) -> None:
    contract = agree(account)
    services.change_contract(contract=contract, by=cast.ana.user, price_terms="3 % from 100 pieces on")
    sign(contract)
    for change in (
        lambda: services.change_contract(contract=contract, by=cast.admin, value=Decimal(1)),
        lambda: services.attach_file(contract=contract, file=paper(b"%PDF-other"), by=cast.admin),
        lambda: sign(contract, signed_by="Somebody else"),
    ):
        with pytest.raises(Refused, match="add an amendment"):
            change()
    for field, value in {"value": 1, "price_terms": "", "ends_on": TODAY, "file_digest": "", "signed_by": "X"}.items():
        with pytest.raises(DatabaseError, match="can't be changed"), transaction.atomic():
            Contract.objects.filter(pk=contract.pk).update(**{field: value})
    assert Contract.objects.get().price_terms == "3 % from 100 pieces on"


def test_signing_needs_the_paper_who_signed_and_a_day_that_was(cast: Cast, account: Account) -> None:
    contract = agree(account)
    for wrong, sentence in (
        ({"file": None}, "signed paper first"),
        ({"signed_by": " "}, "who signed"),
        ({"signed_on": TODAY + timedelta(days=1)}, "still to come"),
        ({"file": paper(b"MZ", "contract.exe")}, "no PDF"),
        ({"file": paper(b"<html>", "contract.pdf")}, "does not hold"),
        ({"file": paper(b"PK\x03\x04 no zip", "contract.docx")}, "does not hold"),
        ({"file": paper(PDF + b"x" * 10 * 1024 * 1024)}, "10 MB is the most"),
    ):
        with pytest.raises(Refused, match=sentence):
            sign(contract, **wrong)
    with pytest.raises(Stale):
        sign(contract, version=7)
    assert Contract.objects.get().signed_on is None
    assert sign(contract, file=paper(word(), "../../etc/Vertrag.DOCX")).file_name == "Vertrag.DOCX"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"ends_on": date(2025, 1, 1)}, "before it starts"),
        ({"notice_on": date(2027, 1, 1)}, "after the contract has ended"),
        ({"value": Decimal(-1)}, "from zero on"),
    ],
)
def test_a_contract_that_cannot_be_is_refused(
    cast: Cast, account: Account, said: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        agree(account, **said)


def test_an_amendment_is_a_new_row_that_names_what_it_amends(cast: Cast, account: Account) -> None:
    first = agree(account, ends_on=date(2099, 8, 31))
    with pytest.raises(Refused, match="not signed yet"):
        agree(account, amends=first)
    sign(first)
    other = services.add_account(name="Other", owner=cast.ana, by=None)
    with pytest.raises(Refused, match="another customer"):
        agree(other, amends=first)
    client = signed_in(cast.ana)
    page = client.get(f"/contracts/add/?amends={first.pk}")
    assert page.context["form"].initial["value"] == 40_000
    sent = {
        "account": "Brandt Optik", "owner": cast.ana.pk, "starts_on": "2026-01-01", "ends_on": "2099-08-31",
        "value": "50000", "currency": "EUR", "renew_days_before": "90", "number": "C-1/1",
    }  # fmt: skip
    client.post(f"/contracts/add/?amends={first.pk}", sent)
    second = Contract.objects.get(amends=first)
    assert "Running" in client.get(f"/contracts/{first.pk}/").content.decode()
    sign(second)
    assert "An amendment has taken its place" in client.get(f"/contracts/{first.pk}/").content.decode()
    first.refresh_from_db()
    assert (first.value, second.value) == (40_000, 50_000)
    running = client.get("/contracts/?state=running").context["rows"]
    assert [row.pk for row, _ in running] == [second.pk]
    assert client.post(f"/contracts/{first.pk}/renew/", follow=True).content.decode().count("amendment has taken")


# ── The paper ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_paper_is_given_out_as_an_attachment_to_those_who_see_the_contract(cast: Cast, account: Account) -> None:
    contract = sign(agree(account), file=paper(name='Vertrag "Ä" <script>.pdf'))
    url = f"/contracts/{contract.pk}/file/"
    answer = signed_in(cast.maya).get(url)
    assert answer.content == PDF
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("application/pdf", "nosniff")
    assert "no-store" in answer["Cache-Control"]
    assert contract.file_digest == hashlib.sha256(PDF).hexdigest()
    assert "Vertrag" not in contract.file.name
    for who in (cast.cleo, cast.omar, cast.ben):
        assert signed_in(who).get(url).status_code == 404
    assert Client().get(url).status_code == 302
    assert Client().get(f"/files/{contract.file.name}").status_code == 404
    Path(contract.file.path).write_bytes(b"%PDF-forged")
    assert signed_in(cast.ana).get(url).status_code == 404
    Path(contract.file.path).unlink()
    assert signed_in(cast.ana).get(url).status_code == 404


# ── Renewal ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_renewal_is_opened_in_time_once_with_customer_owner_and_value(cast: Cast, account: Account) -> None:
    contract = sign(agree(account, notice_on=date(2026, 7, 31), renew_days_before=30))
    assert services.open_renewals(on=date(2026, 6, 30), at=AT) == 0
    assert services.open_renewals(on=TODAY, at=AT) == 1
    assert services.open_renewals(on=TODAY, at=AT) == 0
    contract.refresh_from_db()
    deal = Deal.objects.get()
    assert contract.renewal_deal == deal
    assert (deal.owner, deal.account, deal.amount, deal.currency, deal.expected_close_on, deal.source) == (
        cast.ana, account, 40_000, "EUR", date(2026, 7, 31), "renewal",
    )  # fmt: skip
    assert Notice.objects.filter(user=cast.ana.user, link=f"/deals/{deal.pk}/").count() == 1


def test_a_renewal_that_was_taken_back_is_opened_anew(cast: Cast, account: Account) -> None:
    contract = sign(agree(account, notice_on=date(2026, 7, 31), ends_on=date(2026, 12, 31), renew_days_before=30))
    services.open_renewals(on=TODAY, at=AT)
    services.withdraw_deal(deal=Deal.objects.get(), by=cast.ana.user, at=AT)
    assert "Open the renewal" in signed_in(cast.ana).get(f"/contracts/{contract.pk}/").content.decode()
    assert selectors.contract_counts(cast.ana.user, TODAY)["ending"] == 1
    assert [one.contract for one in wanted(TODAY) if one.kind == "renewal"] == [contract.pk]
    assert services.open_renewals(on=TODAY, at=AT) == 1
    contract.refresh_from_db()
    assert contract.renewal_deal == Deal.objects.present().get()
    assert selectors.contract_counts(cast.ana.user, TODAY)["ending"] == 0


def test_what_needs_no_renewal_gets_none(cast: Cast, account: Account) -> None:
    agree(account)  # not signed
    sign(agree(account, ends_on=None))  # no end
    sign(agree(account, ends_on=date(2026, 6, 1)))  # over
    replaced = sign(agree(account))
    sign(agree(account, amends=replaced, ends_on=date(2030, 1, 1)))
    gone = sign(agree(account))
    services.withdraw_contract(contract=gone, by=cast.admin, at=AT)
    assert services.open_renewals(on=TODAY, at=AT) == 0
    assert not Deal.objects.exists()


def test_an_amendment_signed_after_the_renewal_was_opened_opens_no_second_one(cast: Cast, account: Account) -> None:
    first = sign(agree(account))
    services.open_renewals(on=TODAY, at=AT)
    second = sign(agree(account, amends=first))
    first.refresh_from_db()
    assert second.renewal_deal == first.renewal_deal
    assert services.open_renewals(on=TODAY, at=AT) == 0


def test_who_looks_after_the_account_renews_where_the_owner_has_left(cast: Cast, account: Account) -> None:
    sign(agree(account, owner=cast.ben))
    Person.objects.filter(pk=cast.ben.pk).update(left_on=TODAY)
    services.open_renewals(on=TODAY, at=AT)
    assert Deal.objects.get().owner == cast.ana
    sign(agree(account, owner=cast.ben))
    Account.objects.update(owner=None)
    assert services.open_renewals(on=TODAY, at=AT) == 0


def test_the_daily_task_and_the_button_open_one_renewal_between_them(cast: Cast, account: Account) -> None:
    day = clock.today("Europe/Berlin")
    contract = sign(agree(account, ends_on=day + timedelta(days=20)))
    client = signed_in(cast.ana)
    assert client.post(f"/contracts/{contract.pk}/renew/").status_code == 303
    assert "already" in client.post(f"/contracts/{contract.pk}/renew/", follow=True).content.decode()
    tasks.open_renewals()
    assert Deal.objects.count() == 1


# ── Pages, API ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_contract_is_written_changed_signed_and_exported_by_page(cast: Cast, account: Account) -> None:
    client = signed_in(cast.ana)
    sent = {
        "account": "Brandt Optik", "owner": cast.ana.pk, "starts_on": "2026-01-01", "ends_on": "2027-08-31",
        "value": "50000", "currency": "EUR", "renew_days_before": "90", "quality_terms": "=1+1", "idempotency_key": "k",
    }  # fmt: skip
    assert client.get(f"/contracts/add/?account={account.pk}").status_code == 200
    assert [client.post("/contracts/add/", sent).status_code for _ in range(2)] == [303, 303]
    pk = Contract.objects.get().pk
    changed = {f"change-{name}": value for name, value in sent.items()} | {"change-version": 1, "change-number": "C-9"}
    assert client.post(f"/contracts/{pk}/change/", changed).status_code == 303
    assert client.post(f"/contracts/{pk}/change/", changed).status_code == 422
    signing = {"sign-signed_on": "2026-01-01", "sign-signed_by": "Eva", "sign-version": 2, "sign-file": paper()}
    assert client.post(f"/contracts/{pk}/sign/", signing).status_code == 303
    assert client.post(f"/contracts/{pk}/sign/", signing | {"sign-file": paper()}).status_code == 422
    page = client.get(f"/contracts/{pk}/").content.decode()
    assert "contract.pdf" in page
    assert "Change it" not in page
    assert "'=1+1" in client.get("/contracts/?export=csv").getvalue().decode()
    assert f"/contracts/{pk}/" in client.get(f"/accounts/{account.pk}/").content.decode()


@pytest.mark.parametrize("value", NAUGHTY)
def test_naughty_contracts_are_answered_by_a_sentence(cast: Cast, account: Account, value: str) -> None:
    client = signed_in(cast.ana)
    pk = agree(account).pk
    sent = {"account": "Brandt Optik", "owner": cast.ana.pk, "starts_on": "2026-01-01", "currency": "EUR",
            "renew_days_before": "90"}  # fmt: skip
    for field in (*sent, "ends_on", "notice_on", "value", "terms", "number"):
        assert client.post("/contracts/add/", sent | {field: value}).status_code in {303, 422}, field
        prefixed = {f"change-{name}": said for name, said in (sent | {field: value}).items()}
        assert client.post(f"/contracts/{pk}/change/", prefixed).status_code in {303, 422}, field
    for field in ("signed_on", "signed_by", "version", "file"):
        assert client.post(f"/contracts/{pk}/sign/", {f"sign-{field}": value}).status_code == 422
    named = paper(name=(value.replace("\x00", "") or "x") + ".pdf")
    assert client.post(f"/contracts/{pk}/attach/", {"file-file": named}).status_code in {303, 400, 422}
    for query in ("text", "state", "owner", "cursor", "account"):
        assert client.get("/contracts/", {query: value}).status_code == 200
    assert client.get("/contracts/add/", {"amends": value}).status_code in {200, 404}


def test_contracts_of_others_are_404_and_an_executive_reads(cast: Cast, account: Account) -> None:
    contract = agree(account)
    for who in (cast.cleo, cast.omar, cast.ben):
        assert signed_in(who).get(f"/contracts/{contract.pk}/").status_code == 404
        assert "Brandt" not in signed_in(who).get("/contracts/").content.decode()
        assert signed_in(who).get(f"/contracts/add/?amends={contract.pk}").status_code == 404
    assert signed_in(cast.vera).get(f"/contracts/{contract.pk}/").status_code == 200
    for act in ("change", "sign", "attach", "renew"):
        assert signed_in(cast.vera).post(f"/contracts/{contract.pk}/{act}/").status_code == 404


def test_contracts_in_the_api(cast: Cast, account: Account) -> None:
    def call(who: Person, method: str, path: str, body: Any = None) -> Any:
        client = signed_in(who)
        return getattr(client, method)(f"/api/v1/{path}", body, content_type="application/json")

    made = call(cast.ana, "post", "contracts/", {"account": account.pk, "starts_on": "2026-01-01", "value": "5.00"})
    assert made.status_code == 201
    pk = made.json()["id"]
    assert call(cast.ana, "patch", f"contracts/{pk}/", {"terms": "Net 30", "version": 1}).json()["version"] == 2
    assert call(cast.ana, "patch", f"contracts/{pk}/", {"terms": "Net 90", "version": 1}).status_code == 409
    assert call(cast.ana, "patch", f"contracts/{pk}/", {"account": account.pk}).status_code == 400
    assert call(cast.ana, "post", f"contracts/{pk}/sign/", {"signed_by": "Eva"}).status_code == 409
    services.attach_file(contract=Contract.objects.get(), file=paper(), by=None)
    assert call(cast.ana, "post", f"contracts/{pk}/sign/", {"signed_by": "Eva"}).status_code == 200
    assert call(cast.ana, "patch", f"contracts/{pk}/", {"terms": "x"}).status_code == 409
    assert call(cast.ana, "post", f"contracts/{pk}/renew/").status_code == 201
    assert call(cast.ana, "delete", f"contracts/{pk}/").status_code == 409
    assert call(cast.cleo, "get", f"contracts/{pk}/").status_code == 404
    assert call(cast.ana, "post", "contracts/", {"account": account.pk, "starts_on": "x"}).status_code == 400


def test_the_list_costs_a_fixed_number_of_queries(cast: Cast, account: Account) -> None:
    counts = []
    for _ in range(2):
        for _ in range(5):
            agree(account)
        counts.append(int(signed_in(cast.maya).get("/contracts/")["X-Query-Count"]))
    assert counts[0] == counts[1] <= 11


def test_the_paper_of_a_contract_by_the_api(cast: Cast, account: Account) -> None:
    contract = agree(account)
    path = f"/api/v1/contracts/{contract.pk}/file/"
    ana, ben = signed_in(cast.ana.user), signed_in(cast.ben.user)

    def send(client: Client, file: Any, key: str = "", **more: Any) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return client.post(path, {"file": file} | more, headers=headers)

    assert ana.get(path).status_code == 404  # no paper yet
    kept = send(ana, paper(), key="once", version=contract.version)
    assert (kept.status_code, kept.json()["file_name"]) == (200, "contract.pdf")
    assert kept.json()["file_digest"] == hashlib.sha256(PDF).hexdigest()
    assert send(ana, paper(), key="once", version=contract.version).json() == kept.json()
    assert send(ana, paper(PDF + b"2"), key="once", version=contract.version).status_code == 409
    assert send(ana, paper(), version=contract.version).status_code == 409  # stale
    answer = ana.get(path)
    assert (answer.content, answer["Content-Disposition"]) == (PDF, 'attachment; filename="contract.pdf"')
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert (ben.get(path).status_code, send(ben, paper()).status_code) == (404, 404)
    for file, status in (
        (paper(b"<script>", "a.html"), 409),
        (paper(b"<script>", "a.pdf"), 409),
        (paper(b"", "a.pdf"), 400),
        ("no file", 400),
    ):
        refused = send(ana, file)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (status, "file"), refused.content
    assert send(ana, paper(), odd="1").status_code == 400
    assert send(ana, paper(b"%PDF-1.7" + b"x" * 12 * 1024 * 1024)).status_code == 413
    assert ana.post(path, "{}", content_type="application/json").status_code == 415
    sign(Contract.objects.get(pk=contract.pk))
    assert send(ana, paper()).status_code == 409
