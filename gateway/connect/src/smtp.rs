//! Hands one mail to a mail server over SMTP (RFC 5321), each step within its time.

use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

use doorward_api::Secret;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, AsyncTokioStream, Certificate, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};

use crate::address::{MailAddress, hides_text};
use crate::bounded::{Bounded, Encrypted};

/// How the way to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protection {
    /// Not at all: to a server on this machine only.
    None,
    /// STARTTLS, required: a server that does not offer it gets no mail.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// How mail leaves.
#[derive(Debug, Clone, Default)]
pub struct SmtpSettings {
    /// The server's name; its certificate must bear it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is protected.
    pub protection: Protection,
    /// The sender: `Doorward <doorward@example.org>`, or the address alone.
    pub from: String,
    /// User name and password, if the server asks for them.
    pub login: Option<(String, Secret)>,
    /// A certificate authority of one's own in PEM form, believed besides the public ones.
    pub extra_ca: Option<String>,
}

/// Settings that cannot be. For the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmtpConfigError {
    /// Plain text over a network.
    #[error("mail without TLS goes to a server on this machine only (localhost, 127.0.0.1, ::1), not to {0}")]
    PlainTextAbroad(String),
    /// The sender is none.
    #[error("the sender must be `name@example.org` or `Name <name@example.org>`, without line breaks")]
    From,
    /// The host name or the certificate authority cannot be used for TLS.
    #[error("TLS to the mail server cannot be set up: {0}")]
    Tls(String),
}

/// A mail server, and the way to it.
#[derive(Clone)]
pub struct Smtp {
    host: String,
    port: u16,
    way: Way,
    from: Mailbox,
    login: Option<Credentials>,
    limits: Limits,
}

#[derive(Clone)]
enum Way {
    Plain,
    StartTls(TlsParameters),
    Tls(TlsParameters),
}

/// How long each step may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Connecting, TLS, greeting.
    connect: Duration,
    /// A command.
    command: Duration,
    /// Handing the mail over. Longer, since ending it early leaves open whether it was taken (and then it comes twice).
    content: Duration,
}

impl Limits {
    const DEFAULT: Limits =
        Limits { connect: Duration::from_secs(5), command: Duration::from_secs(5), content: Duration::from_secs(20) };
}

/// Why a mail was not taken. For the log; the server's own words are left out, because they may repeat the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SendError {
    /// The server could not be got to take mail at all: no connection, no TLS, no login, a sender that it does not take. No mail
    /// was handed over.
    #[error("the mail server cannot be used: {0}")]
    Unreachable(String),
    /// Not now: a 4xx reply, or a conversation that broke off. Whether the mail was taken may be open.
    #[error("the mail server did not take the mail: {0}")]
    Later(String),
    /// Never: a 5xx reply to the address of this mail, or to what it says.
    #[error("the mail server refused the mail with {code}")]
    Refused {
        /// The reply code.
        code: String,
    },
}

impl Smtp {
    /// Checks the settings. Nothing is connected to.
    ///
    /// # Errors
    /// [`SmtpConfigError`].
    pub fn new(settings: SmtpSettings) -> Result<Self, SmtpConfigError> {
        let SmtpSettings { host, port, protection, from, login, extra_ca } = settings;
        let from = sender(&from)?;
        let way = match protection {
            Protection::None if on_this_machine(&host) => Way::Plain,
            Protection::None => return Err(SmtpConfigError::PlainTextAbroad(host)),
            Protection::StartTls => Way::StartTls(tls(&host, extra_ca.as_deref())?),
            Protection::Tls => Way::Tls(tls(&host, extra_ca.as_deref())?),
        };
        let login = login.map(|(user, password)| Credentials::new(user, password.expose().to_owned()));
        Ok(Self { host, port, way, from, login, limits: Limits::DEFAULT })
    }

    /// The sender of every mail.
    pub(crate) fn from(&self) -> &Mailbox {
        &self.from
    }

