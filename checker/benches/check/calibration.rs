//! A fixed piece of work that has nothing to do with the checker, and how long it took on the machine on which
//! Porcupine was measured, with nothing else running. The quotient says how fast the machine is just now; what
//! Porcupine took then, times the quotient, is about what it would take now.

use std::hint::black_box;

use checker::generate::Random;

use crate::timing::fast_us;

/// What the work took on the machine of `expected.tsv`, at rest, in microseconds.
const STORED_US: f64 = 30.0;

/// Steps of the work. Few, so that most runs are not interrupted: what the files take is measured in the same way.
const STEPS: u64 = 1 << 13;

/// Words of the table that the steps touch: 32 KiB, what the first cache holds.
const WORDS: usize = 1 << 12;

/// How many times as long as stored the work takes now; says so.
pub(crate) fn scale() -> f64 {
    let (now, _) = fast_us(work);
    let scale = now / STORED_US;
    println!(
        "calibration: {STEPS} steps of splitmix64, each with a read and a write in 32 KiB, took {now:.0} us;\n\
         {STORED_US:.0} us are stored for the machine on which Porcupine was measured. Its times below are the stored\n\
         ones times {scale:.2}, so that a slow or busy machine slows both sides. Still: trust only large differences."
    );
    scale
}

fn work() -> u64 {
    let mut random = Random(black_box(1));
    let mut table = vec![0_u64; WORDS];
    let mut last = 0;
    for _ in 0..STEPS {
        let place = (random.bits() ^ last) as usize % WORDS;
        last ^= table[place].rotate_left(5);
        table[place] = last.wrapping_add(random.0);
    }
    black_box(last)
}
