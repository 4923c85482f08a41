//! Memory faults as a processor and seL4 report them (Arm ARM D24.2.40, data abort ISS).

use vmm_machine::{AccessSize, Gpa, exit::MemoryFault};

/// One faulting access; the defaults are a word, register 0, a W register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    gpa: u64,
    fetch: bool,
    syndrome: u64,
}

const DATA_ABORT: u64 = 0x24 << 26;
const INSTRUCTION_ABORT: u64 = 0x20 << 26;
const IL: u64 = 1 << 25;
const ISV: u64 = 1 << 24;
const SSE: u64 = 1 << 21;
const SF: u64 = 1 << 15;
const WNR: u64 = 1 << 6;
const CM: u64 = 1 << 8;
/// Translation fault at level 3.
const TRANSLATION: u64 = 0x07;

pub(crate) fn load(gpa: u64) -> Access {
    Access {
        gpa,
        fetch: false,
        syndrome: DATA_ABORT | IL | ISV | TRANSLATION,
    }
    .size(AccessSize::Word)
}

pub(crate) fn store(gpa: u64) -> Access {
    let mut access = load(gpa);
    access.syndrome |= WNR;
    access
}

pub(crate) fn fetch(gpa: u64) -> Access {
    Access {
        gpa,
        fetch: true,
        syndrome: INSTRUCTION_ABORT | IL | TRANSLATION,
    }
}

impl Access {
    pub(crate) fn size(mut self, size: AccessSize) -> Self {
        self.syndrome = self.syndrome & !(3 << 22) | u64::from(size.bytes().trailing_zeros()) << 22;
        self
    }

    pub(crate) fn byte(self) -> Self {
        self.size(AccessSize::Byte)
    }

    pub(crate) fn half(self) -> Self {
        self.size(AccessSize::Half)
    }

    pub(crate) fn double(self) -> Self {
        self.size(AccessSize::Double).x()
    }

    /// The register by its number in the instruction; 31 is the zero register.
    pub(crate) fn register(mut self, number: u8) -> Self {
        self.syndrome = self.syndrome & !(31 << 16) | u64::from(number) << 16;
        self
    }

    /// By an instruction of two bytes.
    pub(crate) fn thumb(mut self) -> Self {
        self.syndrome &= !IL;
        self
    }

    /// The register is an X register.
    pub(crate) fn x(mut self) -> Self {
        self.syndrome |= SF;
        self
    }

    pub(crate) fn signed(mut self) -> Self {
        self.syndrome |= SSE;
        self
    }

    /// No valid syndrome: pairs, write-back, SIMD.
    pub(crate) fn undescribed(mut self) -> Self {
        self.syndrome &= !(ISV | 3 << 22 | SSE | 31 << 16 | SF);
        self
    }

    pub(crate) fn cache_maintenance(mut self) -> Self {
        self.syndrome = self.undescribed().syndrome | CM | WNR;
        self
    }

    /// As the message says it, for an instruction at `pc`.
    pub(crate) fn at(self, pc: u64) -> MemoryFault {
        MemoryFault {
            pc,
            gpa: Gpa(self.gpa),
            fetch: self.fetch,
            syndrome: self.syndrome,
        }
    }
}
