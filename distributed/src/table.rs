//! Tables of numbers, cut into shards. A rank reads its own shards and no other.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Result as IoResult, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use clap::Args;
use gaussflow::Real;
use gaussflow::toy::two_moons;
use rand_pcg::Pcg64;
use rand_pcg::rand_core::SeedableRng;

/// How to read a table.
#[derive(Args)]
pub struct Reading {
    /// The files of the table, one after the other: `.csv`, or rows of little-endian numbers `.f32` or `.f64`; or `moons:N` for N points of two moons
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    pub data: Vec<PathBuf>,
    /// Columns of the table, where its files are not .csv
    #[arg(long)]
    pub columns: Option<usize>,
    /// Pieces that the table is cut into, a multiple of the number of files [default: the least that gives each rank one]
    #[arg(long)]
    pub shards: Option<usize>,
}

/// A table whose shards have not been read.
pub struct Table {
    source: Source,
    pub shards: usize,
    pub columns: usize,
}

enum Source {
    Files(Vec<PathBuf>),
    Moons { points: usize, seed: u64 },
}

/// What a generator is for: no two share their numbers.
#[derive(Clone, Copy)]
pub enum Purpose {
    Weights,
    Points,
    Order,
    Samples,
}

/// The generator of a shard, a block or the whole job: it depends on the seed, not on the ranks.
pub fn generator(seed: u64, purpose: Purpose, shard: usize) -> Pcg64 {
    // Odd multiples keep seeds apart, and `seed_from_u64` spreads what differs in a bit.
    Pcg64::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (purpose as u64) << 56 ^ shard as u64)
}

impl Table {
    /// A table of these files; of two moons, where `points` seed its shards.
    pub fn open(data: &[PathBuf], columns: Option<usize>, shards: Option<usize>, ranks: usize, seed: u64) -> Result<Self, String> {
        let moons = data.first().and_then(|name| name.to_str()).and_then(|name| name.strip_prefix("moons:"));
        let source = match moons {
            Some(points) => {
                let points = points.parse().map_err(|_| format!("moons:{points}: `{points}` is not a number of points"))?;
                Source::Moons { points, seed }
            }
            None => Source::Files(data.to_vec()),
        };
        let columns = match (&source, columns) {
            (Source::Moons { .. }, _) => 2,
            (Source::Files(files), None) if files.iter().all(|file| scalar_bytes(file).is_none()) => columns_of(&files[0])?,
            (Source::Files(_), Some(columns)) if columns > 0 => columns,
            _ => return Err("a table of .f32 or .f64 needs its number of columns: --columns".into()),
        };
        let files = if let Source::Files(files) = &source { files.len() } else { 1 };
        let shards = shards.unwrap_or(ranks.next_multiple_of(files));
        if shards < ranks || !shards.is_multiple_of(files) {
            return Err(format!("{shards} shards cannot be cut from {files} files for {ranks} ranks"));
        }
        Ok(Table { source, shards, columns })
    }

    /// The shards of a rank, in the order of the table.
    pub fn owned(&self, rank: usize, ranks: usize) -> Range<usize> {
        self.shards * rank / ranks..self.shards * (rank + 1) / ranks
    }

    /// The rows of a shard, all finite.
    pub fn read<T: Real, const D: usize>(&self, shard: usize) -> Result<Vec<[T; D]>, String> {
        match &self.source {
            Source::Moons { points, seed } => {
                let count = points * (shard + 1) / self.shards - points * shard / self.shards;
                let mut rows = vec![[0.0; 2]; count];
                two_moons(&mut rows, 0.05, &mut generator(*seed, Purpose::Points, shard));
                Ok(rows.iter().map(|row| std::array::from_fn(|d| T::from_f64(row[d]))).collect())
            }
            Source::Files(files) => {
                let pieces = self.shards / files.len();
                let (file, piece) = (&files[shard / pieces], shard % pieces);
                let read = match scalar_bytes(file) {
                    Some(bytes) => read_matrix(file, bytes, piece, pieces),
                    None => read_csv(file, piece, pieces),
                };
                read.map_err(|e| e.to_string()).flatten().map_err(|e| format!("{}: {e}", file.display()))
            }
        }
    }
}

/// The bytes of a number; none in a text.
fn scalar_bytes(file: &Path) -> Option<usize> {
    match file.extension()?.to_str()? {
        "f32" => Some(4),
        "f64" => Some(8),
        _ => None,
    }
}

