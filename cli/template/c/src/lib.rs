//! The flow for C: functions as thin as a call.

#![cfg_attr(target_os = "none", no_std)]

/// Where the header's generator does not look, which would name each constant in C.
macro_rules! unseen {
    ($($item:item)*) => { $($item)* };
}
unseen! {
    #[allow(dead_code)]
    #[path = "../../fitted/flow.rs"]
    mod flow;
    #[allow(dead_code)]
    #[path = "../../src/shape.rs"]
    mod shape;
}

use flow::{FLOW, SELF_TEST, THRESHOLD};
use shape::{C, D};

/// Columns of a sample.
pub const FLOW_COLUMNS: usize = {{d}};
/// Values that are given with it.
pub const FLOW_GIVEN: usize = {{c}};

const _: () = assert!(FLOW_COLUMNS == D && FLOW_GIVEN == C, "the header's sizes are not those of shape.rs: change them above");

/// The context behind a pointer, which is not read where nothing is given.
unsafe fn context(given: *const f32) -> [f32; C] {
    if C == 0 { [0.0; C] } else { unsafe { given.cast::<[f32; C]>().read_unaligned() } }
}

/// The log-density of a sample, in nats; minus infinity where a value is not finite.
///
/// `x` points to FLOW_COLUMNS floats, `given` to FLOW_GIVEN; it may be NULL where that is 0.
///
/// # Safety
/// The pointers are as above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flow_log_prob(x: *const f32, given: *const f32) -> f32 {
    let (x, given) = unsafe { (x.cast::<[f32; D]>().read_unaligned(), context(given)) };
    FLOW.given(given).log_prob(&x)
}

/// Whether a sample is odd: its log-density is below the threshold of the fit, or a value is not finite.
///
/// # Safety
/// The pointers are those of flow_log_prob.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flow_is_odd(x: *const f32, given: *const f32) -> bool {
    let (x, given) = unsafe { (x.cast::<[f32; D]>().read_unaligned(), context(given)) };
    FLOW.given(given).is_below(&x, THRESHOLD)
}

/// The threshold of the fit, in nats.
#[unsafe(no_mangle)]
pub extern "C" fn flow_threshold() -> f32 {
    THRESHOLD
}

/// Rows of the self-test.
#[unsafe(no_mangle)]
pub extern "C" fn flow_test_rows() -> u32 {
    SELF_TEST.len() as u32
}

/// Writes a row of the self-test to `x` and `given`; returns the bits that flow_log_prob gives for it on every machine, 0 where there is no such row.
///
/// # Safety
/// `x` has room for FLOW_COLUMNS floats, `given` for FLOW_GIVEN; it may be NULL where that is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flow_test_row(row: u32, x: *mut f32, given: *mut f32) -> u32 {
    let Some((values, context, bits)) = SELF_TEST.get(row as usize) else { return 0 };
    unsafe {
        x.cast::<[f32; D]>().write_unaligned(*values);
        if C > 0 {
            given.cast::<[f32; C]>().write_unaligned(*context);
        }
    }
    *bits
}

/// Nothing above can panic: the linker leaves it out.
#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
