//! Results to the host, and the ends of an image.

use core::panic::PanicInfo;

use semihosting::sys::arm_compat::sys_writec;

/// The attribute of an image's `main`.
#[cfg(target_arch = "arm")]
pub use cortex_m_rt::entry;
#[cfg(target_arch = "riscv32")]
pub use riscv_rt::entry;

/// Prints `name = value unit`. Without `core::fmt`, which can panic: images are searched for that.
pub fn report(name: &str, value: u32, unit: &str) {
    text(name);
    text(" = ");
    decimal(value);
    text(" ");
    text(unit);
    sys_writec(b'\n');
}

/// Prints a text.
pub fn text(text: &str) {
    text.bytes().for_each(sys_writec);
}

/// Prints a number.
pub fn decimal(value: u32) {
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

/// The linker keeps it only if something can panic: then it is found in the image.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    semihosting::process::exit(101)
}
