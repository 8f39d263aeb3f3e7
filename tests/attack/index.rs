//! Every attack that the gateway must withstand, by its id, and where it is tried. The list is written by hand; that each claim
//! is true is checked. An attack that nobody tries yet says so, and why.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cases;
use Where::{Attack, Check, Later, Story, Table, Unit};

/// Where an attack is tried.
#[derive(Debug, Clone, Copy)]
enum Where {
    /// Entries of `cases/` bear the id.
    Table,
    /// A test of this package beside the table.
    Attack(&'static str),
    /// A story: the file in `tests/journeys` without its ending, and the test.
    Story(&'static str, &'static str),
    /// A test of a crate: its folder, and the test.
    Unit(&'static str, &'static str),
    /// A program that `make test` runs, and what it calls.
    Check(&'static str, &'static str),
    /// Nowhere yet: what it waits for.
    Later(&'static str),
}

/// Areas, and how many attacks each has: `FR-01` to `FR-12` and so on.
const AREAS: &[(&str, usize)] = &[
    ("FR", 12),
    ("HO", 3),
    ("H2", 4),
    ("PA", 8),
    ("HH", 8),
    ("SE", 8),
    ("CS", 4),
    ("LG", 10),
    ("OT", 8),
    ("PU", 4),
    ("EN", 10),
    ("ML", 3),
    ("OI", 4),
    ("AD", 5),
    ("SS", 2),
    ("DO", 2),
    ("TL", 2),
    ("PO", 2),
    ("AU", 2),
    ("CR", 2),
    ("SU", 1),
];

const PROVIDERS: Where = Later("sign-in at an identity provider: not built yet");

/// The index.
const INDEX: &[(&str, &[Where])] = &[
    // Framing.
    ("FR-01", &[Table]),
    ("FR-02", &[Table]),
    ("FR-03", &[Table]),
    ("FR-04", &[Table]),
    ("FR-05", &[Table, Story("upgrades", "an_upgrade_that_was_not_made_hides_no_second_request")]),
    ("FR-06", &[Table, Unit("gateway/proxy", "a_chunk_that_could_be_two_is_none")]),
    ("FR-07", &[Table, Unit("gateway/proxy", "lines_end_in_one_way")]),
    ("FR-08", &[Table, Unit("gateway/proxy", "a_refused_request_takes_its_body_along")]),
    ("FR-09", &[Table]),
    ("FR-10", &[Table, Unit("gateway/proxy", "a_body_is_invited_only_where_it_is_wanted")]),
    ("FR-11", &[Table, Attack("heads_that_are_too_long_are_refused_at_once_and_leave_nothing_behind_fr_11")]),
    ("FR-12", &[Table]),
    // Hosts.
    ("HO-01", &[Table, Unit("gateway/proxy", "a_host_that_is_none_is_refused")]),
    ("HO-02", &[Table, Unit("gateway/proxy", "a_host_has_one_spelling")]),
    (
        "HO-03",
        &[Table, Story("attacks_words", "a_host_that_is_not_ours_has_a_fixed_page_with_its_style_and_no_portal")],
    ),
    // HTTP/2.
    ("H2-01", &[Attack("http2_is_spoken_as_the_rfcs_say_h2_01")]),
    ("H2-02", &[Attack("what_http1_would_not_be_forgiven_is_not_forgiven_over_http2_h2_02_h2_03")]),
    ("H2-03", &[Attack("what_http1_would_not_be_forgiven_is_not_forgiven_over_http2_h2_02_h2_03")]),
    (
        "H2-04",
        &[
            Attack("a_flood_ends_its_connection_costs_little_memory_and_nobody_else_h2_04"),
            Attack("answers_that_nobody_takes_wait_in_bounded_memory_h2_04"),
        ],
    ),
    // Paths.
    (
        "PA-01",
        &[
            Table,
            Attack("no_spelling_gets_the_administrations_page_from_any_kind_of_origin"),
            Attack("an_application_that_ignores_case_is_judged_in_small_letters_and_gets_the_path_as_it_was_asked_for"),
            Story("paths", "what_is_judged_is_the_path_of_the_request_line_that_the_application_gets"),
        ],
    ),
    ("PA-02", &[Table, Story("paths", "what_has_no_one_reading_is_refused_before_the_application_hears_of_it")]),
    ("PA-03", &[Table]),
    ("PA-04", &[Table]),
    ("PA-05", &[Table, Story("paths", "no_header_and_no_query_says_which_path_is_meant")]),
    ("PA-06", &[Table, Story("paths", "a_prefix_is_made_of_whole_segments_and_a_pattern_of_the_whole_path")]),
    ("PA-07", &[Table]),
    ("PA-08", &[Table]),
    // Identity.
    ("HH-01", &[Table, Story("headers", "an_application_hears_who_it_is_from_the_gateway_alone")]),
    ("HH-02", &[Table, Story("headers", "a_php_application_which_folds_names_hears_it_from_the_gateway_alone")]),
    ("HH-03", &[Table]),
    ("HH-04", &[Table, Unit("gateway/proxy", "forwarding_headers_are_believed_from_trusted_proxies_only")]),
    ("HH-05", &[Table, Story("attacks_enrolment", "no_header_says_where_a_mail_or_a_redirect_leads")]),
    ("HH-06", &[Story("attacks_sessions", "names_from_the_directory_cannot_become_headers")]),
    ("HH-07", &[Table, Story("headers", "what_is_ours_does_not_leak_to_an_application_nor_come_back_from_one")]),
    ("HH-08", &[Later("a signed identity for applications that can check one: not built yet")]),
    // Sessions.
    (
        "SE-01",
        &[
            Story("sessions", "over_tls_every_cookie_is_bound_to_its_host_and_no_other_name_is_read"),
            Story("sessions", "the_cookies_of_the_demo_bear_the_names_and_attributes_that_were_promised"),
        ],
    ),
    (
        "SE-02",
        &[
            Story("sessions", "each_rise_of_level_brings_new_ids_and_the_old_ones_are_dead_at_once"),
            Story("sessions", "an_id_that_was_planted_before_the_sign_in_opens_nothing_after_it"),
        ],
    ),
    ("SE-03", &[Table, Story("sessions", "a_mangled_id_is_nobodys_and_what_is_kept_of_one_opens_nothing")]),
    ("SE-04", &[Table, Story("sessions", "a_malformed_cookie_is_no_session_and_never_an_error_of_ours")]),
    (
        "SE-05",
        &[
            Story("sessions", "a_sign_out_ends_the_session_of_every_application_within_a_second"),
            Story("sessions", "twenty_requests_in_flight_end_with_their_session"),
            Story("sessions", "a_sign_out_at_one_gateway_is_felt_at_the_other_within_a_second"),
        ],
    ),
    (
        "SE-06",
        &[Story(
            "attacks_sessions",
            "whatever_is_changed_about_a_user_a_group_or_a_policy_is_felt_by_a_live_session_within_five_seconds",
        )],
    ),
    ("SE-07", &[Story("sessions", "a_half_done_sign_in_opens_nothing")]),
    (
        "SE-08",
        &[
            Story(
                "attacks_sessions",
                "a_session_in_constant_use_is_over_after_eight_hours_and_an_unused_one_after_thirty_minutes",
            ),
            Story("attacks_sessions", "a_page_that_only_polls_keeps_nobody_signed_in"),
        ],
    ),
    // Forged forms, redirects, sockets, frames.
    ("CS-01", &[Story("headers", "a_forged_form_changes_nothing"), Story("headers", "a_get_changes_nothing")]),
    ("CS-02", &[Table, Story("headers", "nobody_is_led_astray")]),
    ("CS-03", &[Table, Story("upgrades", "a_websocket_is_opened_with_a_session_and_frames_pass_both_ways")]),
    ("CS-04", &[Story("headers", "every_page_of_ours_says_how_it_may_be_used")]),
    // Signing in.
    (
        "LG-01",
        &[
            Story("regulation", "how_long_it_takes_says_nothing_of_who_exists"),
            Story("passcodes", "a_wrong_password_tells_nothing_of_whose_it_is_not"),
        ],
    ),
    (
        "LG-02",
        &[Story("regulation", "an_address_that_tries_everybody_has_to_wait_and_known_browsers_behind_it_do_not")],
    ),
    (
        "LG-03",
        &[
            Unit("gateway/access", "all_spellings_of_a_name_are_one"),
            Unit("gateway/access", "an_unknown_name_locks_like_a_known_one_under_all_its_spellings"),
        ],
    ),
    ("LG-04", &[Story("regulation", "of_three_hundred_passwords_at_once_four_are_looked_at_on_sqlite")]),
    ("LG-05", &[Story("regulation", "a_try_counts_though_its_client_is_gone_and_though_the_database_fails_after_it")]),
    (
        "LG-06",
        &[
            Story("regulation", "strangers_lock_an_account_and_its_owner_gets_in_all_the_same_on_sqlite"),
            Story("regulation", "strangers_lock_an_account_and_its_owner_gets_in_all_the_same_on_postgresql"),
        ],
    ),
    ("LG-07", &[Story("regulation", "an_account_that_was_switched_off_is_refused_at_the_end_of_every_way_in")]),
    ("LG-08", &[Later("users from an LDAP directory: not built yet")]),
    ("LG-09", &[Story("regulation", "passwords_are_exact_to_the_last_byte_and_endless_ones_cost_nothing")]),
    ("LG-10", &[Story("regulation", "passwords_are_exact_to_the_last_byte_and_endless_ones_cost_nothing")]),
    // Passcodes.
    ("OT-01", &[Story("passcodes", "a_passcode_opens_once_in_every_session_and_on_every_way")]),
    ("OT-02", &[Story("passcodes", "another_spelling_of_a_used_passcode_is_the_same_passcode")]),
    ("OT-03", &[Story("passcodes", "a_passcode_is_good_one_step_around_its_own_and_never_before_the_last")]),
    (
        "OT-04",
        &[
            Story(
                "token_policies",
                "a_token_of_clicks_is_looked_for_as_far_ahead_as_is_set_and_then_asked_for_the_next",
            ),
            Unit("gateway/access", "two_passcodes_in_a_row_find_a_token_again"),
        ],
    ),
    (
        "OT-05",
        &[Story("passcodes", "nine_wrong_passcodes_in_a_row_are_permitted_over_all_browsers_and_the_tenth_locks")],
    ),
    (
        "OT-06",
        &[
            Story("token_policies", "a_pin_on_the_server_is_typed_with_the_passcode_and_changed_at_its_first_use"),
            Unit("gateway/access", "wrong_pins_and_wrong_passcodes_lock_the_token_together"),
            Unit("gateway/access", "a_passcode_is_spent_though_the_pin_with_it_was_wrong"),
        ],
    ),
    ("OT-07", &[Story("attacks_enrolment", "only_the_users_own_token_in_use_opens")]),
    (
        "OT-08",
        &[
            Story("token_policies", "a_terminal_answers_the_question_that_the_page_asks"),
            Unit("gateway/access", "a_question_is_asked_once_and_is_good_for_two_minutes"),
        ],
    ),
    // Approving on a phone.
    (
        "PU-01",
        &[Story("authenticator_attacks", "fifty_sign_ins_in_ten_minutes_are_three_requests_and_the_passcode_stays")],
    ),
    ("PU-02", &[Story("authenticator_attacks", "a_wrong_number_ends_a_request_and_there_is_no_second_guess")]),
    ("PU-03", &[Story("authenticator_attacks", "an_approval_is_good_for_its_request_by_its_device_and_once")]),
    (
        "PU-04",
        &[Story("authenticator_attacks", "only_the_browser_that_asked_gets_on_and_nobody_after_a_cancel_or_the_end")],
    ),
    // Enrolment.
    ("EN-01", &[Story("enrolment", "no_step_can_be_taken_before_its_turn")]),
    ("EN-02", &[Story("enrolment", "a_code_is_good_only_in_the_browser_and_for_the_user_that_asked")]),
    (
        "EN-03",
        &[
            Story("enrolment", "a_code_is_good_once_and_only_the_newest"),
            Story("enrolment", "a_code_is_refused_after_the_password_was_changed"),
        ],
    ),
    (
        "EN-04",
        &[Story("enrolment", "codes_are_guessed_five_times_each_and_fifteen_times_a_day_over_all_codes_and_restarts")],
    ),
    ("EN-05", &[Story("attacks_enrolment", "what_is_switched_off_in_the_middle_is_off_for_every_step_that_follows")]),
    (
        "EN-06",
        &[
            Story(
                "authenticator_attacks",
                "a_link_that_two_devices_show_is_void_for_both_before_one_was_confirmed_and_for_the_second_after",
            ),
            Story("authenticator_attacks", "a_link_is_good_for_ten_minutes_and_a_confirmed_device_has_ten_more"),
            Story("authenticator_attacks", "a_link_is_void_once_another_was_asked_for_or_its_user_went_back"),
        ],
    ),
    (
        "EN-07",
        &[
            Unit("gateway/access", "a_code_that_was_photographed_is_worth_nothing_without_the_browser_that_enrols"),
            Story("authenticator", "a_device_that_is_not_theirs_gets_nothing_and_a_new_code_does_it_rightly"),
        ],
    ),
    ("EN-08", &[Story("attacks_enrolment", "a_stolen_password_alone_enrols_nothing_and_its_owner_hears_of_it")]),
    ("EN-09", &[Story("attacks_enrolment", "what_a_form_is_not_asked_for_it_cannot_say")]),
    ("EN-10", &[Table, Story("languages", "what_a_browser_wants_is_weighed_and_nonsense_is_english")]),
    // Mail.
    (
        "ML-01",
        &[
            Story("attacks_mail", "a_hostile_name_changes_no_head_no_recipient_and_no_end_of_a_mail"),
            Story("attacks_mail", "a_name_that_is_more_than_a_line_of_visible_text_is_refused_by_name"),
        ],
    ),
    ("ML-02", &[Story("attacks_mail", "a_hostile_name_changes_no_head_no_recipient_and_no_end_of_a_mail")]),
    ("ML-03", &[Story("attacks_mail", "a_mail_server_without_tls_gets_no_mail_where_tls_is_asked_for")]),
    // Identity providers.
    ("OI-01", &[PROVIDERS]),
    ("OI-02", &[PROVIDERS]),
    ("OI-03", &[PROVIDERS]),
    ("OI-04", &[PROVIDERS]),
    // Administration.
    (
        "AD-01",
        &[
            Unit("gateway/portal", "no_call_of_one_virtual_server_finds_what_belongs_to_another"),
            Unit("gateway/portal", "nothing_of_another_virtual_server_is_taken_in_a_body_or_listed"),
            Unit("gateway/access", "who_may_not_change_settings_changes_none"),
            Unit("gateway/portal", "every_call_lets_in_whom_the_matrix_says_and_nobody_else"),
            Unit("gateway/portal", "every_page_lets_in_whom_the_matrix_says_and_nobody_else"),
            Unit("gateway/portal", "no_spelling_of_a_path_leads_round_the_permissions"),
        ],
    ),
    ("AD-02", &[Story("attacks_words", "the_console_is_behind_a_door_of_its_own")]),
    (
        "AD-03",
        &[
            Story("secrets", "no_secret_is_in_anything_the_gateway_writes_by_default"),
            Story("secrets", "no_secret_is_in_anything_the_gateway_writes_when_it_tells_every_detail"),
        ],
    ),
    (
        "AD-04",
        &[
            Unit("gateway/api", "every_cell_is_quoted_and_none_is_a_formula"),
            Unit("gateway/api", "nor_is_what_is_left_of_it_where_others_separate"),
            Unit("plugins/audit", "a_csv_export_is_safe_to_open"),
        ],
    ),
    ("AD-05", &[Story("attacks_words", "what_somebody_chose_is_text_on_every_page_and_in_every_mail")]),
    // Going out.
    (
        "SS-01",
        &[
            Story("authenticator_attacks", "requests_go_to_push_services_alone"),
            Unit("gateway/connect", "what_is_inside_is_reached_under_no_spelling"),
            Unit("gateway/connect", "nobody_is_followed"),
            Later("addresses of identity providers: not built yet"),
        ],
    ),
    ("SS-02", &[Story("attacks_mail", "a_mail_server_that_never_stops_talking_costs_neither_memory_nor_others_time")]),
    // Greed and slowness.
    (
        "DO-01",
        &[
            Attack("whoever_takes_too_long_is_ended_in_time_and_whoever_is_slow_is_not_do_01"),
            Attack("thousands_of_idle_connections_from_many_addresses_harm_nobody_and_end_do_01"),
        ],
    ),
    (
        "DO-02",
        &[
            Attack("an_upload_of_any_length_is_streamed_do_02"),
            Attack("the_portal_takes_64_kib_and_not_a_byte_more_do_02"),
        ],
    ),
    // TLS.
    (
        "TL-01",
        &[
            Attack("tls_is_1_2_or_1_3_with_forward_secrecy_and_authenticated_encryption_tl_01"),
            Attack("there_is_no_renegotiation_tl_01"),
        ],
    ),
    (
        "TL-02",
        &[
            Attack("an_upstream_that_cannot_show_who_it_is_hears_nothing_tl_02"),
            Story("attacks_mail", "a_database_with_another_certificate_is_refused_by_name"),
        ],
    ),
    // Policies.
    ("PO-01", &[Story("attacks_policy", "a_policy_that_says_nothing_lets_nobody_in")]),
    ("PO-02", &[Story("attacks_policy", "the_order_of_files_changes_nothing_and_a_change_is_for_the_next_request")]),
    // Records.
    (
        "AU-01",
        &[
            Table,
            Story("attacks_words", "whatever_is_typed_a_record_is_one_line_and_no_field_is_longer_than_a_kibibyte"),
        ],
    ),
    ("AU-02", &[Story("commands", "audit_verify_finds_what_was_edited_deleted_swapped_or_cut_off")]),
    // Secrets.
    ("CR-01", &[Story("secrets", "no_secret_is_in_a_backup_of_postgresql_nor_in_the_configuration")]),
    (
        "CR-02",
        &[
            Story("secrets", "a_sealed_value_that_was_moved_or_changed_opens_nothing"),
            Unit("gateway/access", "a_damaged_token_is_suspended_once_and_counts_as_a_token"),
            Unit("gateway/store", "sealed_values_cannot_be_swapped"),
        ],
    ),
    // What comes from others.
    ("SU-01", &[Check(".ci/supply", "cargo-audit"), Check(".ci/supply", "cargo-deny")]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The Rust files of a folder and of those in it.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}

/// Whether a test of this name is in a file.
fn has_test(file: &Path, name: &str) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let mut marked = false;
    text.lines().map(str::trim).any(|line| {
        let found =
            marked && (line.starts_with(&format!("fn {name}(")) || line.starts_with(&format!("async fn {name}(")));
        marked = line.starts_with("#[test]") || line.starts_with("#[tokio::test") || (marked && line.starts_with("#["));
        found
    })
}

/// What is wrong with a claim.
fn objection(id: &str, claim: Where, ids: &BTreeSet<String>) -> Option<String> {
    let holds = match claim {
        Table => ids.contains(id),
        Attack(name) => sources(&root().join("tests/attack")).iter().any(|file| has_test(file, name)),
        Story(file, name) => has_test(&root().join(format!("tests/journeys/{file}.rs")), name),
        Unit(folder, name) => sources(&root().join(folder)).iter().any(|file| has_test(file, name)),
        Check(file, words) => std::fs::read_to_string(root().join(file)).is_ok_and(|text| text.contains(words)),
        Later(why) => !why.is_empty(),
    };
    (!holds).then(|| format!("{id}: {claim:?} is not there"))
}

/// The attacks' ids that entries of the table bear.
fn ids_of_table() -> BTreeSet<String> {
    let id = |name: &str| name.splitn(3, '-').take(2).collect::<Vec<_>>().join("-");
    cases::all().iter().map(|case| id(&case.id)).collect()
}

#[test]
fn every_attack_is_in_the_index_once_and_in_order() {
    let all = AREAS.iter().flat_map(|(area, count)| (1..=*count).map(move |number| format!("{area}-{number:02}")));
    let listed: Vec<String> = INDEX.iter().map(|(id, _)| (*id).to_owned()).collect();
    assert_eq!(listed, all.collect::<Vec<_>>());
}

#[test]
fn every_claim_of_the_index_is_true() {
    let ids = ids_of_table();
    let wrong: Vec<String> = INDEX
        .iter()
        .flat_map(|(id, claims)| {
            assert!(!claims.is_empty(), "{id} is tried nowhere and waits for nothing");
            claims.iter().filter_map(|claim| objection(id, *claim, &ids))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_index_knows_every_id_of_the_table() {
    for id in ids_of_table() {
        let claims = INDEX.iter().find(|(listed, _)| *listed == id).map(|(_, claims)| *claims);
        let claims = claims.unwrap_or_else(|| panic!("the table tries {id}, which no attack is called"));
        assert!(
            claims.iter().any(|claim| matches!(claim, Table)),
            "{id} is in the table, and the index does not say so"
        );
    }
}
