//! Links: one for each ordered pair of nodes, with the weather on it, cuts, and what is held back behind a cut.

use replica::SessionNo;

use crate::plan::{self, Fate, FateKey, Plan};
use crate::rng::{scale, word};

/// What travels on a node link.
#[derive(Clone, Debug)]
pub enum Envelope<M, F> {
    /// A replica's message.
    Message(M),
    /// A server's frame.
    Frame(F),
    /// The end of a session.
    Reset,
}

/// Something on its way, and the trace event that sent it.
#[derive(Clone, Debug)]
pub struct Parcel<M, F> {
    /// The session it belongs to; zero on datagram links.
    pub session: SessionNo,
    /// What it is.
    pub envelope: Envelope<M, F>,
    /// The trace event of its sending.
    pub cause: u64,
}

/// One direction between two nodes.
#[derive(Clone)]
pub struct NodeLink<M, F> {
    /// Its latency without jitter.
    base: u64,
    /// The faults that cut it, in the order in which they did.
    pub cut_by: Vec<usize>,
    /// The faults that lose some kinds of messages on it, in the order in which they began.
    pub sieved_by: Vec<usize>,
    /// The faults that make its weather, in the order in which they began; the newest counts.
    pub storms: Vec<usize>,
    /// The weather now.
    pub weather: Weather,
    /// No parcel of a session arrives before this.
    last_arrival: u64,
    /// Bandwidth: the wire is busy until then.
    busy_until: u64,
    /// The millisecond of the last message, and how many there were in it.
    millisecond: u64,
    ordinal: u32,
    /// Sessions: what is sent again once the cut heals.
    pub stalled: Vec<Parcel<M, F>>,
}

/// The chances on a link.
#[derive(Clone, Copy, Debug)]
pub struct Weather {
    /// Loss, in parts per million.
    pub loss: plan::Ppm,
    /// Duplication of datagrams.
    pub duplicate: plan::Ppm,
    /// Reordering of datagrams.
    pub reorder: plan::Ppm,
    /// Latency added.
    pub delay: u64,
    /// The fault that made it so; none: the network's own.
    pub by: Option<usize>,
}

impl Weather {
    /// The network's own.
    pub fn of(network: &plan::Network) -> Weather {
        Weather {
            loss: network.loss,
            duplicate: network.duplicate,
            reorder: network.reorder,
            delay: 0,
            by: None,
        }
    }
}

/// When a message arrives: once, twice or never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Never.
    Never,
    /// Once.
    Once(u64),
    /// Twice.
    Twice(u64, u64),
}

/// What became of a message, and whether it would have fared better in fair weather.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When it arrives.
    pub arrival: Arrival,
    /// Whether it was lost, sent again, repeated, held back or delayed.
    pub suffered: bool,
}

/// A session's packet is given up after so many losses in a row, for the arithmetic's sake: the link is as good as cut.
const LOSSES_MAX: u32 = 16;

impl<M, F> NodeLink<M, F> {
    /// A link in the network's own weather.
    pub fn new(base: u64, network: &plan::Network) -> NodeLink<M, F> {
        NodeLink {
            base,
            cut_by: Vec::new(),
            sieved_by: Vec::new(),
            storms: Vec::new(),
            weather: Weather::of(network),
            last_arrival: 0,
            busy_until: 0,
            millisecond: 0,
            ordinal: 0,
            stalled: Vec::new(),
        }
    }

    /// The latency of this link's `ordinal`th control packet, which is never lost: a draw apart from the weather.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// A new session begins: nothing of it arrives before `time`, and nothing of the old one holds it back.
    pub fn begin_session(&mut self, time: u64) {
        self.last_arrival = time;
    }

    /// When the other end has heard everything that is on its way, if it is not behind already.
    pub fn heard_until(&self, now: u64) -> u64 {
        self.last_arrival.max(now)
    }

