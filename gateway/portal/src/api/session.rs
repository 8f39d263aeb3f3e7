//! Sessions: the same as the console's, carried as a bearer's token.

use doorward_access::operators::{Entered, FRESH, Proof, Reproved};
use doorward_api::operator::OperatorSession;
use doorward_api::{FieldRule, Secret, VirtualServerId};
use serde::Serialize;
use utoipa::ToSchema;

use super::asked::{Asked, Outside};
use super::given::{Nothing, body};
use super::gives::{Done, Drawn, Found, Shown};
use super::people::SOME_TIME;
use super::problem::{Kind, Problem, Wrong};
use super::staff::OperatorShown;
use crate::console::SessionCookie;

body! {
    /// Who signs in, and by what.
    Credentials {
        /// The id of the virtual server; needed where there are several.
        #[schema(nullable = false)]
        virtual_server: Option<String>,
        /// The operator's name.
        name: String,
        /// Their password.
        #[schema(value_type = String, format = Password)]
        password: Secret,
        /// The passcode that their app shows.
        #[schema(value_type = String)]
        passcode: Secret,
    }
    example { "virtual_server": "default", "name": "olga", "password": "correct horse battery", "passcode": "123456" }
}

body! {
    /// Password and passcode, once more.
    ProofGiven {
        /// The operator's password.
        #[schema(value_type = String, format = Password)]
        password: Secret,
        /// The passcode that their app shows; each is good once.
        #[schema(value_type = String)]
        passcode: Secret,
    }
    example { "password": "correct horse battery", "passcode": "123456" }
}

/// A session that has begun.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewSession {
    /// To be sent as `Authorization: Bearer <token>`. It is told this once.
    token: String,
    /// Its end, whatever is done; it ends earlier when it is not used for 30 minutes.
    #[schema(format = DateTime)]
    expires_at: String,
}

impl Shown for NewSession {
    fn example() -> Self {
        let token = "9Xu0dYv8W3oZ1cQeTbNsRkHjLmPgAfDiUyVxCwBqE4o.ZGVmYXVsdA".to_owned();
        Self { token, expires_at: SOME_TIME.rfc3339() }
    }
}

/// The session of a token.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionShown {
    /// The virtual server that it is about.
    virtual_server: String,
    /// Whose it is.
    operator: OperatorShown,
    /// Its end.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Until then changes are taken without another proof.
    #[schema(format = DateTime)]
    fresh_until: String,
}

impl Shown for SessionShown {
    fn example() -> Self {
        Self {
            virtual_server: "default".to_owned(),
            operator: OperatorShown::example(),
            expires_at: SOME_TIME.rfc3339(),
            fresh_until: SOME_TIME.rfc3339(),
        }
    }
}

impl SessionShown {
    fn of(vs: &VirtualServerId, session: OperatorSession) -> Self {
        Self {
            virtual_server: vs.to_string(),
            expires_at: session.expires_at.rfc3339(),
            fresh_until: (session.proved_at + FRESH).rfc3339(),
            operator: OperatorShown::of(session.operator),
        }
    }
}

/// `POST /session`
pub(super) async fn begin(outside: Outside, given: Credentials) -> Result<Drawn<NewSession>, Problem> {
    let Outside { api, visitor } = outside;
    let site = api.parts.site.load_full();
    let vs = match given.virtual_server {
        Some(id) => {
            let rule = FieldRule::Unknown { value: "such virtual server".to_owned() };
            let found = site.virtual_server(&VirtualServerId::new(id));
            found.ok_or_else(|| Problem::invalid(vec![Wrong::of("virtual_server", rule)]))?
        }
        None => {
            let only = site.virtual_servers.values().next().filter(|_| site.virtual_servers.len() == 1);
            only.ok_or_else(|| Problem::invalid(vec![Wrong::of("virtual_server", FieldRule::Required)]))?
        }
    };
    let proof = Proof { password: given.password, passcode: given.passcode };
    let at = visitor.at(&vs.id);
    match api.parts.operators.sign_in(&at, &given.name, &proof).await? {
        Entered::Welcome { session } => {
            let kept = api.parts.operators.session(&vs.id, &session, visitor.now).await?;
            let kept = kept.ok_or_else(|| Problem::unavailable("a session is gone that has just begun"))?;
            let token = SessionCookie { vs: vs.id.clone(), token: session }.text();
            Ok(Drawn(NewSession { token, expires_at: kept.expires_at.rfc3339() }))
        }
        Entered::NotAccepted => Err(not_accepted()),
        Entered::Waits { until } => Err(Problem::wait(until.since(visitor.now))),
    }
}

fn not_accepted() -> Problem {
    Problem::new(Kind::NotAccepted, "nobody is told which of them")
}

/// `GET /session`
pub(super) async fn look(asked: Asked, _: Nothing) -> Result<Found<SessionShown>, Problem> {
    Ok(Found(SessionShown::of(&asked.vs.id, asked.session)))
}

/// `DELETE /session`
pub(super) async fn end(asked: Asked, _: Nothing) -> Result<Done, Problem> {
    asked.api.parts.operators.sign_out(&asked.at(), &asked.session).await?;
    Ok(Done)
}

/// `POST /session/proof`
pub(super) async fn prove(asked: Asked, given: ProofGiven) -> Result<Found<SessionShown>, Problem> {
    let proof = Proof { password: given.password, passcode: given.passcode };
    let proved = asked.api.parts.operators.reprove(&asked.at(), &asked.session, &proof).await;
    match proved {
        Ok(Reproved::Yes) => {
            let session = OperatorSession { proved_at: asked.visitor.now, ..asked.session };
            Ok(Found(SessionShown::of(&asked.vs.id, session)))
        }
        Ok(Reproved::NotAccepted) => Err(not_accepted()),
        // By too many wrong ones, or meanwhile.
        Ok(Reproved::Ended) | Err(doorward_access::operators::OperatorError::NotFound) => {
            Err(Problem::signed_out(true))
        }
        Err(error) => Err(error.into()),
    }
}
