"""Plays: who proposes, votes, adopts; what stays of what was said; what came of the deals they were used on."""

import pickle
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from coaching import selectors, services
from coaching.analysis.plays import Histories, difference_at_use
from coaching.models import Play, PlayUse, PlayVote
from performance.analysis.works import difference_of_shares
from performance.selectors import works
from sales import services as sales
from sales.models import Account, Deal, DealChange, Feedback, LostReason, Outcome, Stage
from salesmgmt.desk.models import Notice
from salesmgmt.lib import clock
from salesmgmt.lib.refusals import Refused, Stale
from salesmgmt.pages.search import find
from tests.cast import Cast
from tests.coaching.test_coaching import signed_in, user

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
TODAY = date(2026, 11, 20)


@pytest.fixture
def play(cast: Cast) -> Play:
    return services.propose_play(
        by=user(cast.ana), at=NOW, name="Ask for the budget owner", technique="Ask who signs before showing a price."
    )


def test_anyone_who_sells_proposes_and_names_are_taken_once(cast: Cast, play: Play) -> None:
    assert play.state == Play.State.PROPOSED
    with pytest.raises(Refused, match="already"):
        services.propose_play(by=user(cast.cleo), at=NOW, name=play.name, technique="The same")
    with pytest.raises(Refused) as refused:
        services.propose_play(by=user(cast.cleo), at=NOW, name="Silence", technique=" ")
    assert refused.value.field == "technique"


def test_peers_vote_once_and_nobody_for_their_own(cast: Cast, play: Play) -> None:
    with pytest.raises(Refused, match="Others vote"):
        services.vote_for_play(play=play, by=user(cast.ana), at=NOW)
    for _ in range(2):
        services.vote_for_play(play=play, by=user(cast.ben), at=NOW)
    assert PlayVote.objects.count() == 1
    services.take_vote_back(play=play, by=user(cast.ben))
    assert not PlayVote.objects.exists()


def test_a_manager_adopts_with_a_reason_and_never_their_own(cast: Cast, play: Play) -> None:
    with pytest.raises(Refused, match="Managers"):
        services.adopt_play(play=play, reason="Good", by=user(cast.ben), at=NOW)
    with pytest.raises(Refused) as refused:
        services.adopt_play(play=play, reason=" ", by=user(cast.maya), at=NOW)
    assert refused.value.field == "reason"
    services.adopt_play(play=play, reason="Five won with it", by=user(cast.maya), at=NOW)
    with pytest.raises(Refused, match="adopted already"):
        services.adopt_play(play=play, reason="Again", by=user(cast.omar), at=NOW)
    own = services.propose_play(by=user(cast.maya), at=NOW, name="Mine", technique="Do")
    with pytest.raises(Refused, match="their own"):
        services.adopt_play(play=own, reason="Mine", by=user(cast.maya), at=NOW)
    services.retire_play(play=play, reason="The law changed", by=user(cast.vera), at=NOW)
    assert [one.state for one in play.changes.order_by("pk")] == ["proposed", "adopted", "retired"]


def test_what_a_play_said_before_is_kept_and_a_stale_form_refused(cast: Cast, play: Play) -> None:
    services.change_play(play=play, by=user(cast.ana), at=NOW, version=1, technique="Ask who signs, and when.")
    with pytest.raises(Stale):
        services.change_play(play=play, by=user(cast.maya), at=NOW, version=1, technique="Else")
    with pytest.raises(Refused, match="comment"):
        services.change_play(play=play, by=user(cast.ben), at=NOW, technique="Else")
    assert play.versions.get().technique == "Ask who signs before showing a price."
    services.adopt_play(play=play, reason="Fine", by=user(cast.maya), at=NOW)
    services.change_play(play=play, by=user(cast.omar), at=NOW, example="Once")
    play.refresh_from_db()
    assert play.state == "adopted", "somebody else who decides has looked at it"
    services.change_play(play=play, by=user(cast.ana), at=NOW, technique="Discount at once.")
    play.refresh_from_db()
    assert (play.state, play.changes.latest("pk").reason) == ("proposed", "Changed by its author")
    assert "adopt it anew?" in Notice.objects.get(user=cast.maya.user).text


