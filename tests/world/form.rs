//! The forms of a page, read as a browser without JavaScript reads them.

use std::collections::BTreeMap;

/// A form.
#[derive(Debug, Clone, Default)]
pub struct Form {
    pub action: String,
    pub method: String,
    /// Names with the values they would be sent with.
    pub fields: BTreeMap<String, String>,
    /// Every name that can be filled or pressed, radio buttons and submit buttons included.
    pub names: Vec<String>,
    /// The values of radio buttons and options by name.
    pub choices: BTreeMap<String, Vec<String>>,
}

/// Every form of a page.
pub fn forms(html: &str) -> Vec<Form> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find("<form") {
        rest = &rest[start..];
        let end = rest.find("</form>").expect("every form is closed");
        found.push(form(&rest[..end]));
        rest = &rest[end..];
    }
    found
}

fn form(html: &str) -> Form {
    let mut tags = tags(html);
    let (_, head) = tags.next().expect("a form begins with its tag");
    let mut form = Form {
        action: head.get("action").cloned().unwrap_or_default(),
        method: head.get("method").cloned().unwrap_or_default(),
        ..Form::default()
    };
    for (tag, attributes) in tags {
        let Some(name) = attributes.get("name").cloned() else { continue };
        let value = attributes.get("value").cloned().unwrap_or_default();
        match (tag.as_str(), attributes.get("type").map(String::as_str)) {
            ("button", _) | ("input", Some("submit")) => {}
            ("input", Some("radio")) => {
                form.choices.entry(name.clone()).or_default().push(value.clone());
                if attributes.contains_key("checked") {
                    form.fields.insert(name.clone(), value);
                }
            }
            ("input", Some("checkbox")) => {}
            ("input" | "select", _) => {
                form.fields.insert(name.clone(), value);
            }
            _ => continue,
        }
        form.names.push(name);
    }
    form
}

/// Tags with their attributes, in order.
fn tags(html: &str) -> impl Iterator<Item = (String, BTreeMap<String, String>)> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let Some(end) = tag_end(rest) else { break };
        let (tag, attributes) = attributes(&rest[..end]);
        if !tag.starts_with('/') && !tag.starts_with('!') {
            found.push((tag, attributes));
        }
        rest = &rest[end..];
    }
    found.into_iter()
}

/// The `>` that ends a tag: not one inside a quoted value.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

fn attributes(tag: &str) -> (String, BTreeMap<String, String>) {
    let tag = tag.trim_end_matches('/').trim();
    let (name, mut rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
    let mut all = BTreeMap::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return (name.to_ascii_lowercase(), all);
        }
        let key_end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let key = rest[..key_end].to_ascii_lowercase();
        rest = rest[key_end..].trim_start();
        let Some(after) = rest.strip_prefix('=') else {
            all.insert(key, String::new());
            continue;
        };
        let after = after.trim_start();
        let (value, left) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let end = after[1..].find(quote).map_or(after.len(), |at| at + 1);
                (&after[1..end], after.get(end + 1..).unwrap_or(""))
            }
            _ => {
                let end = after.find(char::is_whitespace).unwrap_or(after.len());
                (&after[..end], &after[end..])
            }
        };
        all.insert(key, unescape(value));
        rest = left;
    }
}

/// Undoes the entities that the templates write.
pub fn unescape(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&#39;", "'")
        .replace("&#x2f;", "/")
        .replace("&#x2F;", "/")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}
