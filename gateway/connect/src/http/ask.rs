//! Requests of any method, for those who read what comes back: its headers, and a body that is longer than a push service's.

use std::ops::ControlFlow;
use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use bytes::{Bytes, BytesMut};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

use super::{HttpClient, HttpError, checked, told};

/// A body on its way.
type Rest = UnsyncBoxBody<Bytes, HttpError>;

/// What is asked.
#[derive(Debug, Clone)]
pub struct HttpAsk<'a> {
    /// The method.
    pub method: Method,
    /// Of whom.
    pub url: &'a str,
    /// The headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// For all of it, from looking the name up to the last byte.
    pub limit: Duration,
    /// A longer body is no answer.
    pub longest: usize,
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct HttpTold {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl HttpClient {
    /// Asks. An answer of any status is one.
    ///
    /// # Errors
    /// [`HttpError`]; also for an answer that is longer than what is taken: a part of it would be read as something else.
    pub async fn ask(&self, ask: HttpAsk<'_>) -> Result<HttpTold, HttpError> {
        let (limit, longest) = (ask.limit, ask.longest);
        let whole = async {
            let (mut told, rest) = self.begun(ask).await?;
            told.body = whole(rest, longest).await?;
            Ok(told)
        };
        in_time(limit, whole).await
    }

    /// Asks. A body of which `is_file` says so, by status and headers, is handed on part by part as it comes, however long it
    /// is, until `take` has had enough; the limit is for each part then, and what is told has no body.
    ///
    /// # Errors
    /// As [`HttpClient::ask`]; also when a body breaks off, of which parts were handed on.
    pub async fn ask_for_file(
        &self,
        ask: HttpAsk<'_>,
        is_file: impl Fn(u16, &HeaderMap) -> bool,
        mut take: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<HttpTold, HttpError> {
        let (limit, longest) = (ask.limit, ask.longest);
        let (mut told, mut rest) = in_time(limit, self.begun(ask)).await?;
        if !is_file(told.status, &told.headers) {
            told.body = in_time(limit, whole(rest, longest)).await?;
            return Ok(told);
        }
        while let Some(part) = in_time(limit, part(&mut rest)).await? {
            if take(&part).is_break() {
                break;
            }
        }
        Ok(told)
    }

    /// As far as its headers.
    async fn begun(&self, ask: HttpAsk<'_>) -> Result<(HttpTold, Rest), HttpError> {
        let mut request = Request::new(Full::new(Bytes::from(ask.body)));
        *request.uri_mut() = checked(ask.url, self.reach)?;
        *request.method_mut() = ask.method;
        for (name, value) in ask.headers {
            let field = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            let (name, value) = field.ok_or_else(|| HttpError::Header(name.to_owned()))?;
            request.headers_mut().append(name, value);
        }
        let response = self.inner.request(request).await.map_err(|error| HttpError::Unreachable(told(&error)))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let rest = response.into_body().map_err(|error| HttpError::Unreachable(told(&error))).boxed_unsync();
        Ok((HttpTold { status, headers, body: Vec::new() }, rest))
    }
}

async fn in_time<T>(limit: Duration, work: impl Future<Output = Result<T, HttpError>>) -> Result<T, HttpError> {
    tokio::time::timeout(limit, work).await.unwrap_or(Err(HttpError::TimedOut))
}

async fn whole(mut rest: Rest, longest: usize) -> Result<Vec<u8>, HttpError> {
    let mut body = BytesMut::new();
    while let Some(part) = part(&mut rest).await? {
        body.extend_from_slice(&part);
        if body.len() > longest {
            return Err(HttpError::Unreachable(format!("the answer is longer than {longest} bytes")));
        }
    }
    Ok(body.to_vec())
}

/// The next part of a body; `None` behind the last.
async fn part(rest: &mut Rest) -> Result<Option<Bytes>, HttpError> {
    let frame = rest.frame().await.transpose()?;
    Ok(frame.map(|frame| frame.into_data().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::super::Reach;
    use super::*;
    use crate::testing::Web;

    async fn asked(web: &Web, method: Method, longest: usize) -> Result<HttpTold, HttpError> {
        let client = HttpClient::new(Reach::Anywhere, None).unwrap();
        let (url, headers) = (web.url("/settings?x=y"), vec![("if-match", "\"4\"".to_owned())]);
        let ask = HttpAsk { method, url: &url, headers, body: b"{}".to_vec(), limit: Duration::from_secs(5), longest };
        client.ask(ask).await
    }

    #[tokio::test]
    async fn any_method_is_sent_and_the_answers_headers_come_back() {
        let web = Web::answering("200 OK\r\nETag: \"5\"", "{\"a\":1}").await;
        let told = asked(&web, Method::PUT, 100).await.unwrap();
        assert_eq!((told.status, told.body.as_slice()), (200, b"{\"a\":1}".as_slice()));
        assert_eq!(told.headers.get("etag").unwrap(), "\"5\"");
        let heard = web.heard();
        assert!(
            heard.starts_with("PUT /settings?x=y HTTP/1.1\r\n") && heard.contains("if-match: \"4\"\r\n"),
            "{heard}"
        );
    }

    #[tokio::test]
    async fn an_answer_is_read_whole_or_not_at_all() {
        let web = Web::answering("200 OK", &"x".repeat(100_000)).await;
        assert_eq!(asked(&web, Method::GET, 100_000).await.unwrap().body.len(), 100_000);
        let web = Web::answering("200 OK", &"x".repeat(100_001)).await;
        assert!(matches!(asked(&web, Method::GET, 100_000).await, Err(HttpError::Unreachable(_))));
    }

    #[tokio::test]
    async fn a_file_is_handed_on_as_it_comes_and_a_broken_one_is_an_error() {
        let text = "x".repeat(300_000);
        let web = Web::answering("200 OK\r\nContent-Type: text/csv", &text).await;
        let file = async |web: &Web, most: usize| {
            let (client, mut got) = (HttpClient::new(Reach::Anywhere, None).unwrap(), Vec::new());
            let url = web.url("/records.csv");
            let limit = Duration::from_millis(500);
            let ask = HttpAsk { method: Method::GET, url: &url, headers: vec![], body: vec![], limit, longest: 100 };
            let is_file = |status, headers: &HeaderMap| {
                status == 200 && headers.get("content-type").is_some_and(|kind| kind == "text/csv")
            };
            let take = |part: &[u8]| {
                got.extend_from_slice(part);
                if got.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            };
            let told = client.ask_for_file(ask, is_file, take).await;
            (told.map(|told| told.body), got.len())
        };
        assert_eq!(file(&web, usize::MAX).await, (Ok(Vec::new()), 300_000));
        let (told, got) = file(&web, 1).await;
        assert!(told.is_ok() && got < 300_000, "who has seen enough waits for no more");
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 400000\r\n\r\n";
        let web = Web::saying(format!("{head}{text}")).await;
        assert_eq!(file(&web, usize::MAX).await, (Err(HttpError::TimedOut), 300_000), "a part of it is none");
        let web = Web::answering("403 Forbidden\r\nContent-Type: text/csv", "no").await;
        assert_eq!(file(&web, usize::MAX).await, (Ok(b"no".to_vec()), 0));
    }
}
