//! A stack for debug builds.

/// Runs `f` on a stack of 64 MB where the machine gives one, and passes its panic on.
///
/// The maths of a whole part is inlined into one frame, in which a debug build gives each temporary a place of its own: 2 MB for a tuple of five parts on packs of four.
pub(super) fn on_large_stack<R: Send>(f: impl Fn() -> R + Sync) -> R {
    std::thread::scope(|scope| match std::thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, &f) {
        Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        Err(_) => f(),
    })
}
