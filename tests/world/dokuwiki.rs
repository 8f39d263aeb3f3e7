//! DokuWiki as Debian packages it, unchanged: an application that nobody here wrote and that knows nothing of Doorward. Only its
//! configuration is ours, and a web server's, which says who the user is (`tests/peers/cgi_bridge.py`).

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::gateway::free_port;

/// A wiki with no pages yet; ended when dropped.
pub struct DokuWiki {
    pub port: u16,
    folder: tempfile::TempDir,
    server: Child,
}

/// Below it is the package.
const ROOT: &str = "/usr/share/dokuwiki";

impl DokuWiki {
    pub fn start() -> Self {
        assert!(Path::new(ROOT).join("doku.php").exists(), "DokuWiki is missing (make test installs it)");
        let folder = tempfile::Builder::new().prefix("doorward-dokuwiki-").tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for data in
            ["attic", "cache", "index", "locks", "log", "media", "media_attic", "media_meta", "meta", "pages", "tmp"]
        {
            std::fs::create_dir_all(at("data").join(data)).unwrap();
        }
        std::fs::create_dir(at("conf")).unwrap();
        let conf = format!("<?php define('DOKU_CONF', '{}/');\n", at("conf").display());
        std::fs::write(at("conf.php"), conf).unwrap();
        // Whoever the web server names is the user; there is no list of its own.
        let local = format!("<?php\n$conf['useacl'] = 0;\n$conf['savedir'] = '{}';\n", at("data").display());
        std::fs::write(at("conf/local.php"), local).unwrap();
        let port = free_port();
        let mut server = Command::new("python3")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/cgi_bridge.py"))
            .args([&port.to_string(), ROOT])
            .args([at("conf.php"), at("requests")])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let end = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end && server.try_wait().unwrap().is_none(), "the web server does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Self { port, folder, server }
    }

    /// A file of its data.
    pub fn data(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    /// The requests that reached it, a line each.
    pub fn requests(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("requests")).unwrap_or_default()
    }

    /// The package's files that are not as Debian delivered them, configuration aside.
    pub fn altered_files(&self) -> Vec<String> {
        let output = Command::new("dpkg").args(["--verify", "dokuwiki"]).output().unwrap();
        assert!(
            output.status.code().is_some_and(|code| code <= 1),
            "dpkg: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.lines().filter(|line| !line.contains(" c /etc/")).map(str::to_owned).collect()
    }
}

impl Drop for DokuWiki {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
