//! The client: h2load, over HTTP/1.1 on connections that are kept.

use std::process::Command;

use doorward_benches::readings::all_answered;

/// Connections at a time.
pub(crate) const CONNECTIONS: u32 = 32;

/// What is asked, the same for all but host and cookie, and those are of the same kind and length.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) host: String,
    pub(crate) cookie: String,
}

pub(crate) const TARGET: &str = "/page";

/// The gateway's public addresses begin with https; a front proxy on this machine is said to have ended TLS.
pub(crate) const PROTO: (&str, &str) = ("X-Forwarded-Proto", "https");

impl Request {
    /// Asks so often.
    ///
    /// # Errors
    /// When not every single request was answered with a 2xx.
    pub(crate) fn ask(&self, port: u16, requests: u64) -> Result<(), String> {
        let output = Command::new("h2load")
            .args(["--h1", "-t", "1", "-n", &requests.to_string(), "-c", &CONNECTIONS.to_string()])
            .args(["--connect-to", &format!("127.0.0.1:{port}")])
            .args(["-H", &format!("{}: {}", PROTO.0, PROTO.1), "-H", &format!("Cookie: {}", self.cookie)])
            .arg(format!("http://{}{TARGET}", self.host))
            .output()
            .map_err(|cause| format!("h2load does not start: {cause}"))?;
        all_answered(&String::from_utf8_lossy(&output.stdout), requests)
    }
}
