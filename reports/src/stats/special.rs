//! The functions that intervals need: the regularized incomplete beta function, and from it the binomial distribution
//! and Student's t.
//!
//! W. H. Press et al., *Numerical Recipes*, 3rd edition, 6.1 (log-gamma by C. Lanczos) and 6.4 (incomplete beta by its
//! continued fraction, with W. J. Lentz's method); binomial and t through it: 6.14.

use libm::{exp, log, log1p};

/// The upper 2.5 % point of the normal distribution.
pub(super) const Z: f64 = 1.959_963_984_540_054;
/// Terms of the continued fraction: it needs about the square root of its larger parameter.
const TERMS_MAX: usize = 20_000;
/// Halvings of an interval until it cannot be halved.
const HALVINGS: usize = 200;

fn ln_gamma(x: f64) -> f64 {
    const C: [f64; 6] = [
        76.180_091_729_471_46,
        -86.505_320_329_416_77,
        24.014_098_240_830_91,
        -1.231_739_572_450_155,
        0.120_865_097_386_617_9e-2,
        -0.539_523_938_495_3e-5,
    ];
    let shifted = x + 5.5 - (x + 0.5) * log(x + 5.5);
    let series =
        C.iter().enumerate().fold(1.000_000_000_190_015, |sum, (i, c)| sum + c / (x + 1.0 + i as f64));
    -shifted + log(2.506_628_274_631_000_5 * series / x)
}

/// I_x(a, b), for positive a and b and x from 0 to 1.
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front = exp(ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * log(x) + b * log1p(-x));
    // The fraction converges fast below the mean of the distribution; above it, its mirror does.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(a, b, x) / a
    } else {
        1.0 - front * fraction(b, a, 1.0 - x) / b
    }
}

fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let away = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut sum = d;
    for term in 1..TERMS_MAX {
        let m = term as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        sum *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        sum *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    sum
}

/// The probability of at most `k` successes of `n`, each with probability `p`.
pub(super) fn binomial_at_most(k: usize, n: usize, p: f64) -> f64 {
    if k >= n { 1.0 } else { incomplete_beta((n - k) as f64, k as f64 + 1.0, 1.0 - p) }
}

/// The probability that Student's t with `freedom` degrees of freedom is at most `t`, for a `t` that is not negative.
fn t_at_most(t: f64, freedom: f64) -> f64 {
    1.0 - 0.5 * incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + t * t))
}

/// The upper 2.5 % point of Student's t.
pub(super) fn t_quantile(freedom: usize) -> f64 {
    let (mut low, mut high) = (0.0, 13.0);
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        if t_at_most(middle, freedom as f64) < 0.975 { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D. B. Owen, *Handbook of Statistical Tables*, 1962, and every textbook: t at 97.5 %.
    #[test]
    fn t_is_that_of_the_tables() {
        let table =
            [(1, 12.706), (2, 4.303), (4, 2.776), (9, 2.262), (29, 2.045), (199, 1.972), (100_000, 1.960)];
        for (freedom, expected) in table {
            assert!((t_quantile(freedom) - expected).abs() < 6e-4, "{freedom}: {}", t_quantile(freedom));
        }
    }

    /// By counting: of ten tosses, 56 of 1024 ways show at most two heads.
    #[test]
    fn the_binomial_distribution_is_that_of_counting() {
        assert!((binomial_at_most(2, 10, 0.5) - 56.0 / 1024.0).abs() < 1e-9);
        assert!((binomial_at_most(0, 5, 0.2) - 0.32768).abs() < 1e-9);
        assert_eq!(binomial_at_most(5, 5, 0.3), 1.0);
        // Far from the mean, and with many tosses, as quantiles of long runs need it.
        assert!((binomial_at_most(50_000, 100_000, 0.5) - 0.501_261_5).abs() < 1e-5);
    }
}
