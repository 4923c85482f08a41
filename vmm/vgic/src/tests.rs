//! Tests: per register, per class of bug seen in other monitors, and against a reference model.

mod delivery;
mod model;
mod peers;
mod property;
mod reference;
mod registers;
mod revision;
