"""A diagnosis against the truth: companies whose causes were built in, of one person or of a whole team."""

from collections import Counter

from coaching.analysis.diagnosis import Facts, Support, log_odds, propose
from performance.analysis.signals import Share
from tests.coaching.planted import cases

COMPANIES = 30


def test_the_step_ruled_in_is_the_planted_one_and_a_teams_cause_is_not_laid_on_a_person() -> None:
    count: Counter[str] = Counter()
    for seed in range(COMPANIES):
        for planted in cases(seed):
            said = propose(planted.facts)
            count["cases"] += 1
            count["found"] += said.step == planted.step
            if planted.is_team_wide:
                count["wide"] += 1
                count["called personal"] += not said.is_team_wide
                count["laid on the person"] += said.step == "person"
            else:
                count["own"] += 1
                count["called the team's"] += said.is_team_wide
    assert count["cases"] == 3 * COMPANIES
    assert count["found"] >= 0.85 * count["cases"], count
    assert count["called personal"] <= 0.05 * count["wide"], count
    assert count["laid on the person"] == 0, count
    assert count["called the team's"] <= 0.15 * count["own"], count


def test_without_figures_nobody_is_named() -> None:
    assert propose(Facts(1, {1: {}})).step != "person"
    assert propose(Facts(1, {})).step == ""


def test_few_cases_say_little_and_many_say_much() -> None:
    before = Share(12, 80, 80)
    few, many = log_odds(Share(3, 4, 4), before), log_odds(Share(30, 40, 40), before)
    assert few is not None
    assert many is not None
    assert 0 < few < 5 < many
    assert log_odds(Share(3, 3, 3), before) is None


def test_what_one_colleague_shows_is_not_the_teams() -> None:
    bad, good, usual = Share(18, 20, 20), Share(2, 20, 20), Share(10, 100, 100)
    team = {n: {"rep.price": (bad if n < 2 else good, usual)} for n in range(6)}
    said = propose(Facts(0, team))
    assert (said.step, said.is_team_wide) == ("price", False)
    everybody = {n: {"rep.price": (bad, usual)} for n in range(6)}
    said = propose(Facts(0, everybody))
    assert (said.step, said.is_team_wide) == ("price", True)


def test_somebody_new_without_their_courses_lacks_training() -> None:
    said = propose(Facts(1, {1: {}}, support=Support(tenure_months=3, due=2, done=0, weak=["closing"])))
    assert (said.step, said.is_team_wide) == ("training", False)
