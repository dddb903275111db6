//! The program `s4`.

use std::process::ExitCode;

use s4::ambient::Clock;
use s4::env::Env;

/// Requests and listings make many small allocations; this allocator takes some percent less time for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Most of each huge page would be cleared and held for nothing: a third of all memory in a sync of small files.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    // Without a current folder (it was deleted) relative paths stay relative, and are refused where they matter.
    let env = Env::new(std::env::vars_os(), std::env::current_dir().unwrap_or_default());
    if let Some(answered) = s4::complete::run(std::env::args_os(), &env) {
        return answered.into();
    }
    s4::cli::run(std::env::args_os(), env, Clock::System).into()
}
