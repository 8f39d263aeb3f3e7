//! One's own account: another password.

use axum::extract::State;
use doorward_access::operators::{SHORTEST_PASSWORD, SetupFault};
use doorward_api::Secret;
use doorward_views::console::{AccountPage, ConsolePage, Told};
use http::StatusCode;

use super::door::said;
use super::signed::{Signed, SignedPost};
use super::{Console, Shared};
use crate::answer::Answer;

const HERE: &str = "/account";

/// `GET /account`
pub(super) async fn show(State(console): State<Shared>, signed: Signed) -> Answer {
    let page = AccountPage { proof: signed.proof_fields(), ..AccountPage::default() };
    account(&console, &signed, StatusCode::OK, page)
}

fn account(console: &Console, signed: &Signed, status: StatusCode, page: AccountPage) -> Answer {
    console.page(signed, HERE, status, ConsolePage::Account(AccountPage { least: SHORTEST_PASSWORD, ..page }))
}

/// `POST /account`
pub(super) async fn change(State(console): State<Shared>, mut post: SignedPost) -> Answer {
    let password = Secret::new(post.fields.text("password"));
    let same = post.fields.text("password") == post.fields.text("again");
    let proof = post.prove(&console).await?.err().unwrap_or_default();
    let signed = &post.signed;
    let mut page = AccountPage { faults: proof.fault.clone().into_iter().collect(), proof, ..AccountPage::default() };
    if !same {
        page.faults.insert(0, said(SetupFault::Differs));
    }
    if !page.faults.is_empty() {
        return account(&console, signed, StatusCode::UNPROCESSABLE_ENTITY, page);
    }
    let at = signed.caller.at(&signed.vs.id);
    match console.parts.operators.change_password(&at, &signed.session, &password).await? {
        Ok(()) => {
            page.notice = Some(Told::new("console-account-changed"));
            account(&console, signed, StatusCode::OK, page)
        }
        Err(fault) => {
            page.faults.push(said(fault));
            account(&console, signed, StatusCode::UNPROCESSABLE_ENTITY, page)
        }
    }
}
