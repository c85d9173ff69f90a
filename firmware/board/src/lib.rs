//! What every image needs: results to the host, instruction counts and stack marks.

#![no_std]

use core::panic::PanicInfo;

use flows::Hash;
use semihosting::sys::arm_compat::sys_writec;

mod flow_image;
pub mod measure;

/// Whether the board calculates in hardware; if not, the images do a hundredth of the work.
pub const FLOATS: bool = cfg!(target_abi = "eabihf");

/// The attribute of an image's `main`.
#[cfg(target_arch = "arm")]
pub use cortex_m_rt::entry;
#[cfg(target_arch = "riscv32")]
pub use riscv_rt::entry;

/// Prints `name = value unit`. Without `core::fmt`, which can panic: the images are searched for that.
pub fn report(name: &str, value: u32, unit: &str) {
    text(name);
    text(" = ");
    decimal(value);
    text(" ");
    text(unit);
    sys_writec(b'\n');
}

/// Prints `name = value hash` in hexadecimal.
pub fn report_hash(name: &str, hash: &Hash) {
    let value = hash.value();
    text(name);
    text(" = ");
    for shift in (0..16).rev() {
        let digit = (value >> (4 * shift)) as u8 & 15;
        sys_writec(digit + if digit < 10 { b'0' } else { b'a' - 10 });
    }
    text(" hash\n");
}

fn text(text: &str) {
    text.bytes().for_each(sys_writec);
}

fn decimal(value: u32) {
    let mut power = 1_000_000_000;
    while power > 1 && power > value {
        power /= 10;
    }
    while power > 0 {
        sys_writec(b'0' + (value / power % 10) as u8);
        power /= 10;
    }
}

/// Ends QEMU with success.
pub fn done() -> ! {
    semihosting::process::exit(0)
}

/// Ends QEMU with a failure.
pub fn fail() -> ! {
    semihosting::process::exit(1)
}

/// The linker keeps it only if something can panic; then the check of `run` finds it.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    semihosting::process::exit(101)
}
