//! Requests of any method, for those who read what comes back: its headers, and a body that is longer than a push service's.

use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};

use super::{HttpClient, HttpError, checked, told};

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
        let mut request = Request::new(Full::new(Bytes::from(ask.body)));
        *request.uri_mut() = checked(ask.url, self.reach)?;
        *request.method_mut() = ask.method;
        for (name, value) in ask.headers {
            let field = HeaderName::try_from(name).ok().zip(HeaderValue::try_from(value).ok());
            let (name, value) = field.ok_or_else(|| HttpError::Header(name.to_owned()))?;
            request.headers_mut().append(name, value);
        }
        let answer = tokio::time::timeout(ask.limit, self.whole(request, ask.longest)).await;
        answer.unwrap_or(Err(HttpError::TimedOut))
    }

    async fn whole(&self, request: Request<Full<Bytes>>, longest: usize) -> Result<HttpTold, HttpError> {
        let response = self.inner.request(request).await.map_err(|error| HttpError::Unreachable(told(&error)))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut rest = response.into_body();
        let mut body = BytesMut::new();
        while let Some(frame) = rest.frame().await {
            let frame = frame.map_err(|error| HttpError::Unreachable(told(&error)))?;
            if let Ok(data) = frame.into_data() {
                body.extend_from_slice(&data);
            }
            if body.len() > longest {
                return Err(HttpError::Unreachable(format!("the answer is longer than {longest} bytes")));
            }
        }
        Ok(HttpTold { status, headers, body: body.to_vec() })
    }
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
}
