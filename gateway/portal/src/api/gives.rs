//! What calls answer with when nothing is wrong: a status, headers, and a body of a type that is described.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::problem::Problem;
use super::reports::Streamed;

/// A type of answer's body.
pub(super) trait Shown: Serialize + ToSchema {
    /// One as it may come.
    fn example() -> Self;
}

/// An answer. It can be kept, to be given again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Reply {
    status: u16,
    body: Option<String>,
    location: Option<String>,
    etag: Option<String>,
    /// A file, which is sent once: no such answer is kept.
    #[serde(skip)]
    file: Option<Streamed>,
}

impl Reply {
    fn of(status: StatusCode) -> Self {
        Self { status: status.as_u16(), body: None, location: None, etag: None, file: None }
    }

    fn json(self, body: &impl Serialize) -> Result<Self, Problem> {
        let body = serde_json::to_string(body).map_err(|_| Problem::internal("an answer cannot be written"))?;
        Ok(Self { body: Some(body), ..self })
    }

    /// 200, with the version as `ETag`.
    pub(super) fn versioned(body: &impl Serialize, version: i64) -> Result<Self, Problem> {
        Self { etag: Some(format!("\"{version}\"")), ..Self::of(StatusCode::OK) }.json(body)
    }

    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        if let Some(file) = self.file.as_ref().and_then(Streamed::take) {
            return file.into_response();
        }
        let mut response = self.status().into_response();
        let headers = response.headers_mut();
        let mut put = |name: HeaderName, value: Option<&str>| {
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                headers.insert(name, value);
            }
        };
        put(header::CONTENT_TYPE, self.body.as_ref().map(|_| "application/json"));
        put(header::LOCATION, self.location.as_deref());
        put(header::ETAG, self.etag.as_deref());
        if let Some(body) = self.body {
            *response.body_mut() = Body::from(body);
        }
        response
    }
}

/// What a call may answer with, as it is described.
pub(super) struct Told {
    pub(super) status: StatusCode,
    pub(super) about: &'static str,
    pub(super) body: Option<ToldBody>,
    pub(super) headers: Vec<(&'static str, &'static str)>,
}

/// Its body.
pub(super) struct ToldBody {
    /// Its media type.
    pub(super) media: &'static str,
    pub(super) name: String,
    pub(super) schema: RefOr<Schema>,
    pub(super) parts: Vec<(String, RefOr<Schema>)>,
    pub(super) example: serde_json::Value,
}

impl ToldBody {
    pub(super) fn of<T: Shown>() -> Self {
        let mut parts = Vec::new();
        T::schemas(&mut parts);
        let example = serde_json::to_value(T::example()).unwrap_or_default();
        Self { media: "application/json", name: T::name().into_owned(), schema: T::schema(), parts, example }
    }
}

/// A type of answer.
pub(super) trait Gives: Send {
    /// The answers that it may become.
    fn told() -> Vec<Told>;

    fn reply(self) -> Result<Reply, Problem>;
}

const ETAG: (&str, &str) = ("ETag", "The version, to be sent back as If-Match.");
const LOCATION: (&str, &str) = ("Location", "Where it is.");

fn told(
    status: StatusCode,
    about: &'static str,
    body: Option<ToldBody>,
    headers: &[(&'static str, &'static str)],
) -> Told {
    Told { status, about, body, headers: headers.to_vec() }
}

/// 200.
pub(super) struct Found<T>(pub(super) T);

impl<T: Shown + Send> Gives for Found<T> {
    fn told() -> Vec<Told> {
        vec![told(StatusCode::OK, "As it stands now.", Some(ToldBody::of::<T>()), &[])]
    }

    fn reply(self) -> Result<Reply, Problem> {
        Reply::of(StatusCode::OK).json(&self.0)
    }
}

/// 200, with the version as `ETag`.
pub(super) struct Versioned<T>(pub(super) T, pub(super) i64);

