//! The counters, and the file that they are written to.
//!
//! A block is known by its address and its code, so that one that is translated again finds its
//! counters again, and programs at the same address are kept apart.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Address and instructions of a block.
type Code = (u64, Vec<u32>);

/// All counters of the current phase.
pub(crate) struct Counts {
    blocks: HashMap<Code, &'static [AtomicU64]>,
    phase: usize,
    file: BufWriter<File>,
}

impl Counts {
    /// None yet; they will go to `file`.
    pub(crate) fn new(file: File) -> Self {
        Self {
            blocks: HashMap::new(),
            phase: 0,
            file: BufWriter::new(file),
        }
    }

    /// A counter for each instruction of a block. They live as long as QEMU, as its code does.
    pub(crate) fn of(&mut self, address: u64, code: Vec<u32>) -> &'static [AtomicU64] {
        let length = code.len();
        let new = || {
            let counters: Box<[AtomicU64]> = (0..length).map(|_| AtomicU64::new(0)).collect();
            &*Box::leak(counters)
        };
        self.blocks.entry((address, code)).or_insert_with(new)
    }

    /// Writes what was counted since the last time, and starts again from zero.
    ///
    /// `phase N`, then a line for each block in the order of their addresses: its address, its
    /// instructions, and how often each was executed.
    pub(crate) fn end_phase(&mut self) -> Result<()> {
        writeln!(self.file, "phase {}", self.phase)?;
        self.phase += 1;
        let mut blocks: Vec<_> = self.blocks.iter().collect();
        blocks.sort_unstable_by_key(|(code, _)| *code);
        for ((address, code), counters) in blocks {
            let counts: Vec<u64> = counters
                .iter()
                .map(|count| count.swap(0, Relaxed))
                .collect();
            if counts.iter().any(|&count| count > 0) {
                let code: Vec<String> = code.iter().map(|word| format!("{word:x}")).collect();
                let counts: Vec<String> = counts.iter().map(u64::to_string).collect();
                let (code, counts) = (code.join(","), counts.join(","));
                writeln!(self.file, "{address:x} {code} {counts}")?;
            }
        }
        self.file.flush()
    }
}
