//! Byte strings with a bound in their type: an over-long key or value cannot be built, so nothing behind the decoder
//! checks lengths again.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use replica::{Reader, Wire, WireError, digest};

/// The longest key: room for a deep path.
pub const KEY_BYTES_MAX: usize = 1024;
/// The longest value: what a ZooKeeper client may send by default, rounded up.
pub const VALUE_BYTES_MAX: usize = 1024 * 1024;

macro_rules! byte_string {
    ($(#[$doc:meta])* $name:ident, $max:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(Arc<[u8]>);

        impl $name {
            /// A copy of `bytes`, or nothing if they are too many.
            pub fn new(bytes: &[u8]) -> Option<$name> {
                (bytes.len() <= $max).then(|| $name(bytes.into()))
            }

            /// The bytes.
            pub fn bytes(&self) -> &[u8] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "\"{}\"", self.0.escape_ascii())
            }
        }

        impl Wire for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                (self.0.len() as u32).encode(out);
                out.extend_from_slice(&self.0);
            }
            fn decode(input: &mut Reader<'_>) -> Result<Self, WireError> {
                let len = u32::decode(input)? as usize;
                $name::new(input.take(len)?).ok_or(WireError::Range)
            }
            fn size(&self) -> usize {
                4 + self.0.len()
            }
            fn digest(&self) -> u64 {
                digest::of_bytes(&self.0)
            }
        }
    };
}

byte_string!(
    /// A key: at most [`KEY_BYTES_MAX`] bytes, shared and never copied. Ordered bytewise.
    Key, KEY_BYTES_MAX
);
byte_string!(
    /// A value: at most [`VALUE_BYTES_MAX`] bytes, shared and never copied.
    Value, VALUE_BYTES_MAX
);
