//! A real PHP application. PHP turns header names into variables and folds them on the way, which is why an alias of a
//! name is as good as the name itself.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::gateway::free_port;
use super::nginx::pages;

/// Says what it understood of a request.
const APPLICATION: &str = r#"<?php
if (str_starts_with($_SERVER['REQUEST_URI'], '/evil')) {
    header('Set-Cookie: theirs=1; Path=/', false);
    header('Set-Cookie: doorward_app=evil; Path=/', false);
    header('Set-Cookie: __Host-doorward_app=evil; Path=/; Secure', false);
    header('Remote-User: evil');
    header('X_Remote_User: evil');
}
header('Content-Type: application/json');
echo json_encode(['server' => $_SERVER, 'cookies' => $_COOKIE], JSON_PARTIAL_OUTPUT_ON_ERROR);
"#;

/// A running application; ended when dropped.
pub struct Php {
    pub port: u16,
    child: Child,
    _folder: tempfile::TempDir,
}

impl Php {
    /// An application that says what it understood.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("index.php");
        std::fs::write(&script, APPLICATION).unwrap();
        Self::serve(folder, Some(&script))
    }

    /// PHP's own server with a public and an administration's page, in files.
    pub fn pages() -> Self {
        Self::serve(pages(), None)
    }

    fn serve(folder: tempfile::TempDir, script: Option<&Path>) -> Self {
        let port = free_port();
        let child = Command::new("php")
            .args(["-S", &format!("127.0.0.1:{port}"), "-t"])
            .arg(folder.path())
            .args(script)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("php is installed (make test does so)");
        let php = Self { port, child, _folder: folder };
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "PHP does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        php
    }
}

impl Drop for Php {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
