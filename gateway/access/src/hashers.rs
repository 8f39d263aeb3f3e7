//! The threads that hash passwords (F-31). They are few and always the same: each has the memory for one hash, so that many
//! hashes one after the other take no more than one, and they give way to whatever else the process has to do.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::{self, Decimal, Ident, Output, ParamsString, PasswordHash, PasswordHasher, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// How much less of the processors they get than other threads (`nice`): whoever waits for a hash waits for long anyway, and
/// whoever is let through has no reason to notice.
const GIVES_WAY: i32 = 10;

type Work = Box<dyn FnOnce(&mut Memory) + Send>;

/// Some threads with one queue. They end with it.
pub(crate) struct Hashers {
    queue: Sender<Work>,
}

impl Hashers {
    /// So many threads; fewer where the system has no more.
    pub(crate) fn start(count: usize) -> Self {
        let (queue, works) = channel();
        let works = Arc::new(Mutex::new(works));
        for _ in 0..count.max(1) {
            let works = works.clone();
            let thread = std::thread::Builder::new().name("password".into()).spawn(move || work_off(&works));
            if let Err(error) = thread {
                tracing::error!(%error, "there is no thread to check passwords");
            }
        }
        Self { queue }
    }

    /// Has work done. `None` when it broke off, or nobody is there to do it.
    pub(crate) async fn run<T, W>(&self, work: W) -> Option<T>
    where
        T: Send + 'static,
        W: FnOnce(&mut Memory) -> T + Send + 'static,
    {
        let (done, result) = tokio::sync::oneshot::channel();
        // Nobody may be waiting any more when it is done.
        let whole: Work = Box::new(move |memory| drop(done.send(work(memory))));
        self.queue.send(whole).ok()?;
        result.await.ok()
    }
}

fn work_off(works: &Mutex<Receiver<Work>>) {
    // Of a process, Linux means the calling thread. Where it does not give way it works all the same.
    let nice = rustix::process::getpriority_process(None).unwrap_or_default();
    if let Err(error) = rustix::process::setpriority_process(None, nice.max(GIVES_WAY)) {
        tracing::debug!(%error, "passwords are checked at full priority");
    }
    let mut memory = Memory::default();
    loop {
        let next = works.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { return };
        if catch_unwind(AssertUnwindSafe(|| work(&mut memory))).is_err() {
            tracing::error!("a password check broke off");
        }
    }
}

/// What a hash is worked out in. Whenever nobody uses it, it is blank.
#[derive(Default)]
pub(crate) struct Memory(Vec<Block>);

/// Argon2 in a memory that is there already, as a [`PasswordHasher`] and so as a verifier: the allocator would keep what a
/// hash takes for each of its arenas, which are hundreds of megabytes after a busy hour.
pub(crate) struct Furnished<'m> {
    argon2: Argon2<'static>,
    memory: RefCell<&'m mut Memory>,
}

impl<'m> Furnished<'m> {
    pub(crate) fn new(argon2: Argon2<'static>, memory: &'m mut Memory) -> Self {
        Self { argon2, memory: RefCell::new(memory) }
    }
}

impl PasswordHasher for Furnished<'_> {
    type Params = Params;

    fn hash_password<'a>(&self, password: &[u8], salt: impl Into<Salt<'a>>) -> password_hash::Result<PasswordHash<'a>> {
        let params = self.argon2.params().clone();
        self.hash_password_customized(password, Some(Algorithm::Argon2id.ident()), None, params, salt)
    }

    fn hash_password_customized<'a>(
        &self,
        password: &[u8],
        algorithm: Option<Ident<'a>>,
        version: Option<Decimal>,
        params: Params,
        salt: impl Into<Salt<'a>>,
    ) -> password_hash::Result<PasswordHash<'a>> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let (salt, mut decoded) = (salt.into(), [0; 64]);
        let salt_bytes = salt.decode_b64(&mut decoded)?;
        let argon2 = Argon2::new(algorithm, version, params.clone());
        let blocks = &mut self.memory.borrow_mut().0;
        blocks.resize(params.block_count(), Block::new());
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let hash = Output::init_with(length, |out| {
            Ok(argon2.hash_password_into_with_memory(password, salt_bytes, out, &mut *blocks)?)
        });
        // Nothing of the password stays, and no more memory than hashes of today need.
        blocks.fill(Block::new());
        blocks.truncate(self.argon2.params().block_count());
        blocks.shrink_to_fit();
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(salt),
            hash: Some(hash?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_breaks_off_takes_no_thread_along() {
        let hashers = Hashers::start(1);
        assert_eq!(hashers.run(|_| 1).await, Some(1));
        assert_eq!(hashers.run(|_| panic!("by the test")).await, None::<()>);
        assert_eq!(hashers.run(|_| 2).await, Some(2));
    }

    #[tokio::test]
    async fn the_threads_give_way_and_no_other_does() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let before = nice();
        let hashers = Hashers::start(2);
        assert_eq!(hashers.run(move |_| nice()).await, Some(before.max(GIVES_WAY)));
        assert_eq!(nice(), before);
    }

    /// Of another implementation, and of other parameters before and after.
    #[tokio::test]
    async fn a_hash_is_what_argon2_says_whatever_was_hashed_in_the_same_memory_before() {
        use argon2::password_hash::{PasswordVerifier, SaltString};
        let salt = SaltString::encode_b64(b"0123456789abcdef").unwrap();
        let hashers = Hashers::start(1);
        for (kib, passes) in [(64, 1), (8, 3), (256, 2), (64, 1)] {
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(kib, passes, 1, None).unwrap());
            let expected = argon2.hash_password(b"right", &salt).unwrap().to_string();
            let (ours, salt) = (argon2.clone(), salt.clone());
            let made = hashers.run(move |memory| {
                let furnished = Furnished::new(ours, memory);
                furnished.hash_password(b"right", &salt).unwrap().to_string()
            });
            assert_eq!(made.await.unwrap(), expected);
            let standard = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(32, 1, 1, None).unwrap());
            let verdicts = hashers.run(move |memory| {
                let parsed = PasswordHash::new(&expected).unwrap();
                let right = Furnished::new(standard.clone(), memory).verify_password(b"right", &parsed);
                let wrong = Furnished::new(standard, memory).verify_password(b"wrong", &parsed);
                let blank = memory.0.iter().all(|block| block.as_ref().iter().all(|word| *word == 0));
                (right.is_ok(), wrong.is_ok(), blank, memory.0.len() <= 32)
            });
            assert_eq!(verdicts.await.unwrap(), (true, false, true, true), "{kib} KiB, {passes} passes");
        }
    }
}
