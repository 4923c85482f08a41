//! Small programs and system descriptions for the tests.

pub(crate) mod descriptions;
pub(crate) mod program;