fn columns_of(file: &Path) -> Result<usize, String> {
    let mut line = String::new();
    let read = File::open(file).and_then(|file| BufReader::new(file).read_line(&mut line));
    read.map_err(|e| format!("{}: {e}", file.display()))?;
    Ok(line.split(',').count())
}

/// The start of the first line that begins at byte `at` or later.
fn line_start(file: &mut BufReader<File>, at: u64) -> IoResult<u64> {
    let Some(before) = at.checked_sub(1) else { return Ok(0) };
    file.seek(SeekFrom::Start(before))?;
    Ok(before + file.skip_until(b'\n')? as u64)
}

/// The rows of the lines that begin in this piece of the file's bytes: the pieces are the same however many ranks read them, and none is looked for in the others.
fn read_csv<T: Real, const D: usize>(path: &Path, piece: usize, pieces: usize) -> IoResult<Result<Vec<[T; D]>, String>> {
    let mut file = BufReader::new(File::open(path)?);
    let length = file.get_ref().metadata()?.len();
    let cut = |piece: usize| (u128::from(length) * piece as u128 / pieces as u128) as u64;
    let (start, end) = (line_start(&mut file, cut(piece))?, line_start(&mut file, cut(piece + 1))?);
    file.seek(SeekFrom::Start(start))?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(file.take(end - start));
    let (mut rows, mut record) = (Vec::new(), csv::StringRecord::new());
    while reader.read_record(&mut record)? {
        let names = rows.is_empty() && start == 0 && record.iter().all(|cell| !cell.is_empty() && cell.parse::<f64>().is_err());
        if names && record.position().is_some_and(|place| place.byte() == 0) {
            continue;
        }
        match row(&record) {
            Ok(row) => rows.push(row),
            Err(message) => {
                // Only now is the number of lines before this piece of interest.
                let before = BufReader::new(File::open(path)?.take(start)).split(b'\n').count() as u64;
                let line = before + record.position().map_or(0, csv::Position::line);
                return Ok(Err(format!("row {line}{message}")));
            }
        }
    }
    Ok(Ok(rows))
}

fn row<T: Real, const D: usize>(record: &csv::StringRecord) -> Result<[T; D], String> {
    if record.len() != D {
        return Err(format!(": {} columns where there should be {D}", record.len()));
    }
    let mut row = [T::ZEROS; D];
    for (d, cell) in record.iter().enumerate() {
        row[d] = cell.parse().map_or(T::NAN, T::from_f64);
        if !row[d].is_finite() {
            return Err(format!(", column {}: `{cell}` is not a finite number", d + 1));
        }
    }
    Ok(row)
}

