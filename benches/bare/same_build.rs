//! `bare-pingora LISTEN ORIGIN THREADS`: what Doorward is measured against, with its allocator and without the modules that it
//! leaves out.

use std::process::ExitCode;

use doorward_benches::bare::{Modules, serve};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    serve(Modules::None)
}
