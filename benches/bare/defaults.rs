//! `bare-pingora-defaults LISTEN ORIGIN THREADS`: Pingora with the allocator and the modules that it comes with.

use std::process::ExitCode;

use doorward_benches::bare::{Modules, serve};

fn main() -> ExitCode {
    serve(Modules::AsTheyCome)
}
