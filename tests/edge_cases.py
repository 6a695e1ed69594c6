"""What makes the numbers right or wrong, case by case, and the tests that show each of them to be right.

The cases are those of `edge-cases.md` beside the example files; `tests/test_edge_cases.py` compares the two.
"""

CASES: dict[str, tuple[str, ...]] = {
    "Fiscal calendar (4-4-5, 13 periods, year from July)": (
        "test_fiscal_calendar_changing_the_set_up_deletes_no_period_no_quota_and_no_adjustment",
        "test_changing_the_fiscal_year_deletes_no_period_and_closes_none",
    ),
    "Time zone": (
        "test_the_organisations_zone_decides_the_day",
        "test_the_day_of_an_activity_is_the_organisations",
    ),
    "Currency": (
        "test_a_rate_corrected_later_moves_no_past_figure",
        "test_a_currency_without_a_rate_is_refused_by_name",
        "test_currency_a_quota_keeps_its_amount_its_rate_and_what_it_is_worth",
    ),
    "Transfer mid-quarter": (
        "test_a_transfer_leaves_the_history_with_the_old_team",
        "test_a_teams_figure_counts_people_as_posted_that_day_and_the_drill_closes_the_sum",
        "test_a_transfer_mid_quarter_leaves_the_seat_with_the_old_team",
    ),
    "Manager changes or leaves": (
        "test_a_new_manager_leads_from_the_day_and_the_old_one_is_history",
        "test_manager_changes_or_leaves_the_quotas_of_the_team_stay",
    ),
    "Joiner, leaver, leave, part time": (
        "test_a_leaver_is_no_longer_employed_and_the_seat_is_vacant",
        "test_a_mid_period_joiner",
        "test_part_time_lowers_after_employment",
    ),
    "Manager with a personal quota": ("test_a_manager_with_a_personal_quota_counts_once",),
    "Zero or no quota": ("test_no_quota_is_unknown_and_never_zero_or_a_hundred_percent",),
    "Over 100 %": ("test_over_100_percent_is_kept_uncapped",),
    "Ties": ("test_ranks_share_ties_and_tell_two_groups_apart", "test_ties_share_a_rank_and_the_next_one_is_left_out"),
    "Lower is better": ("test_a_score_is_continuous_and_uncapped_on_both_sides",),
    "Split credit": (
        "test_a_split_sums_to_the_order_to_the_cent_with_ties_by_external_id",
        "test_the_ledger_equals_net_to_date_shared_out_whatever_happened",
        "test_credit_is_shared_to_the_cent_and_undone",
    ),
    "Deal reopened": (
        "test_a_reopening_takes_credit_and_count_back_on_its_own_day",
        "test_reopening_takes_back_the_credit_of_an_order_from_elsewhere_too",
        "test_changes_tell_the_story_of_a_deal_and_a_reopening_counts_on_its_own_day",
    ),
    "Refund, cancellation": (
        "test_a_refund_takes_back_by_the_same_shares_and_names_what_it_reverses",
        "test_a_cancellation_takes_back_the_rest_on_its_day",
        "test_net_to_date_never_goes_below_zero",
        "test_a_reversal_carries_team_and_rate_of_what_it_reverses",
    ),
    "Back-dated entry": (
        "test_a_late_fact_posts_to_the_first_open_month_and_keeps_its_day",
        "test_a_back_dated_posting_appends_a_reversal_and_a_new_entry",
        "test_back_dated_entry_in_a_closed_period_of_weeks_posts_to_the_next_open_one",
        "test_a_late_fact_changes_the_restated_figure_of_its_day_and_the_reported_one_of_its_posting",
    ),
    "Restated quota": (
        "test_restated_quota_is_a_new_entry_with_reason_and_author_beside_the_plan",
        "test_plan_and_revised_stand_side_by_side_after_a_restated_quota",
    ),
    "Duplicate logging": (
        "test_a_double_submit_counts_once",
        "test_look_alikes_are_pointed_out_not_refused",
        "test_look_alikes_on_entry_are_among_those_seen",
        "test_an_order_with_its_deal_takes_the_place_of_the_wins_own_in_either_sequence",
    ),
    "Which date counts": (
        "test_bookings_can_count_from_their_delivery_and_their_payment_on",
        "test_nothing_is_cancelled_given_back_or_ordered_on_a_day_still_to_come",
        "test_what_is_still_to_come_is_no_activity",
    ),
    "Self-dealing": (
        "test_nobody_changes_credit_of_their_own",
        "test_nobody_moves_the_credit_of_a_won_deal_to_themself_or_raises_their_own",
        "test_nobody_raises_their_own_credit_after_the_win_by_its_order",
        "test_whose_loss_it_is_cannot_take_it_out_of_the_win_rate",
        "test_answers_by_a_link_that_one_held_oneself_are_no_score_of_ones_own",
        "test_rows_about_credit_that_one_shares_or_has_by_now_are_refused",
        "test_an_import_is_no_way_round_the_approval",
        "test_there_is_no_way_round_the_approval",
        "test_how_soon_a_lead_was_answered_is_not_its_owners_to_say",
        "test_rows_about_ones_own_quota_and_credit_are_refused",
        "test_nobody_sets_their_own_quota",
    ),
    "Protected leave": (
        "test_nobody_is_flagged_in_protected_leave_and_an_open_flag_goes",
        "test_protected_leave_relieves_the_quota_and_says_no_more_than_that",
        "test_a_little_quota_and_protected_leave_are_not_ranked",
    ),
    "Re-import of people": (
        "test_a_later_import_opens_a_new_posting_and_leaves_the_past_alone",
        "test_importing_people_again_opens_a_new_posting_and_never_rewrites_the_past",
    ),
    "Rank privacy": (
        "test_a_rep_is_on_the_board_of_the_own_team_only",
        "test_the_last_reads_the_distance_and_no_rank",
        "test_a_note_stays_with_the_pair_unless_it_says_otherwise",
    ),
    "Freshness": (
        "test_a_bump_changes_the_stamp_of_the_person_the_teams_above_and_the_company_only",
        "test_the_stamp_needs_neither_session_nor_database",
    ),
    "Deleting people": (
        "test_deleting_people_a_leaver_is_deactivated_and_the_figures_stay",
        "test_deleting_people_erases_a_contact_everywhere_and_keeps_the_amounts",
        "test_somebody_who_left_is_erased_with_their_login_and_their_numbers_stay",
    ),
}
