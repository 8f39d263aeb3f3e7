//! The words of a mail: subject, text and HTML from the same messages.

use std::collections::BTreeMap;
use std::sync::Arc;

use doorward_api::mail::MailKind;
use doorward_api::{Secret, Target, Timestamp, TokenForm};
use minijinja::{Environment, Value, context};
use serde::Serialize;

use crate::error::ViewsError;
use crate::locale::language;
use crate::look::Look;
use crate::palette::Palette;

/// One mail's words. The bodies may hold a code, so they are secrets until they are handed to the mail server.
#[derive(Debug, Clone)]
pub struct MailText {
    /// The subject: one line, without any secret.
    pub subject: String,
    /// The plain text part.
    pub text: Secret,
    /// The HTML part.
    pub html: Secret,
}

/// A mail's fields, read one by one.
struct Fields<'a> {
    mail: &'static str,
    values: &'a BTreeMap<String, Secret>,
}

impl Fields<'_> {
    fn optional(&self, field: &str) -> Option<&str> {
        self.values.get(field).map(Secret::expose).filter(|value| !value.is_empty())
    }

    fn needed(&self, field: &'static str) -> Result<&str, ViewsError> {
        self.optional(field).ok_or(ViewsError::MissingField { mail: self.mail, field })
    }
}

/// The colours that mails have besides black and white. Mail programs know no custom properties: they stand in the templates.
#[derive(Debug, Serialize)]
struct Colours {
    /// A button in the light scheme; its words are white.
    light: String,
    /// Buttons and links in the dark one.
    dark: String,
    /// Words on such a button.
    on_dark: String,
}

impl Default for Colours {
    fn default() -> Self {
        Self { light: "#2447b5".to_owned(), dark: "#9db8ff".to_owned(), on_dark: "#0f141b".to_owned() }
    }
}

impl From<&Palette> for Colours {
    fn from(Palette { light, dark }: &Palette) -> Self {
        Self { light: light.accent.to_string(), dark: dark.accent.to_string(), on_dark: dark.on_accent.to_string() }
    }
}

/// Renders a mail.
pub(crate) fn render(
    env: &Environment<'static>,
    kind: MailKind,
    tag: &str,
    fields: &BTreeMap<String, Secret>,
    brand: &str,
    look: &Arc<Look>,
) -> Result<MailText, ViewsError> {
    let fields = Fields { mail: kind.as_str(), values: fields };
    let own = match kind {
        MailKind::VerificationCode => verification_code(&fields)?,
        MailKind::EnrolmentNotice => enrolment_notice(&fields)?,
        MailKind::EnrolmentReminder => enrolment_reminder(&fields)?,
        MailKind::EnrolmentApproved => enrolment_approved(&fields)?,
        MailKind::RecoveryCodeUsed => recovery_code_used(&fields)?,
        MailKind::RecoveryCodesMade => recovery_codes_made(&fields)?,
        MailKind::AuthenticatorRemoved => authenticator_removed(&fields)?,
        MailKind::Provisioning => provisioning(&fields)?,
    };
    let context = context! { ..own, ..common(tag, brand, look) };
    let subject = one_line(&env.render_str(subject(kind), &context)?);
    let context = context! { subject => subject, ..context };
    let part = |extension: &str| -> Result<Secret, ViewsError> {
        let template = env.get_template(&format!("mail/{}.{extension}", kind.as_str()))?;
        Ok(Secret::new(template.render(&context)?))
    };
    Ok(MailText { text: part("txt")?, html: part("html")?, subject })
}

/// What every mail is rendered with besides its own fields.
fn common(tag: &str, brand: &str, look: &Arc<Look>) -> Value {
    context! {
        lang => language(tag),
        brand => one_line(look.product_name().unwrap_or(brand)),
        support => look.support().map(one_line),
        support_url => look.support_url(),
        colours => look.palette().map(Colours::from).unwrap_or_default(),
        look => Value::from_dyn_object(look.clone()),
    }
}

/// The template of a subject.
const fn subject(kind: MailKind) -> &'static str {
    match kind {
        MailKind::VerificationCode => "{{ text('mail-code-subject', brand=brand) }}",
        MailKind::EnrolmentNotice => "{{ text('mail-notice-subject', brand=brand) }}",
        MailKind::EnrolmentReminder => "{{ text('mail-reminder-subject', brand=brand, deadline=deadline) }}",
        MailKind::EnrolmentApproved => "{{ text('mail-approved-subject', brand=brand) }}",
        MailKind::RecoveryCodeUsed => "{{ text('mail-recovery-subject', brand=brand) }}",
        MailKind::RecoveryCodesMade => "{{ text('mail-codes-subject', brand=brand) }}",
        MailKind::AuthenticatorRemoved => "{{ text('mail-removed-subject', brand=brand) }}",
        MailKind::Provisioning => "{{ text('mail-provisioning-subject', brand=brand) }}",
    }
}

