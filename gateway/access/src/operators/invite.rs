//! How operators are made: by a link that is good once, behind which its holder chooses name and password and proves a
//! second factor. The first administrator's link is printed at start; there is no password to begin with.
//!
//! While what gives powers takes two operators, a new one is switched off until a second operator has switched them on. Whoever
//! asked for a link could open it themselves; so it is not the link that is approved at the end but who came by it, by name.

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use doorward_api::operator::{HeldRole, NewOperator, Operator, OperatorSession, Role, RoleRef};
use doorward_api::plugin::OfferView;
use doorward_api::ports::{Act, Change, OneTime, OneTimePurpose};
use doorward_api::settings::{Approvals, Held, SettingKind};
use doorward_api::{
    AuditEvent, CommitError, EventContext, EventKind, HeldAct, Module, OperatorId, Secret, SecretBytes, StoreError,
    Timestamp, Token, TokenHash, VirtualServerId,
};
use serde::{Deserialize, Serialize};

use super::staff::may_change;
use super::{Caller, OperatorDesk, OperatorError, Passcode, SHORTEST_PASSWORD, Undone, enabled, offer_request};
use crate::names::fold_name;
use crate::passwords::{HashError, LONGEST_PASSWORD};
use crate::settings::setting;

/// How long a link is good.
pub const LINK_LIFE: Duration = Duration::from_hours(24);

/// Where the first administrator's link is kept. There is one place for it, so that a new link voids the one before; no token
/// has this hash, so that nothing else ever lies there.
const FIRST: TokenHash = TokenHash::from_bytes([0; 32]);

/// How long that place is kept: a row that is over cannot be taken, and none can be put in its place until it is swept away.
/// The link in it ends by itself.
const FIRST_LIFE: Duration = Duration::from_hours(10 * 365 * 24);

/// Of two processes that start in the same moment one is late, and tries again. So is who comes by a link while it is being
/// changed what takes two operators.
const ROUNDS: u32 = 4;

/// What the store keeps of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Invitation {
    role: RoleRef,
    /// Of the first administrator's link, which is kept in another place than under its hash: that hash, and its end.
    link: Option<(TokenHash, Timestamp)>,
    /// Who made it, by whose powers it is good. Nobody made the first administrator's.
    #[serde(default)]
    by: Option<OperatorId>,
}

/// A link that was found good.
pub(super) struct Found {
    pub(super) whom: Whom,
    /// What they will be, or are.
    pub(super) role: HeldRole,
    pub(super) purpose: OneTimePurpose,
    /// Under which it is kept.
    pub(super) kept: TokenHash,
    /// The operator who made it. None made the first administrator's, nor what is made on the database itself.
    pub(super) by: Option<OperatorId>,
}

/// For whom a link is.
pub(super) enum Whom {
    /// One more operator.
    New,
    /// One who sets password and second factor anew.
    Again(Box<Operator>),
}

impl Found {
    /// The link is used up, where this holds.
    pub(super) fn taken(&self, holds: Vec<Act>) -> Change {
        let mut change = Change::of(Act::OneTimeTake { purpose: self.purpose, hash: self.kept });
        change.acts.extend(holds);
        change
    }
}

/// By whom what a link gives is given.
pub(super) struct Given {
    /// By two operators: the second one has to come yet.
    pub(super) by_two: bool,
    /// What has to hold for it.
    pub(super) holds: Vec<Act>,
}

/// A link that was made and not used yet.
#[derive(Debug, Clone)]
pub struct Invited {
    /// By this it is withdrawn. It is no secret: the link cannot be made of it.
    pub id: String,
    /// What the operator will be.
    pub role: HeldRole,
    /// Who made it, by name.
    pub by: String,
    /// Its end.
    pub until: Timestamp,
}

/// So many links are looked through: more than anybody makes in a day.
const MOST_INVITED: u32 = 200;

/// What the page behind a link shows.
#[derive(Debug)]
pub struct Setup {
    /// What the operator will be, or is.
    pub role: HeldRole,
    /// The name of who sets password and second factor anew; whoever is new chooses one.
    pub name: Option<String>,
    /// The text of the second factor's QR code.
    pub uri: Secret,
    /// Its key, to be typed.
    pub key: Secret,
    /// What the browser keeps, so that a reload shows the same.
    pub keep: String,
}

