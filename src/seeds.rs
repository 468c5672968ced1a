//! Seeds and ranges of seeds, in decimal.

use std::str::FromStr;

/// Seeds from one to another. `from + count` may lie one beyond the greatest seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seeds {
    /// The first.
    pub(crate) from: u64,
    /// How many.
    pub(crate) count: u64,
}

impl Seeds {
    /// The seed at `index`. `index < count`.
    pub(crate) fn at(&self, index: u64) -> u64 {
        assert!(index < self.count);
        self.from + index
    }
}

impl FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Seeds, String> {
        let (from, to) = text.split_once("..").ok_or("expected A..B or A..=B, as in 0..1000")?;
        let (inclusive, to) = match to.strip_prefix('=') {
            Some(to) => (true, to),
            None => (false, to),
        };
        let (from, to) = (seed(from)?, seed(to)?);
        if to < from {
            return Err(format!("the range ends at {to}, before it starts at {from}"));
        }
        let count =
            (to - from).checked_add(u64::from(inclusive)).ok_or("a range holds at most 2^64 - 1 seeds")?;
        Ok(Seeds { from, count })
    }
}

/// Reads one seed: decimal digits and nothing else.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("'{text}' is not a seed: expected decimal digits"));
    }
    text.parse().map_err(|_| format!("'{text}' is not a seed: the greatest is {}", u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_half_open_unless_they_say_otherwise() {
        assert_eq!("3..7".parse(), Ok(Seeds { from: 3, count: 4 }));
        assert_eq!("3..=7".parse(), Ok(Seeds { from: 3, count: 5 }));
        assert_eq!("3..3".parse(), Ok(Seeds { from: 3, count: 0 }));
        assert_eq!("3..=3".parse(), Ok(Seeds { from: 3, count: 1 }));
        let last: Seeds = "18446744073709551615..=18446744073709551615".parse().unwrap();
        assert_eq!(last.at(0), u64::MAX);
    }

    #[test]
    fn what_is_no_range_is_refused_with_what_was_expected() {
        for text in
            ["", "7", "..", "1..", "..7", "7..3", "0x1..5", "1..+5", "-1..5", "1_0..20", "1...5", "a..b"]
        {
            assert!(text.parse::<Seeds>().is_err(), "{text}");
        }
        assert!("0..=18446744073709551615".parse::<Seeds>().is_err());
        assert!("0..18446744073709551616".parse::<Seeds>().is_err());
    }
}
