//! Quantiles, means and their confidence intervals; paired differences under common random numbers.

/// A number and the interval that its true value is in with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// The interval's low end.
    pub low: f64,
    /// Its high end.
    pub high: f64,
    /// From how many observations.
    pub count: usize,
}

/// The value below or at which `share` of the values are, by the nearest rank: the smallest value with at least
/// `share * len` values at or below it. `values` are sorted; `0 <= share <= 1`. None of nothing.
pub fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let rank = (values.len() as f64 * share).ceil().max(1.0) as usize;
    values.get(rank - 1).copied()
}
