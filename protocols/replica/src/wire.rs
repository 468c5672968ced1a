//! Messages and records as bytes: fixed-width little-endian fields, no schema, a version byte in the driver's frame.

use alloc::vec::Vec;
use core::fmt;

use crate::digest::fold;
use crate::{
    BlobId, ClientSession, LocalTime, NodeId, NodeSet, Position, ReadId, ReadMode, Round, Sequence,
    SessionNo, Slot, Span, WallTime, WriteId,
};

/// A value that has an encoding and a digest. Law, checked by the world's `--codec` mode on every message and record:
/// `encode` appends exactly `size()` bytes, and `decode` of them gives a value with the same `digest()`.
pub trait Wire: Clone + fmt::Debug {
    /// Appends the encoding.
    fn encode(&self, out: &mut Vec<u8>);
    /// Reads one value; the error says what is wrong with the bytes, which may come from anybody.
    fn decode(input: &mut Reader<'_>) -> Result<Self, WireError>
    where
        Self: Sized;
    /// The length of the encoding in bytes, without encoding.
    fn size(&self) -> usize;
    /// A digest of fixed layout that covers every field. Enters the fingerprint of a run.
    fn digest(&self) -> u64;
}

/// What is wrong with bytes that should have been a message or a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireError {
    /// The bytes end before the value does.
    Short,
    /// A tag names no variant of the type.
    Tag(u8),
    /// A number is outside of its range.
    Range,
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WireError::Short => write!(f, "the bytes end before the value does"),
            WireError::Tag(tag) => write!(f, "tag {tag} names no variant"),
            WireError::Range => write!(f, "a number is outside of its range"),
        }
    }
}

impl core::error::Error for WireError {}

/// A cursor over bytes to decode.
pub struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the front of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { left: bytes }
    }

    /// Takes the next `len` bytes.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], WireError> {
        self.expect(len)?;
        let (head, tail) = self.left.split_at(len);
        self.left = tail;
        Ok(head)
    }

    /// Checks that at least `len` bytes are left.
    pub fn expect(&self, len: usize) -> Result<(), WireError> {
        if self.left.len() < len { Err(WireError::Short) } else { Ok(()) }
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.left.len()
    }
}

macro_rules! wire_int {
    ($($int:ty),*) => {$(
        impl Wire for $int {
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn decode(input: &mut Reader<'_>) -> Result<Self, WireError> {
                let bytes = input.take(size_of::<$int>())?;
                Ok(<$int>::from_le_bytes(bytes.try_into().expect("took exactly this many")))
            }
            fn size(&self) -> usize {
                size_of::<$int>()
            }
            fn digest(&self) -> u64 {
                *self as u64
            }
        }
    )*};
}
wire_int!(u8, u16, u32, u64);

macro_rules! wire_number {
    ($($name:ident),*) => {$(
        impl Wire for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                self.0.encode(out);
            }
            fn decode(input: &mut Reader<'_>) -> Result<Self, WireError> {
                Ok($name(Wire::decode(input)?))
            }
            fn size(&self) -> usize {
                self.0.size()
            }
            fn digest(&self) -> u64 {
                self.0.into()
            }
        }
    )*};
}
wire_number!(
    NodeSet,
    Round,
    Slot,
    Position,
    WriteId,
    SessionNo,
    BlobId,
    ReadId,
    ClientSession,
    Sequence,
    Span,
    LocalTime,
    WallTime
);

impl Wire for NodeId {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, WireError> {
        let id = u8::decode(input)?;
        if usize::from(id) < crate::NODES_MAX { Ok(NodeId(id)) } else { Err(WireError::Range) }
    }
    fn size(&self) -> usize {
        1
    }
    fn digest(&self) -> u64 {
        self.0.into()
    }
}

impl Wire for bool {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, WireError> {
        match u8::decode(input)? {
            0 => Ok(false),
            1 => Ok(true),
            tag => Err(WireError::Tag(tag)),
        }
    }
    fn size(&self) -> usize {
        1
    }
    fn digest(&self) -> u64 {
        u64::from(*self)
    }
}

impl Wire for ReadMode {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(*self as u8);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, WireError> {
        let tag = u8::decode(input)?;
        ReadMode::ALL.get(usize::from(tag)).copied().ok_or(WireError::Tag(tag))
    }
    fn size(&self) -> usize {
        1
    }
    fn digest(&self) -> u64 {
        *self as u64
    }
}

