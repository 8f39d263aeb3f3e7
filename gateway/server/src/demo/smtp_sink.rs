//! The demo's mail server: it accepts every mail over SMTP (RFC 5321) and keeps it for the mailbox page.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use doorward_api::ports::Clock;
use doorward_portal::console::{Mailbox, ReceivedMail};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A running mail server and what it has received.
pub(crate) struct SmtpSink {
    pub(crate) address: SocketAddr,
    mails: Mutex<Vec<ReceivedMail>>,
    stopped: AtomicBool,
    clock: Arc<dyn Clock>,
}

/// The mailbox forgets the oldest beyond this.
const KEPT: usize = 500;
/// A longer mail is refused with 552.
const LARGEST: usize = 1024 * 1024;

impl SmtpSink {
    /// Listens on a free port of loopback and serves until the runtime ends.
    ///
    /// # Errors
    /// When no port can be had.
    pub(crate) async fn start(clock: Arc<dyn Clock>) -> std::io::Result<Arc<Self>> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let sink = Arc::new(Self {
            address: listener.local_addr()?,
            mails: Mutex::default(),
            stopped: AtomicBool::new(false),
            clock,
        });
        let server = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sink = server.clone();
                tokio::spawn(async move {
                    if let Err(error) = sink.converse(stream).await {
                        tracing::debug!(%error, "an SMTP connection of the demo ended");
                    }
                });
            }
        });
        Ok(sink)
    }

    async fn converse(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        if self.stopped.load(Ordering::Relaxed) {
            return stream.get_mut().write_all(b"421 the demo's mail server is stopped\r\n").await;
        }
        stream.get_mut().write_all(b"220 mail.localhost ESMTP Doorward demo\r\n").await?;
        let mut line = Vec::new();
        loop {
            line.clear();
            if stream.read_until(b'\n', &mut line).await? == 0 {
                return Ok(());
            }
            let verb: String = line.iter().take(4).map(|b| b.to_ascii_uppercase() as char).collect();
            let reply: &[u8] = match verb.as_str() {
                "EHLO" => b"250-mail.localhost\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
                "HELO" | "MAIL" | "RCPT" | "RSET" | "NOOP" => b"250 OK\r\n",
                "DATA" => {
                    stream.get_mut().write_all(b"354 go ahead\r\n").await?;
                    match read_data(&mut stream).await? {
                        Some(raw) => {
                            self.keep(&raw);
                            b"250 kept\r\n"
                        }
                        None => b"552 too long\r\n",
                    }
                }
                "QUIT" => {
                    return stream.get_mut().write_all(b"221 bye\r\n").await;
                }
                _ => b"502 not here\r\n",
            };
            stream.get_mut().write_all(reply).await?;
        }
    }

    fn keep(&self, raw: &[u8]) {
        let Some(message) = mail_parser::MessageParser::default().parse(raw) else { return };
        let to = message.to().and_then(|to| to.first()).and_then(|a| a.address()).unwrap_or_default().to_owned();
        let mail = ReceivedMail {
            to,
            subject: message.subject().unwrap_or_default().to_owned(),
            text: message.body_text(0).unwrap_or_default().into_owned(),
            html: message.body_html(0).unwrap_or_default().into_owned(),
            at: self.clock.now().rfc3339(),
        };
        let mut mails = self.mails.lock().unwrap_or_else(PoisonError::into_inner);
        mails.insert(0, mail);
        mails.truncate(KEPT);
    }
}

/// Reads up to the lone dot, unstuffing dots (RFC 5321, 4.5.2). `None` when it is too long.
async fn read_data(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<Vec<u8>>> {
    let mut raw = Vec::new();
    let mut line = Vec::new();
    let mut length = 0;
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 || line == b".\r\n" {
            return Ok((length <= LARGEST).then_some(raw));
        }
        length += line.len();
        if length <= LARGEST {
            raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }
}

impl Mailbox for SmtpSink {
    fn mails(&self) -> Vec<ReceivedMail> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn set_stopped(&self, stopped: bool) {
        self.stopped.store(stopped, Ordering::Relaxed);
    }
}
