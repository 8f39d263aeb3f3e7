//! Guessing passwords, regulated (SEC 5.8, decision A23): few tries for an account from browsers it does not know, a small
//! budget of its own for each browser it knows, and a large one for each address.
//!
//! Each try is counted before it is evaluated, in a statement of its own. Of any number of parallel tries exactly as many
//! are evaluated as the limit says (LG-04), and nothing that happens later takes a count back but a right password (LG-05).
//! Names of nobody are counted like names of somebody, so that a lock tells nothing (LG-01, LG-03).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use doorward_api::ports::{MeterKey, MeterScope, Meters};
use doorward_api::{FoldedName, StoreError, Timestamp, UserId, VirtualServerId};

use crate::device::DeviceNonce;

/// The limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegulationRules {
    /// Failures in a row that an account permits; the next one locks it.
    pub permitted: u32,
    /// How long it is locked.
    pub lock: Duration,
    /// Tries a day, from browsers it does not know, however slowly they come (LG-02).
    pub per_day: u32,
    /// Failures of a browser that the account knows, within [`RegulationRules::window`].
    pub known_device: u32,
    /// Failures from an address, within [`RegulationRules::window`].
    pub per_address: u32,
    /// The span for known browsers and addresses.
    pub window: Duration,
    /// How long the answer to the first, second, … failure is to be held back; the last one for all that follow.
    pub delays: Vec<Duration>,
}

impl Default for RegulationRules {
    fn default() -> Self {
        Self {
            permitted: 3,
            lock: Duration::from_mins(15),
            per_day: 100,
            known_device: 10,
            per_address: 100,
            window: Duration::from_mins(15),
            delays: [1, 3, 5, 10].map(Duration::from_secs).to_vec(),
        }
    }
}

const DAY: Duration = Duration::from_hours(24);

/// Whose password is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Account {
    /// A user's, by whatever name.
    User(UserId),
    /// Nobody's.
    Unknown(FoldedName),
}

impl Account {
    /// The meter's key. What was typed as a name can be a password in the wrong field, so only its hash is kept.
    fn key(&self) -> String {
        match self {
            Account::User(id) => format!("user:{id}"),
            Account::Unknown(name) => {
                let digest = ring::digest::digest(&ring::digest::SHA256, name.as_str().as_bytes());
                format!("name:{}", HEXLOWER.encode(digest.as_ref()))
            }
        }
    }
}

/// Who tries.
#[derive(Debug, Clone, Copy)]
pub struct Guesser<'a> {
    /// Where.
    pub vs: &'a VirtualServerId,
    /// Whose account.
    pub account: &'a Account,
    /// The browser, if the account knows it ([`crate::device::Devices::known`]).
    pub device: Option<&'a DeviceNonce>,
    /// From where.
    pub address: IpAddr,
}

/// May a password be evaluated?
#[derive(Debug)]
pub enum Permission {
    /// Yes, this one try. It is counted as a failure until [`Regulation::after_success`].
    Allowed(Attempt),
    /// No, whether it is right or not.
    Wait {
        /// Come back then.
        until: Timestamp,
    },
}

/// A counted try. What became of it must be told.
#[derive(Debug)]
#[must_use = "a try ends in `after_failure` or `after_success`"]
pub struct Attempt {
    /// Which one in a row.
    number: u32,
    /// When its count is forgotten by itself.
    window_ends: Timestamp,
}

/// What a failure leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// Which one in a row.
    pub number: u32,
    /// How long to hold back the answer.
    pub delay: Duration,
    /// Set when this very failure has locked the account (or used up this browser's budget).
    pub locked_until: Option<Timestamp>,
}

/// Regulates.
#[derive(Clone)]
pub struct Regulation {
    meters: Arc<dyn Meters>,
    rules: RegulationRules,
}

impl Regulation {
    /// Over the store's meters.
    pub fn new(meters: Arc<dyn Meters>, rules: RegulationRules) -> Self {
        Self { meters, rules }
    }

    /// Counts a try and says whether it may be evaluated.
    ///
    /// # Errors
    /// [`StoreError`]: then it may not.
    pub async fn before_password(&self, who: &Guesser<'_>, now: Timestamp) -> Result<Permission, StoreError> {
        let (failures, until) = self.meters.read(who.vs, &address_meter(who.address), now).await?;
        if failures >= self.rules.per_address {
            return Ok(Permission::Wait { until });
        }
        match who.device {
            Some(device) => self.known_device_tries(who, device, now).await,
            None => self.unknown_device_tries(who, now).await,
        }
    }