/// What was filled in behind a link.
#[derive(Debug, Clone)]
pub struct SetupForm {
    /// The name to sign in with. Whoever has one keeps it.
    pub name: String,
    /// The password.
    pub password: Secret,
    /// It, once more.
    pub again: Secret,
    /// What the app shows.
    pub passcode: Secret,
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupFault {
    /// No name to sign in with.
    Name,
    /// Somebody has the name.
    NameTaken,
    /// Fewer than [`SHORTEST_PASSWORD`] characters, or very many.
    PasswordLength,
    /// It is the name.
    PasswordIsName,
    /// The two entries differ.
    Differs,
    /// The passcode is not what the app shows.
    Passcode,
}

/// What became of it.
#[derive(Debug)]
pub enum Finished {
    /// The operator is made, or has both anew, and is signed in.
    Done {
        /// For the cookie.
        session: Token,
    },
    /// The same, but they are switched off: another one has to switch them on.
    Waits,
    /// Not yet; the link stays good.
    Wrong(Vec<SetupFault>),
    /// The link was used meanwhile, or is over or void, or the browser has lost what it was shown.
    Gone,
}

impl OperatorDesk {
    /// A link for one more operator. It is good for as long as whoever makes it may invite, and do all that the new one will:
    /// what it gives goes with the powers that it was given by. Of two operators that is the one who asked, who has the link.
    ///
    /// # Errors
    /// [`OperatorError::Forbidden`], [`OperatorError::NotFresh`], [`OperatorError::Beyond`], or a store that does not answer.
    pub async fn invite(
        &self,
        caller: &Caller,
        by: &OperatorSession,
        role: impl Into<RoleRef>,
    ) -> Result<Token, OperatorError> {
        let of = role.into();
        may_change(by, caller, Module::Operators.edit())?;
        let role = self.to_give(caller, by, &of).await?;
        let seal = self.turn(caller, by, HeldAct::OperatorInvite { role: of.clone() }, &role.name).await?;
        let link = Token::draw(self.ports.entropy.as_ref());
        let invitation = Invitation { role: of, link: None, by: Some(by.operator.id.clone()) };
        let put = put(link.hash(), &invitation, caller.now + LINK_LIFE);
        let event = caller.event(EventKind::OperatorInvited, Some(&by.operator.name)).with("role", role.name);
        let change = Undone::by(caller.undone, seal.on(Change::of(put).record(event)));
        self.ports.ledger.commit(&caller.vs, change, caller.now).await.map_err(super::gone)?;
        Ok(link)
    }

    /// The links that lead somewhere, the one that ends first before the others.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn invitations(&self, vs: &VirtualServerId, now: Timestamp) -> Result<Vec<Invited>, OperatorError> {
        let purpose = OneTimePurpose::OperatorInvite;
        let mut all = Vec::new();
        for kept in self.ports.one_times.one_times(vs, purpose, MOST_INVITED, now).await? {
            let invitation = read(&kept)?;
            // The first administrator's is nobody's to withdraw: it is good only while there is nobody.
            let (None, Some(_)) = (&invitation.link, &invitation.by) else { continue };
            if let Some((role, by)) = self.good(vs, invitation).await? {
                all.push(Invited { id: kept.hash.hex(), role, by: by.name, until: kept.expires_at });
            }
        }
        all.sort_by_key(|one| one.until);
        Ok(all)
    }

