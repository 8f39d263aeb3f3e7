//! When, on what, and with which versions: what a reader needs to judge the figures, without names of hosts or folders.

use std::path::Path;
use std::process::Command;

use doorward_benches::readings::kibibytes;

use crate::contestants::Kind;
use crate::world::{World, cores};

pub(crate) struct Description {
    pub(crate) date: String,
    pub(crate) machine: String,
    pub(crate) versions: Vec<(&'static str, String)>,
    /// Whether Doorward and the bare Pingora of "the same build" have the same allocator; what they have.
    pub(crate) allocators: Result<String, String>,
}

pub(crate) fn describe(world: &World) -> Description {
    Description {
        date: said(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"])),
        machine: machine(),
        versions: versions(world),
        allocators: allocators(world),
    }
}

fn machine() -> String {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let model = read("/proc/cpuinfo").lines().find_map(|line| {
        let (name, model) = line.split_once(':')?;
        (name.trim() == "model name").then(|| model.trim().to_owned())
    });
    let gibibytes = kibibytes(&read("/proc/meminfo"), "MemTotal").unwrap_or(0) as f64 / 1024.0 / 1024.0;
    let load = read("/proc/loadavg");
    format!(
        "{} cores of {}, {gibibytes:.0} GiB, Linux {}; load average when it began {}",
        cores(),
        model.as_deref().unwrap_or("an unnamed processor"),
        read("/proc/sys/kernel/osrelease").trim(),
        load.split_whitespace().next().unwrap_or("unknown"),
    )
}

fn versions(world: &World) -> Vec<(&'static str, String)> {
    let rival = |name: &str, arguments: &[&str], version: fn(&str) -> Option<&str>| match world.rival(name) {
        Ok(program) => version(&said(Command::new(program).args(arguments))).unwrap_or("unknown").to_owned(),
        Err(why) => why,
    };
    let nginx =
        Command::new("nginx").env("PATH", "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin").arg("-v").output();
    let nginx =
        nginx.map_or_else(|cause| cause.to_string(), |output| String::from_utf8_lossy(&output.stderr).into_owned());
    vec![
        ("Doorward", doorward(world.doorward())),
        ("Pingora", locked("pingora")),
        ("rustc", said(Command::new("rustc").arg("--version"))),
        ("nginx", nginx.trim().trim_start_matches("nginx version: nginx/").to_owned()),
        ("Envoy", rival("envoy", &["--version"], envoy)),
        ("Traefik", rival("traefik", &["version"], |said| said.split_whitespace().nth(1))),
        ("Caddy", rival("caddy", &["version"], |said| said.split_whitespace().next())),
        ("h2load", said(Command::new("h2load").arg("--version"))),
        ("valgrind", said(Command::new("valgrind").arg("--version"))),
    ]
}

fn doorward(binary: &Path) -> String {
    let git = |arguments: &[&str]| said(Command::new("git").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")));
    let changed = if git(&["status", "--porcelain", "--untracked-files=no"]).is_empty() { "" } else { " and changes" };
    format!(
        "{}, commit {}{changed}",
        said(Command::new(binary).arg("--version")),
        git(&["rev-parse", "--short", "HEAD"])
    )
}

/// Of `… version: 9e5580…/1.40.0/Clean/RELEASE/BoringSSL` the number.
fn envoy(said: &str) -> Option<&str> {
    said.split_once("version: ")?.1.split('/').nth(1)
}

/// The version in the lock file.
fn locked(name: &str) -> String {
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock")).unwrap_or_default();
    let after = lock.split_once(&format!("name = \"{name}\"\nversion = \"")).map(|(_, after)| after);
    after.and_then(|after| after.split('"').next()).unwrap_or("unknown").to_owned()
}

/// mimalloc names itself in its messages, and these are in every program that it is in.
fn allocators(world: &World) -> Result<String, String> {
    let has = |file: &Path| {
        let bytes = std::fs::read(file).unwrap_or_default();
        let name = b"mimalloc: ";
        if bytes.windows(name.len()).any(|window| window == name) { "mimalloc" } else { "the system's allocator" }
    };
    let (ours, bare) = (has(world.doorward()), has(&world.bare(Kind::Bare)));
    if ours == bare { Ok(ours.to_owned()) } else { Err(format!("Doorward has {ours}, the bare Pingora {bare}")) }
}

fn said(command: &mut Command) -> String {
    match command.output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        Err(cause) => format!("unknown ({cause})"),
    }
}
