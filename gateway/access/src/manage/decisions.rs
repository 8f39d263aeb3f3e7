//! What was decided of late: the records, proposed policies tried on them, and what policies in the shadow have said.

use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward_api::decided::{DecisionDay, DecisionFilter, DecisionRecord, ShadowTally};
use doorward_api::ports::{Page, Scanned};
use doorward_api::{FieldRule, PluginError, Timestamp, VirtualServerId};
use doorward_policy::{LoadErrors, Policies, Source};
use tokio::sync::OwnedSemaphorePermit;

use super::{ManageError, Manager};
use crate::replay::{Replay, ReplayRun};
use crate::site::served;

/// A replay takes no longer than this; what was not reached by then is told.
const LONGEST_REPLAY: Duration = Duration::from_secs(10);

/// So many files of proposed policies there may be.
pub const MOST_FILES: u32 = 500;

/// And they may be so long together, in bytes.
pub const LONGEST_FILES: u32 = 1024 * 1024;

/// What became of a replay.
#[derive(Debug, Clone)]
pub enum Replayed {
    /// The proposed policies do not hold.
    Broken(LoadErrors),
    /// What they would have decided otherwise.
    Done(Replay),
}

/// The policies in the shadow, and what they have said.
#[derive(Debug, Clone)]
pub struct ShadowView {
    /// Which, if there are any.
    pub set: Option<ShadowSet>,
    /// What they have said since they were first read, by outcome.
    pub tallies: Vec<ShadowTally>,
}

/// Policies in the shadow, as they were read.
#[derive(Debug, Clone)]
pub struct ShadowSet {
    /// Where they lie.
    pub folder: String,
    /// When they were read.
    pub loaded_at: Timestamp,
    /// What is there, or what is wrong with it.
    pub loaded: Result<ShadowLoaded, String>,
}

/// Policies in the shadow that hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShadowLoaded {
    /// Changes when the files do.
    pub fingerprint: String,
    /// How many they are.
    pub policies: usize,
}

impl Manager {
    /// Decision records, the newest first.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn decision_records(
        &self,
        vs: &VirtualServerId,
        filter: &DecisionFilter,
        page: &Page,
    ) -> Result<Scanned<DecisionRecord>, ManageError> {
        Ok(self.ports().decisions.decisions(vs, filter, page).await?)
    }

    /// How much is kept of each day, the newest first.
    ///
    /// # Errors
    /// [`ManageError::Unavailable`].
    pub async fn decision_days(&self, vs: &VirtualServerId) -> Result<Vec<DecisionDay>, ManageError> {
        Ok(self.ports().decisions.decision_days(vs).await?)
    }

    /// For how many days decision records are kept; 0: none are made.
    ///
    /// # Errors
    /// [`ManageError::NotFound`] when the virtual server is served no more.
    pub fn decision_record_days(&self, vs: &VirtualServerId) -> Result<u32, ManageError> {
        Ok(self.server(vs)?.beside.record_days)
    }

    /// What proposed policies would have decided otherwise on the records that there are, as far as a moment reaches.
    ///
    /// # Errors
    /// [`ManageError::Invalid`] with `files`; [`ManageError::Busy`] while another replay is under way.
    pub async fn replay(&self, vs: &VirtualServerId, sources: &[Source]) -> Result<Replayed, ManageError> {
        let server = self.server(vs)?;
        if sources.is_empty() {
            return Err(ManageError::field("files", FieldRule::Required));
        }
        if sources.len() > MOST_FILES as usize {
            return Err(ManageError::field("files", FieldRule::TooMany { max: MOST_FILES }));
        }
        if sources.iter().map(|source| source.text.len()).sum::<usize>() > LONGEST_FILES as usize {
            return Err(ManageError::field("files", FieldRule::TooLong { max: LONGEST_FILES }));
        }
        let Ok(one_at_a_time) = self.replaying.clone().try_acquire_owned() else { return Err(ManageError::Busy) };
        let one_at_a_time = Arc::new(one_at_a_time);
        let (sources, apps) = (sources.to_vec(), served(server.apps.values()));
        // Thousands of policies take seconds to read.
        let proposed = match apart(&one_at_a_time, move || Policies::load(&sources, &apps)).await? {
            Ok(policies) => policies,
            Err(errors) => return Ok(Replayed::Broken(errors)),
        };
        let ends = Instant::now() + LONGEST_REPLAY;
        let mut run = ReplayRun::new(server.policies.clone(), proposed.into());
        while run.read(self.ports().decisions.as_ref(), vs).await? && Instant::now() < ends {
            let vs = vs.clone();
            let decided = apart(&one_at_a_time, move || {
                run.decide(&vs, Some(ends));
                run
            });
            run = decided.await?;
        }
        Ok(Replayed::Done(run.finish()))
    }

    /// The policies in the shadow, and what they have said.
    ///
    /// # Errors
    /// [`ManageError::NotFound`] when the virtual server is served no more; [`ManageError::Unavailable`].
    pub async fn shadow(&self, vs: &VirtualServerId) -> Result<ShadowView, ManageError> {
        let server = self.server(vs)?;
        let Some(shadow) = &server.beside.shadow else { return Ok(ShadowView { set: None, tallies: Vec::new() }) };
        let tallies = match &shadow.loaded {
            Ok(policies) => self.ports().decisions.shadow_tallies(vs, &policies.fingerprint()).await?,
            Err(_) => Vec::new(),
        };
        let loaded = shadow.loaded.as_ref().map_err(Clone::clone);
        let loaded = loaded.map(|set| ShadowLoaded { fingerprint: set.fingerprint(), policies: set.len() });
        let set = ShadowSet { folder: shadow.folder.clone(), loaded_at: server.beside.loaded_at, loaded };
        Ok(ShadowView { set: Some(set), tallies })
    }
}

