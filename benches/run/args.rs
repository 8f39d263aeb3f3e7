//! The command line.

use std::path::PathBuf;

use crate::contestants::{ALL, Contestant};

pub(crate) const USAGE: &str = "usage: doorward-bench [OPTION]…
  --quick              few rounds; says so in the head of the table
  --parts A,B          of footprint, cpu, instructions, latency; all of them otherwise
  --only ID,ID         of those measured; all of them otherwise
  --seed N             the order of the rounds; a new one otherwise
  --write FILE         keeps the table
  --rivals FOLDER      where Envoy, Traefik and Caddy are installed (a Python environment)
  --criterion FOLDER   where the small benches left their figures
  --profiles FOLDER    keeps the profiles of callgrind there
  --doorward FILE      the binary, if not the one beside this program";

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Footprint,
    Cpu,
    Instructions,
    Latency,
}

const PARTS: [(&str, Part); 4] = [
    ("footprint", Part::Footprint),
    ("cpu", Part::Cpu),
    ("instructions", Part::Instructions),
    ("latency", Part::Latency),
];

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// Rounds of CPU time.
    pub(crate) rounds: usize,
    /// Requests of a round: below what a connection is kept for (1,000) times the connections.
    pub(crate) requests: u64,
    /// Pairs of parts under callgrind.
    pub(crate) profiles: usize,
    /// Requests of the longer part.
    pub(crate) many: u64,
    /// Starts of each for its time to ready and its memory.
    pub(crate) starts: usize,
}

const WHOLE: Extent = Extent { rounds: 15, requests: 30_000, profiles: 3, many: 6_500, starts: 7 };
const SHORT: Extent = Extent { rounds: 3, requests: 8_000, profiles: 1, many: 2_500, starts: 2 };

#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) quick: bool,
    pub(crate) parts: Vec<Part>,
    pub(crate) contestants: Vec<&'static Contestant>,
    pub(crate) seed: u64,
    pub(crate) write: Option<PathBuf>,
    pub(crate) rivals: Option<PathBuf>,
    pub(crate) criterion: Option<PathBuf>,
    pub(crate) profiles: Option<PathBuf>,
    pub(crate) doorward: Option<PathBuf>,
    /// The options that leave something out, as they were given.
    partly: Vec<String>,
}

impl Args {
    pub(crate) fn read(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self {
            quick: false,
            parts: PARTS.iter().map(|(_, part)| *part).collect(),
            contestants: ALL.iter().collect(),
            seed: any_seed()?,
            write: None,
            rivals: None,
            criterion: None,
            profiles: None,
            doorward: None,
            partly: Vec::new(),
        };
        while let Some(word) = words.next() {
            let mut value = || {
                let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
                if matches!(word.as_str(), "--parts" | "--only") {
                    args.partly.extend([word.clone(), value.clone()]);
                }
                Ok::<_, String>(value)
            };
            match word.as_str() {
                "--quick" => args.quick = true,
                "--parts" => args.parts = each(&value()?, |name| find(&PARTS, name))?,
                "--only" => args.contestants = each(&value()?, |id| ALL.iter().find(|one| one.id == id))?,
                "--seed" => args.seed = value()?.parse().map_err(|_| "--seed needs a number".to_owned())?,
                "--write" => args.write = Some(value()?.into()),
                "--rivals" => args.rivals = Some(value()?.into()),
                "--criterion" => args.criterion = Some(value()?.into()),
                "--profiles" => args.profiles = Some(value()?.into()),
                "--doorward" => args.doorward = Some(value()?.into()),
                _ => return Err(format!("{word} is no option")),
            }
        }
        Ok(args)
    }

    pub(crate) fn extent(&self) -> Extent {
        if self.quick { SHORT } else { WHOLE }
    }

    /// The command that does the same once more.
    pub(crate) fn command(&self) -> String {
        let quick = if self.quick { " QUICK=1" } else { "" };
        let options = self.partly.join(" ");
        let options = if options.is_empty() { options } else { format!(" BENCH=\"{options}\"") };
        format!("make bench{quick} SEED={}{options}", self.seed)
    }
}

fn each<T>(list: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
    list.split(',').map(|name| read(name).ok_or_else(|| format!("{name} is not known"))).collect()
}

fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
}

/// Short enough to be typed again.
fn any_seed() -> Result<u64, String> {
    use std::io::Read;
    let mut bytes = [0; 2];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    read.map_err(|cause| format!("no randomness: {cause}"))?;
    Ok(u16::from_le_bytes(bytes).into())
}
