"""The import page: upload, mapping, preview, take, undo; for admin and operations only."""

import gzip
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from sales.models import Account, Credit, Deal, Outcome
from salesmgmt.exchange.models import Batch
from salesmgmt.exchange.services import AT_ONCE, work_off
from salesmgmt.lib import clock
from teams.models import Organisation, Team
from tests.answers import content_of
from tests.cast import Cast

from .conftest import shared
from .test_maven import WON, by_manager


@pytest.fixture
def files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def admin(cast: Cast, client: Client, files: None) -> Client:
    client.force_login(cast.admin)
    return client


def upload(client: Client, kind: str, data: bytes, name: str = "a.csv") -> Any:
    return client.post("/imports/", {"kind": kind, "file": SimpleUploadedFile(name, data)})


def uploaded(client: Client, kind: str, data: bytes, name: str = "a.csv") -> Batch:
    answer = upload(client, kind, data, name)
    assert answer.status_code == 302, answer.content.decode()
    return Batch.objects.get(pk=int(answer.url.rstrip("/").rpartition("/")[2]))


def form_of(batch: Batch, **changes: str) -> dict[str, str]:
    """What the mapping form would send as it stands, with some answers changed."""
    data = {}
    for name, said in batch.found["columns"].items():
        content = said if isinstance(said, dict) else {"column": said}
        data[f"column-{name}"] = content.get("column", "")
        for n, (word, taken_as) in enumerate(content.get("values", {}).items()):
            number = f"{len(name)}{n}"
            data |= {
                f"word-{number}-field": name,
                f"word-{number}-word": word,
                f"word-{number}-as": taken_as or "(not taken)",
            }
    return data | {name.replace("__", "-"): value for name, value in changes.items()}


def act(client: Client, batch: Batch, name: str, data: dict[str, str] | None = None) -> Batch:
    answer = client.post(reverse(f"import-{name}", args=[batch.pk]), data or {})
    assert answer.status_code == 302, answer.content.decode()
    batch.refresh_from_db()
    return batch


def test_a_file_is_previewed_taken_and_undone(admin: Client) -> None:
    batch = uploaded(admin, "accounts", b"company;sector;annual revenue\nAcme;tools;1,5\nBeta;;x\n")
    assert (batch.state, batch.read, batch.created, batch.refused) == ("previewed", 2, 1, 1)
    assert not Account.objects.exists()
    page = admin.get(reverse("import", args=[batch.pk])).content.decode()
    assert "It is not a number." in page
    assert act(admin, batch, "take").state == "done"
    assert Account.objects.get().revenue == Decimal("1.5")
    rejects = admin.get(reverse("import-rejects", args=[batch.pk])).content.decode("utf-8-sig")
    assert rejects.splitlines()[1] == "3;annual revenue;It is not a number.;Beta;;x"
    assert "Undo the import of 1 new" in admin.get(reverse("import-undo", args=[batch.pk])).content.decode()
    assert act(admin, batch, "undo").state == "undone"
    assert not Account.objects.present().exists()
    assert admin.get(reverse("import", args=[batch.pk])).status_code == 200
    assert admin.get("/imports/").status_code == 200


def test_words_that_are_refused_can_be_mapped_on_the_page(admin: Client, cast: Cast) -> None:
    batch = uploaded(
        admin, "deals", b"sales_agent,deal_stage,close_value\nAna,Engaging,100\nBen,Prospecting,5\nAna,Proposal,\n"
    )
    assert (batch.created, batch.refused) == (2, 1)
    assert batch.found["words"] == [{"field": "stage", "word": "Engaging", "count": 1}]
    more = {"word-1-field": "stage", "word-1-word": "Engaging", "word-1-as": "Qualification"}
    batch = act(admin, batch, "map", form_of(batch) | more)
    assert (batch.created, batch.refused) == (3, 0)
    page = admin.get(reverse("import", args=[batch.pk])).content.decode()
    assert 'value="Qualification"' in page
    act(admin, batch, "take")
    assert sorted(Deal.objects.values_list("stage__name", flat=True)) == ["Proposal", "Prospecting", "Qualification"]


