//! Quantiles, means and their confidence intervals; paired differences under common random numbers.
//!
//! Everything is for 95 % confidence, two-sided, and for values that are independent: seeds are, the operations of one
//! run are not. So reports take one number a run and put intervals around those.
//!
//! - Quantiles: between two order statistics, by the binomial distribution, whatever the values' own distribution
//!   (H. A. David and H. N. Nagaraja, *Order Statistics*, 3rd edition, 7.1).
//! - Means: Student's t (Student, *The Probable Error of a Mean*, 1908).
//! - Pairs: the same seed is the same plan for every protocol, so differences are taken seed by seed, and what the plan
//!   does to both drops out (A. M. Law, *Simulation Modeling and Analysis*, 5th edition, 11.2, common random numbers).
//!   The interval is Student's t; the test is the sign test, which asks nothing of the distribution (W. J. Conover,
//!   *Practical Nonparametric Statistics*, 3rd edition, 3.4).
//! - Proportions: E. B. Wilson, *Probable Inference*, 1927, the score interval.
//! - Many comparisons at once: S. Holm, *A Simple Sequentially Rejective Multiple Test Procedure*, 1979.

mod special;

use libm::{exp, log};
use special::{Z, binomial_at_most, t_quantile};

/// Half of what 95 % leaves out.
const TAIL: f64 = 0.025;

/// A number and the interval that its true value is in with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// The interval's low end. Not finite: the observations do not bound it.
    pub low: f64,
    /// Its high end. Not finite: the observations do not bound it.
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

/// A quantile of sorted values with its interval: from the order statistic `l` to the order statistic `u`, with
/// `P(B < l) <= 2.5 %` and `P(B >= u) <= 2.5 %` for the number `B` of values below the quantile. Too few values bound a
/// quantile on one side only, or on none.
pub fn quantile_estimate(values: &[f64], share: f64) -> Option<Estimate> {
    let value = quantile(values, share)?;
    let count = values.len();
    // The first rank whose chance of lying above the quantile is more than the tail; the rank before it is the end.
    let low = first(count, |rank| binomial_at_most(rank, count, share) > TAIL);
    let high = first(count, |rank| 1.0 - binomial_at_most(rank, count, share) <= TAIL);
    Some(Estimate {
        value,
        low: if low == 0 { f64::NEG_INFINITY } else { values[low - 1] },
        high: values.get(high).copied().unwrap_or(f64::INFINITY),
        count,
    })
}

/// The first of `0..count` for which it holds, and `count` if for none; once it holds it holds for all that follow.
fn first(count: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, count);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

/// A mean with its interval. One value has no interval. None of nothing.
pub fn mean(values: &[f64]) -> Option<Estimate> {
    let count = values.len();
    let sum: f64 = values.iter().sum();
    let value = sum / count as f64;
    let squares: f64 = values.iter().map(|one| (one - value) * (one - value)).sum();
    (count > 0).then(|| around(value, squares, count))
}

/// A mean with its interval from the values' count, their sum and the sum of their squares.
pub fn mean_of_sums(count: usize, sum: f64, squares: f64) -> Option<Estimate> {
    let value = sum / count as f64;
    (count > 0).then(|| around(value, (squares - sum * value).max(0.0), count))
}

/// The interval around a mean, from the sum of squared deviations.
fn around(value: f64, squares: f64, count: usize) -> Estimate {
    if count < 2 {
        return Estimate { value, low: f64::NEG_INFINITY, high: f64::INFINITY, count };
    }
    let error = (squares / (count - 1) as f64 / count as f64).sqrt();
    let half = t_quantile(count - 1) * error;
    Estimate { value, low: value - half, high: value + half, count }
}

/// A share of `hits` in `count` with its interval. None of nothing.
pub fn proportion(hits: usize, count: usize) -> Option<Estimate> {
    if count == 0 {
        return None;
    }
    let (n, value) = (count as f64, hits as f64 / count as f64);
    let middle = (value + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (value * (1.0 - value) / n + Z * Z / (4.0 * n * n)).sqrt();
    Some(Estimate { value, low: (middle - half).max(0.0), high: (middle + half).min(1.0), count })
}

/// Pairs of values, one a seed, compared.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// How much greater the second of a pair is, on average.
    pub difference: Estimate,
    /// How many times the first the second is: the geometric mean of ratios; none unless all values are positive.
    pub ratio: Option<Estimate>,
    /// In how many pairs the second is greater.
    pub greater: usize,
    /// In how many it is less.
    pub less: usize,
    /// How likely signs as uneven as these are if neither is greater more often than the other: the sign test, two-sided.
    pub p: f64,
}

