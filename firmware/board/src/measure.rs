//! Instructions and stack of a call.

use crate::report;
use cpu::{now, since, stack_pointer};

/// What a call took.
#[derive(Clone, Copy)]
pub struct Cost {
    /// Instructions, to the resolution of the timer.
    pub instructions: u32,
    /// Bytes of stack below the caller's.
    pub stack: u32,
}

/// Runs `f` on a painted stack. Under `-icount shift=0` QEMU's clock advances 1 ns an instruction.
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
/// Words that are painted: twice the stack that inference may take.
const DEPTH: usize = 2048;
/// Words just below the stack pointer that are left alone: `paint` itself may use them.
const OWN: usize = 16;

/// Paints the free stack below; returns the stack pointer.
#[inline(always)]
fn paint() -> usize {
    let top = stack_pointer();
    for word in OWN..DEPTH {
        // SAFETY: nothing lives below the stack pointer, and every memory map gives the stack more than DEPTH words.
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

/// The costs of many calls.
pub struct Spread {
    /// Of ordinary calls.
    instructions: heapless::Vec<u32, 256>,
    worst: Cost,
}

impl Default for Spread {
    fn default() -> Self {
        Spread { instructions: heapless::Vec::new(), worst: Cost { instructions: 0, stack: 0 } }
    }
}

impl Spread {
    /// Adds an ordinary call; those past 256 count for the worst alone.
    pub fn ordinary(&mut self, cost: Cost) {
        let _ = self.instructions.push(cost.instructions);
        self.hard(cost);
    }

    /// Adds a call that is no part of the median; returns its instructions.
    pub fn hard(&mut self, cost: Cost) -> u32 {
        self.worst.instructions = self.worst.instructions.max(cost.instructions);
        self.worst.stack = self.worst.stack.max(cost.stack);
        cost.instructions
    }

    /// Prints the median and the most instructions, and the most stack.
    pub fn report(self, median: &str, worst: &str, stack: &str) {
        // Without a sort, which can panic: the images are searched for that.
        let all = &self.instructions;
        let in_the_middle = |x: &u32| all.iter().filter(|y| *y <= x).count() > all.len() / 2;
        report(median, all.iter().copied().filter(in_the_middle).min().unwrap_or(0), "instructions");
        report(worst, self.worst.instructions, "instructions");
        report(stack, self.worst.stack, "bytes");
    }
}

#[cfg(target_arch = "arm")]
mod cpu {
    use cortex_m::peripheral::SYST;

    /// Nanoseconds a tick, under `-icount shift=0` instructions: the MPS2 board runs at 25 MHz, the micro:bit's nRF51 at 16 MHz.
    const TICK: f32 = if cfg!(target_abi = "eabihf") { 40.0 } else { 62.5 };

    pub fn stack_pointer() -> usize {
        cortex_m::register::msp::read() as usize
    }

    /// Starts SysTick at its largest value, on the core's clock.
    pub fn now() -> u32 {
        // SAFETY: the images have one thread and no interrupts, and use SysTick for nothing else.
        unsafe {
            (*SYST::PTR).rvr.write(0x00ff_ffff);
            (*SYST::PTR).cvr.write(0);
            (*SYST::PTR).csr.write(0b101);
        }
        SYST::get_current()
    }

    pub fn since(start: u32) -> u32 {
        ((start.wrapping_sub(SYST::get_current()) & 0x00ff_ffff) as f32 * TICK) as u32
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
