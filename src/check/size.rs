//! Sizes as people write them.

/// Units, and what each is in bytes.
const UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];

/// Reads a size: `512MiB`, `4GiB`, `100000B`.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let expected =
        || format!("'{text}' is no size: expected a whole number with a unit, as in 512MiB or 4GiB");
    let (digits, unit) =
        UNITS.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit))).ok_or_else(expected)?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| is_number).ok_or_else(expected)?;
    number.checked_mul(*unit).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_a_unit() {
        assert_eq!(parse("512MiB"), Ok(512 << 20));
        assert_eq!(parse("4GiB"), Ok(4 << 30));
        assert_eq!(parse("7B"), Ok(7));
        for text in ["", "4", "GiB", "-1GiB", "+1B", "1.5GiB", "4GB", "99999999999GiB"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
