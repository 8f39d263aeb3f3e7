//! Passwords of local users: Argon2id (RFC 9106), worked off by a few threads that cannot be flooded (SEC 5.10, LG-09).

use std::sync::Arc;

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use data_encoding::{BASE64_NOPAD, Encoding};
use doorward_api::ports::{Directory, Entropy, PasswordCheck, Rehash, Users};
use doorward_api::{FoldedName, Secret, StoreError, User, UserId, VirtualServerId};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::hashers::{Furnished, Hashers, Memory};

/// A longer password is nobody's; it is not worth any work.
pub const LONGEST_PASSWORD: usize = 4096;

/// OWASP's first recommendation, and the least that SEC 5.10 allows: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How many may wait for each thread.
const QUEUE_PER_JOB: usize = 8;

/// A row that no user has.
const NOBODY: &str = "-";

/// Why a password was not hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Too many are waiting.
    #[error("too many passwords are being checked")]
    Busy,
    /// Empty, or longer than [`LONGEST_PASSWORD`].
    #[error("a password must have between 1 and 4096 bytes")]
    Length,
    /// Argon2 itself failed.
    #[error("the password could not be hashed")]
    Failed,
}

/// Hashes and verifies, at most as many at once as there are cores. A short queue waits; who comes then is told to come
/// back.
pub struct Passwords {
    argon2: Argon2<'static>,
    entropy: Arc<dyn Entropy>,
    /// As many as may run or wait.
    places: Arc<Semaphore>,
    /// As many as may run.
    running: Arc<Semaphore>,
    hashers: Hashers,
    /// Verified for users who do not exist, so that they cost what others cost.
    nobodys_hash: String,
}

/// The right to do one piece of work; given back when the work is done, even if nobody waits for its result any more.
struct Turn {
    _place: OwnedSemaphorePermit,
    _running: OwnedSemaphorePermit,
}

impl Passwords {
    /// With one job for each core.
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with_jobs(cores, cores.saturating_mul(QUEUE_PER_JOB), entropy)
    }

    fn with_jobs(jobs: usize, queue: usize, entropy: Arc<dyn Entropy>) -> Self {
        // The parameters are constants within Argon2's bounds; should they ever not be, its own default is used.
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or(Params::DEFAULT);
        Self {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            nobodys_hash: hash_of_nothing(entropy.as_ref()),
            entropy,
            places: Arc::new(Semaphore::new(jobs.saturating_add(queue))),
            running: Arc::new(Semaphore::new(jobs)),
            hashers: Hashers::start(jobs),
        }
    }

    /// A new hash in PHC form, for the store.
    ///
    /// # Errors
    /// [`HashError`].
    pub async fn hash(&self, password: Secret) -> Result<String, HashError> {
        if !has_length(&password) {
            return Err(HashError::Length);
        }
        let mut salt = [0_u8; 16];
        self.entropy.fill(&mut salt);
        let salt = SaltString::encode_b64(&salt).map_err(|_| HashError::Failed)?;
        let turn = self.turn().await.ok_or(HashError::Busy)?;
        let argon2 = self.argon2.clone();
        let work = move |memory: &mut Memory| {
            let _turn = turn;
            let argon2 = Furnished::new(argon2, memory);
            argon2.hash_password(password.expose().as_bytes(), &salt).map(|hash| hash.to_string())
        };
        self.hashers.run(work).await.and_then(Result::ok).ok_or(HashError::Failed)
    }

    /// Whether the password is the one of this PHC hash; without a hash the same work is done for nothing.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the hash cannot be read.
    pub async fn verify(&self, password: &Secret, hash: Option<String>) -> Result<PasswordCheck, StoreError> {
        if !has_length(password) {
            return Ok(PasswordCheck::Wrong);
        }
        let Some(turn) = self.turn().await else { return Ok(PasswordCheck::Busy) };
        let (argon2, password) = (self.argon2.clone(), password.clone());
        let hash = hash.unwrap_or_else(|| self.nobodys_hash.clone());
        let work = move |memory: &mut Memory| {
            let _turn = turn;
            let argon2 = Furnished::new(argon2, memory);
            let parsed = PasswordHash::new(&hash)?;
            // Without these, verifying would say "wrong password" of a damaged row.
            if parsed.salt.is_none() || parsed.hash.is_none() {
                return Err(argon2::password_hash::Error::PhcStringField);
            }
            match argon2.verify_password(password.expose().as_bytes(), &parsed) {
                Ok(()) => Ok(PasswordCheck::Right),
                Err(argon2::password_hash::Error::Password) => Ok(PasswordCheck::Wrong),
                Err(error) => Err(error),
            }
        };
        match self.hashers.run(work).await {
            Some(Ok(check)) => Ok(check),
            Some(Err(error)) => Err(StoreError::Damaged(format!("a password hash cannot be read: {error}"))),
            None => Err(StoreError::Unavailable("a password check was broken off".into())),
        }
    }

    /// Whether a stored hash was made with less work than hashes of today are, or in another way.
    fn outdated(&self, hash: &str) -> bool {
        let params = self.argon2.params();
        let Ok(parsed) = PasswordHash::new(hash) else { return false };
        let Ok(made_with) = Params::try_from(&parsed) else { return false };
        parsed.algorithm != Algorithm::Argon2id.ident()
            || parsed.version != Some(Version::V0x13.into())
            || made_with.m_cost() < params.m_cost()
            || made_with.t_cost() < params.t_cost()
    }

    /// Waits for a thread. `None` when too many wait already.
    async fn turn(&self) -> Option<Turn> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let running = self.running.clone().acquire_owned().await.ok()?;
        Some(Turn { _place: place, _running: running })
    }
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passwords").field("free_places", &self.places.available_permits()).finish_non_exhaustive()
    }
}

