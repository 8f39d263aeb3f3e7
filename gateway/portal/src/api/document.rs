//! The description: OpenAPI 3.1, made of the list of calls and of the types that they read and write.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{AdditionalProperties, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HeaderBuilder, InfoBuilder, OpenApiBuilder, PathItem, PathsBuilder, Ref, RefOr,
    Required, Response, ResponseBuilder, Schema, ServerBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use super::call::{Call, Handler, Of, Param};
use super::given::LONGEST_ID;
use super::gives::{Shown, Told, ToldBody};
use super::once::{KEY, LONGEST_KEY};
use super::problem::{Kind, ProblemDocument};
use crate::needs::Need;

const ABOUT: &str = "Everything that operators can do in the console, for programs. Sessions, roles and counters are \
                     the console's. Changes take a proof of the last 10 minutes. Every error is a problem document \
                     (RFC 9457). Times are RFC 3339, in UTC, with milliseconds. Fields and parameters that nobody \
                     knows are refused.";

const TAGS: [(&str, &str); 16] = [
    ("session", "Signing in and out."),
    ("settings", "Settings and policies, one document of each kind."),
    ("users", "Users of the local directory."),
    ("enrolment", "Who asks to enrol, and what they are granted."),
    ("groups", "Groups, their members, and which lie in which."),
    ("tokens", "Tokens, in stock and in use."),
    ("imports", "Files of tokens that were made elsewhere."),
    ("provisioning", "Enrolment by email: tasks, their users, and whom rules would affect."),
    ("operators", "Operators, and the links by which they are made."),
    ("roles", "Roles, and what each may do."),
    ("api-keys", "Keys by which programs call."),
    ("approvals", "Acts that wait for a second operator."),
    ("policies", "The access policies, and what they decide."),
    ("audit", "The audit trail."),
    ("reports", "The enrolment history, the funnel, and who has no token yet."),
    ("description", "This document."),
];

/// What ids are made of.
const ID: &str = "^[0-9A-Za-z_-]+$";

/// The name of the one way to sign in to calls.
const BEARER: &str = "bearer";

/// The document of these calls.
pub(super) fn of(calls: &[Call]) -> Value {
    let mut components = ComponentsBuilder::new().security_scheme(BEARER, bearer());
    let mut parts = Vec::new();
    parts.push((ProblemDocument::name().into_owned(), ProblemDocument::schema()));
    ProblemDocument::schemas(&mut parts);
    let mut paths = PathsBuilder::new();
    for call in calls {
        if let Some(takes) = &call.takes {
            parts.push((takes.name.clone(), strict(takes.schema.clone())));
            parts.extend(takes.parts.iter().cloned());
        }
        for body in call.gives.iter().filter_map(|told| told.body.as_ref()) {
            parts.push((body.name.clone(), body.schema.clone()));
            parts.extend(body.parts.iter().cloned());
        }
        if let Some(method) = method(&call.method) {
            paths = paths.path(call.path.as_str(), PathItem::new(method, operation(call)));
        }
    }
    for (name, schema) in parts {
        components = components.schema(name, schema);
    }
    let info = InfoBuilder::new().title("Doorward operators' API").version(env!("CARGO_PKG_VERSION"));
    let info = info.description(Some(ABOUT)).build();
    let tags = TAGS.map(|(name, about)| TagBuilder::new().name(name).description(Some(about)).build());
    let document = OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url("/api/v1").build()]))
        .tags(Some(tags))
        .paths(paths.build())
        .components(Some(components.build()))
        .build();
    // Writing these plain types cannot fail.
    serde_json::to_value(document).unwrap_or_default()
}

fn bearer() -> SecurityScheme {
    let about = "The token of `POST /session`, or an API key. Cookies are not looked at.";
    SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(about)).build())
}

/// A body's fields are all there are.
fn strict(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::Object(mut object)) => {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
            RefOr::T(Schema::Object(object))
        }
        other => other,
    }
}

fn method(method: &Method) -> Option<HttpMethod> {
    match method.as_str() {
        "GET" => Some(HttpMethod::Get),
        "POST" => Some(HttpMethod::Post),
        "PUT" => Some(HttpMethod::Put),
        "DELETE" => Some(HttpMethod::Delete),
        _ => None,
    }
}

