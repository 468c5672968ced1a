//! A row of the table: what was published, what came out here, and the band within which it counts as reproduced.

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    what: String,
    unit: &'static str,
    published: Published,
    ours: Option<Ours>,
    band: Band,
}

#[derive(Clone, Debug, PartialEq)]
enum Published {
    Nothing,
    Number(f64),
    Words(String),
}

/// What came out.
#[derive(Clone, Debug, PartialEq)]
struct Ours {
    value: f64,
    /// The interval of three standard deviations, for what is sampled.
    sampled: Option<(f64, f64)>,
    /// In place of the number.
    words: String,
}

/// What counts as reproduced.
#[derive(Clone, Debug, PartialEq)]
enum Band {
    /// From the first to the second; and how it is told.
    Within(f64, f64, String),
    /// A sentence that is true or not.
    Holds(bool, String),
    /// Nothing is asserted, and why.
    Free(&'static str),
}

/// Nobody has published this.
pub(crate) const NEW: &str = "no published value";
/// A published value that is a number of another machine.
pub(crate) const SHAPE: &str = "shape only";

impl Row {
    /// Within so many percent of the published number.
    pub(crate) fn near(
        what: impl Into<String>,
        unit: &'static str,
        published: f64,
        ours: f64,
        percent: f64,
    ) -> Row {
        let by = published.abs() * percent / 100.0;
        let band = Band::Within(published - by, published + by, format!("±{percent} %"));
        Row::new(what, unit, Published::Number(published), number(ours), band)
    }

    /// Between two numbers.
    pub(crate) fn between(
        what: impl Into<String>,
        unit: &'static str,
        ours: f64,
        low: f64,
        high: f64,
    ) -> Row {
        let told = format!("{} to {}", short(low), short(high));
        Row::new(what, unit, Published::Nothing, number(ours), Band::Within(low, high, told))
    }

    /// A sentence about what came out, true or not.
    pub(crate) fn holds(
        what: impl Into<String>,
        published: impl Into<String>,
        ours: impl Into<String>,
        band: impl Into<String>,
        is_true: bool,
    ) -> Row {
        let ours = Ours { value: f64::NAN, sampled: None, words: ours.into() };
        Row::new(what, "", Published::Words(published.into()), Some(ours), Band::Holds(is_true, band.into()))
    }

    /// A number of which nothing is asserted, and why.
    pub(crate) fn free(
        what: impl Into<String>,
        unit: &'static str,
        published: Option<f64>,
        ours: f64,
        why: &'static str,
    ) -> Row {
        let published = published.map_or(Published::Nothing, Published::Number);
        Row::new(what, unit, published, number(ours), Band::Free(why))
    }

    /// What came out, in words, of which nothing is asserted, and why.
    pub(crate) fn told(
        what: impl Into<String>,
        published: impl Into<String>,
        ours: impl Into<String>,
        why: &'static str,
    ) -> Row {
        let ours = Ours { value: f64::NAN, sampled: None, words: ours.into() };
        Row::new(what, "", Published::Words(published.into()), Some(ours), Band::Free(why))
    }

    fn new(
        what: impl Into<String>,
        unit: &'static str,
        published: Published,
        ours: Option<Ours>,
        band: Band,
    ) -> Row {
        Row { what: what.into(), unit, published, ours, band }
    }

    /// Says what was published.
    pub(crate) fn published(mut self, number: f64) -> Row {
        self.published = Published::Number(number);
        self
    }

    /// Says between what the true value is, by three standard deviations.
    pub(crate) fn sampled(mut self, low: f64, high: f64) -> Row {
        if let Some(ours) = &mut self.ours {
            ours.sampled = Some((low, high));
        }
        self
    }

    /// Whether something is asserted.
    pub(crate) fn is_asserted(&self) -> bool {
        !matches!(self.band, Band::Free(_))
    }

    /// Whether something is asserted that is not so. A quick look takes the interval for the number.
    pub(crate) fn is_out(&self, is_quick: bool) -> bool {
        match &self.band {
            Band::Free(_) => false,
            Band::Holds(is_true, _) => !is_true,
            Band::Within(low, high, _) => match &self.ours {
                None => true,
                Some(ours) => {
                    let point = (ours.value, ours.value);
                    let (from, to) = if is_quick { ours.sampled.unwrap_or(point) } else { point };
                    !(*low <= to && from <= *high)
                }
            },
        }
    }

    /// What, published, ours, deviation, band, verdict.
    pub(crate) fn cells(&self, is_quick: bool) -> Vec<String> {
        let with_unit = |text: String| match self.unit {
            "" => text,
            unit => format!("{text} {unit}"),
        };
        let published = match &self.published {
            Published::Nothing => "-".to_string(),
            Published::Number(number) => with_unit(short(*number)),
            Published::Words(words) => words.clone(),
        };
        let ours = match &self.ours {
            None => "nothing".to_string(),
            Some(ours) if !ours.words.is_empty() => ours.words.clone(),
            Some(ours) => with_unit(short(ours.value)),
        };
        let deviation = match (&self.published, &self.ours) {
            (Published::Number(published), Some(ours)) if *published != 0.0 && ours.value.is_finite() => {
                format!("{:+.1} %", (ours.value / published - 1.0) * 100.0)
            }
            _ => String::new(),
        };
        let (band, verdict) = match &self.band {
            Band::Free(why) => (String::new(), (*why).to_string()),
            Band::Within(_, _, told) | Band::Holds(_, told) => {
                let verdict = if self.is_out(is_quick) { "OUT OF BAND" } else { "in band" };
                (told.clone(), verdict.to_string())
            }
        };
        vec![self.what.clone(), published, ours, deviation, band, verdict]
    }
}

/// None if there is no number.
fn number(value: f64) -> Option<Ours> {
    value.is_finite().then(|| Ours { value, sampled: None, words: String::new() })
}

/// A number with about four digits.
pub(crate) fn short(number: f64) -> String {
    let decimals = match number.abs() {
        size if size == 0.0 || 1000.0 <= size => 0,
        size if 100.0 <= size => 1,
        size if 1.0 <= size => 2,
        _ => 4,
    };
    let text = format!("{number:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_string(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_out_where_its_number_is() {
        assert!(!Row::near("p50", "ms", 410.0, 417.0, 2.0).is_out(false));
        assert!(Row::near("p50", "ms", 410.0, 420.0, 2.0).is_out(false));
        assert!(Row::between("ratio", "", 0.5, 0.30, 0.46).is_out(false));
        assert!(Row::near("p50", "ms", 410.0, f64::NAN, 2.0).is_out(false), "no number is no success");
        assert!(!Row::free("p50", "ms", None, 1e9, NEW).is_out(false));
        assert!(Row::holds("falls", "yes", "no", "falls", false).is_out(false));
    }

    #[test]
    fn a_quick_look_takes_the_interval() {
        let row = Row::near("p50", "ms", 410.0, 420.0, 2.0).sampled(415.0, 425.0);
        assert!(row.is_out(false));
        assert!(!row.is_out(true));
        assert!(Row::near("p50", "ms", 410.0, 430.0, 2.0).sampled(425.0, 435.0).is_out(true));
    }

    #[test]
    fn numbers_are_told_with_the_digits_that_matter() {
        assert_eq!([0.0, 0.0006, 2.5, 287.3, 41_100.0].map(short), ["0", "0.0006", "2.5", "287.3", "41100"]);
        let cells = Row::near("p50", "ms", 410.0, 418.2, 2.0).cells(false);
        assert_eq!(cells, ["p50", "410 ms", "418.2 ms", "+2.0 %", "±2 %", "in band"]);
    }
}