fn has_length(password: &Secret) -> bool {
    (1..=LONGEST_PASSWORD).contains(&password.len())
}

/// A hash in the right form that no password has: random, not computed.
fn hash_of_nothing(entropy: &dyn Entropy) -> String {
    let (mut salt, mut hash) = ([0_u8; 16], [0_u8; 32]);
    entropy.fill(&mut salt);
    entropy.fill(&mut hash);
    let (salt, hash) = (BASE64_NOPAD.encode(&salt), BASE64_NOPAD.encode(&hash));
    format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}")
}

/// A new password that can be read out and typed: `k7mq-2xwd-9hta-p4nv`, 80 bits.
pub fn generate(entropy: &dyn Entropy) -> Secret {
    let mut bytes = [0_u8; 10];
    entropy.fill(&mut bytes);
    let letters = readable().map_or_else(|| data_encoding::HEXLOWER.encode(&bytes), |base32| base32.encode(&bytes));
    let groups: Vec<String> = letters.as_bytes().chunks(4).map(|group| String::from_utf8_lossy(group).into()).collect();
    Secret::new(groups.join("-"))
}

/// Base 32 without the letters that are taken for digits or for each other (i, l, o, u).
fn readable() -> Option<Encoding> {
    let mut specification = data_encoding::Specification::new();
    specification.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    specification.encoding().ok()
}

/// The users that the store itself keeps, as a directory.
#[derive(Clone)]
pub struct LocalDirectory {
    users: Arc<dyn Users>,
    passwords: Arc<Passwords>,
}

impl LocalDirectory {
    /// Over the store's users.
    pub fn new(users: Arc<dyn Users>, passwords: Arc<Passwords>) -> Self {
        Self { users, passwords }
    }
}

#[async_trait]
impl Directory for LocalDirectory {
    async fn find(&self, vs: &VirtualServerId, name: &FoldedName) -> Result<Option<User>, StoreError> {
        self.users.user_by_name(vs, name).await
    }

    async fn get(&self, vs: &VirtualServerId, user: &UserId) -> Result<Option<User>, StoreError> {
        self.users.user_by_id(vs, user).await
    }

    async fn check_password(
        &self,
        vs: &VirtualServerId,
        user: Option<&UserId>,
        password: &Secret,
    ) -> Result<PasswordCheck, StoreError> {
        // The store is asked the same questions for nobody as for somebody, so that both take the same time (LG-01).
        let nobody = UserId::from(NOBODY);
        let row = user.unwrap_or(&nobody);
        let hash = self.users.password_hash(vs, row).await?;
        let enabled = self.users.user_by_id(vs, row).await?.is_some_and(|user| !user.disabled);
        match self.passwords.verify(password, hash).await? {
            PasswordCheck::Right if !enabled => Ok(PasswordCheck::Wrong),
            check => Ok(check),
        }
    }

