//! What is built in: every template, file of words and asset, by its path below the folder of templates. One list by
//! hand; a file that is not here does not exist, and a test compares the list with the folder.

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../../templates/", $path)))),+]
    };
}

/// A file: its path below the folder of templates, and its content.
pub(crate) type File = (&'static str, &'static str);

/// Pages: the frame first, then the parts pages share, then the pages in the order people meet them.
pub(crate) const PAGES: &[File] = files![
    "pages/base.html",
    "pages/step.html",
    "pages/parts/back_button.html",
    "pages/parts/back_form.html",
    "pages/parts/contact.html",
    "pages/parts/field_error.html",
    "pages/parts/form_ids.html",
    "pages/parts/notice.html",
    "pages/parts/otp.html",
    "pages/parts/stand_in.html",
    "pages/parts/push.html",
    "pages/parts/passkey_asked.html",
    "pages/parts/passkey.html",
    "pages/parts/signing_in_as.html",
    "pages/parts/targets.html",
    "pages/name.html",
    "pages/password.html",
    "pages/passcode.html",
    "pages/need_authenticator.html",
    "pages/check_email.html",
    "pages/ask_approval.html",
    "pages/help_desk_code.html",
    "pages/choose_kind.html",
    "pages/choose_device.html",
    "pages/install.html",
    "pages/parts/activate_install.html",
    "pages/parts/activate_code.html",
    "pages/parts/activate_renew.html",
    "pages/parts/activate_stage.html",
    "pages/parts/activate_theirs.html",
    "pages/parts/other_kinds.html",
    "pages/activate.html",
    "pages/first_passcode.html",
    "pages/new_pin.html",
    "pages/parts/challenge.html",
    "pages/ended.html",
    "pages/start.html",
    "pages/parts/own_name.html",
    "pages/parts/own_facts.html",
    "pages/parts/own_passcode.html",
    "pages/own.html",
    "pages/own_token.html",
    "pages/own_lost.html",
    "pages/own_add.html",
    "pages/own_remove.html",
    "pages/own_sign_out.html",
    "pages/own_recovery.html",
    "pages/own_codes.html",
    "pages/passkeys.html",
    "pages/passkeys_add.html",
    "pages/passkeys_remove.html",
    "pages/by_mail.html",
    "pages/message.html",
];

/// The console's pages: the frame, the parts, the pages.
pub(crate) const ADMIN: &[File] = files![
    "admin/base.html",
    "admin/parts/menu.html",
    "admin/parts/said.html",
    "admin/parts/label.html",
    "admin/parts/linked.html",
    "admin/parts/told.html",
    "admin/parts/from_to.html",
    "admin/parts/fault.html",
    "admin/parts/fault_label.html",
    "admin/parts/field_error.html",
    "admin/parts/summary.html",
    "admin/parts/warnings.html",
    "admin/parts/conflict.html",
    "admin/parts/swatch.html",
    "admin/parts/field_words.html",
    "admin/parts/field.html",
    "admin/parts/read.html",
    "admin/parts/targets.html",
    "admin/parts/kinds.html",
    "admin/parts/proof.html",
    "admin/parts/tester.html",
    "admin/parts/change.html",
    "admin/parts/changes.html",
    "admin/parts/log.html",
    "admin/parts/done.html",
    "admin/parts/access_tabs.html",
    "admin/parts/decision.html",
    "admin/parts/decision_rows.html",
    "admin/parts/through.html",
    "admin/parts/task_links.html",
    "admin/parts/tasks.html",
    "admin/parts/token_line.html",
    "admin/parts/find.html",
    "admin/parts/rule_words.html",
    "admin/parts/rules.html",
    "admin/parts/offer.html",
    "admin/parts/logo.html",
    "admin/parts/own_words.html",
    "admin/parts/permissions.html",
    "admin/parts/role_choices.html",
    "admin/signin.html",
    "admin/setup.html",
    "admin/start.html",
    "admin/setting.html",
    "admin/words.html",
    "admin/operators.html",
    "admin/operator.html",
    "admin/invited.html",
    "admin/roles.html",
    "admin/role.html",
    "admin/keys.html",
    "admin/key_new.html",
    "admin/key_made.html",
    "admin/approvals.html",
    "admin/approval.html",
    "admin/account.html",
    "admin/users.html",
    "admin/user.html",
    "admin/requests.html",
    "admin/tokens.html",
    "admin/token.html",
    "admin/provisioning.html",
    "admin/provisioning_preview.html",
    "admin/provisioning_rules.html",
    "admin/provisioning_task.html",
    "admin/groups.html",
    "admin/group.html",
    "admin/task.html",
    "admin/given.html",
    "admin/verification.html",
    "admin/access_policies.html",
    "admin/access_explain.html",
    "admin/access_cases.html",
    "admin/access_replay.html",
    "admin/access_shadow.html",
    "admin/access_decisions.html",
    "admin/import.html",
    "admin/job.html",
    "admin/parts/looking.html",
    "admin/parts/sums.html",
    "admin/audit.html",
    "admin/history.html",
    "admin/funnel.html",
    "admin/missing.html",
    "admin/message.html",
];

/// Mails: the frame, then two parts of each kind.
pub(crate) const MAILS: &[File] = files![
    "mail/base.html",
    "mail/parts/help.html",
    "mail/parts/help.txt",
    "mail/verification_code.html",
    "mail/verification_code.txt",
    "mail/enrolment_notice.html",
    "mail/enrolment_notice.txt",
    "mail/enrolment_reminder.html",
    "mail/enrolment_reminder.txt",
    "mail/enrolment_approved.html",
    "mail/enrolment_approved.txt",
    "mail/recovery_code_used.html",
    "mail/recovery_code_used.txt",
    "mail/recovery_codes_made.html",
    "mail/recovery_codes_made.txt",
    "mail/authenticator_removed.html",
    "mail/authenticator_removed.txt",
    "mail/provisioning.html",
    "mail/provisioning.txt",
];

/// Words: one file for each of [`LANGUAGES`](crate::locale::LANGUAGES), in their order.
pub(crate) const LOCALES: &[File] = files![
    "locales/en.ftl",
    "locales/de.ftl",
    "locales/fr.ftl",
    "locales/es.ftl",
    "locales/it.ftl",
    "locales/pt-BR.ftl",
    "locales/nl.ftl",
    "locales/pl.ftl",
    "locales/ja.ftl",
    "locales/zh-Hans.ftl",
    "locales/ar.ftl",
];

/// Assets, served below `/assets/`.
pub(crate) const STATIC: &[File] =
    files!["static/doorward.css", "static/console.css", "static/doorward.js", "static/passkey.js", "static/logo.svg"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use super::*;

    fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { files_below(&path, found) } else { found.push(path) }
        }
    }

    #[test]
    fn the_list_is_the_folder() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates");
        let mut found = Vec::new();
        files_below(&root, &mut found);
        let on_disk: BTreeSet<String> =
            found.iter().map(|p| p.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/")).collect();
        let listed: BTreeSet<String> =
            [PAGES, ADMIN, MAILS, LOCALES, STATIC].concat().iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(on_disk, listed);
    }
}
