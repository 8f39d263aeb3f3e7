//! Bodies: JSON objects, read strictly. Each type of body is said once, and that is both what is read and what is
//! described.

use axum::body::Bytes;
use doorward_access::manage::TokenAction;
use doorward_api::operator::{Role, RoleRef};
use doorward_api::{FieldRule, GroupId, Permission, Secret, UserId};
use http::{HeaderMap, header};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::problem::{Kind, Problem, Wrong};

/// The longest id that anything of ours has, with room to spare.
pub(super) const LONGEST_ID: usize = 64;

/// What a call takes.
pub(super) trait Takes: Sized + Send + 'static {
    /// Its name and schema, those of its parts, and an example; `None` for calls without a body.
    fn described() -> Option<Described>;

    /// Reads it.
    fn take(headers: &HeaderMap, body: &Bytes) -> Result<Self, Problem>;
}

/// A body as it is described.
pub(super) struct Described {
    pub(super) name: String,
    pub(super) schema: RefOr<Schema>,
    pub(super) parts: Vec<(String, RefOr<Schema>)>,
    pub(super) example: Value,
}

/// No body: what is sent is not looked at.
pub(super) struct Nothing;

impl Takes for Nothing {
    fn described() -> Option<Described> {
        None
    }

    fn take(_: &HeaderMap, _: &Bytes) -> Result<Self, Problem> {
        Ok(Self)
    }
}

/// A JSON object with known fields. Made by [`body!`].
pub(super) trait Body: ToSchema + Sized + Send + 'static {
    /// Reads the fields. What is wrong is told; `None` then.
    fn read(given: &Map<String, Value>, wrong: &mut Vec<Wrong>) -> Option<Self>;

    /// One that is taken.
    fn example() -> Value;
}

impl<B: Body> Takes for B {
    fn described() -> Option<Described> {
        let mut parts = Vec::new();
        B::schemas(&mut parts);
        Some(Described { name: B::name().into_owned(), schema: B::schema(), parts, example: B::example() })
    }

    fn take(headers: &HeaderMap, body: &Bytes) -> Result<Self, Problem> {
        let Value::Object(given) = json(headers, body)? else {
            return Err(Problem::invalid(vec![Wrong::kind("", "an object")]));
        };
        let mut wrong = Vec::new();
        match B::read(&given, &mut wrong) {
            Some(read) if wrong.is_empty() => Ok(read),
            _ => Err(Problem::invalid(wrong)),
        }
    }
}

/// The JSON of a body that says that it is JSON.
pub(super) fn json(headers: &HeaderMap, body: &Bytes) -> Result<Value, Problem> {
    let mut said = headers.get_all(header::CONTENT_TYPE).iter();
    let (said, more) = (said.next().and_then(|value| value.to_str().ok()), said.next());
    if more.is_some() || !said.is_some_and(is_json) {
        return Err(Problem::new(Kind::MediaType, "send Content-Type: application/json"));
    }
    serde_json::from_slice(body).map_err(|error| {
        let detail = format!("the body is no JSON at line {}, column {}", error.line(), error.column());
        Problem::new(Kind::Malformed, detail)
    })
}

/// `application/json`, alone or in UTF-8 (RFC 8259 8.1).
fn is_json(said: &str) -> bool {
    let (kind, parameter) = said.split_once(';').unwrap_or((said, ""));
    let parameter = parameter.trim();
    kind.trim().eq_ignore_ascii_case("application/json")
        && (parameter.is_empty() || parameter.replace('"', "").eq_ignore_ascii_case("charset=utf-8"))
}

/// What a field can hold.
pub(super) trait Field: Sized {
    /// What belongs there, in words.
    const EXPECTED: &'static str;

    /// Reads one that is there.
    fn read(value: &Value) -> Result<Self, FieldRule>;

    /// What stands for one that is not.
    fn absent() -> Option<Self> {
        None
    }
}

/// Reads a field of a body.
pub(super) fn field<F: Field>(name: &str, given: &Map<String, Value>, wrong: &mut Vec<Wrong>) -> Option<F> {
    let Some(value) = given.get(name).filter(|value| !value.is_null()) else {
        let absent = F::absent();
        if absent.is_none() {
            wrong.push(Wrong::of(name, FieldRule::Required));
        }
        return absent;
    };
    F::read(value)
        .map_err(|rule| match rule {
            // What is not even of the right type is told so.
            FieldRule::Required => wrong.push(Wrong::kind(name, F::EXPECTED)),
            rule => wrong.push(Wrong::of(name, rule)),
        })
        .ok()
}

