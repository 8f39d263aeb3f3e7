//! The checkpoint file: JSON lines, one file for each virtual server, only ever appended to.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use doorward_api::VirtualServerId;

use crate::checkpoint::Checkpoint;

/// A line and whether it is a checkpoint.
pub(crate) struct Line {
    /// From 1.
    pub(crate) number: usize,
    /// `None` when it is none.
    pub(crate) checkpoint: Option<Checkpoint>,
}

/// Longer than any checkpoint; reading the newest ones needs no more of the file than a few of these.
const LINE_MAX: u64 = 4096;

/// The file of a virtual server. What is not safe in a file name is written as `%xx`.
pub(crate) fn path(folder: &Path, vs: &VirtualServerId) -> PathBuf {
    let mut name = String::new();
    for byte in vs.as_str().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            _ => name.push_str(&format!("%{byte:02x}")),
        }
    }
    folder.join(format!("{name}.jsonl"))
}

/// Every whole line. A last line without its line break was never finished, because the machine stopped while it was
/// written, and counts as not there. No file has no lines.
pub(crate) fn read(path: &Path) -> io::Result<Vec<Line>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file?,
    };
    let mut reader = BufReader::new(file);
    let mut lines = Vec::new();
    let mut text = Vec::new();
    while reader.read_until(b'\n', &mut text)? > 0 {
        if text.last() == Some(&b'\n') {
            lines.push(Line { number: lines.len() + 1, checkpoint: serde_json::from_slice(&text).ok() });
        }
        text.clear();
    }
    Ok(lines)
}

/// What is left of checkpoints in the order in which they were signed: at a restore the chain goes back, and what was signed of
/// it beyond that is of another.
pub(crate) fn after_restores(checkpoints: impl Iterator<Item = Checkpoint>) -> Vec<Checkpoint> {
    let mut left: Vec<Checkpoint> = Vec::new();
    for checkpoint in checkpoints {
        if let Some(restored) = &checkpoint.restored {
            left.retain(|earlier| earlier.seq <= restored.after);
        }
        left.push(checkpoint);
    }
    left
}

/// So many of the newest are remembered: more than one, since one may be forged.
const FEW: usize = 16;

/// The newest checkpoints that are asked for, oldest first, however long the file is. What was signed beyond a backup that was
/// restored is not among them.
pub(crate) fn newest(path: &Path, asked: impl Fn(&Checkpoint) -> bool) -> io::Result<VecDeque<Checkpoint>> {
    let mut found = VecDeque::with_capacity(FEW);
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        file => file?,
    };
    let mut reader = BufReader::new(file);
    let mut text = Vec::new();
    while reader.read_until(b'\n', &mut text)? > 0 {
        let whole = text.last() == Some(&b'\n');
        let checkpoint: Option<Checkpoint> = serde_json::from_slice(&text).ok();
        text.clear();
        let Some(checkpoint) = checkpoint.filter(|_| whole) else { continue };
        if let Some(restored) = &checkpoint.restored {
            found.retain(|earlier: &Checkpoint| earlier.seq <= restored.after);
        }
        if asked(&checkpoint) {
            if found.len() == FEW {
                found.pop_front();
            }
            found.push_back(checkpoint);
        }
    }
    Ok(found)
}

/// The checkpoints at the file's end, oldest first, after an unfinished last line has been cut off.
pub(crate) fn mend_and_read_end(path: &Path) -> io::Result<Vec<Checkpoint>> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file?,
    };
    let len = file.metadata()?.len();
    let start = len.saturating_sub(16 * LINE_MAX);
    file.seek(SeekFrom::Start(start))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    let whole = end.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let (whole, unfinished) = end.split_at_checked(whole).unwrap_or((&end, &[]));
    if !unfinished.is_empty() {
        file.set_len(start + whole.len() as u64)?;
        file.sync_all()?;
    }
    // Where the file was not read from its beginning, the first piece may be half a line; it is none then.
    Ok(whole.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
}

/// Appends a line in one write and waits until it is on disk. What was left of an earlier line, when the disk was full, is cut
/// off first: it would spoil this one.
pub(crate) fn append(path: &Path, checkpoint: &Checkpoint) -> io::Result<()> {
    mend_and_read_end(path)?;
    let mut line = serde_json::to_vec(checkpoint)?;
    line.push(b'\n');
    let folder = path.parent().unwrap_or(Path::new("."));
    let new = !path.exists();
    if new {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().append(true).create(true).mode(0o640).open(path)?;
    file.write_all(&line)?;
    file.sync_all()?;
    if new {
        // The name of a new file is on disk only when its folder is.
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(seq: i64) -> Checkpoint {
        Checkpoint {
            virtual_server: "default".into(),
            seq,
            hash: "h".into(),
            at: "t".into(),
            restored: None,
            public_key: "k".into(),
            signature: "s".into(),
        }
    }

    #[test]
    fn no_virtual_server_can_name_a_file_elsewhere() {
        let folder = Path::new("/checkpoints");
        assert_eq!(path(folder, &VirtualServerId::new("default")), folder.join("default.jsonl"));
        assert_eq!(path(folder, &VirtualServerId::new("../a b")), folder.join("%2e%2e%2fa%20b.jsonl"));
    }

    #[test]
    fn an_unfinished_last_line_is_not_there_and_is_cut_before_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sub/default.jsonl");
        append(&path, &checkpoint(1)).unwrap();
        append(&path, &checkpoint(2)).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"virtual_ser").unwrap();
        assert_eq!(read(&path).unwrap().len(), 2);
        assert_eq!(mend_and_read_end(&path).unwrap(), [checkpoint(1), checkpoint(2)]);
        append(&path, &checkpoint(3)).unwrap();
        let lines = read(&path).unwrap();
        assert_eq!(lines.last().map(|l| (l.number, l.checkpoint.as_ref().unwrap().seq)), Some((3, 3)));
        assert!(lines.iter().all(|l| l.checkpoint.is_some()));
    }

    #[test]
    fn a_line_that_the_disk_had_no_room_for_spoils_none_that_follows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("default.jsonl");
        append(&path, &checkpoint(1)).unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"virtual_ser").unwrap();
        append(&path, &checkpoint(2)).unwrap();
        let lines = read(&path).unwrap();
        assert_eq!(lines.iter().map(|l| l.checkpoint.as_ref().unwrap().seq).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn the_end_of_a_long_file_is_enough() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("default.jsonl");
        let mut text = Vec::new();
        for seq in 1..=2000 {
            serde_json::to_writer(&mut text, &checkpoint(seq)).unwrap();
            text.push(b'\n');
        }
        fs::write(&path, text).unwrap();
        let end = mend_and_read_end(&path).unwrap();
        assert!(end.len() < 2000 && end.last() == Some(&checkpoint(2000)));
        assert_eq!(read(&path).unwrap().len(), 2000);
    }

    #[test]
    fn no_file_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("none.jsonl");
        assert!(read(&path).unwrap().is_empty());
        assert!(mend_and_read_end(&path).unwrap().is_empty());
    }
}
