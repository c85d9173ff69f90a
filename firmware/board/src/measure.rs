//! Instructions and stack of a call.

/// What a call took.
#[derive(Clone, Copy)]
pub struct Cost {
    /// Instructions, to the resolution of the timer.
    pub instructions: u32,
    /// Bytes of stack below the caller's.
    pub stack: u32,
}

/// Runs `f` with its stack painted. Under `-icount shift=0` QEMU's clock advances 1 ns an instruction.
#[inline(never)]
pub fn measure(f: impl FnOnce()) -> Cost {
    let top = paint();
    let start = now();
    call(f);
    let instructions = since(start);
    Cost { instructions, stack: depth(top) }
}

/// Keeps what `f` puts on the stack below the paint's edge.
#[inline(never)]
fn call(f: impl FnOnce()) {
    f();
}

const PAINT: u32 = 0xa5a5_5a5a;
/// How far below the caller is painted.
const DEPTH: usize = 64 * 1024 / 4;
/// Words left to the painting itself.
const OWN: usize = 16;

/// Paints the free stack below; returns the stack pointer.
#[inline(always)]
fn paint() -> usize {
    let top = stack_pointer();
    for word in OWN..DEPTH {
        // SAFETY: below the stack pointer nothing lives; `memory.x` gives the stack more than DEPTH.
        unsafe { ((top - 4 * word) as *mut u32).write_volatile(PAINT) };
    }
    top
}

/// How far below `top` the paint is gone.
#[inline(always)]
fn depth(top: usize) -> u32 {
    let mut word = DEPTH - 1;
    // SAFETY: as for `paint`.
    while word > OWN && unsafe { ((top - 4 * word) as *const u32).read_volatile() } == PAINT {
        word -= 1;
    }
    4 * word as u32
}

#[cfg(target_arch = "arm")]
mod cpu {
    use cortex_m::peripheral::{SYST, syst::SystClkSource};

    /// Instructions a tick, times 2: 25 MHz on the MPS2 board.
    const NANOSECONDS: u32 = 40;

    pub fn stack_pointer() -> usize {
        cortex_m::register::msp::read() as usize
    }

    pub fn now() -> u32 {
        // SAFETY: the images have one thread and no interrupts, and use SysTick for nothing else.
        let timer = unsafe { &mut *SYST::PTR.cast_mut() };
        unsafe {
            timer.csr.write(0);
            timer.rvr.write(0x00ff_ffff);
            timer.cvr.write(0);
            timer.csr.write(1 | 4);
        }
        let _ = SystClkSource::Core;
        SYST::get_current()
    }

    pub fn since(start: u32) -> u32 {
        (start.wrapping_sub(SYST::get_current()) & 0x00ff_ffff) * NANOSECONDS
    }
}

#[cfg(target_arch = "riscv32")]
mod cpu {
    pub fn stack_pointer() -> usize {
        let sp;
        // SAFETY: reads a register.
        unsafe { core::arch::asm!("mv {}, sp", out(reg) sp) };
        sp
    }

    pub fn now() -> u32 {
        riscv::register::minstret::read() as u32
    }

    pub fn since(start: u32) -> u32 {
        now().wrapping_sub(start)
    }
}

use cpu::{now, since, stack_pointer};
