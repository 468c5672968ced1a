//! What a reader wants to jump to, and what can be collapsed. Neither needs a protocol's name.

use sim::trace::{TraceEvent, TraceKind};

/// Why an event is worth a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    /// A judge spoke, or an answer cannot be placed.
    Violation,
    /// A fault began or ended.
    Fault,
    /// A process ended.
    Crash,
    /// A process started, not for the first time.
    Restart,
    /// A node leads.
    Leads,
    /// A client will never know what became of its operation.
    UnknownAnswer,
}

/// Why an event is worth a look, if it is.
pub(super) fn interest(event: &TraceEvent) -> Option<Interest> {
    match event.kind {
        TraceKind::Violation => Some(Interest::Violation),
        TraceKind::Fault => Some(Interest::Fault),
        TraceKind::Crash => Some(Interest::Crash),
        TraceKind::Boot => (0 < event.time).then_some(Interest::Restart),
        // The simulator's words for the fact that a node leads, in every protocol.
        TraceKind::Note if event.rule.is_empty() && event.text.starts_with("leads round ") => {
            Some(Interest::Leads)
        }
        TraceKind::Client if event.text.contains(": this cannot be placed: ") => Some(Interest::Violation),
        TraceKind::Client if event.text.ends_with(" came to Unknown") => Some(Interest::UnknownAnswer),
        _ => None,
    }
}

/// Which of these events are the heartbeat of the cluster, and nothing else: messages that arrive and change no field,
/// write nothing, deliver nothing, have nothing noted and lead at most to more such messages; and the timers that only
/// sent such. A lost heartbeat is not among them: it may be the reason of what follows.
pub(super) fn heartbeats(events: &[TraceEvent]) -> Vec<bool> {
    let Some(first) = events.first().map(|event| event.seq) else { return Vec::new() };
    let may_be = |event: &TraceEvent| {
        let is_message = matches!(event.kind, TraceKind::Send | TraceKind::Receive) && event.peer.is_some();
        let is_silent = event.state.is_empty() && event.client.is_none() && event.operation.is_none();
        is_silent && ((is_message && !event.message.is_empty()) || event.kind == TraceKind::Timer)
    };
    let mut is_beat: Vec<bool> = events.iter().map(may_be).collect();
    // Effects come after their causes, so from behind everything is known of them.
    for place in (0..events.len()).rev() {
        if !is_beat[place]
            && let Some(cause) = events[place].cause.and_then(|cause| cause.checked_sub(first))
        {
            is_beat[cause as usize] = false;
        }
    }
    is_beat
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(seq: u64, kind: TraceKind, cause: Option<u64>) -> TraceEvent {
        TraceEvent {
            seq,
            cause,
            node: Some(0),
            peer: Some(1),
            message: "beat".into(),
            ..TraceEvent::of(kind)
        }
    }

    #[test]
    fn a_heartbeat_changes_nothing_and_leads_to_nothing_else() {
        // 1 is sent, arrives as 2 and is answered by 3, which arrives as 4. 5 is sent, arrives as 6, and is written down.
        let mut events = vec![
            message(1, TraceKind::Send, None),
            message(2, TraceKind::Receive, Some(1)),
            message(3, TraceKind::Send, Some(2)),
            message(4, TraceKind::Receive, Some(3)),
            message(5, TraceKind::Send, None),
            message(6, TraceKind::Receive, Some(5)),
            TraceEvent { seq: 7, cause: Some(6), ..TraceEvent::of(TraceKind::Write) },
        ];
        assert_eq!(heartbeats(&events), [true, true, true, true, false, false, false]);
        events[3].state.push(("leader".into(), "n1".into()));
        assert_eq!(heartbeats(&events), [false; 7], "the answer changed a field at last");
    }

    #[test]
    fn a_lost_heartbeat_is_shown() {
        let events = [message(1, TraceKind::Send, None), message(2, TraceKind::Drop, Some(1))];
        assert_eq!(heartbeats(&events), [false, false]);
    }
}
