//! The start of an incarnation: promises and votes from the disk; everything else anew. *Paxos Made Simple*, 2.5: "stable
//! storage, preserved during failures, is used to maintain the information that the acceptor must remember".

use alloc::format;

use replica::{Boot, Durable, LocalTime, Members, Span};

use crate::acceptor::{Acceptor, Cast};
use crate::learner::Learner;
use crate::paxos::{Out, Role};
use crate::{Ballot, Config, Paxos, Record};

/// Rebuilds a replica from what its disk kept. It proposes nothing before a time-out has passed, as any follower.
pub(crate) fn boot(
    boot: Boot,
    config: &Config,
    durable: Durable<'_, Record>,
    now: LocalTime,
    out: &mut Out,
) -> Paxos {
    let mut members = Members::default();
    let mut acceptor = Acceptor::default();
    for record in durable.records {
        match record {
            Record::Genesis { members: genesis } => members = *genesis,
            Record::Promise { ballot } => acceptor.promise(*ballot),
            Record::Accept { promised, ballot, slot, entry } => {
                assert!(ballot <= promised || !config.rules.is_whole(), "a vote is a promise too");
                acceptor.accept(*promised, *slot, Cast { ballot: *ballot, entry: entry.clone() });
            }
        }
    }
    let highest = acceptor.promised();
    let mut paxos = Paxos {
        node: boot.node,
        members,
        config: config.clone(),
        acceptor,
        learner: Learner::new(),
        highest,
        preemptions: 0,
        counted: 0,
        role: Role::Unformed,
    };
    if members.voters.is_empty() {
        assert_eq!(highest, Ballot::ZERO, "an unformed node never writes");
        out.narrate("", || format!("{} has no genesis on its disk: it takes part in nothing", boot.node));
        return paxos;
    }
    assert!(members.voters.contains(boot.node), "genesis is given to members only");
    out.narrate("", || format!("starts with {highest} promised"));
    paxos.become_follower(now, None, highest, Span::ZERO, out);
    paxos
}
