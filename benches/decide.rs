//! What a decision costs: `cargo bench -p doorward-benches`. Remembered decisions cost their key and a look-up; the others
//! are evaluated by Cedar.

use doorward_api::AppId;
use doorward_benches::{NOW, alice, measure, page};
use doorward_policy::{Policies, Source};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/default/wiki.cedar");
    let source = Source { file: "wiki.cedar".to_owned(), text: std::fs::read_to_string(file)? };
    let wiki = AppId::new("wiki");
    let policies = Policies::load(&[source], std::slice::from_ref(&wiki))?;
    let slice = policies.slice(&wiki);
    let (alice, object) = (alice(), page("/wiki/start"));
    let nobody = doorward_api::Subject::Anonymous;

    measure("the key of a decision", 51, 2000, || slice.key(&alice, &object, NOW));
    measure("admitted, evaluated", 51, 200, || slice.decide(&alice, &object, NOW));
    measure("nobody known, challenged, evaluated", 51, 200, || slice.decide(&nobody, &object, NOW));
    Ok(())
}
