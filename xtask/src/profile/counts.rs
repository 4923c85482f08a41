//! The file that the plugin writes: phases, and in each the blocks that were executed.

use anyhow::{Context, Result, ensure};

/// Instructions in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Virtual address of the first.
    pub address: u64,
    /// The instructions.
    pub code: Vec<u32>,
    /// How often each was executed.
    pub counts: Vec<u64>,
}

/// What was executed between two marks.
pub type Phase = Vec<Block>;

impl Block {
    /// Executed instructions.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Address and count of each instruction.
    pub fn instructions(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        (0..)
            .zip(&self.counts)
            .map(|(index, &count)| (self.address.wrapping_add(index * 4), count))
    }
}

/// The phases of a counts file.
///
/// # Errors
/// When it is not as the plugin writes it.
pub fn parse(text: &str) -> Result<Vec<Phase>> {
    let mut phases: Vec<Phase> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let wrong = || format!("line {number} of the counts: '{line}'");
        if line.starts_with("phase ") {
            phases.push(Phase::new());
        } else {
            let phase = phases.last_mut().with_context(wrong)?;
            phase.push(block(line).with_context(wrong)?);
        }
    }
    Ok(phases)
}

fn block(line: &str) -> Result<Block> {
    let mut words = line.split(' ');
    let mut word = || words.next().context("an incomplete line");
    let address = u64::from_str_radix(word()?, 16)?;
    let code: Result<Vec<u32>, _> = word()?
        .split(',')
        .map(|word| u32::from_str_radix(word, 16))
        .collect();
    let counts: Result<Vec<u64>, _> = word()?.split(',').map(str::parse).collect();
    let (code, counts) = (code?, counts?);
    ensure!(
        code.len() == counts.len(),
        "not as many counts as instructions"
    );
    Ok(Block {
        address,
        code,
        counts,
    })
}