def test_a_needed_column_that_is_not_found_can_be_chosen(admin: Client) -> None:
    batch = uploaded(admin, "accounts", b"firma,ort\nAcme,Bonn\n")
    assert batch.state == "uploaded"
    assert "no column for “name”" in batch.message
    batch = act(admin, batch, "map", {"column-name": "firma", "const-country": "DE"})
    assert (batch.state, batch.created) == ("previewed", 1)
    act(admin, batch, "take")
    assert Account.objects.get().country == "DE"


def test_what_is_no_table_is_told_on_the_form_and_not_kept(admin: Client) -> None:
    for data, sentence in [
        (b"\x89PNG\r\n\x1a\n\0", "not a table"),
        (b"", "empty"),
        (gzip.compress(b"\0" * 10**6), "not a table"),
    ]:
        answer = upload(admin, "accounts", data)
        assert answer.status_code == 422
        assert sentence in answer.content.decode()
    assert not Batch.objects.exists()


def test_a_body_over_the_cap_is_413(admin: Client, settings: Any) -> None:
    answer = admin.post(
        "/imports/", b"x", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(200 * 1024 * 1024)
    )
    assert answer.status_code == 413


def test_taking_twice_takes_once(admin: Client) -> None:
    batch = uploaded(admin, "accounts", b"name\nAcme\n")
    act(admin, batch, "take")
    act(admin, batch, "take")
    assert Account.objects.count() == 1


def test_a_file_that_was_not_taken_can_be_thrown_away(admin: Client) -> None:
    batch = uploaded(admin, "accounts", b"name\nAcme\n")
    path = batch.file.path
    answer = admin.post(reverse("import-discard", args=[batch.pk]))
    assert answer.status_code == 302
    assert not Batch.objects.exists()
    assert path


@pytest.mark.parametrize("who", ["vera", "maya", "ana", ""])
def test_for_others_there_is_no_such_page(cast: Cast, client: Client, files: None, who: str) -> None:
    client.force_login(cast.admin)
    batch = uploaded(client, "accounts", b"name\nAcme\n")
    client.logout()
    if who:
        client.force_login(getattr(cast, who).user)
    expected = 404 if who else 302
    names = ["import", "import-undo", "import-rejects"]
    for url in ["/imports/", "/exports/deals.csv", *(reverse(name, args=[batch.pk]) for name in names)]:
        assert client.get(url).status_code == expected
    for name in ["import-map", "import-take", "import-undo", "import-discard"]:
        assert client.post(reverse(name, args=[batch.pk])).status_code == expected
    assert upload(client, "accounts", b"name\nBeta\n").status_code == expected
    assert Batch.objects.get().state == "previewed"


def test_operations_import_too(cast: Cast, client: Client, files: None) -> None:
    client.force_login(cast.olga.user)
    assert act(client, uploaded(client, "accounts", b"name\nAcme\n"), "take").by == cast.olga.user


def test_script_in_names_comes_out_as_text(admin: Client) -> None:
    name = "<script>alert(1)</script>"
    batch = uploaded(admin, "accounts", f"name,{name}\n{name},{name}\n".encode(), f"{name}.csv")
    page = admin.get(reverse("import", args=[batch.pk])).content.decode()
    assert "<script>alert" not in page
    act(admin, batch, "take")
    assert "<script>alert" not in admin.get("/imports/").content.decode()


def test_an_export_on_the_page_comes_back_unchanged(admin: Client, cast: Cast) -> None:
    upload_of = b"name,country\n=cmd|' /C calc'!A0,+49\n-5,plain\n"
    act(admin, uploaded(admin, "accounts", upload_of), "take")
    text = content_of(admin.get("/exports/accounts.csv"))
    assert b"'=cmd" in text
    batch = uploaded(admin, "accounts", text)
    assert (batch.equal, batch.created, batch.refused) == (2, 0, 0)


