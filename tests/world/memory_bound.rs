//! A bound on the memory of a process and of all that it starts: a control group of the kernel's, of version 1 or 2.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// The group; taken away when dropped, and by then nobody may be in it.
pub struct MemoryBound {
    folder: PathBuf,
    processes: String,
    version: Version,
}

/// Where such groups are, and what their files are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

impl Version {
    /// What bounds memory, and what bounds it together with swap in version 1, or swap alone in version 2.
    fn bounds(self) -> [&'static str; 2] {
        match self {
            Version::One => ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"],
            Version::Two => ["memory.max", "memory.swap.max"],
        }
    }

    /// Where the kernel counts whom it has killed for want of memory.
    fn kills(self) -> &'static str {
        match self {
            Version::One => "memory.oom_control",
            Version::Two => "memory.events",
        }
    }

    /// A parent, from what is mounted and where this process is in it.
    fn parents(self) -> Vec<PathBuf> {
        let (kind, options) = match self {
            Version::One => ("cgroup", "memory"),
            Version::Two => ("cgroup2", ""),
        };
        let mounts = std::fs::read_to_string("/proc/self/mounts").unwrap_or_default();
        let mounted = mounts.lines().filter_map(|line| {
            let [_, at, its_kind, its_options, ..] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
            let here = its_kind == kind && (options.is_empty() || its_options.split(',').any(|one| one == options));
            here.then(|| PathBuf::from(at))
        });
        let own = own_group(options);
        mounted.flat_map(|root| [root.join(own.trim_start_matches('/')), root]).collect()
    }
}

/// Where this process is among the groups of a controller; version 2 has one tree for all, and names none.
fn own_group(controller: &str) -> String {
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let of_it = |line: &str| {
        let (_, rest) = line.split_once(':')?;
        let (controllers, path) = rest.split_once(':')?;
        controllers.split(',').any(|one| one == controller).then(|| path.to_owned())
    };
    groups.lines().find_map(of_it).unwrap_or_default()
}

impl MemoryBound {
    /// So much and no swap, or why there can be no such group.
    pub fn new(mebibytes: u64) -> Result<Self, String> {
        let mut why = "no control groups for memory are mounted".to_owned();
        for version in [Version::One, Version::Two] {
            for parent in version.parents() {
                match Self::under(&parent, version, mebibytes << 20) {
                    Ok(bound) => return Ok(bound),
                    Err(error) => why = format!("no control group for memory under {}: {error}", parent.display()),
                }
            }
        }
        Err(why)
    }

    fn under(parent: &Path, version: Version, bytes: u64) -> std::io::Result<Self> {
        static COUNT: AtomicU8 = AtomicU8::new(0);
        if version == Version::Two {
            // A parent that has it already, or may not have it, says so when the bound is written.
            let _ = std::fs::write(parent.join("cgroup.subtree_control"), "+memory");
        }
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = parent.join(format!("doorward-test-{}-{number}", std::process::id()));
        std::fs::create_dir(&folder)?;
        let processes = folder.join("cgroup.procs").display().to_string();
        let bound = Self { folder, processes, version };
        let [memory, swap] = version.bounds();
        std::fs::write(bound.folder.join(memory), bytes.to_string())?;
        let of_swap = if version == Version::One { bytes } else { 0 };
        let swap = bound.folder.join(swap);
        // A kernel that does not count swap has no such file.
        if swap.exists() {
            std::fs::write(swap, of_swap.to_string())?;
        }
        Ok(bound)
    }

    /// The words that run a command in it.
    pub fn run_by(&self) -> [&str; 4] {
        ["sh", "-c", "echo $$ > \"$0\" && exec \"$@\"", &self.processes]
    }

    /// Whether this process is in it.
    pub fn holds(&self, pid: u32) -> bool {
        let processes = std::fs::read_to_string(&self.processes).unwrap();
        processes.lines().any(|line| line == pid.to_string())
    }

    /// How many in it the kernel has killed for want of memory.
    pub fn kills(&self) -> u64 {
        let counts = std::fs::read_to_string(self.folder.join(self.version.kills())).unwrap();
        let count = counts.lines().find_map(|line| line.strip_prefix("oom_kill ")).expect("the kernel counts kills");
        count.parse().unwrap()
    }
}

impl Drop for MemoryBound {
    fn drop(&mut self) {
        // Whoever was killed a moment ago may still count as one of it.
        for _ in 0..100 {
            if std::fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
