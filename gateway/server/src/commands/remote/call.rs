//! Any call of the API, for what has no command of its own.

use http::Method;
use serde_json::Value;

use super::line::{Call, Line, text_of};
use super::show::{pretty, print};
use super::{Outcome, Stop};
use crate::Finding;
use crate::args::{CallArgs, MethodName};

/// `doorward call …`
pub(super) fn run(args: &CallArgs) -> Outcome {
    let line = Line::open(&args.at)?;
    let path = args.path.strip_prefix("/api/v1").unwrap_or(&args.path);
    if !path.starts_with('/') || path.contains(char::is_whitespace) {
        return Err(Stop::because("the path begins with a slash, such as /users?q=a"));
    }
    let method = match args.method {
        MethodName::Get => Method::GET,
        MethodName::Post => Method::POST,
        MethodName::Put => Method::PUT,
        MethodName::Delete => Method::DELETE,
    };
    let mut call = Call::new(method, path);
    if let Some(file) = &args.body {
        let read: Result<Value, _> = serde_json::from_str(&text_of(file)?);
        call = call.with(read.map_err(|cause| Stop::because(format!("{}: {cause}", file.display())))?);
    }
    if let Some(version) = args.if_match {
        call = call.seen(format!("\"{version}\""));
    }
    if let Some(key) = &args.once {
        call = call.under(key.clone());
    }
    // What is no JSON is written as it is.
    let told = line.call_for_file(&call, &mut std::io::stdout().lock())?;
    if !told.body.is_null() {
        print(&pretty(&told.body))?;
    }
    for (name, value) in [("ETag", told.etag), ("Location", told.location)] {
        if let Some(value) = value.filter(|_| !line.manner.json) {
            eprintln!("{name}: {}", super::show::plain(&value));
        }
    }
    Ok(Finding::Good)
}