/// Compares pairs. None of nothing.
pub fn paired(pairs: &[(f64, f64)]) -> Option<Paired> {
    let differences: Vec<f64> = pairs.iter().map(|(one, two)| two - one).collect();
    let difference = mean(&differences)?;
    let all_positive = pairs.iter().all(|(one, two)| *one > 0.0 && *two > 0.0);
    let ratios: Vec<f64> = pairs.iter().map(|(one, two)| log(two / one)).collect();
    let ratio = all_positive.then(|| mean(&ratios)).flatten().map(|logarithm| Estimate {
        value: exp(logarithm.value),
        low: exp(logarithm.low),
        high: exp(logarithm.high),
        count: logarithm.count,
    });
    let greater = differences.iter().filter(|difference| **difference > 0.0).count();
    let less = differences.iter().filter(|difference| **difference < 0.0).count();
    let (fewer, signs) = (greater.min(less), greater + less);
    let p = if signs == 0 { 1.0 } else { (2.0 * binomial_at_most(fewer, signs, 0.5)).min(1.0) };
    Some(Paired { difference, ratio, greater, less, p })
}

/// The p-values of comparisons made together, each as if it had been made alone: Holm's.
pub fn holm(ps: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..ps.len()).collect();
    order.sort_by(|a, b| ps[*a].total_cmp(&ps[*b]).then(a.cmp(b)));
    let mut adjusted = vec![0.0; ps.len()];
    let mut least: f64 = 0.0;
    for (rank, place) in order.into_iter().enumerate() {
        least = least.max(ps[place] * (ps.len() - rank) as f64).min(1.0);
        adjusted[place] = least;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64, by: f64) -> bool {
        (a - b).abs() <= by
    }

    #[test]
    fn a_quantile_is_a_value() {
        let values = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(quantile(&values, 0.5), Some(2.0));
        assert_eq!((quantile(&values, 0.0), quantile(&values, 1.0)), (Some(1.0), Some(4.0)));
        assert_eq!(quantile(&[], 0.5), None);
    }

    /// Conover, table of order statistics for the median: of 10 values from the 2nd to the 9th (97.9 %), of 20 from the
    /// 6th to the 15th (95.9 %), of 100 from the 40th to the 61st; fewer than six values bound no median.
    #[test]
    fn a_median_lies_between_the_order_statistics_of_the_tables() {
        for (count, low, high) in [(10, 2.0, 9.0), (20, 6.0, 15.0), (100, 40.0, 61.0)] {
            let values: Vec<f64> = (1..=count).map(f64::from).collect();
            let median = quantile_estimate(&values, 0.5).unwrap();
            assert_eq!((median.low, median.high), (low, high), "of {count}");
        }
        let few = quantile_estimate(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.5).unwrap();
        assert_eq!((few.low, few.high), (f64::NEG_INFINITY, f64::INFINITY));
    }

    /// Student's own data: the extra sleep of ten patients under a drug, 1.58 hours more under the second than under the
    /// first, from 0.70 to 2.46 (t with 9 degrees of freedom: 2.262); nine of nine signs agree: p = 2/512.
    #[test]
    fn the_pairs_of_student_come_out_as_his() {
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let pairs: Vec<_> = first.into_iter().zip(second).collect();
        let paired = paired(&pairs).unwrap();
        let Estimate { value, low, high, .. } = paired.difference;
        assert!(near(value, 1.58, 1e-9) && near(low, 0.7001, 1e-3) && near(high, 2.4599, 1e-3), "{paired:?}");
        assert_eq!((paired.greater, paired.less, paired.ratio), (9, 0, None));
        assert!(near(paired.p, 2.0 / 512.0, 1e-9));
    }

    #[test]
    fn a_mean_from_sums_is_the_mean() {
        let values = [3.0, 5.0, 9.0];
        let (sums, plain) = (mean_of_sums(3, 17.0, 115.0).unwrap(), mean(&values).unwrap());
        assert!(near(sums.low, plain.low, 1e-9) && near(sums.high, plain.high, 1e-9));
        assert!(mean(&[1.0]).unwrap().high.is_infinite());
    }

    /// R. G. Newcombe, *Two-sided confidence intervals for the single proportion*, 1998, table I: 81 of 263 lies between
    /// 0.2553 and 0.3662, 0 of 20 below 0.1611, 1 of 29 between 0.0061 and 0.1718.
    #[test]
    fn proportions_lie_in_the_intervals_of_newcombe() {
        for (hits, count, low, high) in
            [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let share = proportion(hits, count).unwrap();
            assert!(near(share.low, low, 5e-5) && near(share.high, high, 5e-5), "{share:?}");
        }
    }

    #[test]
    fn holm_multiplies_by_the_comparisons_that_are_left() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        let expected = [0.03, 0.06, 0.06, 0.02];
        assert!(adjusted.iter().zip(expected).all(|(a, b)| near(*a, b, 1e-12)), "{adjusted:?}");
    }
}
