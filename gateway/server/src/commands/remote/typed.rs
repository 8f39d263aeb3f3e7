//! What is typed: names as they are, secrets without being shown; from a pipe the lines of it in this order.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

use doorward_api::Secret;

use super::Stop;
use crate::commands::authenticator::terminal::unseen;

/// A longer line is neither password nor passcode.
const LONGEST: usize = 4096;

/// Whether somebody can be asked.
pub(super) fn is_terminal() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// A line that may be seen.
pub(super) fn line(prompt: &str) -> Result<String, Stop> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        eprint!("{prompt}");
        let _ = std::io::stderr().flush();
    }
    let mut line = String::new();
    let read = stdin.lock().read_line(&mut line).map_err(|cause| Stop::because(cause.to_string()))?;
    if read == 0 {
        return Err(missing(prompt));
    }
    Ok(line.trim().to_owned())
}

/// Whether somebody at the terminal says yes. Where nobody can be asked, nobody does.
pub(super) fn agrees(question: &str) -> Result<bool, Stop> {
    Ok(is_terminal() && matches!(line(&format!("{question} [y/N] "))?.to_lowercase().as_str(), "y" | "yes"))
}

/// A line that is not shown.
pub(super) fn secret(prompt: &str) -> Result<Secret, Stop> {
    unseen(prompt, LONGEST).map_err(|cause| Stop::because(cause.to_string()))?.ok_or_else(|| missing(prompt))
}

fn missing(prompt: &str) -> Stop {
    let what = prompt.trim_end_matches([':', ' ']);
    Stop::because(format!("standard input was to say: {what}"))
}

/// The first line of a file.
pub(super) fn first_line(file: &Path) -> Result<Secret, Stop> {
    let wrong = |cause: std::io::Error| Stop::because(format!("{}: {cause}", file.display()));
    let text = zeroize::Zeroizing::new(std::fs::read_to_string(file).map_err(wrong)?);
    match text.lines().next().map(str::trim).filter(|line| !line.is_empty()) {
        Some(line) => Ok(Secret::new(line)),
        None => Err(Stop::because(format!("{}: its first line is empty", file.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_of_a_file_is_its_first_line() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "dwk_1 \nmore\n").unwrap();
        assert_eq!(first_line(file.path()).unwrap().expose(), "dwk_1");
        std::fs::write(file.path(), "\nmore\n").unwrap();
        assert!(first_line(file.path()).is_err());
    }
}
