//! Those measured.

/// One of them.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contestant {
    /// On the command line.
    pub(crate) id: &'static str,
    /// In the table.
    pub(crate) title: &'static str,
    pub(crate) kind: Kind,
    /// Serves with one thread, as each of several processes would on one port.
    pub(crate) alone: bool,
}

impl Contestant {
    const fn new(id: &'static str, title: &'static str, kind: Kind) -> Self {
        Self { id, title, kind, alone: false }
    }

    const fn alone(id: &'static str, title: &'static str, kind: Kind) -> Self {
        Self { id, title, kind, alone: true }
    }

    /// Whether instructions are counted: it is compared with bare Pingora. Counting has one thread serve in any case.
    pub(crate) fn is_counted(&self) -> bool {
        !self.alone && !self.kind.is_rival()
    }
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
    /// Whether the run can do without it.
    pub(crate) fn is_rival(self) -> bool {
        !matches!(self, Kind::Bare | Kind::BareDefaults | Kind::Doorward(_))
    }
}

pub(crate) const BARE: &str = "bare";
/// The same binary as [`BARE`], started a second time: what the two differ by is noise.
pub(crate) const BARE_AGAIN: &str = "bare-again";
pub(crate) const BARE_DEFAULTS: &str = "bare-defaults";
pub(crate) const PROTECTED: &str = "protected";
pub(crate) const PROTECTED_MANY: &str = "protected-10000";
pub(crate) const ENVOY: &str = "envoy";

pub(crate) const ALL: [Contestant; 14] = [
    Contestant::new(BARE, "bare Pingora, same build", Kind::Bare),
    Contestant::new(BARE_AGAIN, "the same binary again (A/A)", Kind::Bare),
    Contestant::alone("bare-alone", "the same with one thread", Kind::Bare),
    Contestant::new(BARE_DEFAULTS, "bare Pingora, its defaults", Kind::BareDefaults),
    Contestant::new("open", "Doorward, open route", Kind::Doorward(Shape::Open)),
    Contestant::new(PROTECTED, "Doorward, password and passcode", Kind::Doorward(Shape::Protected(1))),
    Contestant::alone("protected-alone", "Doorward, the same with one thread", Kind::Doorward(Shape::Protected(1))),
    Contestant::new("protected-100", "Doorward, the same with 100 applications", Kind::Doorward(Shape::Protected(100))),
    Contestant::new(
        PROTECTED_MANY,
        "Doorward, the same with 10,000 applications",
        Kind::Doorward(Shape::Protected(10_000)),
    ),
    Contestant::new("nginx", "nginx", Kind::Nginx { asks: false }),
    Contestant::new("nginx-auth", "nginx, auth_request to a no-op", Kind::Nginx { asks: true }),
    Contestant::new(ENVOY, "Envoy", Kind::Envoy),
    Contestant::new("traefik", "Traefik", Kind::Traefik),
    Contestant::new("caddy", "Caddy", Kind::Caddy),
];