def test_a_use_is_told_while_the_deal_is_open_by_whose_it_is(cast: Cast, play: Play) -> None:
    deal = sales.open_deal(owner=cast.ana, name="Probes", by=user(cast.ana), at=NOW, amount=Decimal(1200))
    for _ in range(2):
        use = services.use_play(play=play, deal=deal, by=user(cast.ana), at=NOW, on=TODAY)
    assert PlayUse.objects.count() == 1
    with pytest.raises(Refused, match="whose deal"):
        services.use_play(play=play, deal=deal, by=user(cast.cleo), at=NOW, on=TODAY)
    call = sales.log_activity(owner=cast.ana, kind="call", at=NOW, by=user(cast.ana), deal=deal)
    on_call = services.use_play(play=play, activity=call, by=user(cast.ana), at=NOW, on=TODAY)
    assert on_call.deal == deal
    services.take_use_back(use=on_call, by=user(cast.ana))
    sales.win_deal(deal=deal, by=user(cast.ana), at=NOW, on=TODAY)
    with pytest.raises(Refused, match="decided"):
        services.use_play(play=play, deal=deal, by=user(cast.ana), at=NOW, on=TODAY)
    with pytest.raises(Refused, match="stands"):
        services.take_use_back(use=use, by=user(cast.ana))
    services.retire_play(play=play, reason="Old", by=user(cast.maya), at=NOW)


def decided(cast: Cast, count: int, won: int, play: Play | None) -> None:
    """Deals of one size, decided a month ago, the first of them won."""
    stage = Stage.objects.order_by("pk")[0]
    closed = TODAY - timedelta(days=30)
    deals = Deal.objects.bulk_create(
        Deal(
            owner=cast.ana, name=f"Deal {n}", stage=stage, amount=1000, currency="EUR", opened_on=closed,
            closed_on=closed, status="won" if n < won else "lost",
        )
        for n in range(count)
    )  # fmt: skip
    Outcome.objects.bulk_create(
        Outcome(
            deal=deal,
            person=cast.ana,
            team=cast.north,
            status=deal.status,
            count=1,
            occurred_on=closed,
            posted_on=closed,
            recorded_at=NOW,
            amount=1000,
        )
        for deal in deals
    )
    if play is not None:
        PlayUse.objects.bulk_create(
            PlayUse(play=play, deal=deal, person=cast.ana, used_on=closed, at=NOW) for deal in deals
        )


def test_nothing_is_said_from_five_deals_and_a_difference_is_told_with_its_range(cast: Cast, play: Play) -> None:
    span = {"start": TODAY - timedelta(days=365), "until": TODAY}
    decided(cast, 60, 20, None)
    decided(cast, 5, 5, play)
    few = selectors.play_results(**span)[play.pk]
    assert (few.deals, few.is_enough, few.differs) == (5, False, False)
    assert "Too little to tell" in few.sentence
    decided(cast, 45, 38, play)
    many = selectors.play_results(**span)[play.pk]
    assert many.is_enough
    assert many.differs
    assert many.difference is not None
    assert many.difference.interval.low < 43 / 50 - 20 / 60 < many.difference.interval.high
    assert (many.difference.group, many.difference.others) == (50, 60)
    found = works.what_works(**span)
    [row] = [row for row in found.rows if row.cut.key == "play"]
    assert (row.value, row.deals, row.won, row.difference) == (play.name, 50, 43, many.difference)
    assert row in found.claims, "beside products, segments, sources and habits"
    assert len(works.deals_of(cut="play", value=play.name, **span)) == 50
    assert pickle.loads(pickle.dumps(row)) == row, "as it is kept for who looks next"
    deals = signed_in(cast.ana).get("/what-works/deals/", {"cut": "play", "value": play.name, "months": 12})
    assert "Deal 1" in deals.content.decode()
    services.retire_play(play=play, reason="The law changed", by=user(cast.vera), at=NOW)
    assert "play" not in {row.cut.key for row in works.what_works(**span).rows}


