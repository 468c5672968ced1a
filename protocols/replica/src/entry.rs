//! The envelope in which a command travels through a log, shared and never copied.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::ops::Deref;

use crate::digest::{fold, of_bytes};
use crate::wire::{Reader, Wire, WireError};
use crate::{ClientSession, NodeId, Sequence, WallTime};

/// A command on its way through the log: who proposed it, for which session, when by the proposer's wall clock, and
/// the service's own bytes, opaque to every protocol.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The node whose server proposed it.
    pub origin: NodeId,
    /// The client session it belongs to; zero for a protocol's own no-op.
    pub session: ClientSession,
    /// Its number in that session. (session, sequence) names an operation, however often it is proposed.
    pub sequence: Sequence,
    /// The proposer's wall clock when it proposed: the only time the replicated state ever sees.
    pub wall: WallTime,
    bytes: Box<[u8]>,
    digest: u64,
}

/// An entry as messages, logs and deliveries hold it.
pub type SharedEntry = Arc<Entry>;

impl Entry {
    /// Seals a command into its envelope. The digest is computed here, once.
    pub fn new(
        origin: NodeId,
        session: ClientSession,
        sequence: Sequence,
        wall: WallTime,
        bytes: &[u8],
    ) -> SharedEntry {
        let head = fold(fold(fold(origin.0 as u64, session.0), sequence.0), wall.0);
        let digest = fold(head, of_bytes(bytes));
        Arc::new(Entry { origin, session, sequence, wall, bytes: bytes.into(), digest })
    }

    /// The entry that a protocol proposes for itself: it changes no state and belongs to no session.
    pub fn noop(origin: NodeId) -> SharedEntry {
        Entry::new(origin, ClientSession::ZERO, Sequence::ZERO, WallTime::NONE, &[])
    }

    /// Whether this is a protocol's own no-op.
    pub fn is_noop(&self) -> bool {
        self.session == ClientSession::ZERO
    }

    /// The service's bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest of the whole envelope.
    pub fn digest(&self) -> u64 {
        self.digest
    }
}

/// In a word, for traces: the operation's name, and its bytes where people can read them.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_noop() {
            return write!(f, "no-op of {}", self.origin);
        }
        write!(f, "{}#{} ", self.session, self.sequence)?;
        match core::str::from_utf8(&self.bytes) {
            Ok(text) if text.bytes().all(|byte| byte.is_ascii_graphic()) => f.write_str(text),
            _ => write!(f, "({} bytes)", self.bytes.len()),
        }
    }
}

/// The operation's name alone: `u3#1`, or `no-op`.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_noop() { f.write_str("no-op") } else { write!(f, "u{}#{}", self.session, self.sequence) }
    }
}

impl Wire for SharedEntry {
    fn encode(&self, out: &mut Vec<u8>) {
        self.origin.encode(out);
        self.session.encode(out);
        self.sequence.encode(out);
        self.wall.0.encode(out);
        (self.bytes.len() as u32).encode(out);
        out.extend_from_slice(&self.bytes);
    }

    fn decode(input: &mut Reader<'_>) -> Result<Self, WireError> {
        let origin = NodeId::decode(input)?;
        let session = ClientSession::decode(input)?;
        let sequence = Sequence::decode(input)?;
        let wall = WallTime(u64::decode(input)?);
        let len = u32::decode(input)? as usize;
        let bytes = input.take(len)?;
        Ok(Entry::new(origin, session, sequence, wall, bytes))
    }

    fn size(&self) -> usize {
        1 + 8 + 8 + 8 + 4 + self.bytes.len()
    }

    fn digest(&self) -> u64 {
        self.digest
    }
}

/// None, one or many of something, with the one inline: what most messages carry is one entry, and that one must not
/// cost an allocation.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Few<T> {
    /// Nothing.
    #[default]
    None,
    /// Exactly one, inline.
    One(T),
    /// Two or more.
    Many(Box<[T]>),
}

impl<T> Deref for Few<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        match self {
            Few::None => &[],
            Few::One(one) => core::slice::from_ref(one),
            Few::Many(many) => many,
        }
    }
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Few<T> {
        let mut items = items.into_iter();
        let Some(first) = items.next() else { return Few::None };
        let Some(second) = items.next() else { return Few::One(first) };
        let mut many = Vec::with_capacity(2 + items.size_hint().0);
        many.push(first);
        many.push(second);
        many.extend(items);
        Few::Many(many.into_boxed_slice())
    }
}

impl<T: Wire> Wire for Few<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        (self.len() as u32).encode(out);
        for item in self.iter() {
            item.encode(out);
        }
    }

    fn decode(input: &mut Reader<'_>) -> Result<Self, WireError> {
        let len = u32::decode(input)? as usize;
        // Every item takes a byte at least: a length beyond the input is an attack or a bug, not an allocation.
        input.expect(len)?;
        (0..len).map(|_| T::decode(input)).collect()
    }

    fn size(&self) -> usize {
        4 + self.iter().map(Wire::size).sum::<usize>()
    }

    fn digest(&self) -> u64 {
        self.iter().fold(self.len() as u64, |h, item| fold(h, item.digest()))
    }
}