    /// When a message of `bytes` that is sent `now` arrives. The draw is keyed by link, millisecond and ordinal, so it
    /// is the same for every protocol that sends as many messages here in this millisecond.
    #[inline]
    pub fn send(&mut self, plan: &Plan, (from, to): (u8, u8), now: u64, bytes: usize, session: bool) -> Sent {
        let millisecond = now / 1_000_000;
        if millisecond == self.millisecond {
            self.ordinal += 1;
        } else {
            (self.millisecond, self.ordinal) = (millisecond, 0);
        }
        let network = &plan.network;
        let departs = self.depart(network.bandwidth, now, bytes);
        if !plan.fates.is_empty() {
            let key = FateKey { from, to, millisecond, ordinal: self.ordinal };
            if let Some(&fate) = plan.fates.get(&key) {
                return Sent { arrival: self.fixed(network, fate, departs, session), suffered: true };
            }
        }
        let place = u64::from(from) << 8 | u64::from(to);
        let draw = |what: u64| word(plan.key ^ what, place, millisecond, u64::from(self.ordinal));
        let jitter = network.jitter.from + scale(draw(0), network.jitter.to - network.jitter.from + 1);
        let latency = self.base + jitter + self.weather.delay;
        let chance = |what: u64, ppm: plan::Ppm| {
            ppm != 0 && scale(draw(what), u64::from(plan::PPM_ONE)) < u64::from(ppm)
        };
        if session {
            let mut resent = 0;
            while resent < LOSSES_MAX && chance(16 + u64::from(resent), self.weather.loss) {
                resent += 1;
            }
            let penalty = network.retransmit * ((1 << resent) - 1);
            let suffered = 0 < resent || 0 < self.weather.delay;
            return Sent { arrival: self.in_order(departs + latency + penalty), suffered };
        }
        if chance(1, self.weather.loss) {
            return Sent { arrival: Arrival::Never, suffered: true };
        }
        let late = if chance(2, self.weather.reorder) { scale(draw(3), network.reorder_by + 1) } else { 0 };
        let first = departs + latency + late;
        if chance(4, self.weather.duplicate) {
            let again = network.jitter.from + scale(draw(5), network.jitter.to + network.reorder_by + 1);
            return Sent { arrival: Arrival::Twice(first, first + again), suffered: true };
        }
        Sent { arrival: Arrival::Once(first), suffered: 0 < late || 0 < self.weather.delay }
    }

    /// What is sent again when a cut heals arrives in order, a latency later.
    pub fn resend(&mut self, now: u64) -> u64 {
        let Arrival::Once(at) = self.in_order(now + self.base + self.weather.delay) else { unreachable!() };
        at
    }

    fn in_order(&mut self, arrives: u64) -> Arrival {
        self.last_arrival = self.last_arrival.max(arrives);
        Arrival::Once(self.last_arrival)
    }

    fn depart(&mut self, bandwidth: u64, now: u64, bytes: usize) -> u64 {
        if bandwidth == 0 {
            return now;
        }
        let takes = bytes as u64 * 1_000_000_000 / bandwidth;
        self.busy_until = self.busy_until.max(now) + takes;
        self.busy_until
    }

    fn fixed(&mut self, network: &plan::Network, fate: Fate, departs: u64, session: bool) -> Arrival {
        match fate {
            Fate::Deliver(after) | Fate::Twice(after, _) if session => self.in_order(departs + after),
            Fate::Drop if session => self.in_order(departs + self.base + network.retransmit),
            Fate::Deliver(after) => Arrival::Once(departs + after),
            Fate::Twice(a, b) => Arrival::Twice(departs + a, departs + b),
            Fate::Drop => Arrival::Never,
        }
    }
}

/// The session between two nodes, as each end sees it.
#[derive(Clone, Debug, Default)]
pub struct Pair {
    /// The newest session's number; handshakes of older ones are void.
    pub newest: SessionNo,
    /// The lower node's end, then the higher's.
    pub ends: [End; 2],
    /// Whether a reconnect is queued: the one of this number, others are void.
    pub reconnecting: bool,
    /// Counts reconnects.
    pub attempt: u64,
}

/// One end of a session.
#[derive(Clone, Copy, Debug, Default)]
pub struct End {
    /// The session that is up here.
    pub up: Option<SessionNo>,
    /// The newest session that was ever up here in this incarnation.
    pub last: SessionNo,
    /// Whether a timer runs because the other end is silent.
    pub timing: bool,
    /// Counts timers, so that an old one is void.
    pub timer: u64,
}