def test_a_closing_play_is_compared_with_deals_that_came_as_far() -> None:
    """It does nothing, and half of the deals without it die before anybody could use it."""
    rng = np.random.default_rng(9)
    claims, naive = [], []
    for _ in range(40):
        late = rng.random(600) < 0.5
        lasted = np.where(late, 40 + rng.integers(0, 40, 600), rng.integers(1, 30, 600))
        won = late & (rng.random(600) < 0.6)
        stages = Histories(np.zeros(600, dtype=np.int64), [(int(row), 35, 1) for row in np.flatnonzero(late)])
        uses = {int(row): int(rng.integers(36, 41)) for row in np.flatnonzero(late & (rng.random(600) < 0.3))}
        like = rng.integers(0, 3, 600)
        found = difference_at_use(won, like, lasted, stages, uses)
        assert found is not None
        claims.append(not found.interval.low <= 0 <= found.interval.high)
        group = np.isin(np.arange(600), list(uses))
        naive.append(difference_of_shares(won, group, like).interval.low > 0)  # type: ignore[union-attr]
    assert sum(claims) <= 4, "a range of 95 in 100"
    assert sum(naive) >= 38, "what it would claim otherwise"


SOLD = {  # stage by the age at which it was reached, age when decided, won
    "with it": ({10: 1, 30: 2}, 50, True),
    "same stage, lost": ({5: 1}, 60, False),
    "same stage, won": ({15: 1, 25: 2}, 40, True),
    "same stage, lost later": ({8: 1}, 45, False),
    "further on by then": ({10: 1, 18: 2}, 50, True),
    "not as far yet": ({30: 1}, 50, True),
    "lost before": ({3: 1}, 12, False),
}


def test_a_play_is_compared_with_the_deals_that_stood_at_its_stage_at_that_age(cast: Cast, play: Play) -> None:
    first = NOW - timedelta(days=100)
    stages = list(Stage.objects.filter(pipeline=Stage.objects.order_by("pk")[0].pipeline).order_by("position"))

    def day(age: int) -> datetime:
        return first + timedelta(days=age)

    def sell(name: str, moves: dict[int, int], age: int, is_won: bool, begins: int = 0) -> Deal:
        at = {"by": None, "at": first}
        deal = sales.open_deal(owner=cast.ana, name=name, amount=Decimal(1000), stage=stages[begins], **at)
        for days in sorted({*moves, 20, age}):
            if days in moves:
                sales.move_deal(deal=deal, stage=stages[moves[days]], by=None, at=day(days))
            if days == 20 and name == "with it":
                services.use_play(play=play, deal=deal, by=user(cast.ana), at=day(20), on=day(20).date())
        said = {"deal": deal, "by": None, "at": day(age), "on": day(age).date()}
        return sales.win_deal(**said) if is_won else sales.lose_deal(**said, reason=LostReason.objects.first())

    for name, (moves, age, is_won) in SOLD.items():
        sell(name, moves, age, is_won)
    never = sell("never moved", {}, 70, False, begins=1)
    DealChange.objects.filter(deal=never).delete()  # as where no history was brought in
    services.refresh_play_effects(on=TODAY)
    (found,) = selectors.kept_results().values()
    assert found.difference is not None
    assert (found.deals, found.difference.group, found.difference.others) == (1, 1, 4)
    assert found.difference.interval.value == 1 - 1 / 4  # of the four one was won
    client = signed_in(cast.ben)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(f"/plays/{play.pk}/").content.decode()
    assert "As of" in page
    assert not [one for one in queries.captured_queries if "sales_dealchange" in one["sql"]]


