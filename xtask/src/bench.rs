//! What the VMM costs: figures, their budgets, and how both are shown.

pub mod budgets;
pub mod chart;
pub mod debian;
pub mod json;
pub mod measure;
pub mod number;
pub mod size;
pub mod table;

use std::collections::BTreeMap;

/// What was measured, by name; mostly instructions.
pub type Figures = BTreeMap<String, u64>;
