//! Axes: which values they span, where on the sheet a value lies, and which ticks are labeled how.

use libm::{log, log10};

use super::{Axis, Scale};

/// The most decades that a logarithmic axis shows: smaller values lie on its edge.
const DECADES_MAX: i32 = 9;
/// The most labeled ticks, whatever the range: a bound on the loop.
const TICKS_MAX: usize = 40;

/// Values on a line of pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ruler {
    scale: Scale,
    /// The values at the ends; for a logarithmic scale, both positive. `low < high`.
    low: f64,
    high: f64,
    /// Where the ends lie.
    from: f64,
    to: f64,
}

/// A labeled place on an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

impl Ruler {
    /// A ruler for an axis and what it has to show; `from_zero`: a linear one begins at zero if nothing is below.
    pub(super) fn new(axis: &Axis, values: impl Iterator<Item = f64>, from_zero: bool) -> Ruler {
        let is_shown = |value: &f64| value.is_finite() && (axis.scale == Scale::Linear || *value > 0.0);
        let asked = axis.range.filter(|(low, high)| is_shown(low) && is_shown(high) && low < high);
        let (low, high) = match (asked, axis.names.len()) {
            (Some(range), _) => range,
            (None, 0) => span(axis.scale, values.filter(is_shown), from_zero),
            (None, names) => (-0.5, names as f64 - 0.5),
        };
        Ruler { scale: axis.scale, low, high, from: 0.0, to: 1.0 }
    }

    /// The same values between other places.
    pub(super) fn between(self, from: f64, to: f64) -> Ruler {
        Ruler { from, to, ..self }
    }

    /// The same with so much more room at both ends, in parts of its length.
    pub(super) fn widened(self, by: f64) -> Ruler {
        let (low, high) = match self.scale {
            Scale::Linear => {
                (self.low - by * (self.high - self.low), self.high + by * (self.high - self.low))
            }
            Scale::Log => {
                let more = libm::pow(self.high / self.low, by);
                (self.low / more, self.high * more)
            }
        };
        if low.is_finite() && high.is_finite() && low < high { Ruler { low, high, ..self } } else { self }
    }

    /// Where a value lies. What a logarithmic scale cannot show lies on its low edge.
    pub(super) fn place(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log if value <= self.low => 0.0,
            Scale::Log => log(value / self.low) / log(self.high / self.low),
        };
        // Far outside is outside enough: the backend's coordinates are 32 bits.
        self.from + share.clamp(-50.0, 50.0) * (self.to - self.from)
    }

    /// The value at the low end.
    pub(super) fn low(&self) -> f64 {
        self.low
    }

    /// Whether the value lies on the axis.
    pub(super) fn shows(&self, value: f64) -> bool {
        let slack = (self.high - self.low) * 1e-9;
        self.low - slack <= value && value <= self.high + slack
    }

    /// Labeled ticks, about `count` of them.
    pub(super) fn ticks(&self, axis: &Axis, count: f64) -> Vec<Tick> {
        if !axis.names.is_empty() {
            let name = |(place, name): (usize, &String)| Tick { at: place as f64, label: name.clone() };
            return axis.names.iter().enumerate().map(name).collect();
        }
        let (places, step) = match self.scale {
            Scale::Linear => even(self.low, self.high, count),
            Scale::Log => (decades(self.low, self.high, count), 0.0),
        };
        let label = |value: f64| match self.scale {
            Scale::Linear => number(value, step),
            Scale::Log => of_unit(value, &axis.unit),
        };
        places.into_iter().filter(|at| self.shows(*at)).map(|at| Tick { at, label: label(at) }).collect()
    }

    /// Ticks without labels: the parts of decades.
    pub(super) fn minor(&self) -> Vec<f64> {
        if self.scale == Scale::Linear {
            return Vec::new();
        }
        let (first, last) = exponents(self.low, self.high);
        let parts = |exponent| (2..10).map(move |digit| f64::from(digit) * power(exponent));
        (first..=last).flat_map(parts).filter(|at| self.shows(*at)).collect()
    }
}

/// The range that values need.
fn span(scale: Scale, values: impl Iterator<Item = f64>, from_zero: bool) -> (f64, f64) {
    let ends = values.fold(None, |ends: Option<(f64, f64)>, value| match ends {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    });
    match (scale, ends) {
        (Scale::Linear, None) => (0.0, 1.0),
        (Scale::Log, None) => (1.0, 10.0),
        (Scale::Linear, Some((low, high))) => {
            let low = if from_zero && low >= 0.0 { 0.0 } else { low };
            if low == high {
                let room = if low == 0.0 { 1.0 } else { low.abs() * 0.5 };
                return if from_zero && low == 0.0 { (0.0, room) } else { (low - room, high + room) };
            }
            if !from_zero {
                return (low, high);
            }
            let step = nice((high - low) / 5.0);
            ((low / step).floor() * step, (high / step).ceil() * step)
        }
        (Scale::Log, Some((low, high))) => {
            let last = log10(high).ceil() as i32;
            let first = (log10(low).floor() as i32).max(last - DECADES_MAX);
            (power(first), power(if first == last { last + 1 } else { last }))
        }
    }
}

