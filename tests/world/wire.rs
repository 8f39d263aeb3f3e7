//! The ways by which a visitor's requests get to a gateway.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::http::{Answer, NoAnswer, attempt, try_exchange};

/// One of them.
#[derive(Debug, Clone)]
pub enum Wire {
    /// Plain HTTP/1.1, as bytes.
    Plain(u16),
    /// Plain HTTP/1.1, as bytes, from a front proxy on this machine that has ended TLS.
    FrontProxy(u16),
    /// `curl` over TLS.
    Curl(Curl),
}

impl Wire {
    /// One request to `url`'s authority and target, and its answer, or why there is none.
    pub fn exchange(
        &mut self,
        method: &str,
        authority: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, String> {
        match self {
            Wire::Plain(port) => try_exchange(*port, method, authority, target, headers, body),
            Wire::FrontProxy(port) => {
                let headers = [headers, &[("X-Forwarded-Proto", "https")]].concat();
                try_exchange(*port, method, authority, target, &headers, body)
            }
            Wire::Curl(curl) => Ok(curl.exchange(method, &format!("https://{authority}{target}"), headers, body)),
        }
    }

    /// The same, waited for so long at the most, and telling whether it may have done something when there is no answer.
    pub fn attempt(
        &mut self,
        method: &str,
        authority: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        patience: Duration,
    ) -> Result<Answer, NoAnswer> {
        match self {
            Wire::Plain(port) => attempt(*port, method, authority, target, headers, body, patience),
            Wire::FrontProxy(port) => {
                let headers = [headers, &[("X-Forwarded-Proto", "https")]].concat();
                attempt(*port, method, authority, target, &headers, body, patience)
            }
            Wire::Curl(curl) => {
                curl.attempt(method, &format!("https://{authority}{target}"), headers, body, patience).map_err(|end| {
                    // 7: nobody could be connected to.
                    if end.code == Some(7) { NoAnswer::NotSent } else { NoAnswer::Unknown }
                })
            }
        }
    }
}

/// How `curl` ended without an answer.
#[derive(Debug)]
struct CurlEnd {
    code: Option<i32>,
    said: String,
}

/// `curl`, which verifies the certificate, chooses the protocol version, and keeps cookies by its own rules: a `__Host-` cookie
/// that is not `Secure`, or has a `Domain`, or another path than `/`, is none for it.
#[derive(Debug, Clone)]
pub struct Curl {
    /// Whatever host is asked for, this port is it.
    pub port: u16,
    /// The certificate that is believed.
    pub authority: PathBuf,
    pub http2: bool,
    /// Where the gateway is: loopback.
    pub address: String,
    /// What `curl` is run by: nothing, or what puts it elsewhere in the network.
    pub run_by: Vec<String>,
    /// The jar's file, as `curl` wrote it.
    jar: String,
}

impl Curl {
    pub fn new(port: u16, authority: PathBuf, http2: bool) -> Self {
        Self { port, authority, http2, address: "127.0.0.1".to_owned(), run_by: Vec::new(), jar: String::new() }
    }

    /// What is in the jar, by host and name.
    pub fn cookies(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let mut all: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for line in self.jar.lines().map(|line| line.strip_prefix("#HttpOnly_").unwrap_or(line)) {
            let [host, _, _, _, _, name, value] = line.split('\t').collect::<Vec<_>>()[..] else { continue };
            all.entry(host.to_owned()).or_default().insert(name.to_owned(), value.to_owned());
        }
        all
    }

    fn exchange(&mut self, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.attempt(method, url, headers, body, Duration::from_secs(60))
            .unwrap_or_else(|end| panic!("curl {method} {url}: {:?} {}", end.code, end.said))
    }

    fn attempt(
        &mut self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        patience: Duration,
    ) -> Result<Answer, CurlEnd> {
        let folder = tempfile::tempdir().unwrap();
        let jar = folder.path().join("jar");
        std::fs::write(&jar, &self.jar).unwrap();
        let words = self.run_by.iter().map(String::as_str).chain(["curl"]).collect::<Vec<_>>();
        let mut command = Command::new(words[0]);
        command
            .args(&words[1..])
            .args(["--silent", "--show-error", "--include", "--globoff", "--path-as-is"])
            .args(["--max-time", &patience.as_secs_f64().to_string()])
            .args(["--noproxy", "*", "--connect-to", &format!("::{}:{}", self.address, self.port)])
            .arg(if self.http2 { "--http2" } else { "--http1.1" })
            .arg("--cacert")
            .arg(&self.authority)
            .arg("--cookie")
            .arg(&jar)
            .arg("--cookie-jar")
            .arg(&jar);
        match method {
            "HEAD" => command.arg("--head"),
            _ => command.args(["--request", method]),
        };
        for (name, value) in headers {
            command.args(["--header", &format!("{name}: {value}")]);
        }
        if !body.is_empty() || method == "POST" {
            command.args(["--data-binary", "@-"]);
        }
        let mut child =
            command.arg(url).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // curl may have gone already: its own words say why.
        let _ = child.stdin.take().unwrap().write_all(body);
        let output = child.wait_with_output().unwrap();
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(CurlEnd { code: output.status.code(), said });
        }
        self.jar = std::fs::read_to_string(&jar).unwrap();
        let (version, answer) = read(&output.stdout);
        assert_eq!(version, if self.http2 { "HTTP/2" } else { "HTTP/1.1" }, "{method} {url}");
        Ok(answer)
    }
}

/// The protocol's version and the answer.
fn read(raw: &[u8]) -> (String, Answer) {
    let end = raw.windows(4).position(|w| w == b"\r\n\r\n").expect("curl shows a whole head");
    let head = String::from_utf8_lossy(&raw[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let version = first.next().unwrap().to_owned();
    let status: u16 = first.next().unwrap().parse().unwrap();
    if (100..200).contains(&status) {
        return read(&raw[end + 4..]);
    }
    let headers =
        lines.filter_map(|line| line.split_once(':').map(|(n, v)| (n.to_owned(), v.trim().to_owned()))).collect();
    (version, Answer { status, headers, body: raw[end + 4..].to_vec() })
}
