//! The report: what was measured, and what of the targets is reached.

use std::fmt::Write;

use doorward_benches::figures::{Series, grouped};
use doorward_benches::report::Table;
use doorward_benches::targets::Target;

use crate::args::Args;
use crate::contestants::{BARE, BARE_AGAIN, BARE_DEFAULTS, Contestant, ENVOY, PROTECTED, PROTECTED_MANY};
use crate::footprint::{Footprint, Seen};
use crate::load::CONNECTIONS;
use crate::machine::Description;
use crate::micro::{EVALUATED, Latency, REMEMBERED};
use crate::rounds::Measured;

pub(crate) struct Results {
    description: Description,
    quick: bool,
    command: String,
    rounds: usize,
    requests: u64,
    contestants: Vec<&'static Contestant>,
    pub(crate) footprints: Option<Vec<Footprint>>,
    pub(crate) cpu: Option<Vec<Measured>>,
    pub(crate) instructions: Option<Vec<Measured>>,
    pub(crate) latencies: Option<Vec<Latency>>,
}

const NOT_ASKED: &str = "not asked for in this run";

impl Results {
    pub(crate) fn of(description: Description, args: &Args) -> Self {
        let extent = args.extent();
        Self {
            description,
            quick: args.quick,
            command: args.command(),
            rounds: extent.rounds,
            requests: extent.requests,
            contestants: args.contestants.clone(),
            footprints: None,
            cpu: None,
            instructions: None,
            latencies: None,
        }
    }

    pub(crate) fn markdown(&self) -> String {
        let parts = [self.head(), self.targets(), self.requests(), self.footprint(), self.latency(), self.versions()];
        parts.join("\n")
    }

    fn head(&self) -> String {
        let mut text = "# What a request costs\n\n".to_owned();
        if self.quick {
            text.push_str("**A short run: few rounds, wide spreads. Its figures show that measuring works, and little more.**\n\n");
        }
        let Description { date, machine, allocators, .. } = &self.description;
        let _ = writeln!(
            text,
            "Written by `make bench`, never by hand; how to read it: `benches/README.md`.\n\n- {date}, by `{}`\n- {machine}",
            self.command
        );
        let _ = match allocators {
            Ok(both) => writeln!(text, "- allocator of Doorward and of the bare Pingora of the same build: {both}"),
            Err(differ) => writeln!(text, "- **the \"same build\" is not the same: {differ}**"),
        };
        text.push_str(&self.noise());
        text
    }

    /// What the same binary differs from itself by.
    fn noise(&self) -> String {
        let control = self.cpu_of(BARE_AGAIN).and_then(|again| Ok(again.over(self.cpu_of(BARE)?)));
        match control {
            Ok(control) => format!(
                "- noise of CPU time: the same binary beside itself, round by round, {} times. A ratio of CPU time within \
                 this spread says nothing; instructions do.\n",
                control.shown(2)
            ),
            Err(why) => format!("- noise of CPU time: {why}\n"),
        }
    }

    fn targets(&self) -> String {
        let mut table = Table::new(&["target", "at most", "seen", ""]);
        for target in self.list() {
            table.row([target.what.to_owned(), target.allowed(), target.shown(), target.verdict()]);
        }
        format!("## Targets\n\n{}", table.markdown())
    }

    fn list(&self) -> Vec<Target> {
        let counted = |this, that| self.counted(this).and_then(|one| Ok(one.over(&self.fixed(that)?)));
        let timed = |this, that| self.cpu_of(this).and_then(|one| Ok(one.over(self.cpu_of(that)?)));
        let seen = |id| self.footprint_of(id);
        let target = |what, limit, unit, seen| Target { what, limit, unit, seen };
        vec![
            target("protected, instructions, of bare Pingora of the same build", 1.15, "×", counted(PROTECTED, BARE)),
            target(
                "protected, instructions, of bare Pingora, its defaults",
                1.0,
                "×",
                counted(PROTECTED, BARE_DEFAULTS),
            ),
            target("protected, CPU time, of bare Pingora, its defaults", 1.0, "×", timed(PROTECTED, BARE_DEFAULTS)),
            target("protected, CPU time, of Envoy plain", 1.0, "×", timed(PROTECTED, ENVOY)),
            target("10,000 applications, instructions, of one", 1.2, "×", counted(PROTECTED_MANY, PROTECTED)),
            target("10,000 applications, CPU time, of one", 1.2, "×", timed(PROTECTED_MANY, PROTECTED)),
            target("a decision that was made before", 1.0, "µs", self.latency_of(REMEMBERED)),
            target("a decision that was not", 25.0, "µs", self.latency_of(EVALUATED)),
            target("memory, idle", 60.0, "MB", seen(PROTECTED).map(|seen| seen.idle.clone())),
            target("from start to ready", 300.0, "ms", seen(PROTECTED).map(|seen| seen.ready.clone())),
        ]
    }

