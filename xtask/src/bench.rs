//! What the VMM costs: figures, their budgets, and how both are shown.

pub mod budgets;
pub mod chart;
pub mod debian;
pub mod guard;
pub mod json;
pub mod measure;
pub mod number;
pub mod record;
pub mod report;
pub mod size;
pub mod table;

use std::collections::BTreeMap;

use sysgen::Seed;

use crate::profile::shares::Shares;

/// Of every guest that measures, so that figures are the same in every run; the peer's has one, too.
const SEED: Seed = Seed {
    rng: [7; 32],
    kaslr: [7; 8],
};

/// What was measured, by name.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Mostly instructions.
    pub counts: BTreeMap<String, u64>,
    /// Whose instructions those are, where that is known.
    pub shares: BTreeMap<String, Shares>,
}

impl Figures {
    /// Adds a figure.
    pub fn add(&mut self, name: &str, count: u64, shares: Option<Shares>) {
        self.counts.insert(name.to_owned(), count);
        self.shares
            .extend(shares.map(|shares| (name.to_owned(), shares)));
    }
}