def test_pages_of_plays_work_without_scripts_and_refuse_in_words(cast: Cast, play: Play) -> None:
    ana, ben, maya = (signed_in(one) for one in (cast.ana, cast.ben, cast.maya))
    assert "Ask for the budget owner" in ben.get("/plays/").content.decode()
    wrong = ben.post("/plays/add/", {"name": "x" * 121, "technique": ""})
    assert wrong.status_code == 422
    ben.post(f"/plays/{play.pk}/vote/")
    ben.post(f"/plays/{play.pk}/comment/", {"text": "Works with dairies."})
    maya.post(f"/plays/{play.pk}/adopt/", {"reason": "It works"})
    page = ana.get(f"/plays/{play.pk}/").content.decode()
    for words in ("Works with dairies.", "Adopted", "It works", "1"):
        assert words in page
    deal = sales.open_deal(owner=cast.ana, name="Probes", by=user(cast.ana), at=clock.now(), amount=Decimal(1200))
    assert f"/deals/{deal.pk}/plays/" in ana.get(f"/deals/{deal.pk}/").content.decode()
    ana.post(f"/deals/{deal.pk}/plays/", {"play": play.pk})
    use = PlayUse.objects.get()
    part = ana.get(f"/deals/{deal.pk}/plays/", headers={"HX-Request": "1"}).content.decode()
    assert "Ask for the budget owner" in part
    assert "<html" not in part
    assert signed_in(cast.cleo).get(f"/deals/{deal.pk}/plays/").status_code == 404
    assert signed_in(cast.cleo).post(f"/play-uses/{use.pk}/remove/").status_code == 404
    ana.post(f"/play-uses/{use.pk}/remove/")
    assert not PlayUse.objects.exists()
    said = {"name": play.name, "technique": "Ask twice.", "version": 1}
    assert ana.post(f"/plays/{play.pk}/change/", said).status_code == 302
    stale = ana.post(f"/plays/{play.pk}/change/", said | {"technique": "Ask thrice."})
    assert stale.status_code == 422
    assert "Ask thrice." in stale.content.decode()
    assert stale.context["form"]["version"].value() == "2"
    for bad in ("\x00", "9" * 30, "x"):
        assert ana.get("/plays/", {"stage": bad, "state": bad, "text": bad, "cursor": bad}).status_code == 200
    assert ana.get("/plays/?export=csv").status_code == 200


def test_the_api_proposes_votes_and_tags(cast: Cast) -> None:
    ana, ben = signed_in(cast.ana), signed_in(cast.ben)
    json = "application/json"
    made = ana.post("/api/v1/plays/", {"name": "Silence", "technique": "Say nothing."}, content_type=json)
    assert made.status_code == 201, made.content
    pk = made.json()["id"]
    assert ben.post(f"/api/v1/plays/{pk}/vote/").json()["votes"] == 1
    assert ben.delete(f"/api/v1/plays/{pk}/vote/").json()["votes"] == 0
    assert ben.post(f"/api/v1/plays/{pk}/adopt/", {"reason": "x"}, content_type=json).status_code == 409
    assert ana.patch(f"/api/v1/plays/{pk}/", {"example": "Once"}, content_type=json).json()["version"] == 2
    deal = sales.open_deal(owner=cast.ana, name="Probes", by=user(cast.ana), at=clock.now(), amount=Decimal(1200))
    use = ana.post("/api/v1/play-uses/", {"play": pk, "deal": deal.pk}, content_type=json)
    assert use.status_code == 201, use.content
    assert signed_in(cast.cleo).get("/api/v1/play-uses/").json()["results"] == []
    assert ana.delete(f"/api/v1/play-uses/{use.json()['id']}/").status_code == 204


def test_a_play_is_found_by_its_words_and_voices_only_as_far_as_one_sees(cast: Cast, play: Play) -> None:
    assert any(hit.kind == "Play" for hit in find(user(cast.cleo), "budget owner"))
    account = Account.objects.create(name="Brandt Optik", owner=cast.ana)
    deal = sales.open_deal(
        owner=cast.ana, name="Probes", by=user(cast.ana), at=NOW, account=account, amount=Decimal(1200)
    )
    services.use_play(play=play, deal=deal, by=user(cast.ana), at=NOW, on=TODAY)
    Feedback.objects.create(account=account, kind="csat", score=5, given_on=TODAY, comment="Clear from the start.")
    assert len(selectors.voices_beside(user(cast.ana), play).feedback) == 1
    assert not selectors.voices_beside(user(cast.cleo), play).feedback
