//! Names of things, each with a type of its own so that one cannot be passed for another.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        // Shared, since every request carries several of them from room to room.
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into().into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }
    };
}

id!(
    /// A virtual server: one tenant with its own users, groups, policies, settings and audit chain.
    VirtualServerId
);
id!(
    /// A user's row, never their name: names change.
    UserId
);
id!(
    /// A group's row; settings and memberships refer to it, so that renames follow.
    GroupId
);
id!(
    /// An operator's row. Operators are no users: they have names, passwords and second factors of their own.
    OperatorId
);
id!(
    /// A role that operators have made.
    RoleId
);
id!(
    /// A key of a program: its row, no secret.
    ApiKeyId
);
id!(
    /// An act of an operator that waits for another one.
    ApprovalId
);
id!(
    /// An application, by its key in the configuration (`wiki`).
    AppId
);
id!(
    /// A session's row. It stays the same when the cookie's value is replaced at a rise of level; it is no secret.
    SessionId
);
id!(
    /// A sign-in flow's row; stands in forms, is no secret by itself.
    FlowId
);
id!(
    /// An enrolled authenticator's row.
    CredentialId
);
id!(
    /// A mail waiting in the outbox.
    MailId
);
id!(
    /// A request that is sent to a user's device.
    PushId
);
id!(
    /// An outlet of the audit trail, by its key in the configuration (`syslog.siem`).
    OutletId
);
id!(
    /// A policy's `@id`, or `file:n` where it has none.
    PolicyId
);
