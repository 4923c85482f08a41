//! Programs that are made from crates of the user's.

use super::{is_driver, is_ticker};
use crate::document::{Document, Domain};
use crate::model::Program;
use crate::vocabulary::Word;

/// The folder of the crate that the program of this protection domain is made from.
pub(super) fn folder(domain: &Domain) -> Option<String> {
    let folder = domain.fact(Word::Program)?.get("crate")?;
    Some(folder.value.clone())
}

/// The programs of all protection domains but our VMMs, tickers and drivers.
pub(crate) fn programs(document: &Document) -> Vec<Program> {
    let has_tables = |domain: &&Domain| {
        is_ticker(domain)
            || is_driver(domain)
            || domain
                .machine
                .as_ref()
                .is_some_and(|m| super::is_ours(domain, m))
    };
    let domains = document.domains.iter().filter(|domain| !has_tables(domain));
    let program = |domain: &Domain| {
        Some(Program {
            domain: domain.name.value.clone(),
            program: domain.program.as_ref()?.value.clone(),
            folder: folder(domain)?,
        })
    };
    domains.filter_map(program).collect()
}
