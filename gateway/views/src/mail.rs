//! The words of a mail: subject, text and HTML from the same messages.

use std::collections::BTreeMap;

use doorward_api::mail::MailKind;
use doorward_api::{Secret, Target, Timestamp};
use minijinja::{Environment, Value, context};

use crate::error::ViewsError;
use crate::locale::language;

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

/// Renders a mail.
pub(crate) fn render(
    env: &Environment<'static>,
    kind: MailKind,
    tag: &str,
    fields: &BTreeMap<String, Secret>,
    brand: &str,
) -> Result<MailText, ViewsError> {
    let fields = Fields { mail: kind.as_str(), values: fields };
    let common = context! { lang => language(tag), brand => one_line(brand) };
    let context = match kind {
        MailKind::VerificationCode => context! { ..verification_code(&fields)?, ..common },
        MailKind::EnrolmentNotice => context! { ..enrolment_notice(&fields)?, ..common },
    };
    let subject = match kind {
        MailKind::VerificationCode => {
            env.render_str("{{ text('mail-code-subject', brand=brand) }}", context.clone())?
        }
        MailKind::EnrolmentNotice => {
            env.render_str("{{ text('mail-notice-subject', brand=brand) }}", context.clone())?
        }
    };
    let subject = one_line(&subject);
    let context = context! { subject => subject, ..context };
    let part = |extension: &str| -> Result<Secret, ViewsError> {
        let template = env.get_template(&format!("mail/{}.{extension}", kind.as_str()))?;
        Ok(Secret::new(template.render(&context)?))
    };
    Ok(MailText { text: part("txt")?, html: part("html")?, subject })
}

fn verification_code(fields: &Fields<'_>) -> Result<Value, ViewsError> {
    let minutes = fields.needed("minutes")?;
    Ok(context! {
        code => fields.needed("code")?,
        // A number chooses its plural; anything else is shown as it is.
        minutes => minutes.parse::<u32>().map_or_else(|_| Value::from(minutes), Value::from),
        app => fields.optional("app").map(one_line),
        sent_at => fields.optional("sent_at").map(moment),
    })
}

fn enrolment_notice(fields: &Fields<'_>) -> Result<Value, ViewsError> {
    let device = fields.needed("device")?;
    let text = |label: &str, value: String| context! { label, value, key => None::<String> };
    let mut rows = vec![match Target::parse(device) {
        Some(target) => context! { label => "mail-notice-device", key => format!("device-{}", target.as_str()) },
        None => text("mail-notice-device", one_line(device)),
    }];
    rows.push(text("mail-notice-when", moment(fields.needed("when")?)));
    if let Some(address) = fields.optional("address") {
        rows.push(text("mail-notice-address", one_line(address)));
    }
    Ok(context! { rows, dispute_url => fields.needed("dispute_url")? })
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