    async fn known_device_tries(
        &self,
        who: &Guesser<'_>,
        device: &DeviceNonce,
        now: Timestamp,
    ) -> Result<Permission, StoreError> {
        let meter = device_meter(who.account, device);
        let (number, window_ends) = self.meters.count(who.vs, &meter, self.rules.window, now).await?;
        Ok(permission(number, self.rules.known_device, window_ends))
    }

    async fn unknown_device_tries(&self, who: &Guesser<'_>, now: Timestamp) -> Result<Permission, StoreError> {
        let (locked, until) = self.meters.read(who.vs, &lock_meter(who.account), now).await?;
        if locked > 0 {
            return Ok(Permission::Wait { until });
        }
        let tries = tries_meter(who.account);
        let (number, window_ends) = self.meters.count(who.vs, &tries, self.rules.lock, now).await?;
        // The failure after the permitted ones is the one that locks: it is evaluated still, those after it are not.
        let attempt = permission(number, self.rules.permitted.saturating_add(1), window_ends);
        if let Permission::Wait { .. } = attempt {
            return Ok(attempt);
        }
        let (today, day_ends) = self.meters.count(who.vs, &day_meter(who.account), DAY, now).await?;
        Ok(if today > self.rules.per_day { Permission::Wait { until: day_ends } } else { attempt })
    }

    /// The password was wrong. To be called before anything is answered.
    ///
    /// # Errors
    /// [`StoreError`]; the account's own count stands all the same.
    pub async fn after_failure(
        &self,
        who: &Guesser<'_>,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<Failure, StoreError> {
        // An address is counted only now: behind one there may be a whole office that signs in rightly. Parallel tries can
        // overshoot this limit, by no more than passwords are checked at once.
        self.meters.count(who.vs, &address_meter(who.address), self.rules.window, now).await?;
        let locked_until = match who.device {
            Some(_) => (attempt.number >= self.rules.known_device).then_some(attempt.window_ends),
            None if attempt.number > self.rules.permitted => {
                Some(self.meters.count(who.vs, &lock_meter(who.account), self.rules.lock, now).await?.1)
            }
            None => None,
        };
        Ok(Failure { number: attempt.number, delay: self.delay(attempt.number), locked_until })
    }

    /// The password was right: the failures of this kind of browser are forgotten. Signing in from a known browser does not
    /// forgive what strangers have tried.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn after_success(&self, who: &Guesser<'_>, _attempt: Attempt) -> Result<(), StoreError> {
        if let Some(device) = who.device {
            return self.meters.forget(who.vs, &device_meter(who.account, device)).await;
        }
        for meter in [tries_meter(who.account), day_meter(who.account), lock_meter(who.account)] {
            self.meters.forget(who.vs, &meter).await?;
        }
        Ok(())
    }

    fn delay(&self, number: u32) -> Duration {
        let at = usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
        self.rules.delays.get(at).or(self.rules.delays.last()).copied().unwrap_or_default()
    }
}

impl std::fmt::Debug for Regulation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Regulation").field("rules", &self.rules).finish_non_exhaustive()
    }
}

fn permission(number: u32, evaluated: u32, window_ends: Timestamp) -> Permission {
    if number > evaluated {
        Permission::Wait { until: window_ends }
    } else {
        Permission::Allowed(Attempt { number, window_ends })
    }
}

fn tries_meter(account: &Account) -> MeterKey {
    MeterKey { scope: MeterScope::Password, key: account.key() }
}

fn day_meter(account: &Account) -> MeterKey {
    MeterKey { scope: MeterScope::Password, key: format!("day:{}", account.key()) }
}

/// Counted once, by the failure that locks; its window is the lock.
fn lock_meter(account: &Account) -> MeterKey {
    MeterKey { scope: MeterScope::Password, key: format!("lock:{}", account.key()) }
}

fn device_meter(account: &Account, device: &DeviceNonce) -> MeterKey {
    MeterKey { scope: MeterScope::PasswordKnownDevice, key: format!("{}:{}", account.key(), device.as_str()) }
}

