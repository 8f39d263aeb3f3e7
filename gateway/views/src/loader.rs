//! Where templates, words and assets come from: what is built in, then an operator's folder, which wins file by file.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::builtin::{self, File};
use crate::error::ViewsError;
use crate::locale::{TAGS, WordsFile};

/// A static file of the pages.
#[derive(Debug, Clone)]
pub struct Asset {
    /// The content.
    pub bytes: Cow<'static, [u8]>,
    /// For `Content-Type`.
    pub content_type: &'static str,
    /// Changes with the content: the `v` of the pages' links and, in quotes, the `ETag`.
    pub hash: String,
}

/// Everything read, nothing parsed.
pub(crate) struct Sources {
    /// Template sources by name: `pages/name.html`.
    pub(crate) templates: BTreeMap<String, String>,
    /// Words by language, the built-in file first.
    pub(crate) words: BTreeMap<&'static str, Vec<WordsFile>>,
    /// Assets by file name.
    pub(crate) assets: BTreeMap<String, Asset>,
}

impl Sources {
    /// What is built in.
    pub(crate) fn built_in() -> Self {
        let owned = |(path, source): &File| ((*path).to_owned(), (*source).to_owned());
        let words = |(tag, (name, source)): (&'static str, &File)| {
            (tag, vec![WordsFile { name: (*name).to_owned(), source: Cow::Borrowed(*source) }])
        };
        Self {
            templates: builtin::PAGES.iter().chain(builtin::ADMIN).chain(builtin::MAILS).map(owned).collect(),
            words: TAGS.into_iter().zip(builtin::LOCALES).map(words).collect(),
            assets: builtin::STATIC.iter().filter_map(built_in_asset).collect(),
        }
    }

    /// Lays an operator's folder over it. A file in a place where nothing reads it is an error: somebody expects it to
    /// have an effect.
    pub(crate) fn overlay(&mut self, folder: &Path) -> Result<(), ViewsError> {
        let mut files = Vec::new();
        files_below(folder, &mut files)?;
        for path in files {
            let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            match name.split_once('/') {
                Some(("pages" | "mail", _)) => self.override_template(&path, name)?,
                Some(("locales", file)) => self.override_words(&path, file)?,
                Some(("static", file)) => self.override_asset(&path, file)?,
                _ => return Err(misplaced(&path, "expected below pages/, mail/, locales/ or static/")),
            }
        }
        Ok(())
    }

    fn override_template(&mut self, path: &Path, name: String) -> Result<(), ViewsError> {
        let source = read_text(path)?;
        match self.templates.get_mut(&name) {
            Some(built_in) => *built_in = source,
            None => return Err(misplaced(path, "overrides no template; its name must be that of a built-in one")),
        }
        Ok(())
    }

    fn override_words(&mut self, path: &Path, file: &str) -> Result<(), ViewsError> {
        let language = file.strip_suffix(".ftl").and_then(|tag| TAGS.into_iter().find(|known| *known == tag));
        let Some(layers) = language.and_then(|tag| self.words.get_mut(tag)) else {
            return Err(misplaced(path, "expected the tag of a language that there is, as in de.ftl"));
        };
        layers.push(WordsFile { name: path.display().to_string(), source: Cow::Owned(read_text(path)?) });
        Ok(())
    }

    fn override_asset(&mut self, path: &Path, file: &str) -> Result<(), ViewsError> {
        let Some(content_type) = content_type(file).filter(|_| !file.contains('/')) else {
            return Err(misplaced(
                path,
                "expected a .css, .js, .svg, .png, .jpg, .webp, .ico or .woff2 directly in static/",
            ));
        };
        let bytes = std::fs::read(path).map_err(|source| unreadable(path, source))?;
        self.assets.insert(file.to_owned(), Asset { hash: hash(&bytes), bytes: Cow::Owned(bytes), content_type });
        Ok(())
    }
}

fn built_in_asset((path, source): &File) -> Option<(String, Asset)> {
    let name = path.strip_prefix("static/")?;
    let bytes = source.as_bytes();
    let asset = Asset { bytes: Cow::Borrowed(bytes), content_type: content_type(name)?, hash: hash(bytes) };
    Some((name.to_owned(), asset))
}

fn content_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => return None,
    })
}

/// Tells two contents apart for caches; nothing secret or hostile depends on it.
fn hash(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// All files, in a stable order; those whose name begins with a dot are somebody's editor's.
fn files_below(folder: &Path, found: &mut Vec<PathBuf>) -> Result<(), ViewsError> {
    let mut paths = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<_>, _>>())
        .map_err(|source| unreadable(folder, source))?;
    paths.sort();
    for path in paths {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        match (hidden, path.is_dir()) {
            (true, _) => {}
            (false, true) => files_below(&path, found)?,
            (false, false) => found.push(path),
        }
    }
    Ok(())
}

fn read_text(path: &Path) -> Result<String, ViewsError> {
    std::fs::read_to_string(path).map_err(|source| unreadable(path, source))
}

fn unreadable(path: &Path, source: std::io::Error) -> ViewsError {
    ViewsError::Unreadable { path: path.display().to_string(), source }
}

fn misplaced(path: &Path, why: &'static str) -> ViewsError {
    ViewsError::Misplaced { path: path.display().to_string(), why }
}
