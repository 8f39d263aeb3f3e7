//! The gateway as an operator sets it up, and somebody who is signed in with a password and a passcode: through the portal,
//! as everybody is. What is measured starts later, each on a copy of the database in which the session is.

use std::fmt::Write;
use std::path::Path;

use doorward_tests::world::{Installation, Ports, Served, Stage, site, try_exchange};

use crate::contestants::Shape;
use crate::load::Request;
use crate::world::{Manner, Running, World, by, ready, start};

/// The application whose pages are asked for.
const ASKED: &str = "asked";
const HOST: &str = "asked.example.test";
const COOKIE: &str = "__Host-doorward_app";
/// Some cookie of an application's own, as long as [`COOKIE`].
const OTHER_COOKIE: &str = "preferred_typefaces";
/// The value of a session's cookie: 32 bytes as base64.
const SESSION_LENGTH: usize = 43;

pub(crate) struct Sites {
    installation: Installation,
    session: String,
}

impl Sites {
    /// With somebody signed in.
    pub(crate) fn new(origin: u16) -> Self {
        let shape = Shape::Protected(1);
        let installation = site(&policy(shape, ASKED), &[(ASKED, origin, "")], &[]);
        installation.add_user("alice", Some("alice@example.test"), &["staff"]);
        let served = installation.serve();
        let session = signed_in(&served);
        drop(served);
        Self { installation, session }
    }

    fn somebody(&self) -> Request {
        Request { host: HOST.to_owned(), cookie: format!("{COOKIE}={}", self.session) }
    }

    /// Starts a gateway of its own.
    pub(crate) fn start(&self, world: &World, id: &str, shape: Shape, manner: &Manner<'_>) -> Result<Running, String> {
        let (folder, ports) = (world.folder_for(id), Ports::free());
        self.copy_to(&folder);
        std::fs::create_dir(folder.join("policies"))
            .and_then(|()| {
                for (app, _) in applications(shape, 0) {
                    std::fs::write(folder.join(format!("policies/{app}.cedar")), policy(shape, &app))?;
                }
                std::fs::write(
                    folder.join("doorward.toml"),
                    self.configuration(world, &folder, ports, shape, manner.threads),
                )
            })
            .map_err(|cause| format!("its folder: {cause}"))?;
        let mut command = by(manner.runner, world.doorward());
        command.arg("run").arg("-c").arg(folder.join("doorward.toml"));
        let process = start(command, &folder, false)?;
        let request = if shape == Shape::Open { nobody() } else { self.somebody() };
        ready(process, ports.http, request, manner, || {
            let answer = try_exchange(ports.metrics, "GET", "127.0.0.1", "/readyz", &[], b"");
            answer.is_ok_and(|answer| answer.status == 200)
        })
    }

    /// The key, the certificate, and the database with its log.
    fn copy_to(&self, folder: &Path) {
        let files = std::fs::read_dir(self.installation.path("")).expect("the installation is there");
        for file in files.map(|file| file.expect("a name").file_name()) {
            let name = file.to_string_lossy();
            if name.starts_with("doorward.db") || name.starts_with("master.key") || name.starts_with("site.") {
                std::fs::copy(self.installation.path(&name), folder.join(&file)).expect("a file can be copied");
            }
        }
    }

    /// Paths are taken from the configuration's folder, all but the database's.
    fn configuration(&self, world: &World, folder: &Path, ports: Ports, shape: Shape, threads: usize) -> String {
        let text = self.installation.configuration(ports);
        let (text, _) = text.split_once("[virtual_server.default.apps.").expect("applications come last");
        let mut text =
            swapped(text, &self.installation.store, &format!("sqlite://{}", folder.join("doorward.db").display()));
        text = swapped(&text, "threads = 2", &format!("threads = {threads}"));
        for (app, port) in applications(shape, world.origin_port()) {
            // Writing to a string does not fail.
            let _ = writeln!(
                text,
                "[virtual_server.default.apps.{app}]\nname = \"The {app}\"\nurl = \"https://{app}.example.test\"\nupstream = \
                 \"http://127.0.0.1:{port}\"\n"
            );
        }
        text
    }
}

/// Asked by nobody in particular: a cookie as long as that of a session, which is none of the gateway's.
pub(crate) fn nobody() -> Request {
    Request { host: HOST.to_owned(), cookie: format!("{OTHER_COOKIE}={}", "x".repeat(SESSION_LENGTH)) }
}

fn swapped(text: &str, written: &str, other: &str) -> String {
    assert!(text.contains(written), "{written:?} is not in {text}");
    text.replace(written, other)
}

fn applications(shape: Shape, origin: u16) -> Vec<(String, u16)> {
    let count = if let Shape::Protected(count) = shape { count } else { 1 };
    let others = (1..count).map(|number| format!("other{number:05}"));
    std::iter::once(ASKED.to_owned()).chain(others).map(|app| (app, origin)).collect()
}

/// Each application has a file of its own.
fn policy(shape: Shape, app: &str) -> String {
    match shape {
        Shape::Open => format!("@id(\"{app}-open\") permit (principal, action, resource == Application::\"{app}\");\n"),
        Shape::Protected(_) => format!(
            "@id(\"{app}-needs-otp\") permit (principal is User, action == Action::\"access\", resource == \
             Application::\"{app}\") when {{ context.authn.password && context.authn.otp }};\n"
        ),
    }
}

/// Alice enrols an authenticator and is signed in with a password and a passcode: her session at the application.
fn signed_in(served: &Served) -> String {
    let url = served.url(ASKED, "/page");
    let mut alice = served.proxied_visitor();
    let page = alice.ask_for_code(&served.gateway, "alice", &url);
    page.is_at(Stage::Code);
    let code = served.gateway.mail_to("alice@example.test").code();
    let page = alice.type_code(&page, &code);
    let page = alice.choose_ios(&page);
    let phone = page.phone();
    let page = alice.finish(&page, &phone);
    assert_eq!((page.status(), page.url.as_str()), (200, url.as_str()), "{}", page.words());
    let session = alice.cookie(HOST, COOKIE);
    assert_eq!(session.len(), SESSION_LENGTH, "no session at {HOST}");
    session
}