/// An IPv4 address by itself, an IPv6 address with its whole /64: so many one customer has at the least.
pub(crate) fn address_meter(address: IpAddr) -> MeterKey {
    let key = match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let network = std::net::Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX));
            format!("{network}/64")
        }
    };
    MeterKey { scope: MeterScope::Address, key }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use async_trait::async_trait;
    use doorward_api::keys::MasterKey;

    use super::*;
    use crate::device::Devices;
    use crate::names::fold_name;
    use crate::testing::{Dice, now};

    #[derive(Default)]
    struct Counters(Mutex<HashMap<MeterKey, (u32, Timestamp)>>);

    #[async_trait]
    impl Meters for Counters {
        async fn count(
            &self,
            _: &VirtualServerId,
            key: &MeterKey,
            window: Duration,
            now: Timestamp,
        ) -> Result<(u32, Timestamp), StoreError> {
            let mut counters = self.0.lock().unwrap();
            let counter = counters.entry(key.clone()).or_insert((0, now + window));
            if counter.1 <= now {
                *counter = (0, now + window);
            }
            counter.0 += 1;
            Ok(*counter)
        }
        async fn read(
            &self,
            _: &VirtualServerId,
            key: &MeterKey,
            now: Timestamp,
        ) -> Result<(u32, Timestamp), StoreError> {
            let counter = self.0.lock().unwrap().get(key).copied();
            Ok(counter.filter(|(_, until)| *until > now).unwrap_or((0, now)))
        }
        async fn forget(&self, _: &VirtualServerId, key: &MeterKey) -> Result<(), StoreError> {
            self.0.lock().unwrap().remove(key);
            Ok(())
        }
    }

    struct Stage {
        regulation: Regulation,
        vs: VirtualServerId,
        account: Account,
        device: DeviceNonce,
    }

    impl Stage {
        fn set() -> Self {
            let (vs, alice) = (VirtualServerId::from("default"), UserId::from("u-alice"));
            let devices = Devices::new(&MasterKey::new(vec![7; 32]).unwrap(), Arc::new(Dice::default()));
            let device = devices.known(&vs, &alice, &devices.make(&vs, &alice, now()), now()).unwrap();
            let regulation = Regulation::new(Arc::new(Counters::default()), RegulationRules::default());
            Self { regulation, vs, account: Account::User(alice), device }
        }

        fn stranger(&self) -> Guesser<'_> {
            self.from("192.0.2.1")
        }

        fn from(&self, address: &str) -> Guesser<'_> {
            Guesser { vs: &self.vs, account: &self.account, device: None, address: address.parse().unwrap() }
        }

        fn owner(&self) -> Guesser<'_> {
            Guesser { device: Some(&self.device), ..self.from("198.51.100.7") }
        }

        async fn fail(&self, who: &Guesser<'_>, at: Timestamp) -> Option<Failure> {
            match self.regulation.before_password(who, at).await.unwrap() {
                Permission::Allowed(attempt) => Some(self.regulation.after_failure(who, attempt, at).await.unwrap()),
                Permission::Wait { .. } => None,
            }
        }

        async fn succeed(&self, who: &Guesser<'_>, at: Timestamp) -> bool {
            match self.regulation.before_password(who, at).await.unwrap() {
                Permission::Allowed(attempt) => {
                    self.regulation.after_success(who, attempt).await.unwrap();
                    true
                }
                Permission::Wait { .. } => false,
            }
        }
    }

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[tokio::test]
    async fn three_failures_are_permitted_and_the_fourth_locks_for_a_quarter_of_an_hour() {
        let stage = Stage::set();
        for (number, delay) in [(1, 1), (2, 3), (3, 5)] {
            let failure = stage.fail(&stage.stranger(), now() + secs(200)).await.unwrap();
            assert_eq!(failure, Failure { number, delay: secs(delay), locked_until: None });
        }
        let fourth_at = now() + secs(800);
        let fourth = stage.fail(&stage.stranger(), fourth_at).await.unwrap();
        assert_eq!(fourth, Failure { number: 4, delay: secs(10), locked_until: Some(fourth_at + secs(900)) });
        assert!(!stage.succeed(&stage.stranger(), fourth_at + secs(899)).await, "even the right password waits");
        assert!(stage.succeed(&stage.stranger(), fourth_at + secs(900)).await);
    }

    #[tokio::test]
    async fn a_right_password_forgets_the_failures_before_it() {
        let stage = Stage::set();
        for _ in 0..3 {
            stage.fail(&stage.stranger(), now()).await.unwrap();
        }
        assert!(stage.succeed(&stage.stranger(), now()).await);
        assert_eq!(stage.fail(&stage.stranger(), now()).await.unwrap().number, 1);
    }

    #[tokio::test]
    async fn of_many_parallel_tries_exactly_the_limit_is_evaluated() {
        let stage = Stage::set();
        let mut allowed = 0;
        for _ in 0..300 {
            let permission = stage.regulation.before_password(&stage.stranger(), now()).await.unwrap();
            allowed += u32::from(matches!(permission, Permission::Allowed(_)));
        }
        assert_eq!(allowed, 4, "all were asked for before any was answered");
    }

    #[tokio::test]
    async fn a_broken_off_try_counts() {
        let stage = Stage::set();
        for _ in 0..4 {
            stage.regulation.before_password(&stage.stranger(), now()).await.unwrap();
        }
        assert!(!stage.succeed(&stage.stranger(), now()).await);
    }

    #[tokio::test]
    async fn strangers_do_not_lock_the_owner_out_and_the_owner_does_not_help_them() {
        let stage = Stage::set();
        for _ in 0..40 {
            stage.fail(&stage.stranger(), now()).await;
        }
        assert!(stage.succeed(&stage.owner(), now()).await, "a known device has a budget of its own");
        assert!(!stage.succeed(&stage.stranger(), now()).await, "its success opens nothing for strangers");
    }

    #[tokio::test]
    async fn a_known_device_has_a_small_budget() {
        let stage = Stage::set();
        for number in 1..=10 {
            let failure = stage.fail(&stage.owner(), now()).await.unwrap();
            assert_eq!(failure.locked_until.is_some(), number == 10);
        }
        assert!(!stage.succeed(&stage.owner(), now() + secs(899)).await);
        assert!(stage.succeed(&stage.owner(), now() + secs(900)).await);
    }

    #[tokio::test]
    async fn a_slow_guesser_has_a_hundred_tries_a_day_from_all_addresses_together() {
        let stage = Stage::set();
        let mut evaluated = 0;
        for minute in 0..24 * 60 {
            let address = format!("203.0.113.{}", minute % 200);
            let failure = stage.fail(&stage.from(&address), now() + secs(minute * 60)).await;
            evaluated += u32::from(failure.is_some());
        }
        assert_eq!(evaluated, 100);
    }

    #[tokio::test]
    async fn an_address_that_tries_everybody_has_to_wait() {
        let stage = Stage::set();
        let mut evaluated = 0;
        for victim in 0..500 {
            let account = Account::User(UserId::new(format!("u-{victim}")));
            let who = Guesser { account: &account, ..stage.from(&format!("2001:db8::{victim:x}")) };
            evaluated += u32::from(stage.fail(&who, now()).await.is_some());
        }
        assert_eq!(evaluated, 100);
        assert!(stage.succeed(&stage.from("2001:db8:0:1::1"), now()).await, "the neighbour network may");
        assert!(stage.succeed(&stage.from("2001:db8::1"), now() + secs(900)).await);
    }

    #[tokio::test]
    async fn a_mapped_address_is_the_address_it_maps() {
        let mapped = address_meter("::ffff:192.0.2.1".parse().unwrap());
        assert_eq!(mapped, address_meter("192.0.2.1".parse().unwrap()));
    }

    #[tokio::test]
    async fn an_unknown_name_locks_like_a_known_one_under_all_its_spellings() {
        let mut stage = Stage::set();
        for (number, typed) in ["mallory", "MALLORY", " mallory ", "ｍallory"].into_iter().enumerate() {
            stage.account = Account::Unknown(fold_name(typed).unwrap());
            let failure = stage.fail(&stage.stranger(), now()).await.unwrap();
            assert_eq!(failure.locked_until.is_some(), number == 3);
        }
        assert!(stage.fail(&stage.stranger(), now()).await.is_none());
        assert!(!stage.account.key().contains("mallory"), "a password typed as a name is not kept");
    }
}
