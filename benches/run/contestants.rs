//! Those measured.

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contestant {
    /// On the command line.
    pub(crate) id: &'static str,
    /// In the table.
    pub(crate) title: &'static str,
    pub(crate) kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Pingora alone, with Doorward's allocator and modules.
    Bare,
    /// Pingora alone, as it comes.
    BareDefaults,
    Doorward(Shape),
    /// With `auth_request` to a location that does nothing, or plain.
    Nginx {
        asks: bool,
    },
    Envoy,
    Traefik,
    Caddy,
}

/// What a gateway stands in front of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One application that is open to everybody, asked by nobody in particular.
    Open,
    /// So many applications behind password and passcode, one of which is asked by somebody with a session.
    Protected(usize),
}

impl Kind {
    /// Whether instructions are counted: it serves with one thread, and is compared with bare Pingora.
    pub(crate) fn is_counted(self) -> bool {
        matches!(self, Kind::Bare | Kind::BareDefaults | Kind::Doorward(_))
    }

    /// Whether the run can do without it.
    pub(crate) fn is_rival(self) -> bool {
        !self.is_counted()
    }
}

pub(crate) const BARE: &str = "bare";
/// The same binary as [`BARE`], started a second time: what the two differ by is noise.
pub(crate) const BARE_AGAIN: &str = "bare-again";
pub(crate) const BARE_DEFAULTS: &str = "bare-defaults";
pub(crate) const PROTECTED: &str = "protected";
pub(crate) const PROTECTED_MANY: &str = "protected-10000";
pub(crate) const ENVOY: &str = "envoy";

pub(crate) const ALL: [Contestant; 12] = [
    Contestant { id: BARE, title: "bare Pingora, same build", kind: Kind::Bare },
    Contestant { id: BARE_AGAIN, title: "the same binary again (A/A)", kind: Kind::Bare },
    Contestant { id: BARE_DEFAULTS, title: "bare Pingora, its defaults", kind: Kind::BareDefaults },
    Contestant { id: "open", title: "Doorward, open route", kind: Kind::Doorward(Shape::Open) },
    Contestant { id: PROTECTED, title: "Doorward, password and passcode", kind: Kind::Doorward(Shape::Protected(1)) },
    Contestant {
        id: "protected-100",
        title: "Doorward, the same with 100 applications",
        kind: Kind::Doorward(Shape::Protected(100)),
    },
    Contestant {
        id: PROTECTED_MANY,
        title: "Doorward, the same with 10,000 applications",
        kind: Kind::Doorward(Shape::Protected(10_000)),
    },
    Contestant { id: "nginx", title: "nginx", kind: Kind::Nginx { asks: false } },
    Contestant { id: "nginx-auth", title: "nginx, auth_request to a no-op", kind: Kind::Nginx { asks: true } },
    Contestant { id: ENVOY, title: "Envoy", kind: Kind::Envoy },
    Contestant { id: "traefik", title: "Traefik", kind: Kind::Traefik },
    Contestant { id: "caddy", title: "Caddy", kind: Kind::Caddy },
];
