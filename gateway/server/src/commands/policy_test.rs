//! `doorward policy test`: runs the cases that say what the policies must decide.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use doorward_policy::{Policies, cases};

use crate::args::DirectoryArgs;
use crate::commands::which;
use crate::{Failure, Finding, config, demo};

/// Runs every `*.toml` of the cases' folder; [`Finding::Bad`] when one decides otherwise.
pub(crate) fn policy_test(of: &DirectoryArgs, demo: bool, cases_folder: Option<&Path>) -> Result<Finding, Failure> {
    let (policies, folder) = if demo { of_demo()? } else { of_configuration(of)? };
    let cases_folder = cases_folder.map_or_else(|| config::cases_folder(&folder), Path::to_owned);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&cases_folder)
        .map_err(|cause| Failure::Other(format!("{}: {cause}", cases_folder.display())))?
        .filter_map(|entry| entry.ok().map(|e| e.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(Failure::Other(format!("{} holds no *.toml: nothing was tested", cases_folder.display())));
    }
    let (mut passed, mut failed) = (0_usize, 0_usize);
    for file in files {
        let text =
            std::fs::read_to_string(&file).map_err(|cause| Failure::Other(format!("{}: {cause}", file.display())))?;
        for result in cases::run(&policies, &file.display().to_string(), &text).map_err(Failure::other)? {
            let file = file.display();
            match &result.difference {
                None => println!("ok      {file}:{} {}", result.line, result.name),
                Some(difference) => println!("FAILED  {file}:{} {}: {difference}", result.line, result.name),
            }
            if result.passed() { passed += 1 } else { failed += 1 }
        }
    }
    println!("\n{passed} passed, {failed} failed");
    Ok(if failed == 0 { Finding::Good } else { Finding::Bad })
}

fn of_configuration(of: &DirectoryArgs) -> Result<(Arc<Policies>, PathBuf), Failure> {
    let config = config::load(&of.config.config)?;
    let id = which(&config, of.virtual_server.as_deref())?;
    let none = || Failure::Other(format!("there is no virtual server {id}"));
    let server = config.site.virtual_server(&id).ok_or_else(none)?;
    let folder = config.policy_folders.get(&id).ok_or_else(none)?;
    Ok((server.policies.clone(), folder.clone()))
}

/// The policies built in for the demo; their cases lie in the source folder `policies/cases`.
fn of_demo() -> Result<(Arc<Policies>, PathBuf), Failure> {
    Ok((demo::demo_policies(None)?, PathBuf::from("policies/default")))
}
