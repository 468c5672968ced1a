//! Exact decimals with units: durations, rates, probabilities, bandwidths. Nothing here touches floating point.

/// A decimal as it was written: `mantissa / 10^places`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    mantissa: i128,
    places: u32,
}

/// More digits than this overflow what they are scaled by.
const DIGITS_MAX: usize = 24;

impl Decimal {
    /// Reads `-12.5e3`; none if it is anything else, `nan` and `inf` included, or too long.
    pub(crate) fn parse(text: &str) -> Option<Decimal> {
        let text = text.replace('_', "");
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text.as_str(), 0),
        };
        let (negative, number) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{fraction}");
        let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits || DIGITS_MAX < digits.len() || 30 < exponent.unsigned_abs() {
            return None;
        }
        let mantissa: i128 = digits.parse().ok()?;
        let mantissa = if negative { -mantissa } else { mantissa };
        let places = fraction.len() as i32 - exponent;
        if 0 <= places {
            Some(Decimal { mantissa, places: places as u32 })
        } else {
            let scale = 10i128.checked_pow(places.unsigned_abs())?;
            Some(Decimal { mantissa: mantissa.checked_mul(scale)?, places: 0 })
        }
    }

    /// `self * factor / divisor`, if that is a whole number.
    pub(crate) fn whole(self, factor: i128, divisor: i128) -> Option<i128> {
        let scaled = self.mantissa.checked_mul(factor)?;
        let divisor = 10i128.checked_pow(self.places)?.checked_mul(divisor)?;
        (scaled % divisor == 0).then_some(scaled / divisor)
    }

    pub(crate) fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// Whether it is greater than a whole number.
    pub(crate) fn exceeds(self, limit: i128) -> bool {
        match 10i128.checked_pow(self.places).and_then(|scale| scale.checked_mul(limit)) {
            Some(limit) => limit < self.mantissa,
            None => false,
        }
    }
}

/// Splits `"1.5ms"` into the number and the unit.
pub(crate) fn split(text: &str) -> (&str, &str) {
    let at = text.find(|c: char| c.is_alphabetic() || c == '/' || c == '%').unwrap_or(text.len());
    (text[..at].trim_end(), text[at..].trim())
}

/// Units of time in nanoseconds.
pub(crate) const TIME: &[(&str, u64)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60_000_000_000),
];

/// Units of time in picoseconds, for what a byte costs.
pub(crate) const TIME_PS: &[(&str, u64)] =
    &[("ps", 1), ("ns", 1_000), ("us", 1_000_000), ("ms", 1_000_000_000)];

/// Units of bandwidth in bits per second.
pub(crate) const BANDWIDTH: &[(&str, u64)] = &[
    ("B/s", 8),
    ("kB/s", 8_000),
    ("MB/s", 8_000_000),
    ("GB/s", 8_000_000_000),
    ("KiB/s", 8 << 10),
    ("MiB/s", 8 << 20),
    ("GiB/s", 8 << 30),
    ("bit/s", 1),
    ("kbit/s", 1_000),
    ("Mbit/s", 1_000_000),
    ("Gbit/s", 1_000_000_000),
];

/// Units of a rate, in thousandths of an event a minute.
pub(crate) const RATE: &[(&str, u64)] = &[("/min", 1_000), ("/s", 60_000), ("/ms", 60_000_000)];

/// Why a number with a unit could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable<'a> {
    /// There is no number in front.
    Number,
    /// There is no unit behind.
    NoUnit,
    /// There is a unit behind that is none of these.
    Unit(&'a str),
    /// It is finer than what is counted in.
    TooFine,
    /// It is below zero.
    Negative,
    /// It does not fit.
    TooLarge,
}

/// Reads a number with one of `units`, not negative, in the units' measure.
pub(crate) fn quantity<'a>(
    text: &'a str,
    units: &[(&str, u64)],
    divisor: i128,
) -> Result<u64, Unreadable<'a>> {
    let (number, unit) = split(text.trim());
    let number = Decimal::parse(number).ok_or(Unreadable::Number)?;
    if unit.is_empty() {
        return Err(Unreadable::NoUnit);
    }
    let &(_, factor) = units.iter().find(|(name, _)| *name == unit).ok_or(Unreadable::Unit(unit))?;
    if number.is_negative() {
        return Err(Unreadable::Negative);
    }
    match number.whole(i128::from(factor), divisor) {
        Some(value) => u64::try_from(value).map_err(|_| Unreadable::TooLarge),
        None if number.exceeds(i128::from(u64::MAX)) => Err(Unreadable::TooLarge),
        None => Err(Unreadable::TooFine),
    }
}

/// A span of nanoseconds in the largest unit that leaves no fraction, as files write it.
pub(crate) fn show_time(nanos: u64) -> String {
    let &(unit, factor) = TIME
        .iter()
        .rfind(|(unit, factor)| *unit != "µs" && nanos.is_multiple_of(*factor))
        .expect("every span is a multiple of a nanosecond");
    if nanos == 0 { "0s".to_string() } else { format!("{}{unit}", nanos / factor) }
}

/// The candidate nearest to `word`, if it is near enough to be what was meant.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1) + 1;
    candidates
        .into_iter()
        .map(|candidate| (edits(word, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= limit && distance < candidate.chars().count())
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// How many insertions, deletions and replacements lead from one word to another (Levenshtein), without regard to case.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.to_lowercase().chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let ppm = |text| Decimal::parse(text).and_then(|decimal| decimal.whole(1_000_000, 1));
        assert_eq!(ppm("0.001"), Some(1_000));
        assert_eq!(ppm("1e-3"), Some(1_000));
        assert_eq!(ppm("0.300_000"), Some(300_000));
        assert_eq!(ppm("0.0000001"), None);
        assert_eq!(ppm("nan"), None);
        assert_eq!(ppm("inf"), None);
        assert_eq!(ppm("-0.5"), Some(-500_000));
        assert_eq!(ppm("1.5e2"), Some(150_000_000));
    }

    #[test]
    fn quantities_name_what_is_wrong_with_them() {
        assert_eq!(quantity("1.5ms", TIME, 1), Ok(1_500_000));
        assert_eq!(quantity("5 parsecs", TIME, 1), Err(Unreadable::Unit("parsecs")));
        assert_eq!(quantity("300", TIME, 1), Err(Unreadable::NoUnit));
        assert_eq!(quantity("-1s", TIME, 1), Err(Unreadable::Negative));
        assert_eq!(quantity("0.5ns", TIME, 1), Err(Unreadable::TooFine));
        assert_eq!(quantity("soon", TIME, 1), Err(Unreadable::Number));
        assert_eq!(quantity("99999999999999min", TIME, 1), Err(Unreadable::TooLarge));
        assert_eq!(quantity("1Gbit/s", BANDWIDTH, 8), Ok(125_000_000));
        assert_eq!(quantity("10MiB/s", BANDWIDTH, 8), Ok(10 << 20));
    }

    #[test]
    fn the_nearest_name_is_near() {
        assert_eq!(nearest("latencey", ["loss", "latency"]), Some("latency"));
        assert_eq!(nearest("restart", ["at", "restart_after"]), None);
        assert_eq!(nearest("zzz", ["at", "loss"]), None);
        assert_eq!(nearest("rft", ["raft", "zab"]), Some("raft"));
    }

    #[test]
    fn times_are_shown_as_files_write_them() {
        assert_eq!(show_time(0), "0s");
        assert_eq!(show_time(300_000_000), "300ms");
        assert_eq!(show_time(12_000_000_000), "12s");
        assert_eq!(show_time(1_500), "1500ns");
    }
}
