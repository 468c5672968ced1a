//! Sessions between nodes: how they come up, how each end comes to know that one broke, and how they are tried again.
//!
//! A session breaks at both ends by a reset, which travels like any packet; a process that is killed leaves resets
//! behind, a power loss leaves nothing. Otherwise each end breaks alone when it has heard nothing, keepalives
//! included, for `session_timeout`. Keepalives are not events: an end is silent while the way from it is cut, while
//! nothing runs there, while its process is paused, or while a packet that was lost again and again holds back what
//! follows it.

use replica::{Host, Link, NodeId, Replica, Service, SessionNo};

use super::links::{End, Envelope, Pair, Parcel};
use super::{Happening, Net, World};
use crate::clients::Clients;
use crate::queue::Class;
use crate::trace::TraceKind;

impl<R: Replica, S: Service, C: Clients<S>> World<R, S, C> {
    /// A handshake has reached `node`.
    pub(super) fn on_session_up(&mut self, node: NodeId, peer: NodeId, session: SessionNo) {
        let is_newest = self.net.pair(node, peer).newest == session;
        if !is_newest || self.net.machines[node.index()].down.is_some() {
            return;
        }
        *self.net.end_mut(node, peer) =
            End { up: Some(session), timing: false, timer: self.net.end(node, peer).timer + 1 };
        self.net.update_hearing(node, peer);
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
        if tell && self.links[place].cuts == 0 {
            let parcel = Parcel { session, envelope: Envelope::Reset, cause: self.cause };
            self.transmit(node, peer, parcel, 0);
        }
        self.reconnect_in(node, peer, self.plan.network.reconnect);
    }

    fn reconnect_in(&mut self, a: NodeId, b: NodeId, after: u64) {
        let place = self.pair_place(a, b);
        if !self.pairs[place].reconnecting {
            self.pairs[place].reconnecting = true;
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            self.push(self.now + after, Class::Session, place, Happening::Reconnect { low, high });
        }
    }

    /// The two nodes try to get a session up.
    pub(super) fn on_reconnect(&mut self, low: NodeId, high: NodeId) {
        let place = self.pair_place(low, high);
        self.pairs[place].reconnecting = false;
        let are_up = |machine: NodeId| self.machines[machine.index()].down.is_none();
        let both_ends_up = self.pairs[place].ends.iter().all(|end| end.up.is_some());
        if !are_up(low) || !are_up(high) || both_ends_up {
            return; // A boot tries again.
        }
        let (there, back) = (self.link_place(low, high), self.link_place(high, low));
        let reachable = self.links[there].cuts == 0 && self.links[back].cuts == 0;
        if !reachable || !self.machines[low.index()].is_live() || !self.machines[high.index()].is_live() {
            self.reconnect_in(low, high, self.plan.network.reconnect);
            return;
        }
        let session = self.pairs[place].newest.next();
        self.pairs[place].newest = session;
        let accepted = self.now + self.links[there].base() + self.links[there].weather.delay;
        let established = accepted + self.links[back].base() + self.links[back].weather.delay;
        self.links[there].begin_session(established);
        self.links[back].begin_session(established);
        let up = |node, peer| Happening::SessionUp { node, peer, session };
        self.push(accepted, Class::Session, place, up(high, low));
        self.push(established, Class::Session, place, up(low, high));
        // Look again: the handshake may be lost with a process or behind a cut.
        self.reconnect_in(low, high, (established - self.now) + self.plan.network.reconnect);
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
        let place = self.link_place(peer, node);
        let is_silent = 0 < self.links[place].cuts || !self.machines[peer.index()].is_live();
        let end = self.end_mut(node, peer);
        if end.up.is_none() || end.timing == is_silent {
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

    /// A cut of the link healed: a session's bytes that were held back are sent again, in order.
    pub(super) fn resend_stalled(&mut self, from: NodeId, to: NodeId) {
        let place = self.link_place(from, to);
        for parcel in std::mem::take(&mut self.links[place].stalled) {
            let at = self.links[place].resend(self.now);
            self.schedule_parcel(from, to, at, parcel);
        }
    }
}
