//! The binary `doorward`.

use std::process::ExitCode;

fn main() -> ExitCode {
    doorward_server::main()
}
