//! The app's files, as they are served below `/a/`. Nothing is built: what stands in `app/` is what a browser gets.

use std::borrow::Cow;

use doorward_api::device::AppFile;
use serde_json::{Value, json};

/// What the app may load and do. The OPAQUE client is WebAssembly; the service worker's address is the one script
/// address that the app makes itself.
pub(crate) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; \
     style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; \
     manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types doorward-sw";

/// What is served, by its path below `/a/`.
const FILES: &[(&str, &[u8])] = &[
    ("index.html", include_bytes!("../app/index.html")),
    ("activation.js", include_bytes!("../app/activation.js")),
    ("app.js", include_bytes!("../app/app.js")),
    ("camera.js", include_bytes!("../app/camera.js")),
    ("install.js", include_bytes!("../app/install.js")),
    ("main.js", include_bytes!("../app/main.js")),
    ("passcode.js", include_bytes!("../app/passcode.js")),
    ("pinfields.js", include_bytes!("../app/pinfields.js")),
    ("problems.js", include_bytes!("../app/problems.js")),
    ("route.js", include_bytes!("../app/route.js")),
    ("shell.js", include_bytes!("../app/shell.js")),
    ("style.css", include_bytes!("../app/style.css")),
    ("sw.js", include_bytes!("../app/sw.js")),
    ("ui.js", include_bytes!("../app/ui.js")),
    ("unlock.js", include_bytes!("../app/unlock.js")),
    ("watch.js", include_bytes!("../app/watch.js")),
    ("words.js", include_bytes!("../app/words.js")),
    ("worker.js", include_bytes!("../app/worker.js")),
    ("core/account.js", include_bytes!("../app/core/account.js")),
    ("core/activate.js", include_bytes!("../app/core/activate.js")),
    ("core/agree.js", include_bytes!("../app/core/agree.js")),
    ("core/bio.js", include_bytes!("../app/core/bio.js")),
    ("core/bytes.js", include_bytes!("../app/core/bytes.js")),
    ("core/call.js", include_bytes!("../app/core/call.js")),
    ("core/device.js", include_bytes!("../app/core/device.js")),
    ("core/error.js", include_bytes!("../app/core/error.js")),
    ("core/index.js", include_bytes!("../app/core/index.js")),
    ("core/link.js", include_bytes!("../app/core/link.js")),
    ("core/otp.js", include_bytes!("../app/core/otp.js")),
    ("core/pin.js", include_bytes!("../app/core/pin.js")),
    ("core/push.js", include_bytes!("../app/core/push.js")),
    ("core/scan.js", include_bytes!("../app/core/scan.js")),
    ("core/seal.js", include_bytes!("../app/core/seal.js")),
    ("core/store.js", include_bytes!("../app/core/store.js")),
    ("icons/apple-touch.png", include_bytes!("../app/icons/apple-touch.png")),
    ("icons/badge-96.png", include_bytes!("../app/icons/badge-96.png")),
    ("icons/badge.svg", include_bytes!("../app/icons/badge.svg")),
    ("icons/icon-192.png", include_bytes!("../app/icons/icon-192.png")),
    ("icons/icon-512.png", include_bytes!("../app/icons/icon-512.png")),
    ("icons/logo.svg", include_bytes!("../app/icons/logo.svg")),
    ("icons/maskable-192.png", include_bytes!("../app/icons/maskable-192.png")),
    ("icons/maskable-512.png", include_bytes!("../app/icons/maskable-512.png")),
    ("icons/maskable.svg", include_bytes!("../app/icons/maskable.svg")),
    ("locales/ar.json", include_bytes!("../app/locales/ar.json")),
    ("locales/de.json", include_bytes!("../app/locales/de.json")),
    ("locales/en.json", include_bytes!("../app/locales/en.json")),
    ("locales/es.json", include_bytes!("../app/locales/es.json")),
    ("locales/fr.json", include_bytes!("../app/locales/fr.json")),
    ("locales/it.json", include_bytes!("../app/locales/it.json")),
    ("locales/ja.json", include_bytes!("../app/locales/ja.json")),
    ("locales/nl.json", include_bytes!("../app/locales/nl.json")),
    ("locales/pl.json", include_bytes!("../app/locales/pl.json")),
    ("locales/pt-BR.json", include_bytes!("../app/locales/pt-BR.json")),
    ("locales/zh-Hans.json", include_bytes!("../app/locales/zh-Hans.json")),
    ("vendor/opaque.js", include_bytes!("../app/vendor/opaque.js")),
    ("views/account.js", include_bytes!("../app/views/account.js")),
    ("views/bio.js", include_bytes!("../app/views/bio.js")),
    ("views/change-pin.js", include_bytes!("../app/views/change-pin.js")),
    ("views/check.js", include_bytes!("../app/views/check.js")),
    ("views/code.js", include_bytes!("../app/views/code.js")),
    ("views/consent.js", include_bytes!("../app/views/consent.js")),
    ("views/done.js", include_bytes!("../app/views/done.js")),
    ("views/finish.js", include_bytes!("../app/views/finish.js")),
    ("views/handoff.js", include_bytes!("../app/views/handoff.js")),
    ("views/home.js", include_bytes!("../app/views/home.js")),
    ("views/manage.js", include_bytes!("../app/views/manage.js")),
    ("views/message.js", include_bytes!("../app/views/message.js")),
    ("views/notify.js", include_bytes!("../app/views/notify.js")),
    ("views/opening.js", include_bytes!("../app/views/opening.js")),
    ("views/pin.js", include_bytes!("../app/views/pin.js")),
    ("views/problem.js", include_bytes!("../app/views/problem.js")),
    ("views/remove.js", include_bytes!("../app/views/remove.js")),
    ("views/report.js", include_bytes!("../app/views/report.js")),
    ("views/request.js", include_bytes!("../app/views/request.js")),
    ("views/scan.js", include_bytes!("../app/views/scan.js")),
    ("views/settings.js", include_bytes!("../app/views/settings.js")),
    ("views/unable.js", include_bytes!("../app/views/unable.js")),
    ("views/welcome.js", include_bytes!("../app/views/welcome.js")),
    ("vendor/qr/decode.js", include_bytes!("../app/vendor/qr/decode.js")),
    ("vendor/qr/index.js", include_bytes!("../app/vendor/qr/index.js")),
];