    async fn rehash(
        &self,
        vs: &VirtualServerId,
        user: &UserId,
        password: &Secret,
    ) -> Result<Option<Rehash>, StoreError> {
        let stored = self.users.password_hash(vs, user).await?;
        let Some(old) = stored.filter(|hash| self.passwords.outdated(hash)) else { return Ok(None) };
        // No time for it now is no harm: the next sign-in tries again.
        Ok(self.passwords.hash(password.clone()).await.ok().map(|new| Rehash { old, new }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    fn passwords() -> Passwords {
        Passwords::new(Arc::new(Dice::default()))
    }

    async fn check(passwords: &Passwords, password: &str, hash: &str) -> PasswordCheck {
        passwords.verify(&Secret::new(password), Some(hash.to_owned())).await.unwrap()
    }

    #[tokio::test]
    async fn a_password_is_compared_to_its_last_byte() {
        let passwords = passwords();
        let long = "x".repeat(72);
        let password = format!("{long}yes\0 ");
        let hash = passwords.hash(Secret::new(password.clone())).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(check(&passwords, &password, &hash).await, PasswordCheck::Right);
        for wrong in [format!("{long}no\0 "), format!("{long}yes\0"), format!(" {password}"), format!("{long}yes")] {
            assert_eq!(check(&passwords, &wrong, &hash).await, PasswordCheck::Wrong);
        }
    }

    #[tokio::test]
    async fn nobodys_hash_is_well_formed_and_no_password_fits_it() {
        let passwords = passwords();
        let check = passwords.verify(&Secret::new("hunter2"), None).await.unwrap();
        assert_eq!(check, PasswordCheck::Wrong);
        let parsed = PasswordHash::new(&passwords.nobodys_hash).unwrap();
        assert_eq!(Params::try_from(&parsed).unwrap().m_cost(), MEMORY_KIB);
    }

    #[tokio::test]
    async fn an_empty_or_endless_password_is_wrong_without_any_work() {
        let idle = Passwords::with_jobs(0, 0, Arc::new(Dice::default()));
        for password in [String::new(), "x".repeat(LONGEST_PASSWORD + 1)] {
            assert_eq!(idle.verify(&Secret::new(password.clone()), None).await.unwrap(), PasswordCheck::Wrong);
            assert_eq!(idle.hash(Secret::new(password)).await, Err(HashError::Length));
        }
    }

    #[tokio::test]
    async fn who_comes_when_the_queue_is_full_is_told_to_come_back() {
        let passwords = Arc::new(Passwords::with_jobs(1, 1, Arc::new(Dice::default())));
        let checks: Vec<_> = (0..20)
            .map(|_| {
                let passwords = passwords.clone();
                tokio::spawn(async move { passwords.verify(&Secret::new("x"), None).await.unwrap() })
            })
            .collect();
        let mut answers = Vec::new();
        for check in checks {
            answers.push(check.await.unwrap());
        }
        let wrong = answers.iter().filter(|answer| **answer == PasswordCheck::Wrong).count();
        assert_eq!(wrong, 2, "one runs, one waits: {answers:?}");
        assert_eq!(
            passwords.verify(&Secret::new("x"), None).await.unwrap(),
            PasswordCheck::Wrong,
            "places are given back"
        );
    }

    #[tokio::test]
    async fn a_damaged_hash_is_an_error_and_admits_nobody() {
        for damaged in ["", "x", "$argon2id$nonsense", "$md5$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo"] {
            let answer = passwords().verify(&Secret::new("x"), Some(damaged.into())).await;
            assert!(matches!(answer, Err(StoreError::Damaged(_))), "{damaged:?}: {answer:?}");
        }
    }

    #[test]
    fn a_generated_password_can_be_read_out() {
        let dice = Dice::default();
        let (one, two) = (generate(&dice), generate(&dice));
        assert_ne!(one.expose(), two.expose());
        let groups: Vec<&str> = one.expose().split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [4, 4, 4, 4]);
        assert!(!one.expose().contains(['i', 'l', 'o', 'u']), "{}", one.expose());
    }

    struct OneUser {
        hash: Option<String>,
        disabled: bool,
    }

    #[async_trait]
    impl Users for OneUser {
        async fn user_by_name(&self, _: &VirtualServerId, _: &FoldedName) -> Result<Option<User>, StoreError> {
            Ok(None)
        }
        async fn user_by_id(&self, _: &VirtualServerId, id: &UserId) -> Result<Option<User>, StoreError> {
            let user = User {
                id: id.clone(),
                name: "alice".into(),
                display_name: String::new(),
                email: None,
                disabled: self.disabled,
                groups: Vec::new(),
            };
            Ok((id.as_str() == "u-alice").then_some(user))
        }
        async fn password_hash(&self, _: &VirtualServerId, id: &UserId) -> Result<Option<String>, StoreError> {
            Ok(self.hash.clone().filter(|_| id.as_str() == "u-alice"))
        }
        async fn user_count(&self, _: &VirtualServerId) -> Result<u64, StoreError> {
            Ok(1)
        }
    }

    #[tokio::test]
    async fn only_an_enabled_user_with_the_right_password_is_let_in() {
        let passwords = Arc::new(passwords());
        let hash = passwords.hash(Secret::new("right")).await.unwrap();
        let (vs, alice) = (VirtualServerId::from("default"), UserId::from("u-alice"));
        let cases = [
            (Some(&alice), "right", Some(&hash), false, PasswordCheck::Right),
            (Some(&alice), "wrong", Some(&hash), false, PasswordCheck::Wrong),
            (Some(&alice), "right", Some(&hash), true, PasswordCheck::Wrong),
            (Some(&alice), "right", None, false, PasswordCheck::Wrong),
            (None, "right", Some(&hash), false, PasswordCheck::Wrong),
        ];
        for (user, password, hash, disabled, expected) in cases {
            let users = Arc::new(OneUser { hash: hash.cloned(), disabled });
            let directory = LocalDirectory::new(users, passwords.clone());
            assert_eq!(directory.check_password(&vs, user, &Secret::new(password)).await.unwrap(), expected);
        }
    }

    /// "right", hashed with half of the memory and one pass.
    async fn weak_hash() -> String {
        let weak = Passwords {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(MEMORY_KIB / 2, 1, 1, None).unwrap()),
            ..passwords()
        };
        weak.hash(Secret::new("right")).await.unwrap()
    }

    #[tokio::test]
    async fn a_hash_of_less_work_is_made_anew_and_one_of_today_is_not() {
        let passwords = Arc::new(passwords());
        let (vs, alice) = (VirtualServerId::from("default"), UserId::from("u-alice"));
        let directory = |hash: &str| {
            LocalDirectory::new(Arc::new(OneUser { hash: Some(hash.into()), disabled: false }), passwords.clone())
        };
        let (weak, right) = (weak_hash().await, Secret::new("right"));
        let checked = directory(&weak).check_password(&vs, Some(&alice), &right).await.unwrap();
        assert_eq!(checked, PasswordCheck::Right, "its own parameters are used to check it");
        let Rehash { old, new } = directory(&weak).rehash(&vs, &alice, &right).await.unwrap().unwrap();
        assert_eq!(old, weak);
        assert!(new.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{new}");
        assert_eq!(passwords.verify(&right, Some(new.clone())).await.unwrap(), PasswordCheck::Right);
        assert_eq!(directory(&new).rehash(&vs, &alice, &right).await.unwrap(), None);
        let stronger = new.replace("m=19456,t=2", "m=65536,t=3");
        assert_eq!(directory(&stronger).rehash(&vs, &alice, &right).await.unwrap(), None, "more is no less");
        let other_way = weak.replace("argon2id", "argon2i");
        assert!(directory(&other_way).rehash(&vs, &alice, &right).await.unwrap().is_some());
        assert_eq!(directory(&new).rehash(&vs, &UserId::from("nobody"), &right).await.unwrap(), None);
    }
}
