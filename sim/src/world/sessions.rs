//! Sessions between nodes: how they come up, how each end comes to know that one broke, and how they are tried again.
//!
//! A session breaks at both ends by a reset, which travels like any packet; a process that is killed leaves resets
//! behind, a power loss leaves nothing. Otherwise each end breaks alone when it has heard nothing, keepalives
//! included, for `session_timeout`. Keepalives are not events: an end is silent while the way from it is cut, while
//! nothing runs there, while its process is paused, once it has given the session up, or while a packet that was lost
//! again and again holds back what follows it.
//!
//! The lower node of a pair asks, the higher accepts and answers; either packet may meet a cut or a dead process.

use replica::{Host, Link, NodeId, Replica, Service, SessionNo};

use super::links::{End, Envelope, Pair, Parcel};
use super::{Happening, Net, World};
use crate::clients::Clients;
use crate::plan::CrashKind;
use crate::queue::Class;
use crate::trace::TraceKind;

impl<R: Replica, S: Service, C: Clients<S>> World<R, S, C> {
    /// A handshake has reached `node`.
    pub(super) fn on_session_up(&mut self, node: NodeId, peer: NodeId, session: SessionNo) {
        if self.net.pair(node, peer).newest != session {
            return;
        }
        if let Some(down) = self.net.machines[node.index()].down {
            if node < peer && down.kind == CrashKind::Process {
                // Who asked is dead when the answer comes: its kernel says so.
                self.net.send_reset(node, peer, session);
            }
            return;
        }
        let place = self.net.link_place(node, peer);
        self.net.links[place].stalled.clear();
        let timer = self.net.end(node, peer).timer + 1;
        *self.net.end_mut(node, peer) = End { up: Some(session), last: session, timing: false, timer };
        if peer < node {
            self.net.answer_handshake(node, peer, session);
        } else {
            self.net.stop_reconnecting(node, peer);
        }
        self.net.update_hearing(node, peer);
        self.net.update_hearing(peer, node);
        self.net.note_as_cause(node, TraceKind::Session, || format!("session {session} with {peer} is up"));
        self.with_host(node, |host, now, seat| host.session_up(now, peer, session, seat));
        self.settle(node);
    }

    /// A reset has arrived at `node`.
    pub(super) fn on_reset(&mut self, node: NodeId, peer: NodeId, session: SessionNo) {
        if self.net.end(node, peer).up == Some(session) {
            self.break_end(node, peer, false);
        }
    }

    /// A packet of `session` that was lost again and again has held everything back for the session time-out.
    pub(super) fn on_stalled(&mut self, node: NodeId, peer: NodeId, session: SessionNo) {
        if self.net.end(node, peer).up == Some(session) {
            self.break_end(node, peer, true);
        }
    }

    /// `node` has heard nothing from `peer` for the session time-out.
    pub(super) fn on_silent(&mut self, node: NodeId, peer: NodeId, timer: u64) {
        let end = self.net.end(node, peer);
        if end.timing && end.timer == timer && self.net.machines[node.index()].down.is_none() {
            self.break_end(node, peer, true);
        }
    }

    fn break_end(&mut self, node: NodeId, peer: NodeId, tell: bool) {
        self.net.note_as_cause(node, TraceKind::Session, || format!("the session with {peer} broke"));
        self.net.end_lost(node, peer, tell);
        self.with_host(node, |host: &mut Host<R>, now, seat| host.session_down(now, peer, seat));
        self.settle(node);
    }
}

impl<R: Replica, S: Service, C: Clients<S>> Net<R, S, C> {
    fn pair_place(&self, a: NodeId, b: NodeId) -> usize {
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        self.link_place(low, high)
    }

    fn pair(&self, a: NodeId, b: NodeId) -> &Pair {
        &self.pairs[self.pair_place(a, b)]
    }

    /// The session with `peer` as `node` sees it.
    pub(super) fn end(&self, node: NodeId, peer: NodeId) -> End {
        self.pair(node, peer).ends[usize::from(peer < node)]
    }

    fn end_mut(&mut self, node: NodeId, peer: NodeId) -> &mut End {
        let place = self.pair_place(node, peer);
        &mut self.pairs[place].ends[usize::from(peer < node)]
    }

    /// `node` gives its end up; if `tell`, a reset goes to `peer` behind everything already sent.
    pub(super) fn end_lost(&mut self, node: NodeId, peer: NodeId, tell: bool) {
        let end = self.end_mut(node, peer);
        let Some(session) = end.up.take() else { return };
        end.timing = false;
        end.timer += 1;
        // What is held back behind a cut is lost with the session.
        let place = self.link_place(node, peer);
        self.links[place].stalled.clear();
        if tell {
            self.send_reset(node, peer, session);
        }
        self.update_hearing(peer, node);
        self.reconnect_in(node, peer, self.plan.network.reconnect);
    }

    fn send_reset(&mut self, from: NodeId, to: NodeId, session: SessionNo) {
        if !self.is_cut(from, to) {
            let parcel = Parcel { session, envelope: Envelope::Reset, cause: self.cause };
            self.transmit(from, to, parcel, 0);
        }
    }

    fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        !self.links[self.link_place(from, to)].cut_by.is_empty()
    }

    fn reconnect_in(&mut self, a: NodeId, b: NodeId, after: u64) {
        let place = self.pair_place(a, b);
        let pair = &mut self.pairs[place];
        if !pair.reconnecting {
            pair.reconnecting = true;
            pair.attempt += 1;
            let attempt = pair.attempt;
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            self.push(self.now + after, Class::Session, place, Happening::Reconnect { low, high, attempt });
        }
    }

    fn stop_reconnecting(&mut self, a: NodeId, b: NodeId) {
        let place = self.pair_place(a, b);
        self.pairs[place].reconnecting = false;
        self.pairs[place].attempt += 1;
    }

    /// The two nodes try to get a session up.
    pub(super) fn on_reconnect(&mut self, low: NodeId, high: NodeId, attempt: u64) {
        let place = self.pair_place(low, high);
        if self.pairs[place].attempt != attempt {
            return;
        }
        self.pairs[place].reconnecting = false;
        let are_up = |machine: NodeId| self.machines[machine.index()].down.is_none();
        let [lower, higher] = self.pairs[place].ends;
        let is_whole = lower.up.is_some() && lower.up == higher.up;
        if !are_up(low) || !are_up(high) || is_whole {
            return; // A boot tries again.
        }
        let reachable = !self.is_cut(low, high) && !self.is_cut(high, low);
        if !reachable || !self.machines[low.index()].is_live() || !self.machines[high.index()].is_live() {
            self.reconnect_in(low, high, self.plan.network.reconnect);
            return;
        }
        let session = self.pairs[place].newest.next();
        self.pairs[place].newest = session;
        let (there, back) = (self.handshake_takes(low, high), self.handshake_takes(high, low));
        let asked = Happening::SessionUp { node: high, peer: low, session };
        self.push(self.now + there, Class::Session, place, asked);
        // What is left of the session before, at either end, is void.
        self.update_hearing(low, high);
        self.update_hearing(high, low);
        // Look again: the handshake may be lost with a process or behind a cut.
        self.reconnect_in(low, high, there + back + self.plan.network.reconnect);
    }

    /// The higher node has accepted: the lower learns of it, before anything else of the session reaches it.
    fn answer_handshake(&mut self, high: NodeId, low: NodeId, session: SessionNo) {
        if self.is_cut(high, low) {
            return;
        }
        let established = self.now + self.handshake_takes(high, low);
        let (there, back) = (self.link_place(low, high), self.link_place(high, low));
        self.links[there].begin_session(established);
        self.links[back].begin_session(established);
        let answered = Happening::SessionUp { node: low, peer: high, session };
        self.push(established, Class::Session, self.pair_place(low, high), answered);
    }

    fn handshake_takes(&self, from: NodeId, to: NodeId) -> u64 {
        let link = &self.links[self.link_place(from, to)];
        link.base() + link.weather.delay
    }

    /// A new process has no sessions: handshakes of the old one are void, and every peer is tried at once.
    pub(super) fn sessions_after_boot(&mut self, node: NodeId) {
        if self.link == Link::Datagram {
            return;
        }
        for peer in self.nodes().filter(|&peer| peer != node) {
            let place = self.pair_place(node, peer);
            self.pairs[place].newest = self.pairs[place].newest.next();
            *self.end_mut(node, peer) = End { timer: self.end(node, peer).timer + 1, ..End::default() };
            self.pairs[place].reconnecting = false;
            self.reconnect_in(node, peer, 0);
            self.update_hearing(peer, node);
        }
    }

    /// A process is gone. If the kernel outlives it, every peer is told, behind everything already sent.
    pub(super) fn sessions_after_crash(&mut self, node: NodeId, kernel_lives: bool) {
        if self.link == Link::Datagram {
            return;
        }
        for peer in self.nodes().filter(|&peer| peer != node) {
            if kernel_lives {
                self.end_lost(node, peer, true);
            } else {
                *self.end_mut(node, peer) = End { timer: self.end(node, peer).timer + 1, ..End::default() };
                let place = self.link_place(node, peer);
                self.links[place].stalled.clear();
            }
            self.update_hearing(peer, node);
        }
    }

    /// Starts or stops the timer by which `node` notices that `peer` is silent.
    pub(super) fn update_hearing(&mut self, node: NodeId, peer: NodeId) {
        let Some(session) = self.end(node, peer).up else { return };
        let is_silent = self.is_silent(peer, node, session);
        let end = self.end_mut(node, peer);
        if end.timing == is_silent {
            return;
        }
        end.timing = is_silent;
        end.timer += 1;
        let timer = end.timer;
        if is_silent {
            let at = self.now + self.plan.network.session_timeout;
            let pair = self.pair_place(node, peer);
            self.push(at, Class::Session, pair, Happening::Silent { node, peer, timer });
        }
    }

    /// Whether `from` says nothing to `to` on a session that is up at `to`.
    fn is_silent(&self, from: NodeId, to: NodeId, session: SessionNo) -> bool {
        let end = self.end(from, to);
        let is_asking = self.pair(from, to).newest == session && end.last < session;
        let is_held = end.up == Some(session) || is_asking;
        !is_held || self.is_cut(from, to) || !self.machines[from.index()].is_live()
    }

    /// A cut of the link healed: a session's bytes that were held back are sent again, in order.
    pub(super) fn resend_stalled(&mut self, from: NodeId, to: NodeId) {
        let place = self.link_place(from, to);
        for parcel in std::mem::take(&mut self.links[place].stalled) {
            let at = self.links[place].resend(self.now);
            self.schedule_parcel(from, to, at, parcel);
        }
    }
}