impl<T: Wire> Wire for Option<T> {
    fn encode(&self, out: &mut Vec<u8>) {
        self.is_some().encode(out);
        if let Some(value) = self {
            value.encode(out);
        }
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, WireError> {
        if bool::decode(input)? { Ok(Some(T::decode(input)?)) } else { Ok(None) }
    }
    fn size(&self) -> usize {
        1 + self.as_ref().map_or(0, Wire::size)
    }
    fn digest(&self) -> u64 {
        self.as_ref().map_or(0, |value| fold(1, value.digest()))
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        self.1.encode(out);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok((A::decode(input)?, B::decode(input)?))
    }
    fn size(&self) -> usize {
        self.0.size() + self.1.size()
    }
    fn digest(&self) -> u64 {
        fold(self.0.digest(), self.1.digest())
    }
}

impl Wire for Vec<u8> {
    fn encode(&self, out: &mut Vec<u8>) {
        (self.len() as u32).encode(out);
        out.extend_from_slice(self);
    }
    fn decode(input: &mut Reader<'_>) -> Result<Self, WireError> {
        let len = u32::decode(input)? as usize;
        Ok(input.take(len)?.to_vec())
    }
    fn size(&self) -> usize {
        4 + self.len()
    }
    fn digest(&self) -> u64 {
        crate::digest::of_bytes(self)
    }
}

/// Writes a [`Wire`] for a struct or an enum of named fields, so that the four methods cannot disagree. Each enum
/// variant names its tag byte; a tag is never given to another variant once a version is out.
///
/// ```
/// # use replica::{wire, Round, Slot, Wire, Reader};
/// # #[derive(Clone, Debug, PartialEq)]
/// enum Message {
///     Ask { round: Round },
///     Tell { round: Round, slot: Slot },
/// }
/// wire!(enum Message { 0 => Ask { round }, 1 => Tell { round, slot } });
/// # let message = Message::Tell { round: Round(1), slot: Slot(2) };
/// # let mut bytes = Vec::new();
/// # message.encode(&mut bytes);
/// # assert_eq!(bytes.len(), message.size());
/// # assert_eq!(Message::decode(&mut Reader::new(&bytes)).unwrap(), message);
/// ```
#[macro_export]
macro_rules! wire {
    (struct $name:ident { $($field:ident),* $(,)? }) => {
        impl $crate::Wire for $name {
            fn encode(&self, out: &mut $crate::Bytes) {
                $($crate::Wire::encode(&self.$field, out);)*
            }
            fn decode(input: &mut $crate::Reader<'_>) -> Result<Self, $crate::WireError> {
                $(let $field = $crate::Wire::decode(input)?;)*
                Ok($name { $($field),* })
            }
            fn size(&self) -> usize {
                0 $(+ $crate::Wire::size(&self.$field))*
            }
            fn digest(&self) -> u64 {
                let h = 0;
                $(let h = $crate::digest::fold(h, $crate::Wire::digest(&self.$field));)*
                h
            }
        }
    };
    (enum $name:ident { $($tag:literal => $variant:ident { $($field:ident),* $(,)? }),* $(,)? }) => {
        impl $crate::Wire for $name {
            fn encode(&self, out: &mut $crate::Bytes) {
                match self {
                    $($name::$variant { $($field),* } => {
                        out.push($tag);
                        $($crate::Wire::encode($field, out);)*
                    })*
                }
            }
            fn decode(input: &mut $crate::Reader<'_>) -> Result<Self, $crate::WireError> {
                match <u8 as $crate::Wire>::decode(input)? {
                    $($tag => {
                        $(let $field = $crate::Wire::decode(input)?;)*
                        Ok($name::$variant { $($field),* })
                    })*
                    tag => Err($crate::WireError::Tag(tag)),
                }
            }
            #[inline]
            fn size(&self) -> usize {
                match self {
                    $($name::$variant { $($field),* } => 1 $(+ $crate::Wire::size($field))*,)*
                }
            }
            #[inline]
            fn digest(&self) -> u64 {
                match self {
                    $($name::$variant { $($field),* } => {
                        let h = $tag;
                        $(let h = $crate::digest::fold(h, $crate::Wire::digest($field));)*
                        h
                    })*
                }
            }
        }
    };
}