/// As [`read_csv`], of rows of little-endian numbers.
fn read_matrix<T: Real, const D: usize>(path: &Path, bytes: usize, piece: usize, pieces: usize) -> IoResult<Result<Vec<[T; D]>, String>> {
    let mut file = BufReader::new(File::open(path)?);
    let length = file.get_ref().metadata()?.len() as usize;
    if !length.is_multiple_of(bytes * D) {
        return Ok(Err(format!("{length} bytes are not whole rows of {D} numbers of {bytes} bytes")));
    }
    let count = length / (bytes * D);
    let (start, end) = (count * piece / pieces, count * (piece + 1) / pieces);
    file.seek(SeekFrom::Start((start * bytes * D) as u64))?;
    let (mut rows, mut raw) = (vec![[T::ZEROS; D]; end - start], [0; 8]);
    for (index, row) in rows.iter_mut().enumerate() {
        for (d, place) in row.iter_mut().enumerate() {
            file.read_exact(&mut raw[..bytes])?;
            let x = match raw {
                raw if bytes == 8 => f64::from_le_bytes(raw),
                [a, b, c, d, ..] => f64::from(f32::from_le_bytes([a, b, c, d])),
            };
            *place = T::from_f64(x);
            if !place.is_finite() {
                return Ok(Err(format!("row {}, column {}: {x} is not a finite number", start + index + 1, d + 1)));
            }
        }
    }
    Ok(Ok(rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A file of its own for each test.
    fn file(name: &str, bytes: &[u8]) -> PathBuf {
        let path = std::env::temp_dir().join(format!("gaussflow-{}-{name}", std::process::id()));
        fs::write(&path, bytes).unwrap();
        path
    }

    fn all<const D: usize>(table: &Table) -> Result<Vec<[f64; D]>, String> {
        Ok((0..table.shards).map(|shard| table.read(shard)).collect::<Result<Vec<_>, _>>()?.concat())
    }

    #[test]
    fn shards_of_a_text_hold_each_row_once() {
        let rows: Vec<[f64; 2]> = (0..50).map(|i| [f64::from(i), 10f64.powi(i % 7)]).collect();
        let lines: String = rows.iter().map(|[x, y]| format!("{x}, {y}\n")).collect();
        for (name, text) in [("plain.csv", lines.clone()), ("names.csv", format!("x,y\n{lines}")), ("open.csv", lines.trim_end().into())] {
            let path = file(name, text.as_bytes());
            for shards in 1..80 {
                let table = Table::open(std::slice::from_ref(&path), None, Some(shards), 1, 0).unwrap();
                assert_eq!((all(&table), table.columns), (Ok(rows.clone()), 2), "{name} in {shards} shards");
            }
            // Two files, one after the other.
            let table = Table::open(&[path.clone(), path.clone()], None, Some(6), 1, 0).unwrap();
            assert_eq!(all(&table), Ok([&rows[..], &rows[..]].concat()));
            fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_bad_row_is_named_by_its_line() {
        for (cells, message) in [
            ("1,NaN", "row 33, column 2: `NaN` is not a finite number"),
            ("1e999,2", "row 33, column 1: `1e999` is not a finite number"),
            ("x,2", "row 33, column 1: `x` is not a finite number"),
            ("1,2,3", "row 33: 3 columns where there should be 2"),
        ] {
            let lines: String = (0..50).map(|i| if i == 31 { format!("{cells}\n") } else { "1,2\n".into() }).collect();
            let path = file("bad.csv", format!("a,b\n{lines}").as_bytes());
            for shards in [1, 2, 7, 50] {
                let table = Table::open(std::slice::from_ref(&path), None, Some(shards), 1, 0).unwrap();
                assert_eq!(all::<2>(&table), Err(format!("{}: {message}", path.display())));
            }
            fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn shards_of_a_matrix_hold_each_row_once() {
        let rows: Vec<[f64; 3]> = (0..20).map(|i| [0, 1, 2].map(|d| f64::from(i * 3 + d) / 4.0)).collect();
        let path = file("matrix.f64", rows.as_flattened().iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>().as_slice());
        let single = file("matrix.f32", rows.as_flattened().iter().flat_map(|x| (*x as f32).to_le_bytes()).collect::<Vec<u8>>().as_slice());
        for path in [&path, &single] {
            for shards in 1..30 {
                let table = Table::open(std::slice::from_ref(path), Some(3), Some(shards), 1, 0).unwrap();
                assert_eq!(all(&table), Ok(rows.clone()));
            }
            assert!(Table::open(std::slice::from_ref(path), None, None, 1, 0).is_err(), "it does not tell its columns");
            let seven = Table::open(std::slice::from_ref(path), Some(7), None, 1, 0).unwrap();
            assert!(all::<7>(&seven).unwrap_err().contains("are not whole rows of 7 numbers"));
            fs::remove_file(path).unwrap();
        }
        let path = file("nan.f32", &[[0.0, 1.0], [2.0, f32::NAN]].as_flattened().iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>());
        let table = Table::open(std::slice::from_ref(&path), Some(2), Some(2), 1, 0).unwrap();
        assert_eq!(all::<2>(&table), Err(format!("{}: row 2, column 2: NaN is not a finite number", path.display())));
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn ranks_share_the_shards_out() {
        let open = |shards, ranks| Table::open(&["moons:10".into()], None, shards, ranks, 0);
        for (shards, ranks) in [(1, 1), (4, 3), (64, 5)] {
            let table = open(Some(shards), ranks).unwrap();
            let owned: Vec<usize> = (0..ranks).flat_map(|rank| table.owned(rank, ranks)).collect();
            assert_eq!(owned, (0..shards).collect::<Vec<_>>());
            assert_eq!(all::<2>(&table).unwrap().len(), 10);
        }
        assert_eq!(open(None, 3).unwrap().shards, 3);
        assert!(open(Some(2), 3).is_err());
    }
}
