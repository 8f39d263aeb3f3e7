//! Memory: how much there may be, how much of it is used, and telling everybody who lets somebody in (F-28). What is counted is
//! what the kernel would kill for: of a control group all but the files that it can read again, otherwise this process.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use doorward_proxy::Headroom;
use doorward_proxy::headroom::Level;
use tokio::time::sleep;

use crate::metrics::PrometheusMetrics;

/// How often it is looked at while less than half is used.
const LOOK: Duration = Duration::from_millis(250);
/// And when it is more: what may come within this time must fit into what is left at 85 %.
const LOOK_CLOSELY: Duration = Duration::from_millis(50);
/// A bound beyond this is none: version 1 writes one as the largest number of pages.
const NONE: u64 = 1 << 60;

/// How much there may be, and what is counted against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Memory {
    /// In bytes.
    limit: Option<u64>,
    counted: Counted,
}

/// Whose memory it is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Counted {
    /// This process's alone.
    Process,
    /// That of all in a control group, in this folder.
    Group(Version, PathBuf),
}

/// What the files of a control group are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

impl Memory {
    /// What the configuration says; otherwise what bounds the control group that this process is in, if anything does.
    pub(crate) fn find(configured: Option<u64>) -> Self {
        let found = configured.map_or_else(
            || Self::of_groups(Path::new("/proc/self")),
            |limit| Self { limit: Some(limit), counted: Counted::Process },
        );
        match (&found.limit, &found.counted) {
            (None, _) => tracing::info!("memory has no limit; requests are never refused for want of it"),
            (Some(limit), Counted::Process) => tracing::info!(limit, "memory is limited by the configuration"),
            (Some(limit), Counted::Group(_, folder)) => {
                tracing::info!(limit, group = %folder.display(), "memory is limited by a control group");
            }
        }
        found
    }

    /// Version 2 is asked first, as on systems that have both it is the one that is used, if it bounds anything.
    fn of_groups(process: &Path) -> Self {
        let read = |file: &str| std::fs::read_to_string(process.join(file)).unwrap_or_default();
        let (groups, mounts) = (read("cgroup"), read("mountinfo"));
        [Version::Two, Version::One].into_iter().find_map(|version| version.tightest(&groups, &mounts)).map_or(
            Self { limit: None, counted: Counted::Process },
            |(limit, version, folder)| Self { limit: Some(limit), counted: Counted::Group(version, folder) },
        )
    }

    /// In bytes; nothing when it cannot be found out.
    fn used(&self) -> Option<u64> {
        match &self.counted {
            Counted::Process => resident(&std::fs::read_to_string("/proc/self/status").ok()?),
            Counted::Group(version, folder) => version.used(folder),
        }
    }

    /// Looks again and again, for as long as the process lives.
    pub(crate) async fn watch(self, headroom: Arc<Headroom>, metrics: Arc<PrometheusMetrics>) {
        loop {
            let Some(used) = self.used() else {
                sleep(LOOK).await;
                continue;
            };
            let (now, before) = self.limit.map_or((Level::Ample, Level::Ample), |limit| headroom.note(used, limit));
            metrics.set_memory(self.limit.unwrap_or_default(), used, now);
            say(now, before, used);
            let_go();
            let much = self.limit.is_some_and(|limit| used > limit / 2);
            sleep(if much { LOOK_CLOSELY } else { LOOK }).await;
        }
    }
}

/// The allocator gives back to the system what nobody wanted for a second, but it looks only where a block of some size comes or
/// goes. In a process at rest that would be never, and what a crowd took would count for ever.
fn let_go() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(1 << 20)));
}

fn say(now: Level, before: Level, used: u64) {
    match (before, now) {
        (before, now) if before == now => {}
        (_, Level::Spent) => {
            tracing::error!(used, "memory is spent: new connections are closed, new requests answered 503")
        }
        (Level::Ample, Level::Scarce) => tracing::warn!(used, "memory is scarce: new connections are closed"),
        (_, Level::Scarce) => tracing::warn!(used, "memory is scarce: requests are answered again"),
        (_, Level::Ample) => tracing::info!(used, "there is memory again: everybody is let in"),
    }
}

impl Version {
    /// The bound, and the folder that it stands in: of all groups around this process the one that has least.
    fn tightest(self, groups: &str, mounts: &str) -> Option<(u64, Self, PathBuf)> {
        let folders = self.folders(groups, mounts);
        let bounds = folders.into_iter().filter_map(|folder| Some((self.bound(&folder)?, self, folder)));
        bounds.min_by_key(|(bound, ..)| *bound)
    }

    /// The process's own group and those around it, from the inside out. In a container the group may be named as it is on the
    /// outside, where nothing can be seen from here: what is mounted is the own one then.
    fn folders(self, groups: &str, mounts: &str) -> Vec<PathBuf> {
        let (Some(group), Some((root, mount))) = (self.own_group(groups), self.mounted(mounts)) else {
            return Vec::new();
        };
        let inside = Path::new(group).strip_prefix(&root).unwrap_or(Path::new(""));
        let own = mount.join(inside);
        let begin = if own.is_dir() { own } else { mount.clone() };
        begin.ancestors().take_while(|folder| folder.starts_with(&mount)).map(Path::to_owned).collect()
    }