fn verification_code(fields: &Fields<'_>) -> Result<Value, ViewsError> {
    Ok(context! {
        code => fields.needed("code")?,
        minutes => count(fields.needed("minutes")?),
        app => fields.optional("app").map(one_line),
        sent_at => fields.optional("sent_at").map(moment),
    })
}

fn enrolment_notice(fields: &Fields<'_>) -> Result<Value, ViewsError> {
    Ok(context! { rows => device_when_and_where(fields)?, dispute_url => fields.needed("dispute_url")? })
}

/// What it is about, when, and from where.
fn device_when_and_where(fields: &Fields<'_>) -> Result<Vec<Value>, ViewsError> {
    let device = fields.needed("device")?;
    let mut rows = vec![match Target::parse(device) {
        None if device == TokenForm::Passkey.as_str() => {
            context! { label => "mail-notice-device", key => "passkeys-one" }
        }
        Some(target) => context! { label => "mail-notice-device", key => format!("device-{}", target.as_str()) },
        None => row("mail-notice-device", one_line(device)),
    }];
    rows.extend(when_and_where(fields)?);
    Ok(rows)
}

/// A row of a mail's facts that says the same in every language.
fn row(label: &str, value: String) -> Value {
    context! { label, value, key => None::<String> }
}

/// When something was done, and from where as far as that is known.
fn when_and_where(fields: &Fields<'_>) -> Result<Vec<Value>, ViewsError> {
    let mut rows = vec![row("mail-notice-when", moment(fields.needed("when")?))];
    if let Some(address) = fields.optional("address") {
        rows.push(row("mail-notice-address", one_line(address)));
    }
    Ok(rows)
}

fn enrolment_reminder(fields: &Fields<'_>) -> Result<Value, ViewsError> {
    Ok(context! {
        deadline => one_line(fields.needed("deadline")?),
        days => count(fields.needed("days")?),
        portal_url => fields.needed("portal_url")?,
        app => fields.optional("app").map(one_line),
    })
}

fn enrolment_approved(fields: &Fields<'_>) -> Result<Value, ViewsError> {
    Ok(context! { portal_url => fields.needed("portal_url")?, until => moment(fields.needed("until")?) })
}

fn recovery_code_used(fields: &Fields<'_>) -> Result<Value, ViewsError> {
    Ok(context! {
        rows => when_and_where(fields)?,
        left => count(fields.needed("left")?),
        portal_url => fields.needed("portal_url")?,
    })
}

fn recovery_codes_made(fields: &Fields<'_>) -> Result<Value, ViewsError> {
    Ok(context! { rows => when_and_where(fields)?, portal_url => fields.needed("portal_url")? })
}

fn authenticator_removed(fields: &Fields<'_>) -> Result<Value, ViewsError> {
    Ok(context! {
        rows => device_when_and_where(fields)?,
        by_operator => fields.optional("by") == Some("operator"),
        portal_url => fields.needed("portal_url")?,
    })
}

fn provisioning(fields: &Fields<'_>) -> Result<Value, ViewsError> {
    Ok(context! {
        link => fields.needed("link")?,
        until => moment(fields.needed("until")?),
        note => fields.optional("note").map(one_line),
    })
}

/// A number chooses its plural; anything else is shown as it is.
fn count(field: &str) -> Value {
    field.parse::<u32>().map_or_else(|_| Value::from(field), Value::from)
}

/// A point in time: milliseconds or RFC 3339 become `2026-11-24 14:32 UTC`, anything else is shown as it is.
fn moment(field: &str) -> String {
    if let Ok(millis) = field.parse::<i64>() {
        return format!("{} UTC", Timestamp::from_millis(millis).minute_utc());
    }
    match (field.get(..10), field.get(10..11), field.get(11..16)) {
        (Some(day), Some("T"), Some(clock)) if field.ends_with('Z') => format!("{day} {clock} UTC"),
        _ => one_line(field),
    }
}

/// Without line breaks and other control characters: what may stand in a subject (ML-01).
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
