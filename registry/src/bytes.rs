//! Byte strings with a bound in their type: an over-long key or value cannot be built, so nothing behind the decoder
//! checks lengths again.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use replica::{Reader, Wire, WireError, digest};

/// The longest key: room for a deep path.
pub const KEY_BYTES_MAX: usize = 1024;
/// The longest value: what a ZooKeeper client may send by default, rounded up.
pub const VALUE_BYTES_MAX: usize = 1024 * 1024;

/// Keys up to this long are held in place: comparing them on the way down a tree follows no pointer, and making one
/// allocates nothing. A key is 24 bytes either way.
const INLINE_BYTES_MAX: usize = 22;

/// A key: at most [`KEY_BYTES_MAX`] bytes, cheap to clone. Ordered bytewise.
#[derive(Clone)]
pub struct Key(KeyBytes);

#[derive(Clone)]
enum KeyBytes {
    /// At most `INLINE_BYTES_MAX` bytes; those from `len` on are zero.
    Inline { len: u8, bytes: [u8; INLINE_BYTES_MAX] },
    /// More.
    Shared(Arc<[u8]>),
}

/// A value: at most [`VALUE_BYTES_MAX`] bytes, shared and never copied.
#[derive(Clone)]
pub struct Value(Arc<[u8]>);

impl Key {
    /// A copy of `bytes`, or nothing if they are too many.
    pub fn new(bytes: &[u8]) -> Option<Key> {
        if bytes.len() > INLINE_BYTES_MAX {
            return (bytes.len() <= KEY_BYTES_MAX).then(|| Key(KeyBytes::Shared(bytes.into())));
        }
        let mut inline = [0; INLINE_BYTES_MAX];
        inline[..bytes.len()].copy_from_slice(bytes);
        Some(Key(KeyBytes::Inline { len: bytes.len() as u8, bytes: inline }))
    }

    /// The bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            KeyBytes::Inline { len, bytes } => &bytes[..usize::from(*len)],
            KeyBytes::Shared(bytes) => bytes,
        }
    }
}

impl Value {
    /// A copy of `bytes`, or nothing if they are too many.
    pub fn new(bytes: &[u8]) -> Option<Value> {
        (bytes.len() <= VALUE_BYTES_MAX).then(|| Value(bytes.into()))
    }

    /// The bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

macro_rules! byte_string {
    ($name:ident) => {
        impl PartialEq for $name {
            #[inline]
            fn eq(&self, other: &$name) -> bool {
                self.bytes() == other.bytes()
            }
        }

        impl Eq for $name {}

        impl PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &$name) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            #[inline]
            fn cmp(&self, other: &$name) -> Ordering {
                self.bytes().cmp(other.bytes())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "\"{}\"", self.bytes().escape_ascii())
            }
        }

        impl Wire for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                (self.bytes().len() as u32).encode(out);
                out.extend_from_slice(self.bytes());
            }
            fn decode(input: &mut Reader<'_>) -> Result<Self, WireError> {
                let len = u32::decode(input)? as usize;
                $name::new(input.take(len)?).ok_or(WireError::Range)
            }
            fn size(&self) -> usize {
                4 + self.bytes().len()
            }
            fn digest(&self) -> u64 {
                digest::of_bytes(self.bytes())
            }
        }
    };
}

byte_string!(Key);
byte_string!(Value);