    /// Hands over a mail. `Ok` only after the server has said 250 to the whole of it.
    pub(crate) async fn send(&self, to: &MailAddress, mail: &[u8]) -> Result<(), SendError> {
        let mut server = self.connect().await?;
        let result = self.hand_over(&mut server, to, mail).await;
        // The mail is safe (or not) by now; a server that is slow to say goodbye must not hold anything up.
        tokio::spawn(async move { tokio::time::timeout(Duration::from_secs(1), server.quit()).await });
        result
    }

    /// Up to where the server takes mail.
    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let hello = ClientId::default();
        let mut server = within(self.limits.connect, self.greet(&hello)).await.map_err(unreachable)?;
        if let Way::StartTls(tls) = &self.way {
            within(self.limits.command, server.starttls(tls.clone(), &hello)).await.map_err(unreachable)?;
        }
        if let Some(login) = &self.login {
            within(self.limits.command, server.auth(DEFAULT_MECHANISMS, login)).await.map_err(unreachable)?;
        }
        Ok(server)
    }

    /// Up to the server's answer to EHLO.
    async fn greet(&self, hello: &ClientId) -> Result<AsyncSmtpConnection, StepError> {
        let tcp = Bounded::connect((self.host.as_str(), self.port)).await.map_err(StepError::Network)?;
        let stream: Box<dyn AsyncTokioStream> = match &self.way {
            Way::Tls(tls) => Box::new(Encrypted::over(tcp, tls.clone()).await?),
            Way::Plain | Way::StartTls(_) => Box::new(tcp),
        };
        Ok(AsyncSmtpConnection::connect_with_transport(stream, hello).await?)
    }

    async fn hand_over(
        &self,
        server: &mut AsyncSmtpConnection,
        to: &MailAddress,
        mail: &[u8],
    ) -> Result<(), SendError> {
        let command = self.limits.command;
        let mut parameters = Vec::new();
        if !to.is_ascii() {
            if !server.server_info().supports_feature(Extension::SmtpUtfEight) {
                // 553: mailbox name not allowed. What a server without RFC 6531 would answer.
                return Err(SendError::Refused { code: "553".into() });
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let from = Some(self.from.email.clone());
        within(command, server.command(Mail::new(from, parameters))).await.map_err(of_the_sender)?;
        within(command, server.command(Rcpt::new(to.get().clone(), Vec::new()))).await.map_err(SendError::from)?;
        within(command, server.command(Data)).await.map_err(SendError::from)?;
        // Dots at the start of a line are doubled on the way (RFC 5321 4.5.2).
        within(self.limits.content, server.message(mail)).await.map_err(SendError::from)?;
        Ok(())
    }

    /// The same with other time limits.
    #[cfg(test)]
    pub(crate) fn with_patience(mut self, patience: Duration) -> Self {
        self.limits = Limits { connect: patience, command: patience, content: patience };
        self
    }
}

/// What went wrong in one step.
enum StepError {
    TimedOut,
    Network(std::io::Error),
    Smtp(lettre::transport::smtp::Error),
}

async fn within<T, E: Into<StepError>>(
    limit: Duration,
    step: impl Future<Output = Result<T, E>>,
) -> Result<T, StepError> {
    match tokio::time::timeout(limit, step).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err(StepError::TimedOut),
    }
}

impl From<lettre::transport::smtp::Error> for StepError {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        Self::Smtp(error)
    }
}

impl StepError {
    /// For the log, without the server's own words.
    fn describe(&self) -> String {
        let error = match self {
            StepError::TimedOut => return "it took too long".to_owned(),
            StepError::Network(error) => return error.to_string(),
            StepError::Smtp(error) => error,
        };
        if let Some(code) = error.status() {
            return format!("it answered {code}");
        }
        if error.is_response() {
            return "its answer could not be understood".to_owned();
        }
        // What is left comes from this machine: the socket, the name service, TLS, or what the server does not offer.
        match std::error::Error::source(error) {
            Some(cause) => format!("{cause}"),
            None => format!("{error}"),
        }
    }
}

