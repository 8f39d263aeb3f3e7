//! The binary `doorward`.

use std::process::ExitCode;

/// Quicker than the system's, and it gives back what is free: the system's keeps most of what a crowd took when that has gone, and
/// a gateway that turned people away for want of memory would go on doing so (F-28).
#[cfg(feature = "mimalloc")]
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    doorward_server::main()
}