def test_the_maven_files_by_page_give_the_same_figures(client: Client, cast: Cast, files: None) -> None:
    folder = shared("maven-crm")
    Organisation.objects.update(currency="USD")
    client.force_login(cast.admin)
    people = uploaded(client, "people", (folder / "sales_teams.csv").read_bytes(), "sales_teams.csv")
    assert people.refused == 35
    people = act(client, people, "map", form_of(people, create_missing="on"))
    assert (people.created, people.refused) == (35, 0)
    act(client, people, "take")
    for kind, name in [("accounts", "accounts.csv"), ("products", "products.csv")]:
        act(client, uploaded(client, kind, (folder / name).read_bytes(), name), "take")

    deals = uploaded(client, "deals", (folder / "sales_pipeline.csv").read_bytes(), "sales_pipeline.csv")
    assert deals.file.size > AT_ONCE
    assert deals.state == "uploaded"
    assert "The worker is at it" in client.get(reverse("import", args=[deals.pk])).content.decode()
    assert work_off(at=clock.now()) == 1
    deals.refresh_from_db()
    assert deals.state == "previewed"
    assert {(word["field"], word["word"]) for word in deals.found["words"]} == {
        ("stage", "Engaging"),
        ("product", "GTXPro"),
    }
    words = {"word-1-field": "stage", "word-1-word": "Engaging", "word-1-as": "Qualification"}
    words |= {"word-2-field": "product", "word-2-word": "GTXPro", "word-2-as": "GTX Pro"}
    act(client, deals, "map", form_of(deals) | words)
    assert work_off(at=clock.now()) == 1
    deals.refresh_from_db()
    assert (deals.created, deals.refused) == (8800, 0)
    assert act(client, deals, "take").state == "queued"
    assert work_off(at=clock.now()) == 1
    assert work_off(at=clock.now()) == 0
    deals.refresh_from_db()
    assert (deals.state, deals.read, deals.created) == ("done", 8800, 8800)
    assert by_manager() == WON
    assert Credit.objects.all().total() == 10_005_534
    assert Team.objects.get(name="Team Cara Losch").parent == cast.company

    act(client, deals, "undo")
    assert Credit.objects.all().total() == 0
    assert sum(Outcome.objects.values_list("count", flat=True)) == 0
    again = uploaded(client, "deals", (folder / "sales_pipeline.csv").read_bytes(), "sales_pipeline.csv")
    work_off(at=clock.now())
    act(client, again, "map", form_of(deals) | words)
    work_off(at=clock.now())
    act(client, again, "take")
    work_off(at=clock.now())
    assert by_manager() == WON


def test_another_products_export_is_seen_shown_with_samples_and_its_mapping_kept(admin: Client) -> None:
    text = (
        b"Record ID,First Name,Last Name,Email,Lead Status,Create Date\n"
        b"1,Ada,King,ada@example.com,Connected,2026-01-05\n2,Max,Ot,max@example.com,Strange,2026-01-06\n"
    )
    batch = uploaded(admin, "leads", text)
    assert (batch.found["preset"], batch.created, batch.refused) == ("hubspot", 1, 1)
    page = admin.get(reverse("import", args=[batch.pk])).content.decode()
    assert "ada@example.com \N{MIDDLE DOT} max@example.com" in page
    assert "First Name + Last Name" in page
    form = form_of(batch, column__name="First Name + Last Name", keep_as="From HubSpot", preset="hubspot")
    form |= {"word-77-field": "status", "word-77-word": "Strange", "word-77-as": "new"}
    batch = act(admin, batch, "map", form)
    assert (batch.created, batch.refused) == (2, 0)
    assert batch.mapping["columns"]["name"] == {"columns": ["First Name", "Last Name"], "join": " "}
    again = uploaded(admin, "leads", text.replace(b"Ada", b"Eda"))
    assert again.refused == 1
    assert "From HubSpot" in admin.get(reverse("import", args=[again.pk])).content.decode()
    again = act(admin, again, "map", form_of(again, kept="From HubSpot"))
    assert (again.created, again.refused) == (2, 0)


def test_a_file_with_unquoted_commas_is_mended_when_the_page_is_told_where_they_belong(admin: Client) -> None:
    batch = uploaded(admin, "accounts", b"name,street,country\nAcme,Main St,IT\nBeta,Rua Um, 67,BR\n")
    assert (batch.created, batch.refused) == (1, 1)
    assert "join:street" in admin.get(reverse("import", args=[batch.pk])).content.decode()
    batch = act(admin, batch, "map", form_of(batch, extra_commas="join:street"))
    assert (batch.created, batch.refused, batch.found["mended"]) == (2, 0, 1)
    assert act(admin, batch, "take").state == "done"
    assert Account.objects.get(name="Beta").country == "BR"
