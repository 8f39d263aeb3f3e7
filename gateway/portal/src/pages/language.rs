//! The language selector of every page (R9, decision A33).

use doorward_access::cookies::CookieName;

use crate::answer::{Answer, LONG, see_other, with_cookie};
use crate::caller::local_path;

use crate::post::LanguagePost;

/// `POST /language`: remembers the choice and goes back to the same page. What is no language of ours changes nothing.
pub(crate) async fn choose(post: LanguagePost) -> Answer {
    let response = see_other(local_path(post.fields.text("back")).unwrap_or("/"))?;
    let wanted = post.fields.text("language");
    Ok(match post.caller.look.languages().into_iter().find(|language| *language == wanted) {
        Some(language) => with_cookie(response, post.caller.cookies.set(CookieName::Language, language, LONG)),
        None => response,
    })
}
