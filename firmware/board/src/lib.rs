//! What every image needs: results to the host, instruction counts and stack marks.

#![no_std]

use flows::Hash;

mod flow_image;
#[path = "../../../cli/template/board/src/measure.rs"]
pub mod measure;
#[path = "../../../cli/template/board/src/report.rs"]
mod output;
mod spread;

pub use output::{done, entry, fail, report};
pub use spread::Spread;

/// Whether the board calculates in hardware; if not, the images do a hundredth of the work.
pub const FLOATS: bool = cfg!(target_abi = "eabihf");

/// Prints `name = value hash` in hexadecimal.
pub fn report_hash(name: &str, hash: &Hash) {
    output::text(name);
    output::text(" = ");
    for shift in (0..16).rev() {
        let digit = (hash.value() >> (4 * shift)) as usize & 15;
        output::text("0123456789abcdef".get(digit..digit + 1).unwrap_or_default());
    }
    output::text(" hash\n");
}
