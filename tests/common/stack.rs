//! A stack for debug builds.

/// Runs `f` on a stack of 16 MB and passes its panic on.
///
/// The maths of a whole bijector is inlined into one frame, and a debug build gives each temporary of it a place of its own: for the golden flows, on packs of four,
/// that frame takes 1.4 MB of the 2 MB of a test's thread; for a tuple of five parts it took more.
pub fn on_large_stack<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(16 << 20).spawn_scoped(scope, f).expect("a thread");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