    /// One link leads nowhere from now on. As with keys and switching off, that takes one operator only.
    ///
    /// # Errors
    /// [`OperatorError::Forbidden`], [`OperatorError::NotFresh`]; [`OperatorError::NotFound`] where it was used or is over; or a
    /// store that does not answer.
    pub async fn withdraw_invitation(
        &self,
        caller: &Caller,
        by: &OperatorSession,
        id: &str,
    ) -> Result<(), OperatorError> {
        may_change(by, caller, Module::Operators.edit())?;
        let hash = TokenHash::from_hex(id).filter(|hash| *hash != FIRST).ok_or(OperatorError::NotFound)?;
        let invitation = self.invitation(caller, &hash).await?.ok_or(OperatorError::NotFound)?;
        let role = match self.held(&caller.vs, &invitation.role).await? {
            Some(role) => role.name,
            None => invitation.role.as_str().to_owned(),
        };
        let event = caller.event(EventKind::OperatorInvitationWithdrawn, Some(&by.operator.name)).with("role", role);
        match self.ports.ledger.commit(&caller.vs, Change::of(take(hash)).record(event), caller.now).await {
            Ok(()) => Ok(()),
            Err(CommitError::Lost { .. }) => Err(OperatorError::NotFound),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    /// The link for the first administrator of a virtual server that has no operators; `None` where there are some. Links made
    /// before are void from now on.
    ///
    /// # Errors
    /// A store that does not answer.
    pub async fn first_link(&self, vs: &VirtualServerId, now: Timestamp) -> Result<Option<Token>, OperatorError> {
        for _ in 0..ROUNDS {
            if !self.ports.operators.operators(vs).await?.is_empty() {
                return Ok(None);
            }
            let link = Token::draw(self.ports.entropy.as_ref());
            let (role, until) = (Role::Administrator.into(), now + LINK_LIFE);
            let invitation = Invitation { role, link: Some((link.hash(), until)), by: None };
            let earlier = self.ports.one_times.one_time(vs, OneTimePurpose::OperatorInvite, &FIRST, now).await?;
            let mut change = Change::default();
            if earlier.is_some() {
                change = change.and(take(FIRST));
            }
            let event = AuditEvent::new(EventKind::OperatorInvited, EventContext::default())
                .with("role", Role::Administrator.as_str())
                .with("actor", "system");
            let change = change.and(put(FIRST, &invitation, now + FIRST_LIFE)).record(event);
            match self.ports.ledger.commit(vs, change, now).await {
                Ok(()) => return Ok(Some(link)),
                Err(CommitError::Lost { .. }) => {}
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        Err(StoreError::Unavailable("the first administrator's link was made by others each time".into()).into())
    }

    /// What the page behind a link shows. `kept` is what this browser was given to keep by the page before. `None` when the
    /// link is no longer good.
    ///
    /// # Errors
    /// A store or a plugin that does not answer.
    pub async fn setup(
        &self,
        caller: &Caller,
        issuer: &str,
        link: &str,
        kept: Option<&str>,
    ) -> Result<Option<Setup>, OperatorError> {
        let Some(found) = self.find(caller, link).await? else { return Ok(None) };
        let name = match &found.whom {
            Whom::New => None,
            Whom::Again(operator) => Some(operator.name.clone()),
        };
        let (_, kind) = self.second_factor()?;
        let request = offer_request(name.as_deref().unwrap_or(&found.role.name), issuer);
        let opened = match kept.and_then(|kept| self.open(caller, link, kept)) {
            Some(opened) => opened,
            None => kind.offer(&request, caller.now).await?.opened,
        };
        let keep = match kept.filter(|kept| self.open(caller, link, kept).is_some()) {
            Some(kept) => kept.to_owned(),
            None => self.seal(caller, link, &opened),
        };
        // Only standard apps are asked, which have nothing else to show.
        let OfferView::Secret { uri, key } = kind.show(&opened, &request)? else {
            return Err(OperatorError::NoSecondFactor);
        };
        Ok(Some(Setup { role: found.role, name, uri, key, keep }))
    }

    /// Makes the operator, or gives them what they have chosen anew, and signs them in where nobody has to switch them on before.
    ///
    /// # Errors
    /// [`OperatorError::Busy`], or a store or a plugin that does not answer: then the link stays good.
    pub async fn finish(
        &self,
        caller: &Caller,
        link: &str,
        kept: Option<&str>,
        form: &SetupForm,
    ) -> Result<Finished, OperatorError> {
        let Some(found) = self.find(caller, link).await? else { return Ok(Finished::Gone) };
        let Some(opened) = kept.and_then(|kept| self.open(caller, link, kept)) else { return Ok(Finished::Gone) };
        let mut faults = self.faults(caller, &found.whom, form).await?;
        let (plugin, _) = self.second_factor()?;
        let passcode = self.check(plugin, &opened, &form.passcode, caller.now).await?;
        let Passcode::Right { updated } = passcode else {
            faults.push(SetupFault::Passcode);
            return Ok(Finished::Wrong(faults));
        };
        if !faults.is_empty() {
            return Ok(Finished::Wrong(faults));
        }
        match &found.whom {
            Whom::New => self.make(caller, &found, form, (plugin, updated)).await,
            Whom::Again(operator) => self.set_anew(caller, (&found, operator), form, (plugin, updated)).await,
        }
    }

    async fn make(
        &self,
        caller: &Caller,
        found: &Found,
        form: &SetupForm,
        (plugin, opened): (&str, SecretBytes),
    ) -> Result<Finished, OperatorError> {
        let name = form.name.trim();
        let Some(folded) = fold_name(name) else { return Ok(Finished::Wrong(vec![SetupFault::Name])) };
        let operator = NewOperator {
            id: OperatorId::new(self.ports.entropy.id()),
            name: name.to_owned(),
            folded,
            role: found.role.of.clone(),
            disabled: false,
            password_hash: self.hash(&form.password).await?,
            plugin: plugin.to_owned(),
            opened,
        };
        self.commit_by_link(caller, found, |given| self.making(caller, found, &operator, given)).await
    }

    /// Does what a link gives by what holds at this moment, and anew where that was changed meanwhile.
    pub(super) async fn commit_by_link(
        &self,
        caller: &Caller,
        found: &Found,
        change: impl Fn(Given) -> (Change, Finished),
    ) -> Result<Finished, OperatorError> {
        for _ in 0..ROUNDS {
            let (change, finished) = change(self.given(&caller.vs, found).await?);
            match self.ports.ledger.commit(&caller.vs, change, caller.now).await {
                Ok(()) => return Ok(finished),
                Err(CommitError::Lost { what: "settings_still", .. }) => {}
                Err(CommitError::Lost { what: "operator_add", .. }) => {
                    return Ok(Finished::Wrong(vec![SetupFault::NameTaken]));
                }
                Err(CommitError::Lost { .. }) => return Ok(Finished::Gone),
                Err(CommitError::Store(error)) => return Err(error.into()),
            }
        }
        Err(StoreError::Unavailable("what takes two operators was changed each time".into()).into())
    }

    fn making(&self, caller: &Caller, found: &Found, operator: &NewOperator, given: Given) -> (Change, Finished) {
        let operator = NewOperator { disabled: given.by_two, ..operator.clone() };
        let (id, name) = (operator.id.clone(), operator.name.clone());
        let mut created = caller.event(EventKind::OperatorCreated, Some(&name)).with("role", found.role.name.as_str());
        if given.by_two {
            created = created.with("disabled", true);
        }
        let change = found.taken(given.holds).and(Act::OperatorAdd(Box::new(operator))).record(created);
        if given.by_two { (change, Finished::Waits) } else { self.signing_in(caller, change, (&id, &name)) }
    }

    /// And a session.
    pub(super) fn signing_in(
        &self,
        caller: &Caller,
        change: Change,
        (id, name): (&OperatorId, &str),
    ) -> (Change, Finished) {
        let session = Token::draw(self.ports.entropy.as_ref());
        let begun = self.new_session(id, &session, caller.now);
        let login = caller.event(EventKind::OperatorLogin, Some(name));
        (change.and(Act::OperatorSessionStart(begun)).record(login), Finished::Done { session })
    }

    /// By whom what a link gives is given at this moment. The link itself does not tell: it may have been made before that was
    /// changed. What no operator has made is given by whoever holds the gateway and its database.
    async fn given(&self, vs: &VirtualServerId, found: &Found) -> Result<Given, OperatorError> {
        let Some(id) = found.by.clone() else { return Ok(Given { by_two: false, holds: Vec::new() }) };
        let wanted = setting::<Approvals>(self.ports.settings.as_ref(), vs).await?;
        let (may, gives) = (Module::Operators.edit(), found.role.of.clone());
        let still = Act::SettingsStill { seen: vec![(SettingKind::Approvals, wanted.version)] };
        let holds = vec![Act::OperatorStands { id, may, gives }, still];
        Ok(Given { by_two: wanted.document.take_two(Held::Operators), holds })
    }

    /// What is wrong with name and password.
    async fn faults(&self, caller: &Caller, whom: &Whom, form: &SetupForm) -> Result<Vec<SetupFault>, OperatorError> {
        let (mut faults, name) = match whom {
            Whom::New => (self.faults_of_name(caller, &form.name).await?, form.name.as_str()),
            Whom::Again(operator) => (Vec::new(), operator.name.as_str()),
        };
        match check_password(&form.password, name) {
            Err(fault) => faults.push(fault),
            Ok(()) if form.password.expose() != form.again.expose() => faults.push(SetupFault::Differs),
            Ok(()) => {}
        }
        Ok(faults)
    }

    async fn faults_of_name(&self, caller: &Caller, name: &str) -> Result<Vec<SetupFault>, OperatorError> {
        let Some(folded) = fold_name(name) else { return Ok(vec![SetupFault::Name]) };
        let taken = self.ports.operators.operator_by_name(&caller.vs, &folded).await?.is_some();
        Ok(taken.then_some(SetupFault::NameTaken).into_iter().collect())
    }

    pub(super) async fn hash(&self, password: &Secret) -> Result<String, OperatorError> {
        self.passwords.hash(password.clone()).await.map_err(|error| match error {
            HashError::Busy => OperatorError::Busy,
            other => StoreError::Unavailable(other.to_string()).into(),
        })
    }

    /// A live link: whoever made it still may. The first administrator's is good only while there is nobody.
    async fn find(&self, caller: &Caller, link: &str) -> Result<Option<Found>, OperatorError> {
        let Some(hash) = Token::parse(link).map(|link| link.hash()) else { return Ok(None) };
        if let Some(invitation) = self.invitation(caller, &hash).await? {
            let good = self.good(&caller.vs, invitation).await?;
            let (whom, purpose) = (Whom::New, OneTimePurpose::OperatorInvite);
            return Ok(good.map(|(role, by)| Found { whom, role, purpose, kept: hash, by: Some(by.id) }));
        }
        if let Some(found) = self.find_recovery(caller, hash).await? {
            return Ok(Some(found));
        }
        let first = self.invitation(caller, &FIRST).await?;
        let good =
            |link: Option<(TokenHash, Timestamp)>| link.is_some_and(|(link, end)| link.same(&hash) && end > caller.now);
        if !first.is_some_and(|invitation| good(invitation.link)) {
            return Ok(None);
        }
        let nobody = self.ports.operators.operators(&caller.vs).await?.is_empty();
        let (whom, purpose) = (Whom::New, OneTimePurpose::OperatorInvite);
        Ok(nobody.then(|| Found { whom, role: Role::Administrator.into(), purpose, kept: FIRST, by: None }))
    }

    /// What an invitation gives and who made it, if that is still theirs to give.
    async fn good(
        &self,
        vs: &VirtualServerId,
        invitation: Invitation,
    ) -> Result<Option<(HeldRole, Operator)>, OperatorError> {
        // A role that was deleted meanwhile can be given to nobody.
        let Some(role) = self.held(vs, &invitation.role).await? else { return Ok(None) };
        // A release before this one kept nobody with a link. Nobody's powers stand behind it.
        let Some(by) = invitation.by else { return Ok(None) };
        let by = self.ports.operators.operator(vs, &by).await?;
        let needed = role.permissions.with(Module::Operators.edit());
        let may = |by: &Operator| enabled(by) && by.role.permissions.includes(needed);
        Ok(by.filter(may).map(|by| (role, by)))
    }

    async fn invitation(&self, caller: &Caller, hash: &TokenHash) -> Result<Option<Invitation>, OperatorError> {
        let purpose = OneTimePurpose::OperatorInvite;
        let Some(kept) = self.ports.one_times.one_time(&caller.vs, purpose, hash, caller.now).await? else {
            return Ok(None);
        };
        Ok(Some(read(&kept)?))
    }

    /// What a browser keeps of a second factor until it is proved: nothing is stored before that.
    fn seal(&self, caller: &Caller, link: &str, opened: &SecretBytes) -> String {
        let sealed = self.sealing.seal(&place(&caller.vs, link), opened.expose(), self.ports.entropy.as_ref());
        BASE64URL_NOPAD.encode(&sealed)
    }

    fn open(&self, caller: &Caller, link: &str, kept: &str) -> Option<SecretBytes> {
        self.sealing.open(&place(&caller.vs, link), &BASE64URL_NOPAD.decode(kept.as_bytes()).ok()?).ok()
    }
}

/// A second factor belongs to one link of one virtual server.
fn place<'a>(vs: &'a VirtualServerId, link: &'a str) -> [&'a str; 3] {
    ["operator", vs.as_str(), link]
}

fn put(hash: TokenHash, invitation: &Invitation, expires_at: Timestamp) -> Act {
    // Writing these plain types cannot fail; an empty text would not be read back, and make nobody.
    let data = serde_json::to_string(invitation).unwrap_or_default();
    Act::OneTimePut(OneTime { purpose: OneTimePurpose::OperatorInvite, hash, data, expires_at })
}

fn read(kept: &OneTime) -> Result<Invitation, StoreError> {
    serde_json::from_str(&kept.data)
        .map_err(|error| StoreError::Damaged(format!("an operator's link cannot be read: {error}")))
}

const fn take(hash: TokenHash) -> Act {
    Act::OneTimeTake { purpose: OneTimePurpose::OperatorInvite, hash }
}

/// Length is what counts (NIST SP 800-63B); and it must not be the name.
pub(super) fn check_password(password: &Secret, name: &str) -> Result<(), SetupFault> {
    let long_enough = password.expose().chars().count() >= SHORTEST_PASSWORD && password.len() <= LONGEST_PASSWORD;
    if !long_enough {
        return Err(SetupFault::PasswordLength);
    }
    let same = fold_name(password.expose()).is_some_and(|password| fold_name(name) == Some(password));
    if same { Err(SetupFault::PasswordIsName) } else { Ok(()) }
}
