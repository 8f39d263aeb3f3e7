//! The shape of the workspace: who may import whom, which foreign crate lives where, what stands in the root. A new edge is
//! a decision that somebody sees here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Ours by short name, with those of ours that each may import.
const EDGES: &[(&str, &[&str])] = &[
    ("api", &[]),
    ("policy", &["api"]),
    ("tokens", &["api"]),
    ("access", &["api", "policy", "tokens"]),
    ("views", &["api"]),
    ("store", &["api"]),
    ("connect", &["api", "views"]),
    ("fakes", &["api"]),
    ("portal", &["api", "access", "tokens", "views"]),
    ("proxy", &["api", "access", "policy"]),
    (
        "server",
        &[
            "api",
            "policy",
            "tokens",
            "access",
            "views",
            "store",
            "connect",
            "portal",
            "proxy",
            "oath",
            "otp",
            "authenticator",
            "push",
            "passkey",
            "pin",
            "audit",
        ],
    ),
    ("oath", &["api"]),
    ("otp", &["api", "oath"]),
    ("authenticator", &["api", "oath", "webauthn"]),
    ("pin", &["api"]),
    ("audit", &["api"]),
    ("push", &["api"]),
    ("webauthn", &[]),
    ("passkey", &["api", "webauthn"]),
];

/// Foreign crates that live in one place only.
const HOMES: &[(&str, &[&str])] = &[
    ("cedar-policy", &["policy"]),
    ("moka", &["access"]),
    ("dashmap", &["access", "proxy"]),
    ("cookie", &["access"]),
    ("minijinja", &["views"]),
    ("fluent-bundle", &["views"]),
    ("fluent-syntax", &["views"]),
    ("sqlx", &["store"]),
    ("lettre", &["connect"]),
    ("axum", &["portal", "proxy", "server"]),
    ("qrcode", &["portal"]),
    ("jiff", &["portal"]),
    ("utoipa", &["portal"]),
    ("quick-xml", &["otp"]),
    ("aes", &["otp"]),
    ("cbc", &["otp"]),
    ("opaque-ke", &["authenticator", "server"]),
    ("p256", &["authenticator", "server"]),
    ("sha2", &["authenticator", "server"]),
    ("hyper-rustls", &["connect"]),
    ("hyper-util", &["connect"]),
    ("tokio-rustls", &["connect"]),
    ("pingora", &["proxy", "server"]),
    ("prometheus", &["server"]),
    ("clap", &["server"]),
    ("clap_complete", &["server"]),
    ("indicatif", &["server"]),
    ("unicode-width", &["server"]),
];

/// What may stand in the root, hidden files aside.
const ROOT: &[&str] = &[
    "Cargo.toml",
    "gateway",
    "plugins",
    "policies",
    "templates",
    "tests",
    "benches",
    "README.md", // the sources
    "Cargo.lock",
    "Makefile",
    "LICENSE",
    "CHANGELOG.md",
    "docs", // what belongs to them
    "target",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Each of our crates with its dependencies, development ones left out.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata speaks JSON");
    let short = |name: &str| name.strip_prefix("doorward-").unwrap_or(name).to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let needs = package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|d| d["kind"].is_null())
                .map(|d| short(d["name"].as_str().unwrap()))
                .collect();
            (short(package["name"].as_str().unwrap()), needs)
        })
        .collect()
}

#[test]
fn each_crate_imports_only_those_of_ours_that_the_table_names() {
    let found = dependencies();
    let ours: BTreeSet<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    for (name, allowed) in EDGES {
        let needs = found.get(*name).unwrap_or_else(|| panic!("there is no crate {name}"));
        for need in needs.iter().filter(|need| ours.contains(need.as_str())) {
            assert!(allowed.contains(&need.as_str()), "{name} imports {need}: decide it in this table first");
        }
    }
    let known: BTreeSet<&str> = ours.iter().copied().chain(["tests", "fuzz", "benches"]).collect();
    for name in found.keys() {
        assert!(known.contains(name.as_str()), "{name} is not in the table");
    }
}

#[test]
fn each_foreign_crate_lives_where_the_table_says() {
    for (name, needs) in dependencies() {
        for (foreign, homes) in HOMES {
            if needs.contains(*foreign) && !matches!(name.as_str(), "tests" | "fuzz" | "benches") {
                assert!(homes.contains(&name.as_str()), "{foreign} is used by {name}; it lives in {homes:?}");
            }
        }
    }
}

#[test]
fn the_root_holds_nothing_else() {
    for entry in std::fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.starts_with('.') || ROOT.contains(&name.as_str()), "{name} does not belong in the root");
    }
}

#[test]
fn every_plugin_has_a_readme() {
    for entry in std::fs::read_dir(root().join("plugins")).unwrap() {
        let folder = entry.unwrap().path();
        assert!(folder.join("README.md").exists(), "{} has no README.md", folder.display());
    }
}

/// Every crate of others that a crate of ours asks for has its reason in `docs/dependencies.md`, and no reason outlives its
/// crate.
#[test]
fn every_dependency_has_its_line_of_reason() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let (_, list) = manifest.split_once("[workspace.dependencies]").unwrap();
    let (list, _) = list.split_once("\n[").unwrap();
    let names = list.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.trim());
    let foreign: BTreeSet<&str> = names.filter(|name| !name.starts_with("doorward-")).collect();
    let reasons = std::fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let rows = reasons.lines().filter_map(|line| line.strip_prefix("| "));
    let cells = rows.filter_map(|row| row.split_once(" | ")).filter(|(name, _)| *name != "crate");
    let explained: BTreeSet<&str> = cells.map(|(name, _)| name).collect();
    assert!(foreign.len() > 20, "{foreign:?}");
    assert_eq!(foreign, explained);
}
