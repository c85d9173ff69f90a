//! Not run: what `run` must find when it searches an image for panics, an allocator and double-precision software arithmetic.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::boxed::Box;
use core::alloc::{GlobalAlloc, Layout};
use core::hint::black_box;
use core::ptr::null_mut;

/// Always full.
struct Full;

#[global_allocator]
static ALLOCATOR: Full = Full;

// SAFETY: null is how an allocator refuses.
unsafe impl GlobalAlloc for Full {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        black_box(null_mut())
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[board::entry]
fn main() -> ! {
    let index = black_box(2);
    let boxed = black_box(Box::new([1.0f64; 2]));
    black_box(boxed[index] * black_box(3.0f64));
    board::done()
}
