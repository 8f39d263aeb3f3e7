//! Guessing passwords, regulated (SEC 5.8, decision A23): few tries for an account from browsers it does not know, a small
//! budget of its own for the browsers it knows, and a large one for each address.
//!
//! Each try takes its place below every limit before it is evaluated, in statements of their own. Of any number of parallel
//! tries exactly as many are evaluated as the limits say (LG-04), and nothing that happens later gives a place back but a
//! right password, or a check that never ran (LG-05). Names of nobody are counted like names of somebody, so that a lock
//! tells nothing (LG-01, LG-03).
//!
//! What strangers do fills only meters of strangers: a browser that the account knows is stopped by nothing but its own
//! failures, whoever else tries, from whatever address (LG-06).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use doorward_api::ports::{MeterKey, MeterScope, Meters, Taken};
use doorward_api::settings::Lockout;
use doorward_api::{FoldedName, StoreError, Timestamp, UserId, VirtualServerId};

use crate::device::DeviceNonce;
use crate::network::network_of;

/// The limits. Together the two budgets of an account are the hundred failures a day that NIST SP 800-63B permits (LG-02).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegulationRules {
    /// Failures of an account in a day, from all browsers it does not know, however slowly they come.
    pub per_day: u32,
    /// Failures in a day of a browser that the account knows. After them it is a browser like any other.
    pub known_device: u32,
    /// Failures in a day of all browsers that the account knows together: a stolen cookie more is not a budget more.
    pub known_devices: u32,
    /// From how many failures of an address within [`RegulationRules::window`] on each of its answers is held back for
    /// longest. A hundred sign-ins bring five or so mistyped passwords, so an office stays below.
    pub slowed_address: u32,
    /// How many failures of an address within [`RegulationRules::window`] are evaluated.
    pub per_address: u32,
    /// The span for addresses.
    pub window: Duration,
    /// How long the answer to the first, second, … failure is to be held back; the last one for all that follow.
    pub delays: Vec<Duration>,
}

impl Default for RegulationRules {
    fn default() -> Self {
        Self {
            per_day: 80,
            known_device: 10,
            known_devices: 20,
            slowed_address: 30,
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
    /// When the account is locked, and for how long.
    pub limits: AccountLimits,
}

/// What operators set of an account's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountLimits {
    /// Failures in a row that an account is permitted; `u32::MAX` never locks.
    pub permitted: u32,
    /// How long it is locked.
    pub lock: Duration,
}

impl From<&Lockout> for AccountLimits {
    fn from(set: &Lockout) -> Self {
        let permitted = if set.account_failures == 0 { u32::MAX } else { set.account_failures };
        Self { permitted, lock: Duration::from_mins(u64::from(set.account_minutes)) }
    }
}

/// May a password be evaluated?
#[derive(Debug)]
pub enum Permission {
    /// Yes, this one try. It is counted as a failure until [`Regulation::after_success`].
    Allowed(Attempt),
    /// No, whether it is right or not: the account is locked for browsers that it does not know.
    Locked {
        /// Come back then.
        until: Timestamp,
    },
    /// No: too much went wrong from this address.
    TooMany {
        /// Come back then.
        until: Timestamp,
    },
}

/// A counted try. What became of it must be told.
#[derive(Debug)]
#[must_use = "a try ends in `after_failure`, `after_success` or `not_evaluated`"]
pub struct Attempt {
    /// Which one in a row.
    number: u32,
    from: Whence,
    /// Every place that it has taken, with the end of the window in which it did.
    places: Vec<(MeterKey, Timestamp)>,
}

/// From where a try comes, and what its failure uses up.
#[derive(Debug)]
enum Whence {
    /// A browser that the account knows; with the end of the day when it is the last of its budget.
    Known { last: Option<Timestamp> },
    /// Any other.
    Unknown {
        /// Which failure of the address in its window.
        of_address: u32,
        /// The end of the address's window.
        window_ends: Timestamp,
        /// The end of the day when it is the last of the account's budget.
        last_of_day: Option<Timestamp>,
    },
}

/// A limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Whose: `account`, `device`, `address`.
    pub scope: &'static str,
    /// Nothing is evaluated until then.
    pub until: Timestamp,
}