    fn requests(&self) -> String {
        if self.cpu.is_none() && self.instructions.is_none() {
            return format!("## A request\n\n{NOT_ASKED}\n");
        }
        let mut table = Table::new(&["", "CPU µs/request", "× bare, round by round", "instructions/request", "× bare"]);
        let mut missing = String::new();
        for contestant in &self.contestants {
            let (cpu, counted) = (self.cpu_of(contestant.id).cloned(), self.counted(contestant.id));
            let cpu_ratio = cpu.clone().and_then(|one| Ok(one.over(self.cpu_of(BARE)?)));
            let counted_ratio = counted.clone().and_then(|one| Ok(one.over(&self.fixed(BARE)?)));
            if let Err(why) = &cpu
                && why != NOT_ASKED
            {
                let _ = writeln!(missing, "- not measured: {why}");
            }
            let shown = |series: Result<Series, String>, decimals| match series {
                Ok(series) => series.shown(decimals),
                Err(_) => "–".to_owned(),
            };
            table.row([
                contestant.title.to_owned(),
                shown(cpu, 1),
                shown(cpu_ratio, 2),
                shown(counted, 0),
                shown(counted_ratio, 3),
            ]);
        }
        format!(
            "## A request\n\nMedian (least–most). CPU time: {} rounds of {} requests, {CONNECTIONS} kept connections, HTTP/1.1. \
             Instructions: user space, one thread; counted for what is built on Pingora.\n\n{}{missing}",
            self.rounds,
            grouped(self.requests as f64, 0),
            table.markdown()
        )
    }

    fn footprint(&self) -> String {
        let Some(all) = &self.footprints else { return format!("## Start and memory\n\n{NOT_ASKED}\n") };
        let mut table = Table::new(&["", "ready after, ms", "memory idle, MB", "after 1,000 requests, MB"]);
        for Footprint { contestant, seen } in all {
            let cells = match seen {
                Ok(seen) => [seen.ready.shown(0), seen.idle.shown(1), seen.used.shown(1)],
                Err(why) => [format!("not measured: {why}"), "–".to_owned(), "–".to_owned()],
            };
            table.row(std::iter::once(contestant.title.to_owned()).chain(cells));
        }
        format!(
            "## Start and memory\n\nResident memory of all its processes; MB are 10⁶ bytes.\n\n{}",
            table.markdown()
        )
    }

    fn latency(&self) -> String {
        let Some(all) = &self.latencies else { return format!("## Small benches\n\n{NOT_ASKED}\n") };
        let mut table = Table::new(&["", "what", "median, µs", "95 % confidence"]);
        for Latency { name, what, seen } in all {
            let (median, interval) = match seen {
                Ok([median, lower, upper]) => (grouped(*median, 3), format!("{lower:.3}–{upper:.3}")),
                Err(why) => ("–".to_owned(), format!("not measured: {why}")),
            };
            table.row([(*name).to_owned(), (*what).to_owned(), median, interval]);
        }
        format!("## Small benches\n\n{}", table.markdown())
    }

    fn versions(&self) -> String {
        let mut table = Table::new(&["", "version"]);
        for (name, version) in &self.description.versions {
            table.row([(*name).to_owned(), version.clone()]);
        }
        format!("## Versions\n\n{}", table.markdown())
    }

    fn cpu_of(&self, id: &str) -> Result<&Series, String> {
        find(self.cpu.as_deref(), id)
    }

    fn counted(&self, id: &str) -> Result<Series, String> {
        find(self.instructions.as_deref(), id).cloned()
    }

    /// Instructions hardly vary, and rounds of two variants have nothing in common: the median stands for each.
    fn fixed(&self, id: &str) -> Result<Series, String> {
        let series = self.counted(id)?;
        let median = series.median().ok_or(NOT_ASKED)?;
        Ok(Series::new(vec![median; series.count()]))
    }

    fn footprint_of(&self, id: &str) -> Result<&Seen, String> {
        let all = self.footprints.as_ref().ok_or(NOT_ASKED)?;
        let found = all.iter().find(|one| one.contestant.id == id).ok_or(NOT_ASKED)?;
        found.seen.as_ref().map_err(Clone::clone)
    }

    fn latency_of(&self, name: &str) -> Result<Series, String> {
        let all = self.latencies.as_ref().ok_or(NOT_ASKED)?;
        let found = all.iter().find(|one| one.name == name).ok_or(NOT_ASKED)?;
        found.seen.as_ref().map(|[median, ..]| Series::new(vec![*median])).map_err(Clone::clone)
    }
}

fn find<'a>(all: Option<&'a [Measured]>, id: &str) -> Result<&'a Series, String> {
    let found = all.ok_or(NOT_ASKED)?.iter().find(|one| one.contestant.id == id).ok_or(NOT_ASKED)?;
    found.series.as_ref().map_err(Clone::clone)
}
