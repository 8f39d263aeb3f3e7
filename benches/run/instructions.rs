//! Instructions of each request in user space, counted by callgrind: what the noise of a shared machine does not touch.
//!
//! One thread serves. Of a few requests and of many the difference is taken, so that what a connection costs once falls out.
//! All threads of the process are counted. What each does when nobody asks for anything is watched for a while, and taken off.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use doorward_benches::figures::Series;
use doorward_benches::readings;

use crate::args::{Args, Extent};
use crate::contestants::BARE_AGAIN;
use crate::rounds::Measured;
use crate::world::{Manner, Running, World};

const FEW: u64 = 500;
/// Under valgrind everything takes several times as long, and ten thousand applications take long to read.
const PATIENCE: Duration = Duration::from_secs(1_200);
const SETTLE: Duration = Duration::from_millis(500);
/// How long it is watched doing nothing.
const IDLE: Duration = Duration::from_secs(10);

pub(crate) fn measure(world: &World, args: &Args) -> Result<Vec<Measured>, String> {
    let counted = args.contestants.iter().filter(|one| one.is_counted() && one.id != BARE_AGAIN);
    let mut measured = Vec::new();
    for contestant in counted {
        eprintln!("instructions: {}", contestant.title);
        let folder = match &args.profiles {
            // Beside the parts of an earlier run these could not be told from them.
            Some(folder) => {
                let folder = std::path::absolute(folder.join(contestant.id)).map_err(|cause| cause.to_string())?;
                let parent = folder.parent().ok_or("no folder for profiles")?;
                let made = std::fs::create_dir_all(parent).and_then(|()| std::fs::create_dir(&folder));
                made.map_err(|cause| format!("{}: {cause}", folder.display()))?;
                folder
            }
            None => world.folder_for("profile"),
        };
        let profile = folder.join("callgrind");
        let runner = [
            "valgrind".to_owned(),
            "--tool=callgrind".to_owned(),
            // Counting begins when it is ready: until then it is several times as fast.
            "--instr-atstart=no".to_owned(),
            "--separate-threads=yes".to_owned(),
            format!("--callgrind-out-file={}", profile.display()),
        ];
        let manner = Manner { threads: 1, runner: &runner, patience: PATIENCE, look_every: Duration::from_millis(200) };
        let one = world.start(contestant, &manner)?;
        let series = count(&one, &profile, args.extent()).map_err(|why| format!("{}: {why}", contestant.title))?;
        measured.push(Measured { contestant, series: Ok(series) });
    }
    Ok(measured)
}

fn count(one: &Running, profile: &Path, extent: Extent) -> Result<Series, String> {
    let mut parts = Parts { of: profile, taken: 0, began: Instant::now() };
    control(one, &["--instr=on"])?;
    // What happens once, at the first requests, belongs to nobody's cost.
    parts.of_requests(one, FEW)?;
    let idle = parts.of_nothing(one)?;
    let mut series = Series::default();
    for _ in 0..extent.profiles {
        let few = parts.of_requests(one, FEW)?.without(&idle);
        let many = parts.of_requests(one, extent.many)?.without(&idle);
        series.push((many - few) / (extent.many - FEW) as f64);
    }
    Ok(series)
}

/// The parts of a profile; each counts from where the last ended.
struct Parts<'a> {
    of: &'a Path,
    taken: u32,
    began: Instant,
}

struct Part {
    /// By thread.
    instructions: BTreeMap<String, f64>,
    seconds: f64,
}

impl Part {
    /// Without what is done in that time when nobody asks for anything: under callgrind requests take many times as long, and
    /// what is done each second would be counted to them as often. It is taken off the threads that do it, and no more of a thread
    /// than it has: of a thread that waits when nobody asks, everything counts.
    fn without(&self, idle: &Part) -> f64 {
        let of_idle = |thread: &str| idle.instructions.get(thread).map_or(0.0, |all| all / idle.seconds * self.seconds);
        self.instructions.iter().map(|(thread, all)| (all - of_idle(thread)).max(0.0)).sum()
    }
}

impl Parts<'_> {
    fn of_requests(&mut self, one: &Running, requests: u64) -> Result<Part, String> {
        one.request.ask(one.port, requests)?;
        std::thread::sleep(SETTLE);
        self.end(one)
    }

    fn of_nothing(&mut self, one: &Running) -> Result<Part, String> {
        std::thread::sleep(IDLE);
        self.end(one)
    }

    fn end(&mut self, one: &Running) -> Result<Part, String> {
        let said = control(one, &["--dump"])?;
        let seconds = self.began.elapsed().as_secs_f64();
        self.began = Instant::now();
        self.taken += 1;
        let folder = self.of.parent().ok_or("a profile lies in a folder")?;
        let name = self.of.file_name().unwrap_or_default().to_string_lossy();
        // `NAME.PART-THREAD`
        let begins = format!("{name}.{}-", self.taken);
        let mut instructions = BTreeMap::new();
        for file in std::fs::read_dir(folder).map_err(|cause| cause.to_string())?.flatten() {
            let name = file.file_name().to_string_lossy().into_owned();
            let Some(thread) = name.strip_prefix(&begins) else { continue };
            let text = std::fs::read_to_string(file.path()).map_err(|cause| format!("{name}: {cause}"))?;
            let count = readings::instructions(&text).ok_or_else(|| format!("{name} says no total"))?;
            instructions.insert(thread.to_owned(), count as f64);
        }
        if instructions.is_empty() { Err(said) } else { Ok(Part { instructions, seconds }) }
    }
}

/// Has callgrind do something; what it says of that.
fn control(one: &Running, order: &[&str]) -> Result<String, String> {
    let output = Command::new("callgrind_control").args(order).arg(one.process.pid().to_string()).output();
    let output = output.map_err(|cause| format!("callgrind_control: {cause}"))?;
    let said = format!("callgrind_control: {}", String::from_utf8_lossy(&output.stdout).trim());
    if output.status.success() { Ok(said) } else { Err(said) }
}