/// What a failure leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Which one in a row.
    pub number: u32,
    /// How long to hold back the answer.
    pub delay: Duration,
    /// Set while the account is locked for this browser.
    pub locked_until: Option<Timestamp>,
    /// The limits that this very failure has reached: each is told once.
    pub reached: Vec<Reached>,
}

/// Regulates.
#[derive(Clone)]
pub struct Regulation {
    meters: Arc<dyn Meters>,
    rules: RegulationRules,
}

/// Takes places, and gives them all back when one is not to be had.
struct Taking<'a> {
    meters: &'a dyn Meters,
    vs: &'a VirtualServerId,
    now: Timestamp,
    places: Vec<(MeterKey, Timestamp)>,
}

impl Taking<'_> {
    /// Which place and until when; or when there will be one.
    async fn take(
        &mut self,
        meter: MeterKey,
        limit: u32,
        window: Duration,
    ) -> Result<Result<(u32, Timestamp), Timestamp>, StoreError> {
        match self.meters.take_place(self.vs, &meter, limit, window, self.now).await? {
            Taken::Place { number, ends } => {
                self.places.push((meter, ends));
                Ok(Ok((number, ends)))
            }
            Taken::Full { until } => {
                give_back(self.meters, self.vs, &self.places).await?;
                Ok(Err(until))
            }
        }
    }
}

