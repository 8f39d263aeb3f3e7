//! A real nginx that serves a public and an administration's page from files, read by its own rules: escapes decoded, dots
//! resolved, slashes merged.

use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::gateway::free_port;
use super::temperament::{ADMINISTRATION, PUBLIC};

/// A running nginx; ended when dropped.
pub struct Nginx {
    pub port: u16,
    child: Child,
    _folder: tempfile::TempDir,
}

impl Nginx {
    pub fn start() -> Self {
        let folder = pages();
        let port = free_port();
        let root = folder.path().display();
        let configuration = format!(
            "daemon off;\nmaster_process off;\nworker_processes 1;\npid {root}/pid;\nerror_log {root}/errors;\nevents {{}}\nhttp {{\n\
             access_log off;\nclient_body_temp_path {root}/1;\nproxy_temp_path {root}/2;\nfastcgi_temp_path {root}/3;\n\
             uwsgi_temp_path {root}/4;\nscgi_temp_path {root}/5;\nserver {{ listen 127.0.0.1:{port}; root {root}; index index.html; }}\n}}\n"
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration).unwrap();
        let child = Command::new("nginx")
            .env("PATH", "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
            .arg("-c")
            .arg(&file)
            .args(["-p", &root.to_string(), "-e"])
            .arg(folder.path().join("errors"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is installed (make test does so)");
        let nginx = Self { port, child, _folder: folder };
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "nginx does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with the two pages, readable for a server that gives up its rights.
pub(super) fn pages() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    for (name, page) in [("admin", ADMINISTRATION), ("public", PUBLIC)] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("index.html"), page).unwrap();
    }
    folder
}
