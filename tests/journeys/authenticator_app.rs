//! What the app is made of: its own tests, its types, and that every file of it is served, kept for want of a network, and
//! translated.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::world::{Gateway, Home, run, words};

fn app() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("plugins/authenticator/app")
}

/// Every file of a folder, below it, by its path from the app's root.
fn files(below: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(app().join(below)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// What a browser gets. Tests, descriptions of types, what tools read, licences and pages for people are none of it, and the
/// manifest is made from a file of another name.
fn served() -> BTreeSet<String> {
    let spare = ["jsconfig.json", "package.json", "manifest.json", "core/types.js"];
    let for_people = |path: &str| path.ends_with(".md") || path.ends_with(".d.ts") || path.contains("LICENSE");
    files("")
        .into_iter()
        .filter(|p| !p.starts_with("tests/") && !spare.contains(&p.as_str()) && !for_people(p))
        .collect()
}

/// The tests that the app brings along, among them the search for a PIN.
#[test]
fn the_tests_of_the_app_itself_are_passed() {
    let tests: Vec<String> = files("tests").into_iter().filter(|path| path.ends_with(".test.js")).collect();
    assert!(tests.len() > 8, "{tests:?}");
    let output = run(Command::new("node").arg("--test").args(tests).current_dir(app()), "");
    assert!(output.status.success(), "{}", words(&output));
}

#[test]
fn its_types_are_right() {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/node_modules/typescript/bin/tsc");
    assert!(tools.exists(), "the compiler of types is missing: run `make test-tools`");
    let output = run(Command::new("node").arg(tools).arg("-p").arg(app().join("jsconfig.json")), "");
    assert!(output.status.success(), "{}", words(&output));
}

#[test]
fn every_file_is_served_and_kept_for_want_of_a_network() {
    let gateway = Gateway::demo_with_authenticator(&[], &[]);
    let home = Home::demo(&gateway);
    let served = served();
    for name in &served {
        let address = if name == "index.html" { "/a/".to_owned() } else { format!("/a/{name}") };
        let answer = home.knock("GET", &address, &[], b"");
        assert_eq!(answer.status, 200, "{address}");
        let there = std::fs::read(app().join(name)).unwrap();
        assert_eq!(answer.body, there, "{address}");
    }
    for spare in
        ["package.json", "jsconfig.json", "manifest.json", "tests/gateway.js", "vendor/README.md", "index.html"]
    {
        assert_eq!(home.knock("GET", &format!("/a/{spare}"), &[], b"").status, 404, "{spare}");
    }
    let worker = std::fs::read_to_string(app().join("sw.js")).unwrap();
    let list = worker.split_once("const FILES = [").unwrap().1.split_once("];").unwrap().0;
    let kept: BTreeSet<&str> = list.split('"').filter_map(|part| part.strip_prefix("/a/")).collect();
    // The worker itself is the browser's to keep; a language and an icon that only a system shows come when they are needed.
    let later = |name: &str| name == "sw.js" || name.starts_with("locales/") || name.starts_with("icons/");
    let missing: Vec<&String> =
        served.iter().filter(|n| *n != "index.html" && !kept.contains(n.as_str()) && !later(n)).collect();
    assert!(missing.is_empty() && kept.contains("locales/en.json"), "sw.js does not keep {missing:?}");
    assert!(list.contains("START"), "{list}");
}

/// What a text leaves to be filled in.
fn placeholders(text: &Value) -> BTreeSet<String> {
    let texts: Vec<&str> = match text {
        Value::String(text) => vec![text],
        Value::Object(forms) => forms.values().filter_map(Value::as_str).collect(),
        other => panic!("{other} is no text"),
    };
    let named = |text: &str| -> BTreeSet<String> {
        text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect()
    };
    texts.into_iter().flat_map(named).collect()
}

#[test]
fn every_language_says_everything() {
    let read = |name: &str| -> BTreeMap<String, Value> {
        let text = std::fs::read_to_string(app().join("locales").join(name)).unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let english = read("en.json");
    let languages = files("locales");
    assert!(languages.contains(&"locales/de.json".to_owned()));
    for name in languages {
        let name = name.strip_prefix("locales/").unwrap();
        let other = read(name);
        let keys = |of: &BTreeMap<String, Value>| of.keys().cloned().collect::<BTreeSet<String>>();
        assert_eq!(keys(&other), keys(&english), "{name}");
        for (key, text) in &english {
            assert_eq!(placeholders(&other[key]), placeholders(text), "{name}: {key}");
            assert!(!other[key].to_string().contains("\"\""), "{name}: {key} is empty");
        }
    }
}
