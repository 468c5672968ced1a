//! Every way to a verdict against the oracle, on as many small histories as there is time for: 20,000 of each object
//! in an ordinary test, or as many as one likes with
//! `QUORATE_HISTORIES=1000000 cargo test -p checker --test judges campaign -- --nocapture`.

use std::fmt::Debug;
use std::ops::AddAssign;

use checker::linearizable::Part;
use checker::model::{Model, Monitored};
use checker::search::{Progress, Pruning, Search};
use checker::{Explanation, History, Operation, Options, Report, Verdict, linearizable, witness};

use crate::generated::Random;
use crate::oracle::Role;
use crate::plain::Plain;
use crate::{AMPLE, drawn, oracle, replay};

/// Histories of each object in an ordinary test.
const HISTORIES: u64 = 20_000;

/// Operations of the largest: brute force takes milliseconds at worst.
const OPERATIONS_MAX: u64 = 7;

/// One history in so many is explained too.
const EXPLAINED_EVERY: u64 = 16;

/// Threads that share a campaign. Its results do not depend on them.
const THREADS: u64 = 2;

/// Every rule alone, and every rule left out. A rule that is missing here does not compile.
pub(crate) const PRUNINGS: [Pruning; 16] = {
    let Pruning {
        greedy: _,
        symmetry: _,
        dominance: _,
        no_return: _,
        unseen: _,
        twins: _,
        look_ahead: _,
        purpose: _,
    } = Pruning::ALL;
    [
        Pruning { greedy: true, ..Pruning::NONE },
        Pruning { symmetry: true, ..Pruning::NONE },
        Pruning { dominance: true, ..Pruning::NONE },
        Pruning { no_return: true, ..Pruning::NONE },
        Pruning { unseen: true, ..Pruning::NONE },
        Pruning { twins: true, ..Pruning::NONE },
        Pruning { look_ahead: true, ..Pruning::NONE },
        Pruning { purpose: true, ..Pruning::NONE },
        Pruning { greedy: false, ..Pruning::ALL },
        Pruning { symmetry: false, ..Pruning::ALL },
        Pruning { dominance: false, ..Pruning::ALL },
        Pruning { no_return: false, ..Pruning::ALL },
        Pruning { unseen: false, ..Pruning::ALL },
        Pruning { twins: false, ..Pruning::ALL },
        Pruning { look_ahead: false, ..Pruning::ALL },
        Pruning { purpose: false, ..Pruning::ALL },
    ]
};

/// What was seen in a campaign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    histories: u64,
    illegal: u64,
    /// Parts by what the fast path said.
    monitor_ok: u64,
    monitor_illegal: u64,
    handed_over: u64,
    /// Proposals that were verified, and such that were not.
    proved: u64,
    not_proved: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        self.histories += other.histories;
        self.illegal += other.illegal;
        self.monitor_ok += other.monitor_ok;
        self.monitor_illegal += other.monitor_illegal;
        self.handed_over += other.handed_over;
        self.proved += other.proved;
        self.not_proved += other.not_proved;
    }
}

/// How many histories of each object.
fn histories() -> u64 {
    let asked = std::env::var("QUORATE_HISTORIES").ok();
    asked.map_or(HISTORIES, |asked| asked.parse().expect("QUORATE_HISTORIES is a number"))
}

/// Draws the histories of an object and holds every way to a verdict against the oracle.
fn campaign<K: Plain>() -> Tally {
    let all = histories();
    let shares: Vec<Tally> = std::thread::scope(|scope| {
        let share = |thread: u64| move || share::<K>((thread..all).step_by(THREADS as usize));
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(share(thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no disagreement")).collect()
    });
    let mut tally = Tally::default();
    for share in shares {
        tally += share;
    }
    println!("{}: {tally:?}", K::NAME);
    assert_eq!(tally.histories, all);
    let percent = 100 * tally.illegal / all;
    assert!((20..=60).contains(&percent), "{}: {percent} % are illegal", K::NAME);
    tally
}

fn share<K: Plain>(seeds: impl Iterator<Item = u64>) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let (operations, is_right) = drawn::history::<K>(&mut Random(seed), OPERATIONS_MAX);
        let expected = oracle::is_linearizable(&operations);
        assert!(expected || !is_right, "seed {seed} is right by construction: {operations:#?}");
        tally.histories += 1;
        tally.illegal += u64::from(!expected);
        let name = format!("{}, seed {seed}", K::NAME);
        let is_explained = K::IS_EXPLAINED && seed % EXPLAINED_EVERY == 0;
        let trial = Trial { name, operations: &operations, expected, is_explained };
        trial.judge_whole();
        trial.judge_parts(PRUNINGS[seed as usize % PRUNINGS.len()], &mut tally);
    }
    tally
}