/// Even places and the step between them.
fn even(low: f64, high: f64, count: f64) -> (Vec<f64>, f64) {
    let step = nice((high - low) / count.max(1.0));
    let first = (low / step - 1e-9).ceil();
    let places = (0..TICKS_MAX).map(|place| (first + place as f64) * step);
    (places.take_while(|at| *at <= high + step * 1e-9).collect(), step)
}

/// Powers of ten; of few decades, also twice and five times them.
fn decades(low: f64, high: f64, count: f64) -> Vec<f64> {
    let (first, last) = exponents(low, high);
    let span = log10(high / low);
    let digits: &[f64] = if span < 1.6 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let every = (span / count.max(1.0)).ceil().max(1.0) as i32;
    let at = |exponent: i32| digits.iter().map(move |digit| digit * power(exponent));
    (first..=last).filter(|exponent| (last - exponent) % every == 0).flat_map(at).collect()
}

fn exponents(low: f64, high: f64) -> (i32, i32) {
    ((log10(low) + 1e-9).floor() as i32, (log10(high) + 1e-9).floor() as i32)
}

/// Ten to the power: `powi` of a negative power is less exact than a division.
fn power(exponent: i32) -> f64 {
    if exponent < 0 { 1.0 / 10f64.powi(-exponent) } else { 10f64.powi(exponent) }
}

/// 1, 2 or 5 times a power of ten, not below the step.
fn nice(step: f64) -> f64 {
    if !(step.is_finite() && step > 0.0) {
        return 1.0;
    }
    let base = power(log10(step).floor() as i32);
    let times = [1.0, 2.0, 5.0, 10.0].into_iter().find(|times| base * times >= step * (1.0 - 1e-9));
    base * times.unwrap_or(10.0)
}

/// The number with as many decimals as steps of this size need.
fn number(value: f64, step: f64) -> String {
    let decimals = if step > 0.0 { (-log10(step).floor()).clamp(0.0, 9.0) as usize } else { 0 };
    let value = if value.abs() < step * 1e-6 { 0.0 } else { value };
    if value.abs() >= 1e15 {
        return format!("{value:e}");
    }
    grouped(&format!("{value:.decimals$}"))
}

/// A label of a logarithmic axis: a time that is long for its unit is told in seconds.
fn of_unit(value: f64, unit: &str) -> String {
    let (value, suffix) = match unit {
        "ms" if value >= 999.999 => (value / 1e3, " s"),
        "us" | "µs" if value >= 999_999.0 => (value / 1e6, " s"),
        "us" | "µs" if value >= 999.999 => (value / 1e3, " ms"),
        "B" | "bytes" if value >= 999_999.0 => (value / 1e6, " MB"),
        "B" | "bytes" if value >= 999.999 => (value / 1e3, " kB"),
        _ => (value, ""),
    };
    let plain = if (1e-4..1e12).contains(&value) {
        grouped(&number(value, power(log10(value).floor().min(0.0) as i32)))
    } else {
        format!("{value:e}")
    };
    plain + suffix
}

/// The digits before the point in threes, where there are more than four.
fn grouped(plain: &str) -> String {
    let (sign, rest) = plain.strip_prefix('-').map_or(("", plain), |rest| ("−", rest));
    let (whole, decimals) = rest.split_once('.').map_or((rest, ""), |parts| parts);
    if whole.len() <= 4 || whole.contains(',') {
        return format!("{sign}{rest}");
    }
    let mut digits = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            digits.push(',');
        }
        digits.push(digit);
    }
    if decimals.is_empty() { format!("{sign}{digits}") } else { format!("{sign}{digits}.{decimals}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, unit: &str, range: (f64, f64)) -> Vec<String> {
        let axis = Axis { scale, unit: unit.to_owned(), range: Some(range), ..Axis::default() };
        let ruler = Ruler::new(&axis, std::iter::empty(), true);
        ruler.ticks(&axis, 6.0).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(Scale::Linear, "", (0.0, 1.0)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(Scale::Linear, "", (-10.0, 10.0)), ["−10", "−5", "0", "5", "10"]);
        assert_eq!(labels(Scale::Linear, "", (0.0, 30_000.0)).last().unwrap(), "30,000");
        assert_eq!(labels(Scale::Log, "ms", (1.0, 10_000.0)), ["1", "10", "100", "1 s", "10 s"]);
        assert_eq!(labels(Scale::Log, "", (0.001, 1.0)), ["0.001", "0.01", "0.1", "1"]);
        assert_eq!(labels(Scale::Log, "ms", (1.0, 10.0)), ["1", "2", "5", "10"]);
    }

    #[test]
    fn values_lie_between_the_ends() {
        let axis = Axis { scale: Scale::Log, ..Axis::default() };
        let ruler = Ruler::new(&axis, [0.0, 3.0, 700.0].into_iter(), true).between(100.0, 0.0);
        assert_eq!((ruler.place(1.0), ruler.place(1000.0), ruler.place(0.0)), (100.0, 0.0, 100.0));
    }
}