/// Fields that nobody asks for are mistakes.
pub(super) fn no_others(given: &Map<String, Value>, known: &[&str], wrong: &mut Vec<Wrong>) {
    for name in given.keys().filter(|name| !known.contains(&name.as_str())) {
        wrong.push(Wrong::of(name, FieldRule::Unknown { value: format!("field {name}") }));
    }
}

impl Field for String {
    const EXPECTED: &'static str = "a text";

    fn read(value: &Value) -> Result<Self, FieldRule> {
        value.as_str().map(str::to_owned).ok_or(FieldRule::Required)
    }
}

impl Field for Secret {
    const EXPECTED: &'static str = "a text";

    fn read(value: &Value) -> Result<Self, FieldRule> {
        value.as_str().map(Secret::new).ok_or(FieldRule::Required)
    }
}

impl Field for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(value: &Value) -> Result<Self, FieldRule> {
        value.as_bool().ok_or(FieldRule::Required)
    }
}

impl Field for u32 {
    const EXPECTED: &'static str = "a whole number that is not negative";

    fn read(value: &Value) -> Result<Self, FieldRule> {
        value.as_u64().and_then(|number| u32::try_from(number).ok()).ok_or(FieldRule::Required)
    }
}

impl<F: Field> Field for Option<F> {
    const EXPECTED: &'static str = F::EXPECTED;

    fn read(value: &Value) -> Result<Self, FieldRule> {
        F::read(value).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<F: Field> Field for Vec<F> {
    const EXPECTED: &'static str = "a list";

    fn read(value: &Value) -> Result<Self, FieldRule> {
        value.as_array().ok_or(FieldRule::Required)?.iter().map(F::read).collect()
    }
}

impl Field for GroupId {
    const EXPECTED: &'static str = "an id";

    fn read(value: &Value) -> Result<Self, FieldRule> {
        id(value, "group").map(GroupId::new)
    }
}

impl Field for UserId {
    const EXPECTED: &'static str = "an id";

    fn read(value: &Value) -> Result<Self, FieldRule> {
        id(value, "user").map(UserId::new)
    }
}

fn id(value: &Value, of: &str) -> Result<String, FieldRule> {
    let text = value.as_str().ok_or(FieldRule::Required)?;
    if is_id(text) { Ok(text.to_owned()) } else { Err(FieldRule::Unknown { value: of.to_owned() }) }
}

/// Whether a text can be the id of anything: the store is not asked for what cannot.
pub(super) fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

impl Field for RoleRef {
    const EXPECTED: &'static str = "a text";

    fn read(value: &Value) -> Result<Self, FieldRule> {
        let one_of = || FieldRule::OneOf { values: Role::ALL.map(|role| role.as_str().to_owned()).to_vec() };
        match id(value, "role") {
            Err(FieldRule::Unknown { .. }) => Err(one_of()),
            read => read.map(RoleRef::from),
        }
    }
}

impl Field for Permission {
    const EXPECTED: &'static str = "a text";

    fn read(value: &Value) -> Result<Self, FieldRule> {
        let text = value.as_str().ok_or(FieldRule::Required)?;
        Permission::parse(text).ok_or_else(|| FieldRule::Unknown { value: format!("permission {text}") })
    }
}

impl Field for TokenAction {
    const EXPECTED: &'static str = "a text";

    fn read(value: &Value) -> Result<Self, FieldRule> {
        one_of(value, TokenAction::parse, TokenAction::ALL.map(TokenAction::as_str))
    }
}

fn one_of<T, const N: usize>(
    value: &Value,
    parse: impl Fn(&str) -> Option<T>,
    names: [&'static str; N],
) -> Result<T, FieldRule> {
    let text = value.as_str().ok_or(FieldRule::Required)?;
    parse(text).ok_or_else(|| FieldRule::OneOf { values: names.map(str::to_owned).to_vec() })
}

/// A type of body: its fields, each read by its type, and an example.
macro_rules! body {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$about:meta])* $field:ident: $type:ty),+ $(,)? }
        example $example:tt
    ) => {
        $(#[$doc])*
        #[derive(Debug, utoipa::ToSchema)]
        pub(in crate::api) struct $name {
            $($(#[$about])* pub(in crate::api) $field: $type),+
        }

        impl $crate::api::given::Body for $name {
            fn read(
                given: &serde_json::Map<String, serde_json::Value>,
                wrong: &mut Vec<$crate::api::problem::Wrong>,
            ) -> Option<Self> {
                $(let $field = $crate::api::given::field(stringify!($field), given, wrong);)+
                $crate::api::given::no_others(given, &[$(stringify!($field)),+], wrong);
                Some(Self { $($field: $field?),+ })
            }

            fn example() -> serde_json::Value {
                serde_json::json!($example)
            }
        }
    };
}
pub(super) use body;