/// Works where nobody waits for it. It is under way until it is done, though whoever asked may have gone.
async fn apart<T: Send + 'static>(
    under_way: &Arc<OwnedSemaphorePermit>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ManageError> {
    let under_way = under_way.clone();
    let done = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(under_way);
        done
    });
    Ok(done.await.map_err(|ended| PluginError::Unavailable(ended.to_string()))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::Shadow;
    use crate::stage::{PASSWORD_AND_OTP, Stage};
    use crate::testing::virtual_server_with;

    fn vs() -> VirtualServerId {
        VirtualServerId::from("default")
    }

    fn source(text: &str) -> Source {
        Source { file: "next.cedar".to_owned(), text: text.to_owned() }
    }

    #[tokio::test]
    async fn proposed_policies_that_do_not_hold_are_told_by_file_and_line() {
        let manager = Manager::new(Stage::set(PASSWORD_AND_OTP).desk.clone());
        let replayed = manager.replay(&vs(), &[source("\npermit(principal, action, resource")]).await.unwrap();
        let Replayed::Broken(errors) = replayed else { panic!("{replayed:?}") };
        assert_eq!((errors.0[0].file.as_str(), errors.0[0].line), ("next.cedar", 2));
        let Err(ManageError::Invalid(faults)) = manager.replay(&vs(), &[]).await else {
            panic!("nothing was proposed")
        };
        assert_eq!(faults[0].field, "files");
        let deep =
            format!("permit(principal, action, resource) when {{ {}true{} }};", "(".repeat(9999), ")".repeat(9999));
        let Ok(Replayed::Broken(errors)) = manager.replay(&vs(), &[source(&deep)]).await else { panic!("too deep") };
        assert!(errors.0[0].message.contains("goes too deep"), "{errors}");
        let long = "//".repeat(LONGEST_FILES as usize);
        assert!(matches!(manager.replay(&vs(), &[source(&long)]).await, Err(ManageError::Invalid(_))));
    }

    #[tokio::test]
    async fn a_replay_of_nothing_comes_to_nothing_and_two_at_once_are_one_too_many() {
        let manager = Manager::new(Stage::set(PASSWORD_AND_OTP).desk.clone());
        let held = manager.replaying.acquire().await.unwrap();
        let nothing = [source("")];
        assert!(matches!(manager.replay(&vs(), &nothing).await, Err(ManageError::Busy)));
        drop(held);
        let Ok(Replayed::Done(replay)) = manager.replay(&vs(), &nothing).await else { panic!("it holds") };
        assert_eq!((replay.records, replay.complete), (0, true));
    }

    #[tokio::test]
    async fn the_shadow_is_shown_with_what_is_wrong_with_it() {
        let stage = Stage::set(PASSWORD_AND_OTP);
        let manager = Manager::new(stage.desk.clone());
        assert!(manager.shadow(&vs()).await.unwrap().set.is_none());
        let serve = |loaded: Result<&str, &str>| {
            let loaded = loaded.map(|text| virtual_server_with("default", text).policies).map_err(str::to_owned);
            let mut server = virtual_server_with("default", PASSWORD_AND_OTP);
            server.beside.shadow = Some(Shadow { folder: "policies/next".to_owned(), loaded });
            stage.serve(server);
        };
        serve(Err("policies/next/a.cedar:1:1: nonsense"));
        let broken = manager.shadow(&vs()).await.unwrap().set.unwrap();
        assert_eq!(broken.loaded.unwrap_err(), "policies/next/a.cedar:1:1: nonsense");
        serve(Ok("permit(principal, action, resource);"));
        let good = manager.shadow(&vs()).await.unwrap().set.unwrap();
        assert_eq!((good.folder.as_str(), good.loaded.unwrap().policies), ("policies/next", 1));
    }
}