impl From<StepError> for SendError {
    fn from(error: StepError) -> Self {
        match &error {
            StepError::Smtp(smtp) if smtp.is_permanent() => {
                SendError::Refused { code: smtp.status().map_or_else(|| "5xx".to_owned(), |code| code.to_string()) }
            }
            _ => SendError::Later(error.describe()),
        }
    }
}

/// Before any mail was spoken of, no reply is about a mail.
fn unreachable(error: StepError) -> SendError {
    SendError::Unreachable(error.describe())
}

/// A sender that is refused is no mail's fault: it is the same for every one, and so is what is wrong with it.
fn of_the_sender(error: StepError) -> SendError {
    match SendError::from(error) {
        SendError::Refused { code } => SendError::Unreachable(format!("it refused the sender with {code}")),
        other => other,
    }
}

fn on_this_machine(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The sender, which goes into a header as it is.
fn sender(text: &str) -> Result<Mailbox, SmtpConfigError> {
    if text.contains("=?") || text.chars().any(|c| c.is_control() || hides_text(c)) {
        return Err(SmtpConfigError::From);
    }
    let mailbox: Mailbox = text.parse().map_err(|_| SmtpConfigError::From)?;
    MailAddress::parse(mailbox.email.as_ref()).map_err(|_| SmtpConfigError::From)?;
    Ok(mailbox)
}

/// TLS 1.2 or 1.3, certificate and name checked against the public authorities and the extra one.
fn tls(host: &str, extra_ca: Option<&str>) -> Result<TlsParameters, SmtpConfigError> {
    let wrong = |e: lettre::transport::smtp::Error| SmtpConfigError::Tls(e.to_string());
    let mut builder = TlsParametersBuilder::new(host.to_owned());
    if let Some(pem) = extra_ca {
        builder = builder.add_root_certificate(Certificate::from_pem(pem.as_bytes()).map_err(wrong)?);
    }
    builder.build().map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> SmtpSettings {
        SmtpSettings {
            host: "mail.example.test".into(),
            port: 587,
            from: "Doorward <doorward@example.test>".into(),
            ..SmtpSettings::default()
        }
    }

    fn refused(settings: SmtpSettings) -> Option<SmtpConfigError> {
        Smtp::new(settings).err()
    }

    #[test]
    fn plain_text_leaves_for_this_machine_only() {
        let plain = |host: &str| SmtpSettings { host: host.into(), protection: Protection::None, ..settings() };
        for here in ["localhost", "127.0.0.1", "::1", "127.8.9.1"] {
            assert_eq!(refused(plain(here)), None, "{here}");
        }
        for abroad in ["mail.example.test", "10.0.0.1", "localhost.example.test", "0.0.0.0", ""] {
            assert_eq!(refused(plain(abroad)), Some(SmtpConfigError::PlainTextAbroad(abroad.into())));
        }
    }

    #[test]
    fn the_sender_is_one_address_and_perhaps_a_name() {
        for good in ["doorward@example.test", "Doorward <doorward@example.test>", "Türwächter <a@example.test>"] {
            assert_eq!(refused(SmtpSettings { from: good.into(), ..settings() }), None, "{good}");
        }
        for bad in [
            "",
            "doorward",
            "a@example.test, b@example.test",
            "X\r\nBcc: eve@example.test <a@example.test>",
            "=?utf-8?B?eA==?= <a@example.test>",
            "\u{202e}X <a@example.test>",
        ] {
            assert_eq!(
                refused(SmtpSettings { from: bad.into(), ..settings() }),
                Some(SmtpConfigError::From),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn a_certificate_authority_that_is_none_is_refused() {
        let broken = SmtpSettings {
            extra_ca: Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----".into()),
            ..settings()
        };
        assert!(matches!(refused(broken), Some(SmtpConfigError::Tls(_))));
    }
}
