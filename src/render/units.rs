//! Numbers and durations for people. Integers only: the same digits on every machine.

/// A number with thousands separators: `1,234,567`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number and its noun, in the plural unless it is one.
pub(crate) fn of(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A number to three digits or so: `950`, `1.2k`, `34.5M`. Cut off, not rounded.
pub(crate) fn rough(number: u64) -> String {
    let (unit, name) = match number {
        0..1_000 => return number.to_string(),
        1_000..1_000_000 => (1_000, "k"),
        1_000_000..1_000_000_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "G"),
    };
    format!("{}.{}{name}", count(number / unit), number % unit / (unit / 10))
}

/// Nanoseconds with the unit that fits and three decimals: `1.234 ms`. Cut off, not rounded.
pub(crate) fn duration(nanoseconds: u64) -> String {
    let (unit, name) = match nanoseconds {
        0 => return "0".to_string(),
        1..1_000 => return format!("{nanoseconds} ns"),
        1_000..1_000_000 => (1_000, "us"),
        1_000_000..1_000_000_000 => (1_000_000, "ms"),
        _ => (1_000_000_000, "s"),
    };
    format!("{}.{:03} {name}", count(nanoseconds / unit), nanoseconds % unit / (unit / 1_000))
}

/// Nanoseconds like [`duration`], without zeros at the end: `3 s`, `1.5 ms`.
pub(crate) fn brief(nanoseconds: u64) -> String {
    let text = duration(nanoseconds);
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

/// Thousandths as a decimal with one place: `391.7`.
pub(crate) fn milli(thousandths: u64) -> String {
    format!("{}.{}", count(thousandths / 1_000), thousandths % 1_000 / 100)
}

/// `part` divided by `whole` with two decimals, rounded half up; `-` if there is nothing to divide by.
pub(crate) fn ratio(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_string();
    }
    let hundredths = (u128::from(part) * 100 + u128::from(whole) / 2) / u128::from(whole);
    // A quotient beyond 64 bits would need a run of 10^17 messages.
    let hundredths = u64::try_from(hundredths).unwrap_or(u64::MAX);
    format!("{}.{:02}", count(hundredths / 100), hundredths % 100)
}

/// Reads a duration as scenario files write it: `3s`, `1.5ms`, `200us`, `7ns`.
pub(crate) fn parse_duration(text: &str) -> Result<u64, String> {
    let expected =
        || format!("'{text}' is not a time: expected a number with a unit, as in 3s, 1.5ms, 200us or 7ns");
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(expected)?;
    let (number, unit) = text.split_at(split);
    let unit: u64 = match unit {
        "s" => 1_000_000_000,
        "ms" => 1_000_000,
        "us" => 1_000,
        "ns" => 1,
        _ => return Err(expected()),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| text.parse::<u64>().map_err(|_| expected());
    let scale = 10u64.checked_pow(part.len() as u32).ok_or_else(expected)?;
    let fraction = u128::from(digits(part)?) * u128::from(unit) / u128::from(scale);
    let whole = digits(whole)?.checked_mul(unit).ok_or_else(expected)?;
    // The fraction is less than one unit, so it fits.
    whole.checked_add(fraction as u64).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well_at_every_size() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!([7, 1_234, 1_999_999, 2_500_000_000].map(rough), ["7", "1.2k", "1.9M", "2.5G"]);
        assert_eq!([391_749, 0].map(milli), ["391.7", "0.0"]);
        assert_eq!([ratio(7, 2), ratio(2, 3), ratio(5, 0), ratio(0, 5)], ["3.50", "0.67", "-", "0.00"]);
        assert_eq!([of(1, "seed", "seeds"), of(2, "seed", "seeds")], ["1 seed", "2 seeds"]);
    }

    #[test]
    fn durations_choose_their_unit() {
        let cases = [0, 7, 1_234, 1_234_567, 300_000_000, 12_000_000_000, 5_000_000_000_000];
        assert_eq!(
            cases.map(duration),
            ["0", "7 ns", "1.234 us", "1.234 ms", "300.000 ms", "12.000 s", "5,000.000 s"]
        );
        assert_eq!(cases.map(brief), ["0", "7 ns", "1.234 us", "1.234 ms", "300 ms", "12 s", "5,000 s"]);
    }

    #[test]
    fn durations_are_read_as_scenario_files_write_them() {
        let read =
            ["3s", "1.5ms", "200us", "7ns", "0s", "0.000000001s"].map(|text| parse_duration(text).unwrap());
        assert_eq!(read, [3_000_000_000, 1_500_000, 200_000, 7, 0, 1]);
        for text in ["", "3", "s", "3 s", "-3s", "3m", ".5s", "5.s", "1.2.3s", "99999999999999s", "1e3s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