impl<T: Shown + Send> Gives for Versioned<T> {
    fn told() -> Vec<Told> {
        vec![told(StatusCode::OK, "As it stands now.", Some(ToldBody::of::<T>()), &[ETAG])]
    }

    fn reply(self) -> Result<Reply, Problem> {
        Reply::versioned(&self.0, self.1)
    }
}

/// 201: something was made.
pub(super) struct Made<T> {
    pub(super) body: T,
    /// Where it is, below `/api/v1`.
    pub(super) at: String,
}

impl<T: Shown + Send> Gives for Made<T> {
    fn told() -> Vec<Told> {
        vec![told(StatusCode::CREATED, "Made.", Some(ToldBody::of::<T>()), &[LOCATION])]
    }

    fn reply(self) -> Result<Reply, Problem> {
        let location = Some(format!("/api/v1{}", self.at));
        Reply { location, ..Reply::of(StatusCode::CREATED) }.json(&self.body)
    }
}

/// 201: something was drawn, which is told once and is nowhere.
pub(super) struct Drawn<T>(pub(super) T);

impl<T: Shown + Send> Gives for Drawn<T> {
    fn told() -> Vec<Told> {
        vec![told(StatusCode::CREATED, "Drawn. It is told this once.", Some(ToldBody::of::<T>()), &[])]
    }

    fn reply(self) -> Result<Reply, Problem> {
        Reply::of(StatusCode::CREATED).json(&self.0)
    }
}

/// 202: it goes on.
pub(super) struct Begun<T> {
    pub(super) body: T,
    pub(super) at: String,
}

impl<T: Shown + Send> Gives for Begun<T> {
    fn told() -> Vec<Told> {
        vec![told(
            StatusCode::ACCEPTED,
            "Begun; look there what becomes of it.",
            Some(ToldBody::of::<T>()),
            &[LOCATION],
        )]
    }

    fn reply(self) -> Result<Reply, Problem> {
        let location = Some(format!("/api/v1{}", self.at));
        Reply { location, ..Reply::of(StatusCode::ACCEPTED) }.json(&self.body)
    }
}

/// 200: a table, as a file.
pub(super) struct Filed(pub(super) Streamed);

/// Lines of cells.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Csv, value_type = String)]
#[serde(transparent)]
struct Csv(&'static str);

impl Shown for Csv {
    fn example() -> Self {
        Self("\"time\",\"event\"\r\n\"2026-11-24 15:32:05 +01:00\",\"AUTH_SUCCESS\"\r\n")
    }
}

impl Gives for Filed {
    fn told() -> Vec<Told> {
        let body = ToldBody { media: "text/csv", ..ToldBody::of::<Csv>() };
        vec![told(StatusCode::OK, "RFC 4180; every cell in quotes, and none of them a formula.", Some(body), &[])]
    }

    fn reply(self) -> Result<Reply, Problem> {
        Ok(Reply { file: Some(self.0), ..Reply::of(StatusCode::OK) })
    }
}

/// 204.
pub(super) struct Done;

impl Gives for Done {
    fn told() -> Vec<Told> {
        vec![told(StatusCode::NO_CONTENT, "Done.", None, &[])]
    }

    fn reply(self) -> Result<Reply, Problem> {
        Ok(Reply::of(StatusCode::NO_CONTENT))
    }
}

/// 200 with what is left, or 204 when nothing is.
pub(super) struct Left<T>(pub(super) Option<T>);

impl<T: Shown + Send> Gives for Left<T> {
    fn told() -> Vec<Told> {
        let mut both = Found::<T>::told();
        both.push(told(StatusCode::NO_CONTENT, "Done, and it is gone.", None, &[]));
        both
    }

    fn reply(self) -> Result<Reply, Problem> {
        match self.0 {
            Some(left) => Found(left).reply(),
            None => Done.reply(),
        }
    }
}