    /// A line is `number:controllers:path`; that of version 2 names no controllers.
    fn own_group(self, groups: &str) -> Option<&str> {
        groups.lines().find_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            let here = match self {
                Self::One => controllers.split(',').any(|one| one == "memory"),
                Self::Two => controllers.is_empty(),
            };
            here.then(|| path.trim_start_matches('/'))
        })
    }

    /// What part of the tree is mounted, and where. A line is `id parent device root mount options… - kind source options`.
    fn mounted(self, mounts: &str) -> Option<(PathBuf, PathBuf)> {
        mounts.lines().find_map(|line| {
            let (place, kind) = line.split_once(" - ")?;
            let mut kind = kind.split(' ');
            let here = match (self, kind.next()?) {
                (Self::One, "cgroup") => kind.nth(1)?.split(',').any(|one| one == "memory"),
                (Self::Two, "cgroup2") => true,
                _ => false,
            };
            let mut place = place.split(' ').skip(3);
            let (root, mount) = (place.next()?, place.next()?);
            here.then(|| (PathBuf::from(root.trim_start_matches('/')), PathBuf::from(mount)))
        })
    }

    fn bound(self, folder: &Path) -> Option<u64> {
        let file = match self {
            Self::One => "memory.limit_in_bytes",
            Self::Two => "memory.max",
        };
        // Version 2 says `max` where there is none.
        number(&folder.join(file)).filter(|bound| *bound < NONE)
    }

    /// All that is charged to the group but files that are kept for quicker reading. Those that are mapped, such as the program
    /// itself, are needed all the time.
    fn used(self, folder: &Path) -> Option<u64> {
        let (usage, [inactive, active, mapped]) = match self {
            Self::One => ("memory.usage_in_bytes", ["total_inactive_file", "total_active_file", "total_mapped_file"]),
            Self::Two => ("memory.current", ["inactive_file", "active_file", "file_mapped"]),
        };
        let all = number(&folder.join(usage))?;
        let statistics = std::fs::read_to_string(folder.join("memory.stat")).ok()?;
        let of = |name: &str| {
            let value = statistics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            value.and_then(|value| value.parse::<u64>().ok()).unwrap_or_default()
        };
        Some(all.saturating_sub((of(inactive) + of(active)).saturating_sub(of(mapped))))
    }
}

fn number(file: &Path) -> Option<u64> {
    std::fs::read_to_string(file).ok()?.trim().parse().ok()
}

/// What `/proc/self/status` says of resident memory (proc(5)), in bytes.
fn resident(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    value.trim().strip_suffix(" kB")?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, files: &[(&str, &str)]) {
        std::fs::create_dir_all(folder).unwrap();
        for (name, text) in files {
            std::fs::write(folder.join(name), text).unwrap();
        }
    }

    /// A process of its own making: what `/proc/self` says of it.
    fn process(folder: &Path, cgroup: &str, mountinfo: &str) -> Memory {
        write(folder, &[("cgroup", cgroup), ("mountinfo", mountinfo)]);
        Memory::of_groups(folder)
    }

    #[test]
    fn the_tightest_of_the_groups_around_the_process_is_the_bound_and_the_one_that_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mount = folder.path().join("unified");
        let (outer, inner) = (mount.join("slice"), mount.join("slice/doorward.service"));
        write(&mount, &[]);
        write(&inner, &[("memory.max", "max\n")]);
        write(
            &outer,
            &[
                ("memory.max", "268435456\n"),
                ("memory.current", "200000000\n"),
                (
                    "memory.stat",
                    "anon 90000000\nfile 100000000\nfile_mapped 5000000\ninactive_file 60000000\nactive_file 40000000\n",
                ),
            ],
        );
        let mountinfo =
            format!("35 25 0:30 / {} rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n", mount.display());
        let found = process(folder.path(), "0::/slice/doorward.service\n", &mountinfo);
        assert_eq!(found, Memory { limit: Some(256 << 20), counted: Counted::Group(Version::Two, outer) });
        assert_eq!(found.used(), Some(105_000_000), "without the files that can be read again");
    }

    #[test]
    fn in_a_container_that_sees_only_its_own_group_the_mount_is_it() {
        let folder = tempfile::tempdir().unwrap();
        let mount = folder.path().join("memory");
        write(
            &mount,
            &[
                ("memory.limit_in_bytes", "536870912\n"),
                ("memory.usage_in_bytes", "100\n"),
                (
                    "memory.stat",
                    "inactive_file 1\ntotal_inactive_file 20\ntotal_active_file 10\ntotal_mapped_file 40\n",
                ),
            ],
        );
        let mountinfo = format!(
            "30 20 0:26 /docker/abc {} ro - cgroup cgroup rw,memory\n31 20 0:27 / /elsewhere ro - cgroup cgroup rw,cpu\n",
            mount.display()
        );
        for group in ["/docker/abc", "/docker/other/abc", "/"] {
            let found = process(folder.path(), &format!("5:cpu:/x\n4:memory:{group}\n0::/\n"), &mountinfo);
            assert_eq!(found, Memory { limit: Some(512 << 20), counted: Counted::Group(Version::One, mount.clone()) });
            assert_eq!(found.used(), Some(100), "more is mapped than counts as a file");
        }
    }

    #[test]
    fn where_nothing_is_bounded_there_is_no_limit_and_the_process_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mount = folder.path().join("memory");
        write(&mount, &[("memory.limit_in_bytes", "9223372036854771712\n")]);
        let mountinfo = format!("30 20 0:26 / {} ro - cgroup cgroup rw,memory\n", mount.display());
        let boundless = Memory { limit: None, counted: Counted::Process };
        assert_eq!(process(folder.path(), "4:memory:/\n", &mountinfo), boundless);
        assert_eq!(process(folder.path(), "", ""), boundless);
        assert!(boundless.used().unwrap() > 1 << 20);
    }

    #[test]
    fn what_the_configuration_says_holds_and_counts_this_process_alone() {
        assert_eq!(Memory::find(Some(1 << 30)), Memory { limit: Some(1 << 30), counted: Counted::Process });
        assert_eq!(resident("VmHWM:\t    300 kB\nVmRSS:\t    200 kB\n"), Some(200 * 1024));
        assert_eq!(resident(""), None);
    }
}
