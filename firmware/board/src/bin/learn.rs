//! Trains a small flow on the board, in static memory.

#![no_std]
#![no_main]

use flows::Learner;
use static_cell::ConstStaticCell;

static LEARNER: ConstStaticCell<Learner> = ConstStaticCell::new(Learner::new());

#[board::entry]
fn main() -> ! {
    let Some(learned) = LEARNER.try_take().and_then(|learner| learner.learn().ok()) else { board::fail() };
    board::report_hash("learn", &learned.hash);
    board::report("learn_first", (1000.0 * learned.first) as u32, "millinats");
    board::report("learn_last", (1000.0 * learned.last) as u32, "millinats");
    board::done()
}