fn operation(call: &Call) -> Operation {
    let mut operation =
        OperationBuilder::new().operation_id(Some(call.id.as_str())).summary(Some(call.summary.as_str())).tag(call.tag);
    let about = about(call);
    if !about.is_empty() {
        operation = operation.description(Some(about));
    }
    for parameter in parameters(call) {
        operation = operation.parameter(parameter);
    }
    if let Some(takes) = &call.takes {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name(&takes.name)))
            .example(Some(takes.example.clone()))
            .build();
        let about = format!("At most {} bytes.", call.largest);
        let body = RequestBodyBuilder::new().description(Some(about)).content("application/json", content);
        operation = operation.request_body(Some(body.required(Some(Required::True)).build()));
    }
    for told in &call.gives {
        operation = operation.response(told.status.as_str(), response(told));
    }
    let problems = call.all_problems();
    let mut statuses: Vec<StatusCode> = problems.iter().map(|kind| kind.status()).collect();
    statuses.dedup();
    for status in statuses {
        let kinds: Vec<Kind> = problems.iter().copied().filter(|kind| kind.status() == status).collect();
        operation = operation.response(status.as_str(), problem(&kinds));
    }
    if matches!(call.handler, Handler::Operator(_)) {
        operation = operation.security(SecurityRequirement::new::<&str, [&str; 0], &str>(BEARER, []));
    }
    operation.build()
}

fn about(call: &Call) -> String {
    let takes = match call.need {
        Some(Need::May(permission)) if call.weighs() => {
            format!("Takes the permission `{permission}`, and a fresh proof.")
        }
        Some(Need::May(permission)) => format!("Takes the permission `{permission}`."),
        Some(Need::Session | Need::Deciding) => "Takes a session, which an API key is not.".to_owned(),
        Some(Need::Known) | None => String::new(),
    };
    [call.about, &takes].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

fn parameters(call: &Call) -> Vec<Parameter> {
    let mut parameters = Vec::new();
    let places = call.path.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    for place in places {
        let about = format!("The id of the {place}.");
        let id = ObjectBuilder::new().schema_type(Type::String).max_length(Some(LONGEST_ID)).pattern(Some(ID));
        parameters.push(parameter(place, ParameterIn::Path, true, &about, id));
    }
    for param in call.params {
        parameters.push(parameter(param.name, ParameterIn::Query, param.required, param.about, values(*param)));
    }
    if call.versioned {
        let about = "The `ETag` that was seen. Nothing is done when it is not the present one.";
        let tag = ObjectBuilder::new().schema_type(Type::String).examples([json!("\"3\"")]);
        parameters.push(parameter("If-Match", ParameterIn::Header, true, about, tag));
    }
    if call.once {
        let about = "A key of the caller's choice. The same call with the same body and key is done once within 24 \
                     hours, and answered again with the first answer.";
        let key = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(LONGEST_KEY))
            .pattern(Some("^[!-~]+$"));
        parameters.push(parameter(KEY, ParameterIn::Header, false, about, key));
    }
    parameters
}

fn parameter(name: &str, at: ParameterIn, required: bool, about: &str, schema: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(at)
        .required(if required { Required::True } else { Required::False })
        .description(Some(about))
        .schema(Some(schema.build()))
        .build()
}

fn values(param: Param) -> ObjectBuilder {
    let schema = ObjectBuilder::new();
    match param.of {
        Of::Text | Of::Name | Of::Id => schema.schema_type(Type::String),
        Of::Between(min, max) => {
            schema.schema_type(Type::Integer).minimum(Some(f64::from(min))).maximum(Some(f64::from(max)))
        }
        Of::Switch => schema.schema_type(SchemaType::new(Type::Boolean)),
        Of::Names(names) => schema.schema_type(Type::String).enum_values(Some(names.iter().copied())),
    }
}

fn response(told: &Told) -> Response {
    let mut response = ResponseBuilder::new().description(told.about);
    if let Some(body) = &told.body {
        response = response.content(body.media, content(body));
    }
    for (name, about) in &told.headers {
        response = response.header(*name, text_header(about));
    }
    response.build()
}

fn content(body: &ToldBody) -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(Ref::from_schema_name(&body.name))).example(Some(body.example.clone())).build()
}

fn text_header(about: &str) -> utoipa::openapi::Header {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    HeaderBuilder::new().schema(text).description(Some(about)).build()
}

/// The problems of one status.
fn problem(kinds: &[Kind]) -> Response {
    let about: Vec<String> = kinds.iter().map(|kind| format!("{}: `{}`.", kind.title(), kind.uri())).collect();
    let example = match kinds {
        [Kind::Invalid, ..] | [.., Kind::Invalid] => ProblemDocument::example(),
        [first, ..] => ProblemDocument::of(*first),
        [] => ProblemDocument::example(),
    };
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ProblemDocument::name())))
        .example(serde_json::to_value(example).ok())
        .build();
    let mut response = ResponseBuilder::new().description(about.join(" ")).content("application/problem+json", content);
    let has = |kind: Kind| kinds.contains(&kind);
    if has(Kind::SignInRequired) || has(Kind::NotAccepted) {
        response = response.header("WWW-Authenticate", text_header("How to sign in: `Bearer`."));
    }
    if has(Kind::TooMany) || has(Kind::Unavailable) || has(Kind::Underway) {
        response = response.header("Retry-After", text_header("After so many seconds it is worth trying again."));
    }
    response.build()
}