async fn give_back(
    meters: &dyn Meters,
    vs: &VirtualServerId,
    places: &[(MeterKey, Timestamp)],
) -> Result<(), StoreError> {
    for (meter, ends) in places {
        meters.give_back(vs, meter, *ends).await?;
    }
    Ok(())
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
        if let Some(device) = who.device
            && let Some(attempt) = self.known_device_try(who, device, now).await?
        {
            return Ok(Permission::Allowed(attempt));
        }
        self.unknown_device_try(who, now).await
    }

    /// `None` when the budget is used up.
    async fn known_device_try(
        &self,
        who: &Guesser<'_>,
        device: &DeviceNonce,
        now: Timestamp,
    ) -> Result<Option<Attempt>, StoreError> {
        let mut taking = self.taking(who, now);
        let own = self.rules.known_device;
        let Ok((number, ends)) = taking.take(device_meter(who.account, device), own, DAY).await? else {
            return Ok(None);
        };
        if taking.take(devices_meter(who.account), self.rules.known_devices, DAY).await?.is_err() {
            return Ok(None);
        }
        let from = Whence::Known { last: (number == own).then_some(ends) };
        Ok(Some(Attempt { number, from, places: taking.places }))
    }

    async fn unknown_device_try(&self, who: &Guesser<'_>, now: Timestamp) -> Result<Permission, StoreError> {
        let (locked, until) = self.meters.read(who.vs, &lock_meter(who.account), now).await?;
        if locked > 0 {
            return Ok(Permission::Locked { until });
        }
        let mut taking = self.taking(who, now);
        let rules = &self.rules;
        let of_address = taking.take(address_meter(who.address), rules.per_address, rules.window).await?;
        let (of_address, window_ends) = match of_address {
            Ok(place) => place,
            Err(until) => return Ok(Permission::TooMany { until }),
        };
        // The failure after the permitted ones is the one that locks: it is evaluated still, those after it are not.
        let evaluated = who.limits.permitted.saturating_add(1);
        let number = match taking.take(tries_meter(who.account), evaluated, who.limits.lock).await? {
            Ok((number, _)) => number,
            Err(until) => return Ok(Permission::Locked { until }),
        };
        let (today, day_ends) = match taking.take(day_meter(who.account), rules.per_day, DAY).await? {
            Ok(place) => place,
            Err(until) => return Ok(Permission::Locked { until }),
        };
        let last_of_day = (today == rules.per_day).then_some(day_ends);
        let from = Whence::Unknown { of_address, window_ends, last_of_day };
        Ok(Permission::Allowed(Attempt { number, from, places: taking.places }))
    }

    fn taking<'a>(&'a self, who: &Guesser<'a>, now: Timestamp) -> Taking<'a> {
        Taking { meters: self.meters.as_ref(), vs: who.vs, now, places: Vec::new() }
    }

    /// The password was wrong. To be called before anything is answered.
    ///
    /// # Errors
    /// [`StoreError`]; the try's own count stands all the same.
    pub async fn after_failure(
        &self,
        who: &Guesser<'_>,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<Failure, StoreError> {
        let number = attempt.number;
        let mut failure = Failure { number, delay: self.delay(number), locked_until: None, reached: Vec::new() };
        match attempt.from {
            Whence::Known { last } => {
                failure.reached.extend(last.map(|until| Reached { scope: "device", until }));
            }
            Whence::Unknown { of_address, window_ends, last_of_day } => {
                if of_address > self.rules.slowed_address {
                    failure.delay = self.rules.delays.last().copied().unwrap_or_default();
                }
                if of_address == self.rules.per_address {
                    failure.reached.push(Reached { scope: "address", until: window_ends });
                }
                if number > who.limits.permitted {
                    self.lock(who, &mut failure, now).await?;
                }
                if let Some(until) = last_of_day {
                    failure.locked_until = failure.locked_until.max(Some(until));
                    failure.reached.push(Reached { scope: "account", until });
                }
            }
        }
        Ok(failure)
    }

    /// Of several that come to lock at the same moment one does.
    async fn lock(&self, who: &Guesser<'_>, failure: &mut Failure, now: Timestamp) -> Result<(), StoreError> {
        let until = match self.meters.take_place(who.vs, &lock_meter(who.account), 1, who.limits.lock, now).await? {
            Taken::Place { ends, .. } => {
                failure.reached.push(Reached { scope: "account", until: ends });
                ends
            }
            Taken::Full { until } => until,
        };
        failure.locked_until = Some(until);
        Ok(())
    }

    /// The password was right: the failures of this kind of browser are forgotten, but for those of the day. Signing in from
    /// a known browser does not forgive what strangers have tried.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn after_success(&self, who: &Guesser<'_>, attempt: Attempt) -> Result<(), StoreError> {
        let forgotten = match (&attempt.from, who.device) {
            (Whence::Known { .. }, Some(device)) => vec![device_meter(who.account, device)],
            _ => vec![tries_meter(who.account), lock_meter(who.account)],
        };
        for meter in &forgotten {
            self.meters.forget(who.vs, meter).await?;
        }
        let kept: Vec<_> = attempt.places.into_iter().filter(|(meter, _)| !forgotten.contains(meter)).collect();
        give_back(self.meters.as_ref(), who.vs, &kept).await
    }

    /// Until when an account is locked for browsers that it does not know; `None` where it is not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn locked_until(
        &self,
        vs: &VirtualServerId,
        account: &Account,
        limits: AccountLimits,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, StoreError> {
        let evaluated = limits.permitted.saturating_add(1);
        let mut locked = None;
        for (meter, full) in
            [(lock_meter(account), 1), (tries_meter(account), evaluated), (day_meter(account), self.rules.per_day)]
        {
            let (counted, until) = self.meters.read(vs, &meter, now).await?;
            if counted >= full {
                locked = locked.max(Some(until));
            }
        }
        Ok(locked)
    }

    /// The password was not looked at after all: it is as if nobody had tried.
    ///
    /// # Errors
    /// [`StoreError`]: then it stays counted.
    pub async fn not_evaluated(&self, who: &Guesser<'_>, attempt: Attempt) -> Result<(), StoreError> {
        give_back(self.meters.as_ref(), who.vs, &attempt.places).await
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

/// Every meter of an account, but those of single browsers that it knows: one that has used its tries up is a browser like any
/// other, and let in where any other is.
pub fn meters_of(account: &Account) -> [MeterKey; 4] {
    [tries_meter(account), day_meter(account), lock_meter(account), devices_meter(account)]
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

/// All browsers that the account knows.
fn devices_meter(account: &Account) -> MeterKey {
    MeterKey { scope: MeterScope::PasswordKnownDevice, key: account.key() }
}

/// An IPv4 address by itself, an IPv6 address with its whole /64: so many one customer has at the least.
pub(crate) fn address_meter(address: IpAddr) -> MeterKey {
    let key = match network_of(address) {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(network) => format!("{network}/64"),
    };
    MeterKey { scope: MeterScope::Address, key }
}

#[cfg(test)]
mod tests {
    use doorward_api::keys::MasterKey;
    use doorward_api::settings::Document;
    use doorward_fakes::World;
    use proptest::prelude::*;

    use super::*;
    use crate::device::Devices;
    use crate::names::fold_name;
    use crate::testing::{Dice, now};

    struct Stage {
        regulation: Regulation,
        world: Arc<World>,
        vs: VirtualServerId,
        account: Account,
        device: DeviceNonce,
        other_device: DeviceNonce,
    }

    impl Stage {
        fn set() -> Self {
            let (vs, alice) = (VirtualServerId::from("default"), UserId::from("u-alice"));
            let devices = Devices::new(&MasterKey::new(vec![7; 32]).unwrap(), Arc::new(Dice::default()));
            let device = || devices.known(&vs, &alice, &devices.make(&vs, &alice, now()), now()).unwrap();
            let (device, other_device) = (device(), device());
            let world = World::new();
            let regulation = Regulation::new(world.clone(), RegulationRules::default());
            Self { regulation, world, vs, account: Account::User(alice), device, other_device }
        }

        fn stranger(&self) -> Guesser<'_> {
            self.from("192.0.2.1")
        }

        fn from(&self, address: &str) -> Guesser<'_> {
            let (address, limits) = (address.parse().unwrap(), AccountLimits::from(&Lockout::of_new()));
            Guesser { vs: &self.vs, account: &self.account, device: None, address, limits }
        }

        fn owner(&self) -> Guesser<'_> {
            Guesser { device: Some(&self.device), ..self.from("198.51.100.7") }
        }

        /// A stranger's try on another account, from the address of `self.stranger()`.
        async fn fail_on(&self, account: &Account, address: &str) -> Option<Failure> {
            self.fail(&Guesser { account, ..self.from(address) }, now()).await
        }

        async fn fail(&self, who: &Guesser<'_>, at: Timestamp) -> Option<Failure> {
            match self.regulation.before_password(who, at).await.unwrap() {
                Permission::Allowed(attempt) => Some(self.regulation.after_failure(who, attempt, at).await.unwrap()),
                Permission::Locked { .. } | Permission::TooMany { .. } => None,
            }
        }

        async fn succeed(&self, who: &Guesser<'_>, at: Timestamp) -> bool {
            match self.regulation.before_password(who, at).await.unwrap() {
                Permission::Allowed(attempt) => {
                    self.regulation.after_success(who, attempt).await.unwrap();
                    true
                }
                Permission::Locked { .. } | Permission::TooMany { .. } => false,
            }
        }

        async fn too_many(&self, who: &Guesser<'_>, at: Timestamp) -> bool {
            matches!(self.regulation.before_password(who, at).await.unwrap(), Permission::TooMany { .. })
        }

        /// A try that is under way.
        async fn begin(&self, who: &Guesser<'_>) -> Attempt {
            match self.regulation.before_password(who, now()).await.unwrap() {
                Permission::Allowed(attempt) => attempt,
                refused => panic!("{refused:?}"),
            }
        }

        /// Whether no meter counts anything.
        fn untouched(&self) -> bool {
            self.world.with(|rows| rows.meters.values().all(|(counted, _)| *counted == 0))
        }
    }

    fn user(number: usize) -> Account {
        Account::User(UserId::new(format!("u-{number}")))
    }

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[tokio::test]
    async fn three_failures_are_permitted_and_the_fourth_locks_for_a_quarter_of_an_hour() {
        let stage = Stage::set();
        for (number, delay) in [(1, 1), (2, 3), (3, 5)] {
            let failure = stage.fail(&stage.stranger(), now() + secs(200)).await.unwrap();
            let expected = Failure { number, delay: secs(delay), locked_until: None, reached: Vec::new() };
            assert_eq!(failure, expected);
        }
        let fourth_at = now() + secs(800);
        let fourth = stage.fail(&stage.stranger(), fourth_at).await.unwrap();
        let until = fourth_at + secs(900);
        let reached = vec![Reached { scope: "account", until }];
        assert_eq!(fourth, Failure { number: 4, delay: secs(10), locked_until: Some(until), reached });
        assert!(!stage.succeed(&stage.stranger(), fourth_at + secs(899)).await, "even the right password waits");
        assert!(stage.succeed(&stage.stranger(), until).await);
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
    async fn a_right_password_leaves_no_trace() {
        let stage = Stage::set();
        for who in [stage.stranger(), stage.owner()] {
            assert!(stage.succeed(&who, now()).await);
            assert!(stage.untouched(), "{:?}", stage.world.with(|rows| rows.meters.clone()));
        }
    }

    #[tokio::test]
    async fn a_check_that_never_ran_is_no_try() {
        let stage = Stage::set();
        for who in [stage.stranger(), stage.owner()] {
            for _ in 0..200 {
                let attempt = stage.begin(&who).await;
                stage.regulation.not_evaluated(&who, attempt).await.unwrap();
            }
            assert!(stage.untouched());
        }
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
    async fn of_several_that_are_the_last_one_tells_of_the_lock() {
        let stage = Stage::set();
        let stranger = stage.stranger();
        let mut attempts = Vec::new();
        for _ in 0..4 {
            attempts.push(stage.begin(&stranger).await);
        }
        // One of them never runs, and another takes its place: two are the last now.
        stage.regulation.not_evaluated(&stranger, attempts.remove(1)).await.unwrap();
        attempts.push(stage.begin(&stranger).await);
        let mut told = 0;
        for attempt in attempts {
            told += stage.regulation.after_failure(&stranger, attempt, now()).await.unwrap().reached.len();
        }
        assert_eq!(told, 1);
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
    async fn a_known_device_has_a_small_budget_for_the_day_and_is_a_stranger_after_it() {
        let stage = Stage::set();
        for number in 1..=10 {
            let failure = stage.fail(&stage.owner(), now()).await.unwrap();
            let told = (number == 10).then_some(Reached { scope: "device", until: now() + DAY });
            assert_eq!((failure.locked_until, failure.reached), (None, Vec::from_iter(told)));
        }
        // Four more as anybody has, and then the account is locked for it as for anybody.
        for _ in 0..4 {
            stage.fail(&stage.owner(), now()).await.unwrap();
        }
        assert!(!stage.succeed(&stage.owner(), now() + secs(899)).await);
        assert!(stage.succeed(&stage.owner(), now() + secs(900)).await);
        for _ in 0..5 {
            stage.fail(&stage.owner(), now() + DAY).await.unwrap();
        }
        assert!(stage.succeed(&stage.owner(), now() + DAY).await, "with the day comes a new budget");
    }

    #[tokio::test]
    async fn many_stolen_cookies_have_no_more_than_twenty_tries_a_day_together() {
        let stage = Stage::set();
        let devices = Devices::new(&MasterKey::new(vec![7; 32]).unwrap(), Arc::new(Dice::default()));
        let (vs, alice) = (VirtualServerId::from("default"), UserId::from("u-alice"));
        let mut evaluated = 0;
        for _ in 0..10 {
            let device = devices.known(&vs, &alice, &devices.make(&vs, &alice, now()), now()).unwrap();
            for _ in 0..10 {
                let who = Guesser { device: Some(&device), ..stage.stranger() };
                evaluated += u32::from(stage.fail(&who, now()).await.is_some());
            }
        }
        assert_eq!(evaluated, 20 + 4, "and the four that any browser has in a quarter of an hour");
    }

    #[tokio::test]
    async fn an_attacker_in_the_same_office_harms_nobody_on_a_known_device() {
        let stage = Stage::set();
        for victim in 0..500 {
            stage.fail_on(&user(victim), "198.51.100.7").await;
        }
        assert!(stage.too_many(&stage.from("198.51.100.7"), now()).await, "whose browser is new has to wait");
        assert!(stage.succeed(&stage.owner(), now()).await);
        stage.fail(&stage.owner(), now()).await.unwrap();
        assert!(stage.succeed(&stage.owner(), now()).await);
    }

    #[tokio::test]
    async fn a_slow_guesser_has_eighty_tries_a_day_from_all_addresses_together() {
        let stage = Stage::set();
        let (mut evaluated, mut told) = (0, 0);
        for minute in 0..24 * 60 {
            let address = format!("203.0.113.{}", minute % 200);
            let failure = stage.fail(&stage.from(&address), now() + secs(minute * 60)).await;
            evaluated += u32::from(failure.is_some());
            let of_day = |reached: &&Reached| reached.scope == "account" && reached.until == now() + DAY;
            told += failure.iter().flat_map(|failure| &failure.reached).filter(of_day).count();
        }
        assert_eq!((evaluated, told), (80, 1));
        assert!(stage.succeed(&stage.owner(), now() + secs(23 * 3600)).await);
        assert!(stage.succeed(&stage.stranger(), now() + DAY).await);
    }

    #[tokio::test]
    async fn an_address_that_tries_everybody_is_slowed_and_then_has_to_wait() {
        let stage = Stage::set();
        let mut failures = Vec::new();
        for victim in 0..500 {
            failures.extend(stage.fail_on(&user(victim), &format!("2001:db8::{victim:x}")).await);
        }
        assert_eq!(failures.len(), 100);
        assert_eq!(failures.iter().filter(|failure| failure.delay == secs(1)).count(), 30);
        assert_eq!(failures.iter().filter(|failure| failure.delay == secs(10)).count(), 70);
        let told: Vec<&Reached> = failures.iter().flat_map(|failure| &failure.reached).collect();
        assert_eq!(told, [&Reached { scope: "address", until: now() + secs(900) }], "once");
        assert!(stage.too_many(&stage.from("2001:db8::1"), now() + secs(899)).await);
        assert!(stage.succeed(&stage.from("2001:db8:0:1::1"), now()).await, "the neighbour network may");
        assert!(stage.succeed(&stage.from("2001:db8::1"), now() + secs(900)).await);
    }

    #[tokio::test]
    async fn what_is_refused_to_an_address_costs_the_account_nothing() {
        let stage = Stage::set();
        for victim in 0..100 {
            stage.fail_on(&user(victim), "192.0.2.1").await.unwrap();
        }
        for _ in 0..50 {
            assert!(stage.too_many(&stage.stranger(), now()).await);
        }
        assert_eq!(stage.fail(&stage.from("203.0.113.9"), now()).await.unwrap().number, 1);
    }

    #[tokio::test]
    async fn what_is_refused_to_an_account_costs_the_address_nothing() {
        let stage = Stage::set();
        for _ in 0..400 {
            stage.fail(&stage.stranger(), now()).await;
        }
        assert!(stage.succeed(&Guesser { account: &user(1), ..stage.stranger() }, now()).await);
    }

    #[test]
    fn a_mapped_address_is_the_address_it_maps() {
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

    /// What strangers can do, one thing at a time.
    #[derive(Debug, Clone)]
    enum Deed {
        /// Ask for a try, from one of a few addresses, on alice's account or another.
        Ask { address: u8, of_alice: bool },
        /// One of the tries under way was wrong.
        Wrong(usize),
        /// One of them was never looked at.
        NeverRan(usize),
        /// One of them is never heard of again.
        BrokenOff(usize),
        /// Seconds pass.
        Wait(u64),
    }

    fn deed() -> impl Strategy<Value = Deed> {
        prop_oneof![
            6 => (0_u8..4, prop::bool::weighted(0.8)).prop_map(|(address, of_alice)| Deed::Ask { address, of_alice }),
            4 => any::<usize>().prop_map(Deed::Wrong),
            1 => any::<usize>().prop_map(Deed::NeverRan),
            1 => any::<usize>().prop_map(Deed::BrokenOff),
            2 => (0_u64..4000).prop_map(Deed::Wait),
        ]
    }

    /// Strangers at work.
    struct Siege {
        stage: Stage,
        at: Timestamp,
        /// Tries under way, each with whose account it is and from where.
        underway: Vec<(Attempt, Account, u8)>,
        /// When tries on alice's account were evaluated, or may have been.
        spent: Vec<Timestamp>,
    }

    impl Siege {
        fn laid() -> Self {
            Self { stage: Stage::set(), at: now(), underway: Vec::new(), spent: Vec::new() }
        }

        fn who<'a>(&'a self, account: &'a Account, address: u8) -> Guesser<'a> {
            Guesser { account, ..self.stage.from(&format!("203.0.113.{address}")) }
        }

        fn pick(&mut self, any: usize) -> Option<(Attempt, Account, u8)> {
            let count = self.underway.len();
            (count > 0).then(|| self.underway.swap_remove(any % count))
        }

        async fn does(&mut self, deed: &Deed) {
            match deed {
                Deed::Ask { address, of_alice } => {
                    let account = if *of_alice { self.stage.account.clone() } else { user(2) };
                    let who = self.who(&account, *address);
                    let permission = self.stage.regulation.before_password(&who, self.at).await.unwrap();
                    if let Permission::Allowed(attempt) = permission {
                        self.underway.push((attempt, account, *address));
                    }
                }
                Deed::Wrong(any) => self.wrong(*any).await,
                Deed::NeverRan(any) => {
                    let Some((attempt, account, address)) = self.pick(*any) else { return };
                    let who = self.who(&account, address);
                    self.stage.regulation.not_evaluated(&who, attempt).await.unwrap();
                }
                Deed::BrokenOff(any) => {
                    let Some((_, account, _)) = self.pick(*any) else { return };
                    self.spend(&account);
                }
                Deed::Wait(seconds) => {
                    // What is under way ends within seconds.
                    while !self.underway.is_empty() {
                        self.wrong(0).await;
                    }
                    self.at = self.at + secs(*seconds);
                }
            }
        }

        async fn wrong(&mut self, any: usize) {
            let Some((attempt, account, address)) = self.pick(any) else { return };
            let who = self.who(&account, address);
            self.stage.regulation.after_failure(&who, attempt, self.at).await.unwrap();
            self.spend(&account);
        }

        fn spend(&mut self, account: &Account) {
            if *account == self.stage.account {
                self.spent.push(self.at);
            }
        }
    }

    fn block_on<T>(story: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(story)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_that_strangers_do_keeps_a_known_device_out(deeds in prop::collection::vec(deed(), 0..250)) {
            block_on(async {
                let mut siege = Siege::laid();
                for deed in &deeds {
                    siege.does(deed).await;
                    assert!(siege.stage.succeed(&siege.stage.owner(), siege.at).await);
                }
                // It can mistype as often as on any other day, and so can the owner's other browser.
                let stage = &siege.stage;
                for device in [&stage.device, &stage.other_device] {
                    let owner = Guesser { device: Some(device), ..stage.owner() };
                    for _ in 0..9 {
                        assert_eq!(stage.fail(&owner, siege.at).await.unwrap().locked_until, None);
                    }
                    assert!(stage.succeed(&owner, siege.at).await);
                }
            });
        }

        #[test]
        fn no_order_of_tries_evaluates_more_than_the_limits(deeds in prop::collection::vec(deed(), 0..400)) {
            block_on(async {
                let mut siege = Siege::laid();
                for deed in &deeds {
                    siege.does(deed).await;
                    let of_alice = siege.underway.iter().filter(|(_, account, _)| *account == siege.stage.account);
                    assert!(of_alice.count() <= 4, "at the same moment");
                }
                siege.does(&Deed::Wait(0)).await;
                // A window begins with its first try, so any span as long lies in two of them at the most.
                for (span, most) in [(secs(900), 8), (DAY, 160)] {
                    for begin in &siege.spent {
                        let within = siege.spent.iter().filter(|at| *at >= begin && **at < *begin + span).count();
                        assert!(within <= most, "{within} in {span:?}");
                    }
                }
            });
        }
    }
}
