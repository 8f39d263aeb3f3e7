//! Where PINs come from: typed on the terminal without being shown, or read from files and pipes by those who automate.

use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use doorward_api::Secret;
use doorward_api::settings::PinRules;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::pin;
use super::stop::Stop;
use crate::Failure;

/// How often somebody is asked for a new PIN.
const TRIES: usize = 5;
/// A longer line is no PIN.
const LONGEST: usize = 256;

/// Who types.
pub(super) struct Typist {
    /// A file whose first line is the PIN.
    pub(super) pin_file: Option<PathBuf>,
    /// The same for a new one.
    pub(super) new_pin_file: Option<PathBuf>,
}

impl Typist {
    /// The PIN as it is.
    pub(super) fn pin(&self) -> Result<Secret, Stop> {
        match &self.pin_file {
            Some(file) => first_line(file).map_err(Stop::from),
            None => typed("PIN: ").map_err(Stop::from),
        }
    }

    /// A new PIN that keeps the rules. On a terminal it is typed twice, and again when it breaks one.
    pub(super) fn new_pin(&self, rules: &PinRules) -> Result<Secret, Stop> {
        if let Some(file) = &self.new_pin_file {
            return kept(rules, first_line(file)?);
        }
        if !std::io::stdin().is_terminal() {
            return kept(rules, typed("")?);
        }
        for _ in 0..TRIES {
            let pin = typed("New PIN: ")?;
            match kept(rules, pin) {
                Err(Stop::Rule(sentence)) => eprintln!("{sentence}"),
                Err(stop) => return Err(stop),
                Ok(pin) if typed("New PIN, again: ")?.expose() == pin.expose() => return Ok(pin),
                Ok(_) => eprintln!("the two are not the same"),
            }
        }
        Err(Stop::rule("no PIN was chosen"))
    }
}

fn kept(rules: &PinRules, pin: Secret) -> Result<Secret, Stop> {
    let faults = pin::faults(rules, &pin)?;
    if faults.is_empty() {
        Ok(pin)
    } else {
        Err(Stop::Rule(format!("this PIN cannot be taken: {}", faults.join("; "))))
    }
}

fn first_line(file: &Path) -> Result<Secret, Failure> {
    let wrong = |cause: std::io::Error| Failure::Other(format!("{}: {cause}", file.display()));
    let text = zeroize::Zeroizing::new(std::fs::read_to_string(file).map_err(wrong)?);
    Ok(Secret::new(text.lines().next().unwrap_or_default()))
}

/// A text from outside without characters that steer a terminal.
pub(in crate::commands) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

fn typed(prompt: &str) -> Result<Secret, Failure> {
    let missing = || Failure::Other("a PIN was expected on standard input".to_owned());
    unseen(prompt, LONGEST).map_err(Failure::other)?.ok_or_else(missing)
}

/// A line of standard input, which is asked for and not shown where that is a terminal. `None`: there was none, or one of more than
/// `longest` bytes.
pub(in crate::commands) fn unseen(prompt: &str, longest: usize) -> std::io::Result<Option<Secret>> {
    let stdin = std::io::stdin();
    let hidden = if stdin.is_terminal() {
        eprint!("{prompt}");
        let _ = std::io::stderr().flush();
        Some(Hidden::begin()?)
    } else {
        None
    };
    let mut line = zeroize::Zeroizing::new(String::new());
    let read = stdin.lock().read_line(&mut line)?;
    if hidden.is_some() {
        eprintln!();
    }
    let is_one = read > 0 && line.len() <= longest;
    Ok(is_one.then(|| Secret::new(line.trim_end_matches(['\r', '\n']))))
}

/// The terminal shows nothing of what is typed, until this is dropped.
struct Hidden(Termios);

impl Hidden {
    /// From now on.
    fn begin() -> rustix::io::Result<Self> {
        let as_it_was = tcgetattr(std::io::stdin())?;
        let mut silent = as_it_was.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(as_it_was))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::template::tests::usual;
    use super::*;

    #[test]
    fn a_pin_of_a_file_is_its_first_line_and_keeps_the_rules() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pin");
        let typist = Typist { pin_file: Some(file.clone()), new_pin_file: Some(file.clone()) };
        let rules = usual().pin_rules().unwrap();
        std::fs::write(&file, "274901\r\nmore\n").unwrap();
        assert_eq!(typist.pin().unwrap().expose(), "274901");
        assert_eq!(typist.new_pin(&rules).unwrap().expose(), "274901");
        std::fs::write(&file, "1234\n").unwrap();
        assert!(matches!(typist.new_pin(&rules), Err(Stop::Rule(_))));
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(typist.pin(), Err(Stop::Failed(_))));
    }
}
