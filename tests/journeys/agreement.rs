//! Properties of the running gateway: whatever spelling a target comes in, the policy judges the very bytes that the
//! application receives, and the log tells of the same.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::world::{Origin, Served, send_raw, site};

/// Two open subtrees; all else is closed.
const POLICIES: &str = r#"
@id("open") permit (principal, action, resource) when {
    context.prefixes.contains("/public") || context.prefixes.contains("/docs/open")
};
"#;

/// How many targets each run makes up.
const TARGETS: usize = 400;

/// What the policies say of a path, said once more without them.
fn is_open(path: &str) -> bool {
    ["/public", "/docs/open"].iter().any(|open| path == *open || path.starts_with(&format!("{open}/")))
}

/// Always the same numbers (splitmix64), so that a failure comes again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(most).unwrap()).unwrap()
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// A target made of what paths are attacked with.
    fn target(&mut self) -> String {
        const PIECES: [&str; 34] = [
            "public",
            "public",
            "docs",
            "open",
            "admin",
            "Public",
            "%70ublic",
            "%50ublic",
            "pu%62lic",
            "..",
            "..",
            ".",
            "%2e%2e",
            ".%2e",
            "%2E",
            "%252e",
            "..;",
            ";x=1",
            "%3b",
            "%2f",
            "%2F",
            "%5c",
            "",
            "",
            "%00",
            "%c0%ae",
            "%7e",
            "~",
            "a b",
            "%20",
            "%41",
            "é",
            "x?y=/public",
            "*",
        ];
        let count = 1 + self.below(6);
        (0..count).fold(String::new(), |path, _| format!("{path}/{}", self.one_of(&PIECES)))
    }
}

struct Asked {
    target: String,
    status: u16,
    request_id: String,
    /// The request line that the application shows.
    line: Option<String>,
}

fn ask(served: &Served, app: &str, target: &str) -> Asked {
    let request = format!("GET {target} HTTP/1.1\r\nHost: {app}.example.test\r\nConnection: close\r\n\r\n");
    let answer = String::from_utf8_lossy(&send_raw(served.ports.http, request.as_bytes())).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer.as_str(), ""));
    let request_id =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("x-request-id: ").map(str::to_owned));
    Asked {
        target: target.to_owned(),
        status: status.unwrap_or_else(|| panic!("no answer to {target:?}")),
        request_id: request_id.unwrap_or_else(|| panic!("an answer without a request id: {head}")),
        line: body.lines().next().filter(|line| line.ends_with(" HTTP/1.1")).map(str::to_owned),
    }
}

/// The access log's lines by request id.
fn access_log(served: &Served, last: &str) -> BTreeMap<String, Value> {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        let lines = served.gateway.log.lock().unwrap().clone();
        let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let of_requests = lines.filter(|line| line["target"] == "access");
        let by_id: BTreeMap<String, Value> =
            of_requests.filter_map(|line| Some((line["fields"]["request_id"].as_str()?.to_owned(), line))).collect();
        if by_id.contains_key(last) || std::time::Instant::now() > end {
            return by_id;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn what_is_judged_is_what_the_application_receives_and_what_the_log_says() {
    let origin = Origin::start();
    const EVERYTHING: &str = "encoded_slash = true\nsemicolon = true\ndouble_slash = true";
    let installation = site(POLICIES, &[("strict", origin.port, ""), ("lenient", origin.port, EVERYTHING)], &[]);
    let served = installation.serve();
    let mut dice = Dice(20_261_124);
    let (mut admitted, mut refused, mut changed) = (0, 0, 0);
    let mut asked = Vec::new();
    for app in ["strict", "lenient"] {
        for _ in 0..TARGETS / 2 {
            asked.push(ask(&served, app, &dice.target()));
        }
    }
    let log = access_log(&served, &asked.last().unwrap().request_id);
    for Asked { target, status, request_id, line } in &asked {
        let logged = log.get(request_id).unwrap_or_else(|| panic!("{target:?} is not in the log"));
        let Some(line) = line else {
            assert_ne!(*status, 200, "{target:?}");
            refused += 1;
            continue;
        };
        let received = line.split(' ').nth(1).unwrap();
        let path = received.split('?').next().unwrap();
        assert!(is_open(path), "{target:?} came through as {received:?}");
        assert_eq!(logged["fields"]["path"].as_str(), Some(path), "{target:?}: the log says otherwise");
        assert_eq!(logged["fields"]["decision"].as_str(), Some("admit"), "{target:?}");
        admitted += 1;
        changed += usize::from(received != target);
    }
    assert_eq!(origin.heads().len(), admitted, "nothing else reached the application");
    assert!(
        admitted > 20 && refused > 100 && changed > 5,
        "{admitted} admitted, {changed} of them rewritten; {refused} not"
    );
}
