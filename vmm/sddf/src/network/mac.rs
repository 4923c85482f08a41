//! Ethernet addresses, by which clients of one network are told apart.

/// An Ethernet address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// Everybody.
    pub const BROADCAST: Self = Self([0xff; 6]);

    /// The address whose first octet is the highest of the six in `number`; `None` when there is
    /// no station of that address.
    pub const fn from_number(number: u64) -> Option<Self> {
        let [0, 0, octets @ ..] = number.to_be_bytes() else {
            return None;
        };
        let mac = Self(octets);
        if number == 0 || mac.is_multicast() {
            return None;
        }
        Some(mac)
    }

    /// Is it the address of a group, or of all?
    pub const fn is_multicast(self) -> bool {
        let [first, ..] = self.0;
        first & 1 != 0
    }
}