/// One history on its way through the checker.
struct Trial<'a, K: Plain> {
    name: String,
    operations: &'a [Operation<K>],
    expected: bool,
    /// Whether to ask for explanations as well, which cost more than verdicts.
    is_explained: bool,
}

impl<K: Plain> Trial<'_, K> {
    fn history(&self) -> History<K> {
        History::new(self.operations.to_vec()).expect("drawn histories are valid")
    }

    /// The function that everybody calls, with and without hints.
    fn judge_whole(&self) {
        let options = Options { witness: true, ..Options::from(AMPLE) };
        let explain = self.is_explained;
        let report = linearizable(&self.history(), Options { explain, ..options });
        self.settle(&report, self.operations);
        for (key, part) in report.keys.iter().zip(K::parts(&self.history())) {
            if let (true, Verdict::Illegal { explanation }) = (explain, &key.verdict) {
                self.explains(explanation, &part.operations);
            }
        }
        let bare: Vec<_> =
            self.operations.iter().map(|o| Operation { position: None, ..o.clone() }).collect();
        let history = History::new(bare.clone()).expect("drawn histories are valid");
        self.settle(&linearizable(&history, options), &bare);
    }

    /// Holds an explanation against brute force: where the history ceases to be fine, that the core contradicts itself
    /// whatever the others did, and that nothing in it can be done without.
    fn explains(&self, explanation: &Explanation, part: &[u32]) {
        let until = self.operations[explanation.operation].ret.expect("it ended");
        let has_order = |role: &dyn Fn(usize, &Operation<K>) -> Role| {
            oracle::has_order(self.operations, &Default::default(), |index, operation| {
                let is_there = part.contains(&(index as u32)) && operation.call <= until;
                if is_there { role(index, operation) } else { Role::Out }
            })
        };
        let ended = |is: &dyn Fn(u64) -> bool, operation: &Operation<K>| match operation.ret {
            Some(ret) if operation.is_ok() && is(ret) => Role::Must,
            _ => Role::May,
        };
        let told = || format!("{}: {explanation:#?} of {:#?}", self.name, self.operations);
        assert!(!has_order(&|_, operation| ended(&|ret| ret <= until, operation)), "{}", told());
        if explanation.is_first {
            assert!(has_order(&|_, operation| ended(&|ret| ret < until, operation)), "{}", told());
        }
        let without = |left_out: Option<usize>| {
            has_order(&|index, operation| {
                let is_in = explanation.core.contains(&index) && Some(index) != left_out;
                if is_in { ended(&|ret| ret <= until, operation) } else { Role::Anytime }
            })
        };
        assert!(explanation.core.is_empty() || !without(None), "{}", told());
        // At a tie only the checker knows which end it took for the first.
        let ties = self.operations.iter().filter(|operation| operation.ret == Some(until)).count();
        if explanation.is_minimal && ties == 1 {
            for &one in &explanation.core {
                assert!(without(Some(one)), "{one} can be done without. {}", told());
            }
        }
    }

    fn settle(&self, report: &Report, operations: &[Operation<K>]) {
        self.compare(&report.verdict, !report.verdict.is_illegal());
        assert!(!report.verdict.is_unknown(), "{}: {:?}\n{operations:#?}", self.name, report.verdict);
        let witnesses: Vec<&[usize]> = report.keys.iter().filter_map(|key| key.witness.as_deref()).collect();
        let is_ok = report.verdict.is_ok();
        assert!(!is_ok || replay::is_complete(operations, &witnesses), "{}: {report:?}", self.name);
        for key in &report.keys {
            match &key.verdict {
                Verdict::Ok { .. } => {
                    let witness = key.witness.as_ref().expect("a witness was wanted");
                    let replayed = replay::check(operations, witness);
                    assert_eq!(replayed, Ok(()), "{}: {witness:?}\n{operations:#?}", self.name);
                }
                Verdict::Illegal { explanation } => {
                    assert!(explanation.operation < operations.len());
                    assert!(
                        !explanation.sentence.contains('{') || K::NAME != "kv",
                        "{}",
                        explanation.sentence
                    );
                }
                Verdict::NotChecked => assert_eq!(key.operations, 0),
                Verdict::Unknown { .. } => unreachable!("the whole would be unknown"),
            }
        }
    }

    /// Each part by each way alone.
    fn judge_parts(&self, pruning: Pruning, tally: &mut Tally) {
        let parts = K::parts(&self.history());
        for part in parts.iter().filter(|part| part.proposal.is_some()) {
            match is_proved(part) {
                true => tally.proved += 1,
                false => tally.not_proved += 1,
            }
        }
        let mut all_monitored = Some(true);
        for part in &parts {
            let monitored = self.monitor(part);
            match monitored {
                Some(true) => tally.monitor_ok += 1,
                Some(false) => tally.monitor_illegal += 1,
                None => tally.handed_over += 1,
            }
            let searched = self.search(part, Pruning::ALL);
            self.same(&"no pruning", searched, self.search(part, Pruning::NONE));
            self.same(&pruning, searched, self.search(part, pruning));
            self.same(&"monitor", searched, monitored.unwrap_or(searched));
            self.same(&"proposal", searched, searched || is_proved(part));
            all_monitored = all_monitored.map(|all| all && searched);
        }
        self.compare(&"search", all_monitored.expect("set above"));
    }

    fn compare(&self, way: &dyn Debug, found: bool) {
        self.same(way, self.expected, found);
    }

    fn same(&self, way: &dyn Debug, expected: bool, found: bool) {
        assert_eq!(found, expected, "{}: {way:?} is wrong about {:#?}", self.name, self.operations);
    }

    /// What the fast path says, with its order verified.
    fn monitor<M: Model>(&self, part: &Part<M>) -> Option<bool> {
        let blind = match part.model.monitor(&part.spans, false) {
            Monitored::Ok { .. } => Some(true),
            Monitored::Illegal(_) => Some(false),
            Monitored::HandOver => None,
        };
        let seeing = match part.model.monitor(&part.spans, true) {
            Monitored::Ok { order } => {
                let order = order.expect("an order was wanted");
                let verified = witness::verify(&mut part.model.clone(), &part.spans, &order);
                assert_eq!(verified, Ok(()), "{}: {:#?}", self.name, self.operations);
                Some(true)
            }
            Monitored::Illegal(contradiction) => {
                assert!(!contradiction.spans.is_empty(), "{}: {contradiction:?}", self.name);
                Some(false)
            }
            Monitored::HandOver => None,
        };
        assert_eq!(blind, seeing, "{}: the order matters: {:#?}", self.name, self.operations);
        seeing
    }

    /// What the search says, with its order verified.
    fn search<M: Model>(&self, part: &Part<M>, pruning: Pruning) -> bool {
        let mut search = Search::new(part.model.clone(), part.spans.clone(), pruning).expect("few are open");
        match search.run(u64::MAX / 2) {
            Progress::Ok { order } => {
                let order: Vec<u32> = order.iter().map(|&span| span as u32).collect();
                let verified = witness::verify(&mut part.model.clone(), &part.spans, &order);
                assert_eq!(verified, Ok(()), "{}: {pruning:?}", self.name);
                true
            }
            Progress::Illegal { .. } => false,
            Progress::Pending => panic!("{}: the slice was ample", self.name),
        }
    }
}

fn is_proved<M: Model>(part: &Part<M>) -> bool {
    let proves = |order: &Vec<u32>| witness::verify(&mut part.model.clone(), &part.spans, order).is_ok();
    part.proposal.as_ref().is_some_and(proves)
}

#[test]
fn keys_and_values() {
    let tally = campaign::<checker::Kind>();
    let each = [tally.monitor_illegal, tally.handed_over, tally.proved, tally.not_proved];
    assert!(each.iter().all(|&count| count > tally.histories / 50), "every way is taken: {tally:?}");
}

#[test]
fn texts() {
    campaign::<checker::append::Kind>();
}

#[test]
fn queues() {
    is_monitored(campaign::<checker::queue::Kind>());
}

#[test]
fn sets() {
    is_monitored(campaign::<checker::set::Kind>());
}

#[test]
fn locks() {
    is_monitored(campaign::<checker::lock::Kind>());
}

fn is_monitored(tally: Tally) {
    let each = [tally.monitor_ok, tally.monitor_illegal];
    assert!(each.iter().all(|&count| count > tally.histories / 10), "the fast path decides: {tally:?}");
    assert!(tally.handed_over > 0, "the fast path hands over: {tally:?}");
}
