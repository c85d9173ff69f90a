//! Writes the points of the toy densities for all programs to read: `NAME.csv` in a folder, with the columns `split,x,y,log_density`. The log-density is that of test points, where it is
//! known.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::{env, io};

use gaussflow::toy::{
    checkerboard, checkerboard_log_density, circles, circles_log_density, eight_gaussians, eight_gaussians_log_density, pinwheel,
    swiss_roll, swiss_roll_log_density, two_moons, two_moons_log_density, two_spirals, two_spirals_log_density,
};
use rand_pcg::Pcg64;

const SPLITS: [(&str, usize); 3] = [("train", 5000), ("validation", 1000), ("test", 20_000)];

type Draw = fn(&mut [[f32; 2]], &mut Pcg64);
type LogDensity = fn(&[f64; 2]) -> f64;

const DENSITIES: [(&str, Draw, Option<LogDensity>); 7] = [
    ("two_moons", |points, rng| two_moons(points, 0.05, rng), Some(|x| two_moons_log_density(x, 0.05))),
    ("circles", |points, rng| circles(points, 0.5, 0.08, rng), Some(|x| circles_log_density(x, 0.5, 0.08))),
    ("eight_gaussians", eight_gaussians, Some(eight_gaussians_log_density)),
    ("checkerboard", checkerboard, Some(checkerboard_log_density)),
    ("pinwheel", pinwheel, None),
    ("two_spirals", two_spirals, Some(two_spirals_log_density)),
    ("swiss_roll", |points, rng| swiss_roll(points, 0.2, rng), Some(|x| swiss_roll_log_density(x, 0.2))),
];

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).expect("the folder to write to");
    for (stream, (name, draw, log_density)) in (0..).zip(DENSITIES) {
        let mut rng = Pcg64::new(1, stream);
        let mut file = BufWriter::new(File::create(Path::new(&folder).join(format!("{name}.csv")))?);
        writeln!(file, "split,x,y,log_density")?;
        for (split, count) in SPLITS {
            let mut points = vec![[0.0; 2]; count];
            draw(&mut points, &mut rng);
            for [x, y] in points {
                let truth = log_density.filter(|_| split == "test").map_or(String::new(), |f| f(&[x, y].map(f64::from)).to_string());
                writeln!(file, "{split},{x},{y},{truth}")?;
            }
        }
        file.flush()?;
    }
    Ok(())
}
