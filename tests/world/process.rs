//! A process as the system sees it.

use std::process::Command;

/// Its resident memory in KiB, of `/proc`.
pub fn resident(pid: u32) -> u64 {
    status(pid, "VmRSS:")
}

/// How much of it was resident at the most so far, in KiB, or since [`forget_peak`].
pub fn peak(pid: u32) -> u64 {
    status(pid, "VmHWM:")
}

/// From now on [`peak`] is of what comes.
pub fn forget_peak(pid: u32) {
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
}

/// Lets it open so many files, if the system allows it; how many it may open then.
pub fn let_open(pid: u32, files: u64) -> u64 {
    let prlimit = |arguments: &[&str]| {
        let output = Command::new("prlimit").args(["--pid", &pid.to_string()]).args(arguments).output().unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let ask = ["--nofile", "--noheadings", "--raw", "--output", "HARD"];
    let hard = prlimit(&ask).parse().unwrap_or(u64::MAX);
    let most = files.min(hard);
    prlimit(&[&format!("--nofile={most}:")]);
    most
}

fn status(pid: u32, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let value = status.lines().find_map(|other| other.strip_prefix(line)).unwrap();
    value.trim().trim_end_matches(" kB").parse().unwrap()
}
