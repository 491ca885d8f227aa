//! Parquet's RLE / bit-packing hybrid: levels, and indices into a dictionary.
//!
//! The specification: <https://parquet.apache.org/docs/file-format/data-pages/encodings/#RLE>.

use super::refusal::{Code, Refusal};

/// Numbers that are being read.
#[derive(Debug)]
pub(super) struct Hybrid<'b> {
    rest: &'b [u8],
    width: u32,
    /// What the present run repeats, and how often yet.
    repeated: (u32, usize),
    /// The present packed run: its bytes, the next bit, and how many numbers it has yet.
    packed: (&'b [u8], usize, usize),
}

impl<'b> Hybrid<'b> {
    pub(super) fn new(bytes: &'b [u8], width: u8) -> Result<Self, Refusal> {
        if width > 32 {
            return Err(wrong("numbers of more than 32 bits"));
        }
        Ok(Self { rest: bytes, width: width.into(), repeated: (0, 0), packed: (&[], 0, 0) })
    }

    /// The next number and how many times it comes, at most so often. Where numbers are packed, each comes by itself.
    pub(super) fn next(&mut self, most: usize) -> Result<(u32, usize), Refusal> {
        while self.repeated.1 == 0 && self.packed.2 == 0 {
            self.run()?;
        }
        if self.repeated.1 > 0 {
            let count = self.repeated.1.min(most);
            self.repeated.1 -= count;
            return Ok((self.repeated.0, count));
        }
        let (bytes, bit, left) = self.packed;
        let mut window = [0; 8];
        let from = &bytes[bit / 8..];
        let length = from.len().min(8);
        window[..length].copy_from_slice(&from[..length]);
        let number = u64::from_le_bytes(window) >> (bit % 8) & ((1 << self.width) - 1);
        self.packed = (bytes, bit + self.width as usize, left - 1);
        Ok((number as u32, 1))
    }

    /// Begins the next run, which takes at least a byte.
    fn run(&mut self) -> Result<(), Refusal> {
        let head = self.head()?;
        let count = usize::try_from(head >> 1).unwrap_or(usize::MAX);
        let bytes_each = self.width.div_ceil(8) as usize;
        if head & 1 == 0 || self.width == 0 {
            let count = if head & 1 == 0 { count } else { count.saturating_mul(8) };
            let value = if head & 1 == 0 { self.take(bytes_each)? } else { &[] };
            let mut number = [0; 4];
            number[..value.len()].copy_from_slice(value);
            self.repeated = (u32::from_le_bytes(number), count);
            return Ok(());
        }
        // Some writers leave out the padding of the last group, so what is there counts.
        let width = self.width as usize;
        let claimed = count.saturating_mul(width);
        let bytes = self.take(claimed.min(self.rest.len()))?;
        self.packed = (bytes, 0, count.saturating_mul(8).min(bytes.len() * 8 / width));
        Ok(())
    }

    fn take(&mut self, count: usize) -> Result<&'b [u8], Refusal> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or_else(|| wrong("a run that ends too early"))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn head(&mut self) -> Result<u64, Refusal> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(wrong("a run of more than 2^31 numbers"))
    }
}

fn wrong(problem: &str) -> Refusal {
    Refusal::new(Code::Corrupt, format!("levels or indices cannot be read: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8], width: u8, count: usize) -> Result<Vec<u32>, Refusal> {
        let (mut numbers, mut hybrid) = (Vec::new(), Hybrid::new(bytes, width)?);
        while numbers.len() < count {
            let (number, times) = hybrid.next(count - numbers.len())?;
            numbers.extend(std::iter::repeat_n(number, times));
        }
        Ok(numbers)
    }

    #[test]
    fn runs_and_packed_numbers_follow_each_other() {
        // The specification's own example packs 0 to 7 in three bits each.
        let packed = [0b11, 0b1000_1000, 0b1100_0110, 0b1111_1010];
        assert_eq!(all(&packed, 3, 8), Ok((0..8).collect()));
        assert_eq!(all(&[6, 5, 0b11, 0b10], 1, 5), Ok(vec![5, 5, 5, 0, 1]));
        assert_eq!(all(&[8, 1, 2, 0, 0], 32, 4), Ok(vec![513; 4]));
        assert_eq!(all(&[3], 0, 8), Ok(vec![0; 8]));
    }

    #[test]
    fn what_is_missing_or_without_end_is_refused() {
        for (bytes, width, count) in [
            (&[][..], 1, 1),
            (&[8], 1, 1),
            (&[0b11, 0xff], 1, 9),
            (&[0xff; 9], 1, 1),
            (&[0, 0, 0, 0], 1, 1),
            (&[8, 1], 33, 1),
        ] {
            assert!(all(bytes, width, count).is_err(), "{bytes:?}");
        }
    }
}
