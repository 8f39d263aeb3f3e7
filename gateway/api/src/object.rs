//! What is asked for: the one canonical request that the policy judges and the upstream receives (SEC 5.1).

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use crate::ids::{AppId, VirtualServerId};

/// What is asked for. Built only from a canonical request, so that the policy cannot see another path than the upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// The tenant that the host belongs to.
    pub virtual_server: VirtualServerId,
    /// The application that the host leads to.
    pub app: AppId,
    /// The host asked for: lower case, no port, no trailing dot.
    pub host: Arc<str>,
    /// The request method, upper case.
    pub method: Cow<'static, str>,
    /// The canonical path: starts with `/`, dot segments resolved, unreserved characters decoded. Never a query.
    pub path: Arc<str>,
    /// The client's address: the peer's, or the right-most hop that is not a trusted proxy.
    pub client: IpAddr,
    /// Whether the request came over TLS.
    pub secure: bool,
}
