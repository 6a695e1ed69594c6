"""What makes the numbers right or wrong and is fair to people, and the tests that show each of it to be right.

The cases are those of `edge-cases.md`, the rules those of `rules.md` beside the example files;
`tests/test_edge_cases.py` compares them.
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
        "test_a_night_after_a_transfer_passes_the_case_its_task_and_its_promises_on",
        "test_after_a_transfer_the_new_manager_has_the_promises_and_none_of_the_words",
        "test_a_stand_in_of_a_day_or_a_transfer_since_makes_nobody_neutral",
    ),
    "Manager changes or leaves": (
        "test_a_new_manager_leads_from_the_day_and_the_old_one_is_history",
        "test_manager_changes_or_leaves_the_quotas_of_the_team_stay",
        "test_when_the_manager_changes_talks_and_promises_pass_on_and_words_stay",
        "test_what_is_to_be_talked_about_goes_to_who_leads_the_person_today",
    ),
    "Joiner, leaver, leave, part time": (
        "test_a_leaver_is_no_longer_employed_and_the_seat_is_vacant",
        "test_a_mid_period_joiner",
        "test_part_time_lowers_after_employment",
        "test_a_case_of_somebody_who_left_ends_by_itself_and_counts_as_no_cause",
        "test_a_leaver_s_ladder_ends_as_left_by_hr",
        "test_a_due_date_moves_by_the_days_of_leave_and_back_with_them",
        "test_leave_is_proposed_as_a_pause_and_moves_the_dates_by_its_working_days",
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
        "test_without_a_fact_in_between_everything_stands_as_before",
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
        "test_a_closed_month_takes_nothing_more_the_remedy_posts_to_the_first_open_one",
    ),
    "Restated quota": (
        "test_restated_quota_is_a_new_entry_with_reason_and_author_beside_the_plan",
        "test_plan_and_revised_stand_side_by_side_after_a_restated_quota",
        "test_a_quota_dispute_posts_an_entry_and_an_appeal_takes_it_back",
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
        "test_self_dealing_nobody_decides_or_changes_what_is_their_own",
        "test_nobody_rules_on_their_own_case_and_no_stranger_does",
        "test_nobody_decides_alone_about_their_own_people_or_themselves",
    ),
    "Protected leave": (
        "test_nobody_is_flagged_in_protected_leave_and_an_open_flag_goes",
        "test_protected_leave_relieves_the_quota_and_says_no_more_than_that",
        "test_a_little_quota_and_protected_leave_are_not_ranked",
        "test_protected_leave_nothing_moves_and_no_sign_is_shown",
        "test_every_rule_gives_its_course_once_and_not_on_protected_leave",
        "test_the_kind_of_a_leave_is_hrs_and_the_persons_and_nobody_elses",
        "test_nobody_in_protected_leave_is_suggested",
    ),
    "Re-import of people": (
        "test_a_later_import_opens_a_new_posting_and_leaves_the_past_alone",
        "test_importing_people_again_opens_a_new_posting_and_never_rewrites_the_past",
    ),
    "Rank privacy": (
        "test_a_rep_is_on_the_board_of_the_own_team_only",
        "test_the_last_reads_the_distance_and_no_rank",
        "test_a_note_stays_with_the_pair_unless_it_says_otherwise",
        "test_who_finds_which_words_and_what_is_there_before_and_after_every_move",
        "test_pages_api_and_lists_show_each_what_is_theirs_to_read",
        "test_words_are_the_pairs_a_shared_note_the_lines_and_that_one_meets_is_no_secret",
    ),
    "Freshness": (
        "test_a_bump_changes_the_stamp_of_the_person_the_teams_above_and_the_company_only",
        "test_the_stamp_needs_neither_session_nor_database",
    ),
    "Deleting people": (
        "test_deleting_people_a_leaver_is_deactivated_and_the_figures_stay",
        "test_deleting_people_erases_a_contact_everywhere_and_keeps_the_amounts",
        "test_somebody_who_left_is_erased_with_their_login_and_their_numbers_stay",
        "test_words_of_a_case_go_when_the_person_is_erased_or_time_is_over",
        "test_erasing_a_person_takes_the_words_and_leaves_that_they_met",
        "test_erasing_a_party_blanks_the_words_and_keeps_what_was_decided",
        "test_the_words_are_in_no_audit_notice_or_task_and_go_when_a_person_is_erased",
    ),
}

RULES: dict[str, tuple[str, ...]] = {
    "R1": (
        "test_a_quota_spread_over_days_sums_to_it_exactly_and_no_relieved_day_bears_any",
        "test_a_full_time_person_gets_exactly_the_base_whatever_the_holidays",
    ),
    "R2": (
        "test_a_newcomer_ramps_by_month_of_tenure",
        "test_part_time_lowers_after_employment",
        "test_a_mid_period_joiner_leaves_the_vacant_days_to_the_team",
    ),
    "R3": (
        "test_a_vacation_day_moves_its_share_within_its_bucket",
        "test_a_public_holiday_moves_no_full_quota_and_a_vacation_none",
    ),
    "R4": (
        "test_a_transfer_leaves_the_seat_with_the_old_team",
        "test_a_vacant_managers_seat_keeps_its_quota",
    ),
    "R5": (
        "test_a_quarter_on_parental_leave_is_not_a_zero",
        "test_quota_taken_from_others_is_left_out_of_the_base",
        "test_a_person_contests_a_rating_and_it_counts_no_longer",
        "test_capability_is_half_rating_half_tenure_and_a_contested_rating_counts_not",
    ),
    "R6": (
        "test_hand_computed_one_lambda_with_a_floor_and_a_ceiling",
        "test_a_fit_sums_to_the_total_within_bounds_by_one_scale_or_is_refused",
        "test_infeasible_floors_are_refused_with_who_holds_them",
    ),
    "R7": (
        "test_attainment_and_gap_of_a_team_are_against_its_target_and_pace_is_not",
        "test_a_player_coach_counts_once_in_the_team",
    ),
    "R8": (
        "test_redistribution_by_hand",
        "test_room_keeps_both_bounds",
        "test_a_refusal_is_offered_again_in_proportion_to_the_room_left",
        "test_across_teams_both_managers_agree",
        "test_who_is_asked_is_not_told_whose_shortfall_it_is",
        "test_plan_and_revised_stand_side_by_side_after_a_restated_quota",
    ),
    "R9": (
        "test_the_ledger_equals_net_to_date_shared_out_whatever_happened",
        "test_a_reversal_carries_team_and_rate_of_what_it_reverses",
        "test_net_to_date_never_goes_below_zero",
    ),
    "R10": ("test_a_late_fact_changes_the_restated_figure_of_its_day_and_the_reported_one_of_its_posting",),
    "R11": (
        "test_a_reopening_takes_credit_and_count_back_on_its_own_day",
        "test_a_win_rate_below_zero_wins_is_unknown",
    ),
    "R12": (
        "test_an_order_nets_its_lines_to_four_decimals_and_rounds_once",
        "test_first_year_and_total_one_off_and_recurring_stand_apart",
        "test_a_deal_belongs_to_one_order",
    ),
    "R13": ("test_currency_attainment_is_at_the_plan_rate_and_the_actual_rate_stands_beside_it",),
    "R14": (
        "test_the_discount_is_weighted_by_list_value_and_free_goods_count",
        "test_the_list_price_stays_as_it_stood_at_the_quote",
        "test_a_discount_above_the_limit_is_approved_before_the_win",
    ),
    "R15": (
        "test_a_team_is_the_sum_over_the_sum",
        "test_pace_counts_working_days_and_says_what_is_needed_on_each_that_is_left",
        "test_the_shape_of_a_quarter_is_learned_from_four_earlier_ones",
    ),
    "R16": (
        "test_the_win_rate_leaves_out_duplicates_and_is_unknown_while_nothing_is_decided",
        "test_odds_come_from_cohorts_old_enough_to_be_decided",
    ),
    "R17": ("test_coverage_needed_is_the_gap_by_what_such_a_pipeline_came_to_at_this_week",),
    "R18": (
        "test_forecast_categories_are_cumulative",
        "test_callers_are_judged_by_what_stood_at_the_checkpoints_and_not_by_the_last_call",
    ),
    "R19": ("test_slipped_is_moved_out_or_overdue_of_what_was_open_and_due_on_the_first_day",),
    "R20": (
        "test_whatever_happens_the_steps_are_those_of_a_plain_recomputation",
        "test_overdue_open_deals_stay_in",
        "test_moving_in_or_out_of_the_period_is_valued_at_the_new_amount",
    ),
    "R21": (
        "test_stretch_and_levers_sum_to_the_gap_to_the_cent",
        "test_it_is_the_mean_over_the_twenty_four_orders",
        "test_peers_are_five_or_nobody",
        "test_each_step_rests_on_what_the_records_say_and_on_nothing_else",
    ),
    "R22": (
        "test_thirty_people_who_move_together_are_far_less_certain_than_thirty_who_do_not",
        "test_a_team_is_less_certain_than_if_its_people_were_independent",
        "test_many_helped_at_once_for_nothing_claim_one_in_10_at_most",
    ),
    "R23": (
        "test_nps_is_made_of_promoters_passives_and_detractors",
        "test_a_persons_score_shows_from_ten_answers_on",
        "test_retention_is_stated_as_gross_and_as_net",
    ),
    "R24": (
        "test_the_top_has_names_and_is_not_capped_at_a_hundred_percent",
        "test_the_last_reads_the_distance_and_no_rank",
        "test_a_quarter_of_a_full_quota_is_needed_for_a_percentage",
        "test_a_screen_is_dark_until_the_admin_switches_it_on_and_after_it_is_revoked",
    ),
    "R25": (
        "test_person_and_manager_are_told_at_once_and_nobody_else",
        "test_the_person_sees_and_answers_a_flag_and_the_manager_is_told",
        "test_a_flag_expires_with_its_period",
        "test_no_wall_board_or_screen_shows_a_flag",
        "test_nobody_is_flagged_in_protected_leave_and_an_open_flag_goes",
        "test_a_manager_gets_three_new_ones_a_week_the_most_severe_first",
    ),
    "R26": (
        "test_several_reasons_and_the_buyers_own",
        "test_reasons_are_changed_afterwards_and_the_win_rate_follows_the_main_one",
        "test_each_step_rests_on_what_the_records_say_and_on_nothing_else",
    ),
    "R27": (
        "test_beyond_the_yearly_limit_a_gift_is_refused_and_says_what_is_left",
        "test_the_register_is_of_ones_people",
        "test_public_officials_are_given_nothing",
    ),
}

# What the rules say of people's rights, and who may what: words of theirs, and the tests.
RIGHTS: dict[str, tuple[str, ...]] = {
    "switches per country": (
        "test_a_switch_holds_by_the_country_of_today_or_of_then",
        "test_nobody_posted_in_a_country_without_ranks_is_ranked",
        "test_no_probability_is_shown_where_the_organisation_or_the_country_keeps_it",
        "test_selling_time_is_kept_by_country_on_page_figure_record_export_and_api",
    ),
    "smallest comparison group 5": (
        "test_fewer_than_five_are_not_compared",
        "test_one_to_four_people_are_told_apart_and_nobody_is_nobody",
        "test_causes_are_told_from_five_people_on",
        "test_kinds_of_help_show_from_five_people_on",
        "test_exits_are_added_up_from_five_people_on",
        "test_up_the_line_moods_are_counted_from_five_people_on",
    ),
    "who\nlooked at my figures": (
        "test_who_opens_a_page_about_somebody_is_written_down_once_a_day_for_each_kind_of_page",
        "test_only_oneself_reads_who_looked",
        "test_whoever_opens_a_page_about_somebody_is_noted_for_them",
    ),
    "below HR a leave shows only its dates": ("test_the_kind_of_a_leave_is_hrs_and_the_persons_and_nobody_elses",),
    "an expiry per kind of record": (
        "test_what_was_never_ended_expires_by_its_day_and_what_is_of_leavers_by_theirs",
        "test_every_kind_that_expires_is_looked_for_without_a_mistake",
    ),
    "ladder never moves by itself": (
        "test_the_way_from_training_to_a_decision_leaves_no_step_out",
        "test_it_refuses_to_go_on_by_service_page_and_api",
        "test_the_database_itself_lets_no_step_be_skipped_undone_or_decided_alone",
    ),
    "export all that is stored about them": (
        "test_one_takes_along_what_is_stored_about_oneself_and_nobody_elses",
        "test_every_table_about_people_is_in_the_archive_or_left_out_with_a_reason",
    ),
    "*operations*": (
        "test_who_runs_the_installation_sees_that_there_is_a_case_and_no_words",
        "test_only_admin_and_operations_import",
    ),
    "*HR*": ("test_the_person_the_line_and_from_the_improvement_plan_on_hr_read_it",),
    "*department member*": (
        "test_a_department_sees_the_question_and_neither_case_nor_person",
        "test_who_delivers_sees_what_was_asked_of_them_and_no_amount",
    ),
    "*deal team and overlay*": ("test_the_credited_read_a_deal_and_do_not_change_it",),
    "*acting manager*": (
        "test_an_acting_manager_leads_for_some_weeks_and_reads_nothing_of_before",
        "test_a_stand_in_neither_reads_nor_judges_the_manager_they_stand_in_for_nor_an_executive_their_own_boss",
    ),
    "*decider*": (
        "test_not_neutral_is_said_in_words_and_hr_names_only_neutral_people",
        "test_who_comes_into_a_party_s_line_no_longer_decides",
    ),
    "Who closes or reopens a period is not in the selling line": (
        "test_who_closes_a_period_is_not_in_the_selling_line",
    ),
}