/// What the manifest says whoever asks.
const MANIFEST: &[u8] = include_bytes!("../app/manifest.json");

/// The longest id of a token in an address.
const ID_MAX: usize = 64;

/// 32 bytes in base64url.
const TICKET_LEN: usize = 43;

/// A file by its path, and what the query asks of it.
pub(crate) fn file(path: &str, query: &str, issuer: &str) -> Option<AppFile> {
    match path.strip_prefix("/a/")? {
        "" => stored("index.html"),
        "index.html" => None,
        "manifest.webmanifest" => manifest(query, issuer),
        name => stored(name),
    }
}

fn stored(name: &str) -> Option<AppFile> {
    let (name, body) = FILES.iter().find(|(file, _)| *file == name)?;
    // None carries a hash in its name, so each is asked for anew.
    Some(AppFile { media_type: media_type(name)?, body: Cow::Borrowed(body), immutable: false })
}

fn media_type(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    Some(match ending {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        _ => return None,
    })
}

/// What an installed app is called, and with what it starts: on an iPhone it has a storage of its own, so its start
/// address carries the ticket that the page was given for it.
fn manifest(query: &str, issuer: &str) -> Option<AppFile> {
    let mut manifest: Value = serde_json::from_slice(MANIFEST).ok()?;
    let fields = manifest.as_object_mut()?;
    if !issuer.is_empty() {
        fields.insert("name".to_owned(), json!(format!("{issuer} Authenticator")));
        fields.insert("short_name".to_owned(), json!(issuer));
    }
    if let Some((id, ticket)) = handed_over(query) {
        fields.insert("start_url".to_owned(), json!(format!("/a/?i={id}&t={ticket}")));
    }
    let body = Cow::Owned(serde_json::to_vec(&manifest).ok()?);
    Some(AppFile { media_type: "application/manifest+json", body, immutable: false })
}

/// Token and ticket, where a query carries both in the form that they have.
fn handed_over(query: &str) -> Option<(&str, &str)> {
    let plain = |text: &&str| text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let of = |name: &str| {
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let id = of("i").filter(plain).filter(|id| (1..=ID_MAX).contains(&id.len()))?;
    let ticket = of("t").filter(plain).filter(|ticket| ticket.len() == TICKET_LEN)?;
    Some((id, ticket))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    fn body(path: &str, query: &str) -> String {
        String::from_utf8(file(path, query, "Example Org").unwrap().body.into_owned()).unwrap()
    }

    /// What the app is made of, as it lies in its folder.
    fn lying_there() -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("app");
        let mut folders = vec![root.clone()];
        let mut found = BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true if path.ends_with("tests") || path.ends_with("node_modules") => {}
                    true => folders.push(path),
                    false => found.extend(served_name(&root, path)),
                }
            }
        }
        found
    }

    /// Descriptions of types, tools' settings and licences are not served.
    fn served_name(root: &Path, path: PathBuf) -> Option<String> {
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let settings = ["jsconfig.json", "package.json", "manifest.json", "core/types.js"].contains(&name.as_str());
        let spare = settings || name.ends_with(".d.ts") || media_type(&name).is_none() || name.ends_with(".md");
        (!spare).then_some(name)
    }

    #[test]
    fn every_file_of_the_app_is_served_and_nothing_else() {
        let listed: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(listed, lying_there());
        assert_eq!(listed.len(), FILES.len());
    }

    #[test]
    fn what_the_service_worker_keeps_is_served() {
        let worker = body("/a/sw.js", "");
        let (_, list) = worker.split_once("const FILES = [").unwrap();
        let (list, _) = list.split_once("];").unwrap();
        let names: Vec<&str> = list.split('"').filter(|part| part.starts_with("/a/")).collect();
        assert!(names.len() > 10, "{list}");
        for name in names {
            assert!(file(name, "", "").is_some(), "{name}");
        }
    }

    #[test]
    fn a_file_has_one_address() {
        for path in
            ["/a", "/", "/a/index.html", "/a//main.js", "/a/../main.js", "/a/tests/x.js", "/a/v1/token", "/b/main.js"]
        {
            assert!(file(path, "", "").is_none(), "{path}");
        }
        assert_eq!(file("/a/", "i=x", "").unwrap().media_type, "text/html; charset=utf-8");
        assert_eq!(file("/a/main.js", "", "").unwrap().media_type, "text/javascript; charset=utf-8");
    }

    #[test]
    fn an_installed_app_is_called_after_its_server_and_starts_with_its_ticket() {
        let read = |query: &str| serde_json::from_str::<Value>(&body("/a/manifest.webmanifest", query)).unwrap();
        let plain = read("");
        assert_eq!(plain["name"], "Example Org Authenticator");
        assert_eq!((&plain["id"], &plain["start_url"]), (&json!("/a/"), &json!("/a/")));
        let ticket = "x".repeat(43);
        assert_eq!(read(&format!("i=tok-1&t={ticket}"))["start_url"], format!("/a/?i=tok-1&t={ticket}"));
        for wrong in
            [format!("i=tok-1&t={ticket}y"), format!("i=<script>&t={ticket}"), format!("t={ticket}"), "i=&t=".into()]
        {
            assert_eq!(read(&wrong)["start_url"], "/a/", "{wrong}");
        }
    }
}
